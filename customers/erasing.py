"""Erases what documents, and forms never sent, hold of customers who are closed: when that is, the caller knows.

The row says that it is erased before its files go, and forgets their names after they are gone: whoever runs it next
finishes what a crash left. What stays is that there was a document, of which type, what became of it, and its digests.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from customers.models import CustomerQuerySet, Document, DocumentQuerySet, document_storage
from customers.statuses import DocumentStatus, Source
from customers.unsaved import UnsavedAnswers

BATCH = 50
NOTHING: dict[str, object] = {
    "metadata": {}, "measurements": {}, "reading": None, "reading_due_at": None, "likeness_parts": [],
    "front_likeness": "", "back_likeness": "",
}  # fmt: skip


@dataclass(frozen=True)
class Erasure:
    """How much of one customer goes, or went."""

    customer_id: uuid.UUID
    documents: int
    files: int


def erasures(closed: CustomerQuerySet) -> Iterator[Erasure]:
    """Yield what would be erased of each of these customers."""
    for pk in _with_documents(closed).order_by("pk").values_list("pk", flat=True).iterator():
        yield _sum(pk, list(_held_by(pk)))


def erase_documents(closed: CustomerQuerySet, *, batch: int = BATCH) -> Iterator[Erasure]:
    """Erase what documents of these customers hold, in short transactions, and yield what went with each.

    A customer whom somebody is working on is left for the next run. Raises StoreAway.
    """
    remove_files(batch=batch)
    last: uuid.UUID | None = None
    while found := _erase_batch(closed, after=last, size=batch):
        last, erased = found
        remove_files(batch=batch)
        yield from erased


@transaction.atomic
def _erase_batch(
    closed: CustomerQuerySet, *, after: uuid.UUID | None, size: int
) -> tuple[uuid.UUID, list[Erasure]] | None:
    """Erase the rows of the next customers, and return the last one's id; None when there are no more."""
    waiting = _with_documents(closed).filter(pk__gt=after) if after else _with_documents(closed)
    locked = waiting.order_by("pk").select_for_update(no_key=True, skip_locked=True, of=("self",))
    taken = list(locked.values_list("pk", flat=True)[:size])
    if not taken:
        return None
    # Looked at again under the lock: what began before it may have ended since.
    still = _with_documents(closed).filter(pk__in=taken).order_by("pk").values_list("pk", flat=True)
    return taken[-1], [_erase(pk) for pk in still]


def _erase(customer_id: uuid.UUID) -> Erasure:
    documents = list(_held_by(customer_id).select_for_update(no_key=True))
    for document in documents:
        _erase_row(document)
    UnsavedAnswers.objects.filter(customer=customer_id).delete()
    return _sum(customer_id, documents)


def _erase_row(document: Document) -> None:
    for name, value in NOTHING.items():
        setattr(document, name, value)
    document.erased_at = timezone.now()
    document.save(update_fields=[*NOTHING, "erased_at"])
    if document.status == DocumentStatus.DRAFT:
        document.change_status(DocumentStatus.SUPERSEDED, source=Source.SYSTEM, note="erased")
    record(
        kind=Kind.DOCUMENT_ERASED, by=None, customer_id=document.customer_id, subject=document,
        after={"document_type": document.document_type, "sha256": [document.front_sha256, document.back_sha256]},
    )  # fmt: skip


def remove_files(*, batch: int = BATCH) -> None:
    """Delete the files of erased documents, and then their names. Raises StoreAway."""
    storage = document_storage()
    while waiting := list(Document.objects.with_files_to_remove()[:batch]):
        for document in waiting:
            for name in filter(None, [document.front.name, document.back.name]):
                storage.delete(name)
            Document.objects.filter(pk=document.pk).update(front="", back="")


def _with_documents(closed: CustomerQuerySet) -> CustomerQuerySet:
    return closed.filter(Exists(Document.objects.filter(customer=OuterRef("pk"), erased_at=None)))


def _held_by(customer_id: uuid.UUID) -> DocumentQuerySet:
    return Document.objects.filter(customer=customer_id, erased_at=None).select_related("customer")


def _sum(customer_id: uuid.UUID, documents: list[Document]) -> Erasure:
    files = sum(bool(side) for document in documents for side in (document.front, document.back))
    return Erasure(customer_id, len(documents), files)
