"""Tables for a spreadsheet, as lines of CSV."""

import csv
from collections.abc import Iterable, Iterator

# What a spreadsheet takes for the beginning of a formula; with an apostrophe before it, it is text.
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def lines_of(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Return the table line by line, as the rows come. No cell of it is a formula, whoever wrote it."""
    writer = csv.writer(_Line())
    yield writer.writerow(headings)
    for row in rows:
        yield writer.writerow(map(_as_text, row))


def _as_text(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(STARTS_FORMULA) else text


class _Line:
    """Gives back what is written to it, so that each line can be sent as it is made."""

    def write(self, line: str) -> str:
        return line
