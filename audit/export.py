"""The log as a table for a spreadsheet: who did what, when, to what and from where. Not what was recorded in it:

that is personal data, and who reads it opens the event, which is recorded.
"""

import csv
from collections.abc import Iterator
from datetime import UTC

from audit.models import Event, EventQuerySet

HEADINGS = (
    "Number", "Time (UTC)", "Person", "Kind", "What", "About", "Object id", "Customer id", "Through", "Address",
    "Request",
)  # fmt: skip
# What a spreadsheet takes for the beginning of a formula; with an apostrophe before it, it is text.
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_of(events: EventQuerySet) -> Iterator[str]:
    """Return the events as lines of CSV, reading some at a time."""
    writer = csv.writer(_Line())
    yield writer.writerow(HEADINGS)
    for event in events.defer("detail").iterator(chunk_size=1000):
        yield writer.writerow(map(_as_text, _cells(event)))


def _cells(event: Event) -> tuple[object, ...]:
    return (
        event.seq, event.at.astimezone(UTC).isoformat(sep=" ", timespec="seconds"), event.actor_name, event.kind,
        event.label, event.object_name, event.object_id, event.customer_id, event.get_source_display(), event.ip,
        event.request_id,
    )  # fmt: skip


def _as_text(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(STARTS_FORMULA) else text


class _Line:
    """Gives back what is written to it, so that each line can be sent as it is made."""

    def write(self, line: str) -> str:
        return line
