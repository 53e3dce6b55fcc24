"""Has documents read: off the request, one at a time, and each image once."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from customers.models import Document
from customers.readings import await_reading, put_reading, waiting_sides
from imaging.reading import NOT_READ, Reading, read
from provider.waking import DOCUMENTS, wake

LEASE = timedelta(seconds=120)  # two sides, each with its reader's limit
TASK = "customers.tasks.read_document"

_one_at_a_time = threading.Lock()  # readers take a processor each; the worker has more to do


def want_reading(document: Document, side: str, sha256: str) -> None:
    """Want one image read. The caller saves the document, in the transaction that keeps the image."""
    await_reading(document, side, sha256)
    document.reading_due_at = timezone.now()
    wake(TASK, queue=DOCUMENTS, document_id=str(document.pk))


def read_document(document_id: uuid.UUID, *, now: datetime) -> None:
    """Read the images of this document that wait for it.

    Does nothing while another is being read here: it is due still, and whoever reads wakes the next.
    """
    with _turn() as is_ours:
        if not is_ours:
            return
        for side, sha256 in _claim(document_id, now).items():
            _keep(document_id, side, sha256, _read(document_id, side, now))
    following = Document.objects.due_for_reading(now=timezone.now()).first()
    if following:
        wake(TASK, queue=DOCUMENTS, document_id=str(following.pk))


@contextmanager
def _turn() -> Iterator[bool]:
    is_ours = _one_at_a_time.acquire(blocking=False)
    try:
        yield is_ours
    finally:
        if is_ours:
            _one_at_a_time.release()


@transaction.atomic
def _claim(document_id: uuid.UUID, now: datetime) -> dict[str, str]:
    """Return the sides to read, unless another worker is at it. A worker that dies costs one lease."""
    due = Document.objects.due_for_reading(now=now).select_for_update(skip_locked=True, no_key=True)
    document = due.filter(pk=document_id).first()
    if document is None:
        return {}
    document.reading_due_at = now + LEASE
    document.save(update_fields=["reading_due_at"])
    return waiting_sides(document)


def _read(document_id: uuid.UUID, side: str, now: datetime) -> Reading:
    """Read one side. An image that was replaced or erased meanwhile says nothing."""
    image = Document.objects.get(pk=document_id).image(side)
    if image is None:
        return Reading(NOT_READ)
    try:
        with image.open("rb") as file:
            content = file.read()
    except FileNotFoundError:
        return Reading(NOT_READ)
    return read(content, today=timezone.localdate(now))


@transaction.atomic
def _keep(document_id: uuid.UUID, side: str, sha256: str, reading: Reading) -> None:
    """Keep what was read, unless the image was replaced meanwhile: then the new one waits on its own account."""
    document = Document.objects.select_for_update(no_key=True).get(pk=document_id)
    if not put_reading(document, side, sha256, reading):
        return
    if not waiting_sides(document):
        document.reading_due_at = None
    document.save(update_fields=["reading", "reading_due_at"])
    record(
        kind=Kind.DOCUMENT_READ, by=None, customer_id=document.customer_id, subject=document,
        after={"side": side, "outcome": reading.outcome, "source": reading.facts.source if reading.facts else ""},
    )  # fmt: skip
