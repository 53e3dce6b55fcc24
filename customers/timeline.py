"""What happened to a customer, in one list: strands of several tables, each told in entries of one shape."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet, TextChoices

from customers.masking import Hide, Sight
from customers.merging import Found, Place, Stream, merge
from customers.models import Customer, StatusChange
from customers.statuses import CustomerStatus, DocumentStatus, RequestStatus

LONGEST_BRIEF = 12
LOOKS = "audit.view_event"  # who may see who saw what

ICONS = {"waiting": "clock", "good": "check", "bad": "cross", "unknown": "question", "neutral": "dash"}


class Part(TextChoices):
    """What people narrow the timeline down to. An entry may be of several."""

    STATUS = "status", "Status"
    PROVIDER = "cryptomate", "CryptoMate"
    PEOPLE = "people", "People"
    NOTES = "notes", "Notes"
    DOCUMENTS = "documents", "Documents"
    CARDS = "cards", "Cards"


@dataclass(frozen=True)
class Change:
    """One thing before and after; where nothing stood before, or nobody says what, it is what stands now."""

    label: str
    was: str
    became: str


@dataclass(frozen=True)
class Entry:
    at: datetime
    text: str
    meaning: str = "neutral"
    note: str = ""
    trace_id: str = ""
    picture: str = ""
    words: str = ""  # a colleague's, as they were written
    changes: tuple[Change, ...] = ()
    url: str = ""
    note_id: UUID | None = None  # of the note that the person who reads it may withdraw

    def through(self, hide: Hide) -> "Entry":
        changes = tuple(replace(each, was=hide(each.was), became=hide(each.became)) for each in self.changes)
        return replace(
            self, text=hide(self.text), note=hide(self.note), words=hide(self.words), changes=changes
        )  # fmt: skip

    @property
    def short_trace(self) -> str:
        return f"{self.trace_id[:8]}…"

    @property
    def icon(self) -> str:
        return self.picture or ICONS[self.meaning]


@dataclass(frozen=True)
class Reader:
    """Who reads, how they see this customer's data, and what the rows are called that entries are about."""

    customer: Customer
    user: User
    sight: Sight
    names: Mapping[UUID, str] = field(default_factory=dict)

    def name(self, row: UUID | None) -> str:
        return self.names.get(row, "") if row else ""


@dataclass(frozen=True)
class Strand:
    """One table's part of the timeline. An app whose rows belong to customers registers its own at start.

    `parts` says under which of them which rows are found, `person` the lookup of a user name, `about` the row whose
    name an entry needs. Only those who hold `permission` read it. What is not `is_brief` is on the whole timeline only.
    """

    name: str
    rows: Callable[[Customer], QuerySet[Any]]
    entry: Callable[[Any, Reader], Entry | None]
    parts: Mapping[Part, Q]
    at: str = "at"
    key: str = "pk"
    person: str = ""
    about: Callable[[Any], UUID | None] = lambda _: None
    permission: str = ""
    is_brief: bool = True
    is_of_looks: bool = False

    def stream(self, customer: Customer, chosen: "Chosen") -> Stream | None:
        """Return the rows that are wanted; None where this strand has none of them."""
        conditions = [condition for part, condition in self.parts.items() if part in chosen.parts]
        is_wanted = chosen.looks if self.is_of_looks else not chosen.parts or conditions
        if not is_wanted or (chosen.person and not self.person):
            return None
        asked = {self.person: chosen.person, f"{self.at}__gte": chosen.since, f"{self.at}__lt": chosen.until}
        rows = self.rows(customer).filter(**{name: value for name, value in asked.items() if value})
        is_narrowed = conditions and all(conditions)  # an empty one lets every row through
        return Stream(self.name, rows.filter(reduce(or_, conditions)) if is_narrowed else rows, self.at, self.key)


@dataclass(frozen=True)
class Chosen:
    """What the timeline is narrowed down to; no parts are all of them. Looks come on top."""

    parts: Collection[Part] = ()
    person: str = ""
    since: datetime | None = None
    until: datetime | None = None
    looks: bool = False


@dataclass(frozen=True)
class Told:
    """One page of the timeline, and where its neighbours begin."""

    entries: list[Entry]
    newer: Place | None
    older: Place | None


STRANDS: dict[str, Strand] = {}


def register(*strands: Strand) -> None:
    STRANDS.update({strand.name: strand for strand in strands})


def brief(reader: Reader) -> list[Entry]:
    """Return the newest entries, as the customer's page has them."""
    strands = [strand for strand in STRANDS.values() if strand.is_brief]
    return _told(reader, strands, Chosen(), size=LONGEST_BRIEF).entries


def whole(reader: Reader, chosen: Chosen, *, older: str = "", newer: str = "") -> Told:
    """Return one page of everything that is chosen. Raises BadRequest for an address that we did not write."""
    return _told(reader, STRANDS.values(), chosen, older=older, newer=newer)


def _told(reader: Reader, strands: Iterable[Strand], chosen: Chosen, **page: Any) -> Told:
    may_read = (strand for strand in strands if not strand.permission or reader.user.has_perm(strand.permission))
    streams = [stream for strand in may_read if (stream := strand.stream(reader.customer, chosen))]
    merged = merge(streams, **page)
    return Told(list(_entries(reader, merged.found)), merged.newer, merged.older)


def _entries(reader: Reader, found: Iterable[Found]) -> Iterable[Entry]:
    about = {row for each in found if (row := STRANDS[each.stream].about(each.row))}
    reader = replace(reader, names=names_of(reader.customer, about))
    hide = reader.sight.hides(reader.customer)
    for each in found:
        if entry := STRANDS[each.stream].entry(each.row, reader):
            yield entry.through(hide)


# --- What rows are called, and what they became

# The words of each machine; an app whose rows belong to customers adds its own at start.
STATUSES: dict[str, type[TextChoices]] = {
    "customer": CustomerStatus, "request": RequestStatus, "document": DocumentStatus,
}  # fmt: skip
NAMES = {"request": "Review"}


def names_of(customer: Customer, rows: set[UUID]) -> dict[UUID, str]:
    """Return what the rows are called that calls and changes are about, where they have a name."""
    names: dict[UUID, str] = {}
    for named in NAMED:
        names |= named(customer, rows)
    return names


def document_names(customer: Customer, rows: Collection[UUID]) -> dict[UUID, str]:
    found = customer.documents.filter(pk__in=rows).values_list("pk", "document_type")
    return {pk: document_type.replace("_", " ").capitalize() for pk, document_type in found}


# What names the rows that changes and calls are about; an app whose rows belong to customers adds its own at start.
NAMED: list[Callable[[Customer, Collection[UUID]], Mapping[UUID, str]]] = [document_names]


def change_in_words(change: StatusChange, name: str) -> str:
    """Say what a row became; `name` is what it is called, where it has a name."""
    to = status_of(change.machine, change.to_status)
    return f"{name or NAMES.get(change.machine, change.machine.capitalize())}: {to.label if to else change.to_status}"


def status_of(machine: str, word: str) -> TextChoices | None:
    """Return the status that the word names; None where it is one that is not in our table."""
    statuses = STATUSES.get(machine)
    return statuses(word) if statuses and word in statuses.values else None
