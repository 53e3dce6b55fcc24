"""A chart as a page shows it: one question, a picture, and the same numbers as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from desk.drawing import Picture

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """The numbers behind a picture. The first `words` columns are words, the others numbers."""

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    words: int = 1


@dataclass(frozen=True)
class Chart:
    """One question answered. `definition` says exactly what is counted, `empty` what to read where nothing is."""

    slug: str
    title: str
    table: Table
    picture: Picture | None = None
    figures: Sequence[str] = ()
    definition: str = ""
    empty: str = ""
