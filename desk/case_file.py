"""Everything on record about one customer, as a signed ZIP that can be read and verified without the portal.

Documents are there by their hashes only: whoever may see the images opens them in the portal, which records it.
"""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.template.loader import render_to_string

from audit.kinds import Kind
from audit.models import Event, Seal
from audit.signing import signing_keys
from cards.models import LIMITS, Card
from customers.models import EDITABLE, Customer, Document, EnablementRequest, Note, RequirementSnapshot, StatusChange
from customers.timeline import change_in_words, names_of
from provider.models import ProviderCall

IN_MEMORY = 5_000_000  # bytes; a longer file goes to disk while it is made
VERIFIER = Path(__file__).with_name("verify.py")

LOOKS = {
    Kind.DOCUMENT_VIEWED, Kind.RECORD_VIEWED, Kind.CUSTOMER_REVEALED, Kind.LOG_EXPORTED, Kind.CASE_FILE_MADE,
    Kind.FOUND_BY_ID_NUMBER,
}  # fmt: skip

FIELDS: dict[type[Model], tuple[str, ...]] = {
    Customer: (
        "id", "api_id", "status", "remote_status", *(name for name in EDITABLE if name != "id_number_hash"),
        "id_number", "answers", "created_at", "created_by",
    ),
    EnablementRequest: (
        "id", "api_id", "product", "status", "remote_status", "missing_requirements", "rejected_items",
        "rejection_code", "rejection_description", "created_at", "submitted_at", "decided_at", "synced_at",
    ),
    RequirementSnapshot: (
        "id", "request_id", "occasion", "taken_at", "missing_requirements", "rejected_items", "difference", "call_id",
    ),
    StatusChange: (
        "at", "machine", "object_id", "from_status", "to_status", "source", "by", "note", "unexpected", "call_id",
    ),
    ProviderCall: (
        "id", "kind", "target_id", "payload", "state", "attempts", "wanted_by", "wanted_at", "sent_at", "answered_at",
        "http_status", "error_code", "message", "trace_id",
    ),
    Document: (
        "id", "request_id", "requirement", "document_type", "metadata", "status", "reason", "overridden",
        "override_reason", "front_sha256", "back_sha256", "front_source_sha256", "back_source_sha256", "uploaded_by",
        "created_at", "released_at", "uploaded_at", "erased_at",
    ),
    Card: (
        "id", "api_id", "last4", "expiry", "holder_name", "status", "remote_status", "hold_reason", "approval_method",
        *LIMITS, "issued_by", "issued_at",
    ),
    Note: ("id", "at", "by", "text", "withdrawn_at"),
    Event: (
        "seq", "id", "at", "actor_name", "kind", "label", "object_type", "object_id", "is_intact", "source", "ip",
        "request_id",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    at: datetime
    who: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Case:
    """What is on record about a customer, each list oldest first."""

    customer: Customer
    requests: list[EnablementRequest]
    snapshots: list[RequirementSnapshot]
    changes: list[StatusChange]
    calls: list[ProviderCall]
    documents: list[Document]
    cards: list[Card]
    notes: list[Note]
    events: list[Event]

    @property
    def looks(self) -> list[Event]:
        return [event for event in self.events if event.kind in LOOKS]

    def timeline(self) -> list[Entry]:
        rows = {change.object_id for change in self.changes} | {call.target_id for call in self.calls}
        names = names_of(self.customer, rows)
        entries = [
            *(_of_event(event) for event in self.events if event.kind not in (*LOOKS, Kind.NOTE_WRITTEN)),
            *(_of_call(call, names.get(call.target_id, "")) for call in self.calls),
            *(_of_note(note) for note in self.notes),
            *(_of_change(change, names.get(change.object_id, "")) for change in self.changes),
        ]
        return sorted(entries, key=lambda entry: entry.at)


def case_of(customer: Customer) -> Case:
    return Case(
        customer=customer,
        requests=list(customer.requests.order_by("created_at")),
        snapshots=list(RequirementSnapshot.objects.filter(request__customer=customer).order_by("taken_at")),
        changes=list(customer.status_changes.select_related("by").order_by("at", "pk")),
        calls=list(ProviderCall.objects.about(customer.pk).select_related("wanted_by").order_by("wanted_at")),
        documents=list(customer.documents.select_related("uploaded_by").order_by("created_at")),
        cards=list(Card.objects.filter(customer=customer).select_related("issued_by").order_by("issued_at")),
        notes=list(customer.notes.select_related("by").order_by("at", "pk")),
        events=list(Event.objects.about_customer(customer.pk).order_by("seq")),
    )


def write_case_file(case: Case, *, by: AbstractBaseUser, now: datetime) -> IO[bytes]:
    """Return an open file, at its beginning: the ZIP with its manifest, signature and verifier."""
    [key, *_] = signing_keys()
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
    listed = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(case, by=by, now=now, fingerprint=key.fingerprint):
            archive.writestr(name, content)
            listed[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        manifest = _json({**_origin(case, by=by, now=now), "fingerprint": key.fingerprint, "files": listed})
        archive.writestr("manifest.json", manifest)
        archive.writestr("manifest.sig", key.sign(manifest).hex())
        archive.writestr("public_key.txt", key.public.hex())
    file.seek(0)
    return file


def _files(case: Case, *, by: AbstractBaseUser, now: datetime, fingerprint: str) -> Iterator[tuple[str, bytes]]:
    context = {"case": case, "by": by, "now": now, "fingerprint": fingerprint}
    yield "summary.html", render_to_string("desk/case_file.html", context).encode()
    yield "customer.json", _json(_row(case.customer))
    for name in ("requests", "snapshots", "changes", "calls", "documents", "cards", "notes"):
        yield f"{name}.json", _json([_row(row) for row in getattr(case, name)])
    yield "events.json", _json([_event(event) for event in case.events])
    yield "looks.json", _json([_event(event) for event in case.looks])
    yield "timeline.json", _json([vars(entry) for entry in case.timeline()])
    yield "verify.py", VERIFIER.read_bytes()


def _origin(case: Case, *, by: AbstractBaseUser, now: datetime) -> dict[str, Any]:
    seal = Seal.objects.newest()
    return {
        "format": 1, "customer": case.customer.pk, "made_at": now, "made_by": by.get_username(),
        "head_of_the_audit_log": seal.head if seal else None,
    }  # fmt: skip


def _event(event: Event) -> dict[str, Any]:
    return {**_row(event), "detail": event.said if event.is_intact else None}


def _row(row: Model) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in FIELDS[type(row)]}


def _plain(value: Any) -> Any:
    return value.get_username() if isinstance(value, AbstractBaseUser) else value


def _json(value: Any) -> bytes:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1).encode()


def _of_event(event: Event) -> Entry:
    return Entry(event.at, event.who, event.label, event.note if event.is_intact else "")


def _of_change(change: StatusChange, name: str) -> Entry:
    return Entry(
        change.at,
        change.by.get_username() if change.by else change.get_source_display(),
        change_in_words(change, name),
        change.note,
    )


def _of_note(note: Note) -> Entry:
    withdrawn = f" (withdrawn {note.withdrawn_at:%Y-%m-%d %H:%M %Z})" if note.withdrawn_at else ""
    return Entry(note.at, note.by.get_username(), f"wrote a note{withdrawn}", note.text)


def _of_call(call: ProviderCall, name: str) -> Entry:
    what = f"{call.get_kind_display()} ({name})" if name else call.get_kind_display()
    return Entry(
        call.answered_at or call.sent_at or call.wanted_at,
        call.wanted_by.get_username() if call.wanted_by else "The portal",
        f"{what}: {call.get_state_display().lower()}",
        call.message,
    )
