"""The log as a table for a spreadsheet: who did what, when, to what and from where. Not what was recorded in it:

that is personal data, and who reads it opens the event, which is recorded.
"""

from collections.abc import Iterator
from datetime import UTC

from audit.models import Event, EventQuerySet
from audit.spreadsheets import lines_of

HEADINGS = (
    "Number", "Time (UTC)", "Person", "Kind", "What", "About", "Object id", "Customer id", "Through", "Address",
    "Request",
)  # fmt: skip


def csv_of(events: EventQuerySet) -> Iterator[str]:
    """Return the events as lines of CSV, reading some at a time."""
    return lines_of(HEADINGS, map(_cells, events.defer("detail").iterator(chunk_size=1000)))


def _cells(event: Event) -> tuple[object, ...]:
    return (
        event.seq, event.at.astimezone(UTC).isoformat(sep=" ", timespec="seconds"), event.actor_name, event.kind,
        event.label, event.object_name, event.object_id, event.customer_id, event.get_source_display(), event.ip,
        event.request_id,
    )  # fmt: skip
