"""What happened to a customer, from four records: what people did, what the provider was asked and what it said,
how statuses moved."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import TextChoices

from audit.kinds import Kind
from audit.models import Event
from customers.masking import Hide, as_it_is
from customers.models import Customer, Note, StatusChange
from customers.snapshots import News
from customers.statuses import CustomerStatus, DocumentStatus, RequestStatus, Source
from provider.models import CallState, ProviderCall

LONGEST = 60
# Who saw what, who asked anew, and who has begun to type, stands in the audit log.
LOOKS = (
    Kind.DOCUMENT_VIEWED, Kind.RECORD_VIEWED, Kind.ANSWERS_KEPT, Kind.CUSTOMER_REVEALED, Kind.CUSTOMER_REFRESHED,
    Kind.CARD_REFRESHED, Kind.FOUND_BY_ID_NUMBER,
)  # fmt: skip
TOLD_ELSEWHERE = (Kind.NOTE_WRITTEN,)  # the note itself is there
# The words of each machine; an app whose rows belong to customers adds its own at start.
STATUSES: dict[str, type[TextChoices]] = {
    "customer": CustomerStatus, "request": RequestStatus, "document": DocumentStatus,
}  # fmt: skip
NAMES = {"request": "Review"}
CALL_MEANINGS = {CallState.DONE: "good", CallState.REFUSED: "bad", CallState.UNKNOWN: "unknown"}
SOURCES = {Source.SYNC: "CryptoMate, when asked", Source.WEBHOOK: "CryptoMate, by webhook", Source.SYSTEM: "the portal"}
ICONS = {"waiting": "clock", "good": "check", "bad": "cross", "unknown": "question", "neutral": "dash"}


@dataclass(frozen=True)
class Entry:
    at: datetime
    text: str
    meaning: str = "neutral"
    note: str = ""
    trace_id: str = ""
    picture: str = ""
    words: str = ""  # a colleague's, as they were written
    note_id: UUID | None = None  # of the note that the person who reads it may withdraw

    def through(self, hide: Hide) -> "Entry":
        return replace(self, text=hide(self.text), note=hide(self.note), words=hide(self.words))

    @property
    def short_trace(self) -> str:
        return f"{self.trace_id[:8]}…"

    @property
    def icon(self) -> str:
        return self.picture or ICONS[self.meaning]


def timeline(
    customer: Customer, news: Iterable[News] = (), *, hide: Hide = as_it_is, to: User | None = None
) -> list[Entry]:
    """Return the newest entries, newest first, through `hide`. `news` is what the provider's answers changed."""
    notes = customer.notes.select_related("by").order_by("-at", "-pk")[:LONGEST]
    changes = customer.status_changes.select_related("by").order_by("-at", "-pk")[:LONGEST]
    calls = ProviderCall.objects.about(customer.pk).order_by("-wanted_at")[:LONGEST]
    events = (
        Event.objects.about_customer(customer.pk).exclude(kind__in=(*LOOKS, *TOLD_ELSEWHERE)).latest_first()[:LONGEST]
    )
    names = names_of(customer, {change.object_id for change in changes} | {call.target_id for call in calls})
    entries = [
        *map(_of_event, events),
        *map(_of_news, news),
        *(_of_note(note, to) for note in notes),
        *(_of_call(call, names.get(call.target_id, "")) for call in calls),
        *(_of_change(change, names.get(change.object_id, "")) for change in changes),
    ]
    newest = sorted(entries, key=lambda entry: entry.at, reverse=True)[:LONGEST]
    return [entry.through(hide) for entry in newest]


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


def _of_change(change: StatusChange, name: str) -> Entry:
    return Entry(
        at=change.at,
        text=change_in_words(change, name),
        meaning=getattr(_status_of(change), "meaning", "neutral"),
        note=" · ".join(filter(None, [_by_whom(change), change.note, _surprise(change)])),
    )


def change_in_words(change: StatusChange, name: str) -> str:
    """Say what a row became; `name` is what it is called, where it has a name."""
    to = _status_of(change)
    return f"{name or NAMES.get(change.machine, change.machine.capitalize())}: {to.label if to else change.to_status}"


def _status_of(change: StatusChange) -> TextChoices | None:
    """Return the status a row came to; None where it is a word that is not in our table."""
    statuses = STATUSES.get(change.machine)
    return statuses(change.to_status) if statuses and change.to_status in statuses.values else None


def _by_whom(change: StatusChange) -> str:
    return change.by.get_username() if change.by else SOURCES.get(Source(change.source), "")


def _surprise(change: StatusChange) -> str:
    return "an unexpected step" if change.unexpected else ""


def _of_call(call: ProviderCall, name: str) -> Entry:
    what = f"{call.get_kind_display()} ({name})" if name else call.get_kind_display()
    message = call.message if call.state != CallState.DONE else ""  # it speaks of an attempt before
    return Entry(
        at=call.answered_at or call.sent_at or call.wanted_at,
        text=f"{what}: {call.get_state_display().lower()}",
        meaning=CALL_MEANINGS.get(CallState(call.state), "waiting"),
        note=" · ".join(filter(None, [message, _attempts(call)])),
        trace_id=call.trace_id,
    )


def _attempts(call: ProviderCall) -> str:
    return f"{call.attempts} attempts" if call.attempts > 1 else ""


def _of_news(news: News) -> Entry:
    changed = news.difference
    meaning = "waiting" if changed.came_back or changed.new else "good" if changed.satisfied else "neutral"
    return Entry(at=news.at, text=news.sentences, meaning=meaning, note=f"CryptoMate, {news.occasion}")


def _of_event(event: Event) -> Entry:
    return Entry(at=event.at, text=f"{event.who} {event.label}", note=event.note, picture="person")


def _of_note(note: Note, to: User | None) -> Entry:
    withdrawable = note.pk if to and note.by_id == to.pk and not note.is_withdrawn else None
    text = f"{note.by.get_username()} wrote a note{', withdrawn since' if note.is_withdrawn else ''}"
    return Entry(at=note.at, text=text, words=note.shown_text, picture="person", note_id=withdrawable)
