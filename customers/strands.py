"""The timeline's strands of our own: statuses, calls and their answers, what people did and saw, and notes."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from audit.kinds import Kind
from audit.kinds import Source as Door
from audit.models import Event
from audit.sight import masked_changes
from customers.differences import Difference
from customers.models import Customer, Note, RequirementSnapshot, StatusChange
from customers.naming import name_of_key
from customers.statuses import Source
from customers.timeline import LOOKS, Change, Entry, Part, Reader, Strand, change_in_words, status_of
from provider.models import CallKind, CallState, ProviderCall

# Who saw what, who asked anew, and who has begun to type.
KINDS_OF_LOOKS = (
    Kind.DOCUMENT_VIEWED, Kind.RECORD_VIEWED, Kind.ANSWERS_KEPT, Kind.CUSTOMER_REVEALED, Kind.CUSTOMER_REFRESHED,
    Kind.CARD_REFRESHED, Kind.FOUND_BY_ID_NUMBER,
)  # fmt: skip
TOLD_ELSEWHERE = (Kind.NOTE_WRITTEN,)  # the note itself is there
# What began or ended there, whose every field is read in the audit log.
TOLD_WITHOUT_FIELDS = (
    Kind.ROW_ADDED, Kind.ROW_REMOVED, Kind.CUSTOMER_REGISTERED, Kind.DOCUMENT_UPLOADED, Kind.DOCUMENT_KEPT,
    Kind.DOCUMENT_READ,
)  # fmt: skip
UNSPOKEN = frozenset({"sha256", "form_id", "fields"})  # recorded, and nothing to read

CALL_MEANINGS = {CallState.DONE: "good", CallState.REFUSED: "bad", CallState.UNKNOWN: "unknown"}
OF_CARDS = (
    CallKind.ISSUE_CARD, CallKind.SET_FROZEN, CallKind.SET_LIMITS, CallKind.DELETE_CARD, CallKind.RESPOND_TO_CHALLENGE,
)  # fmt: skip
SOURCES = {Source.SYNC: "CryptoMate, when asked", Source.WEBHOOK: "CryptoMate, by webhook", Source.SYSTEM: "the portal"}
ALL = Q()


def joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))


# --- Statuses


def _changes(customer: Customer) -> QuerySet[StatusChange]:
    return customer.status_changes.select_related("by")


def _of_change(change: StatusChange, reader: Reader) -> Entry:
    was, to = status_of(change.machine, change.from_status), status_of(change.machine, change.to_status)
    return Entry(
        at=change.at,
        text=change_in_words(change, reader.name(change.object_id)),
        meaning=getattr(to, "meaning", "neutral"),
        note=joined(_by_whom(change), change.note, "an unexpected step" if change.unexpected else ""),
        changes=(Change("", was.label if was else change.from_status, to.label if to else change.to_status),),
    )


def _by_whom(change: StatusChange) -> str:
    return change.by.get_username() if change.by else SOURCES.get(Source(change.source), "")


# --- Calls, and what their answers changed


def _calls(customer: Customer) -> QuerySet[ProviderCall]:
    calls = ProviderCall.objects.about(customer.pk).defer("payload").select_related("wanted_by")
    return calls.annotate(at=Coalesce("answered_at", "sent_at", "wanted_at"))


def _of_call(call: ProviderCall, reader: Reader) -> Entry:
    name = reader.name(call.target_id)
    what = f"{call.get_kind_display()} ({name})" if name else call.get_kind_display()
    message = call.message if call.state != CallState.DONE else ""  # it speaks of an attempt before
    return Entry(
        at=call.at,  # type: ignore[attr-defined]
        text=f"{what}: {call.get_state_display().lower()}",
        meaning=CALL_MEANINGS.get(CallState(call.state), "waiting"),
        note=joined(_wanted_by(call), message, f"{call.attempts} attempts" if call.attempts > 1 else ""),
        trace_id=call.trace_id,
    )


def _wanted_by(call: ProviderCall) -> str:
    return call.wanted_by.get_username() if call.wanted_by else ""


def _snapshots(customer: Customer) -> QuerySet[RequirementSnapshot]:
    return RequirementSnapshot.objects.filter(request__customer=customer).only("taken_at", "occasion", "difference")


def _of_snapshot(snapshot: RequirementSnapshot, _: Reader) -> Entry | None:
    changed = Difference.from_json(snapshot.difference)
    if not changed:
        return None
    meaning = "waiting" if changed.came_back or changed.new else "good" if changed.satisfied else "neutral"
    note = f"CryptoMate, {snapshot.get_occasion_display()}"
    return Entry(at=snapshot.taken_at, text=changed.sentences, meaning=meaning, note=note)


# --- What people did, and what they saw


def _events(customer: Customer) -> QuerySet[Event]:
    return Event.objects.about_customer(customer.pk).exclude(kind__in=(*KINDS_OF_LOOKS, *TOLD_ELSEWHERE))


def _looks(customer: Customer) -> QuerySet[Event]:
    return Event.objects.about_customer(customer.pk).filter(kind__in=KINDS_OF_LOOKS)


def _about(event: Event) -> UUID | None:
    is_named = event.object_type in ("customers.document", "cards.card")
    return UUID(event.object_id) if is_named else None


def _of_event(event: Event, reader: Reader) -> Entry:
    said = f"{event.who} {event.label}"
    if not event.is_intact:
        return Entry(at=event.at, text=said, note="What was recorded cannot be read", picture="person")
    name, past = reader.name(_about(event)), event.about if event.kind.startswith("row.") else ""
    changes = tuple(_in_words(event, reader)) if event.kind not in TOLD_WITHOUT_FIELDS else ()
    return Entry(at=event.at, text=said, note=joined(name, past, event.note), changes=changes, picture="person")


def _in_words(event: Event, reader: Reader) -> Iterator[Change]:
    for change in event.changes if reader.sight.sees_data else masked_changes(event):
        if change.field not in UNSPOKEN:
            yield Change(name_of_key(change.field.replace(".", " ")), change.was, change.became)


def _kinds(*beginnings: str) -> Q:
    found = Q()
    for beginning in beginnings:
        found |= Q(kind__startswith=f"{beginning}.")
    return found


# --- Notes


def _notes(customer: Customer) -> QuerySet[Note]:
    return customer.notes.select_related("by")


def _of_note(note: Note, reader: Reader) -> Entry:
    is_mine = note.by_id == reader.user.pk and not note.is_withdrawn
    text = f"{note.by.get_username()} wrote a note{', withdrawn since' if note.is_withdrawn else ''}"
    return Entry(
        at=note.at, text=text, words=note.shown_text, picture="person", note_id=note.pk if is_mine else None
    )  # fmt: skip


def strands() -> list[Strand]:
    return [
        Strand(
            "statuses", _changes, _of_change, person="by__username", about=lambda change: change.object_id,
            parts={
                Part.STATUS: ~Q(machine__in=["document", "card"]), Part.DOCUMENTS: Q(machine="document"),
                Part.CARDS: Q(machine="card"),
            },
        ),
        Strand(
            "calls", _calls, _of_call, person="wanted_by__username", about=lambda call: call.target_id,
            parts={
                Part.PROVIDER: ALL, Part.DOCUMENTS: Q(kind=CallKind.UPLOAD_DOCUMENT), Part.CARDS: Q(kind__in=OF_CARDS),
            },
        ),
        Strand("answers", _snapshots, _of_snapshot, at="taken_at", parts={Part.PROVIDER: ALL}),
        Strand(
            "events", _events, _of_event, key="seq", person="actor_name", about=_about,
            parts={
                Part.PEOPLE: Q(actor_id__isnull=False) | Q(source=Door.DATABASE), Part.PROVIDER: _kinds("difference"),
                Part.NOTES: _kinds("note"), Part.DOCUMENTS: _kinds("document"),
                Part.CARDS: _kinds("card", "challenge", "notice"),
            },
        ),
        Strand(
            "looks", _looks, _of_event, key="seq", person="actor_name", about=_about, parts={}, permission=LOOKS,
            is_brief=False, is_of_looks=True,
        ),
        Strand("notes", _notes, _of_note, person="by__username", parts={Part.NOTES: ALL, Part.PEOPLE: ALL}),
    ]  # fmt: skip
