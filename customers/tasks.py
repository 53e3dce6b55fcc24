import logging
import uuid
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from cryptomate import CryptoMateError
from customers import comparison_runs, following, reading_actions
from customers.models import Document, EnablementRequest
from provider import circuit
from provider.circuit import Held
from provider.client import provider_client
from provider.waking import FRESH
from vault.stores import StoreAway

logger = logging.getLogger(__name__)

# In one sweep, every two seconds. More would wait in the queue until their lease is over, and hints behind them.
BATCH = 2 * following.LOOKS_PER_SECOND
LEASE = timedelta(seconds=60)


@shared_task
def sync_due_requests(**_: Any) -> None:
    """Claim the requests that are due and hand each to a worker. A lost message costs one lease.

    While the provider may not be called, they stay due.
    """
    if circuit.look().is_shut:
        return
    now = timezone.now()
    with transaction.atomic():
        due = EnablementRequest.objects.due_for_sync(now=now).select_for_update(skip_locked=True, no_key=True)
        claimed = list(due.values_list("pk", flat=True)[:BATCH])
        EnablementRequest.objects.filter(pk__in=claimed).update(next_sync_at=now + LEASE)
    for request_id in claimed:
        sync_request.apply_async(kwargs={"request_id": str(request_id)}, expires=LEASE.total_seconds())


@shared_task
def sync_request(*, request_id: str, **_: Any) -> None:
    """Follow the provider on one request. Where that fails, the next look is put off ever further."""
    request = EnablementRequest.objects.select_related("customer").get(pk=uuid.UUID(request_id))
    try:
        following.sync_request(request, client=provider_client())
    except Held:
        following.keep_ahead(request, now=timezone.now())
    except CryptoMateError as error:
        following.postpone(request, now=timezone.now())
        logger.warning("Request %s could not be followed: %r", request_id, error)


@shared_task
def sync_request_now(*, request_id: str, **_: Any) -> None:
    """Follow one request because a person waits for it, unless a sweep has handed it to another worker already."""
    now = timezone.now()
    due = EnablementRequest.objects.due_for_sync(now=now).filter(pk=uuid.UUID(request_id))
    if due.update(next_sync_at=now + LEASE):
        sync_request(request_id=request_id)


@shared_task
def compare(**_: Any) -> None:
    """Do one batch of the comparison with the provider, where one is due. What is left stands in the database."""
    run = comparison_runs.due_run(now=timezone.now())
    if run:
        comparison_runs.advance(run, client=provider_client())


@shared_task
def read_due_documents(**_: Any) -> None:
    """Wake a worker for the document that waits longest to be read: its message was lost, or its reader died."""
    waiting = Document.objects.due_for_reading(now=timezone.now()).first()
    if waiting:
        read_document.apply_async(kwargs={"document_id": str(waiting.pk)}, expires=FRESH)


@shared_task
def read_document(*, document_id: str, **_: Any) -> None:
    """Read one document. Where its image cannot be had now, it is due again after a while."""
    try:
        reading_actions.read_document(uuid.UUID(document_id), now=timezone.now())
    except StoreAway as error:
        logger.warning("Document %s could not be read: %s", document_id, error)
