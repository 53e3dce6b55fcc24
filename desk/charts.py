"""A chart as a page shows it: one question, a picture that answers it, and the same numbers as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from desk.drawing import Picture

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """The numbers behind a picture. The first column is words, the others are numbers."""

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Chart:
    """One question answered. Without a picture there is nothing to draw, and `answer` says so.

    `definition` says exactly what is counted, what is not, and what becomes of that which is still open.
    """

    slug: str
    title: str
    answer: str
    table: Table
    picture: Picture | None = None
    definition: str = ""
