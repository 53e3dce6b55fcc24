"""How our rows follow the provider: its answers become snapshots, statuses and the time of the next look."""

import logging
import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from cryptomate import Client, ProductRequest, RejectedItem, RemoteClient
from customers.checklists import checklist_of
from customers.masking import known_values
from customers.models import PRODUCT, Customer, Document, EnablementRequest, RequirementSnapshot
from customers.reasons import note_unknown
from customers.requirements import concerns, requirements_of
from customers.snapshots import keep_snapshot
from customers.statuses import REQUEST_WORDS, DocumentStatus, RequestStatus, Source, customer_status
from customers.wanted import READ_FROM_ANSWER
from provider import budget
from provider.models import CallKind, CallState, ProviderCall
from provider.waking import wake

logger = logging.getLogger(__name__)

Occasion = RequirementSnapshot.Occasion
LOOKS = (Occasion.SYNC, Occasion.UPDATE)

FIRST_LOOK = {RequestStatus.IN_KYC: timedelta(seconds=15)}
FIRST_LOOK_ELSE = timedelta(minutes=5)
FIRST_RETRY = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=3)
LONGEST_WORD, LONGEST_CODE = 40, 80  # characters of the provider's that our columns take
GROWTH = 1.5
# Of two calls each: two thirds of what background work may take of the budget. Cards and lists have the rest.
LOOKS_PER_SECOND = 4
COUNTED_FOR = 300.0  # seconds
AHEAD = timedelta(days=1)  # a hint is looked at before what has merely become due, however much of that there is

_counted = threading.local()


def sync_request(request: EnablementRequest, *, client: Client, source: Source = Source.SYNC) -> None:
    """Ask the provider how the customer and the request stand, and follow it. Raises the client's errors.

    Where a call was answered meanwhile, or somebody else asked too, what we read may be the older: it is read again.
    """
    customer, asked_at = request.customer, timezone.now()
    assert customer.api_id  # noqa: S101 - a request exists only for a registered customer
    budget.take(background=True)
    remote_client = client.get_client(customer.api_id)
    budget.take(background=True)
    remote_requests = client.list_products(customer.api_id)
    closed = set(customer.requests.closed().exclude(pk=request.pk).values_list("api_id", flat=True))
    with transaction.atomic():
        customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        present = EnablementRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
        is_overtaken = present.synced_at is not None and present.synced_at > asked_at
        if (
            is_overtaken
            or _was_hinted(present, since=request)
            or ProviderCall.objects.about(customer.pk).answered_since(asked_at).exists()
        ):
            hasten_sync(request, now=timezone.now())
            return
        follow_client(customer, remote_client)
        occasion = _occasion(present)
        for remote in reversed(remote_requests):  # the provider lists the newest first
            if remote.product == PRODUCT and remote.id not in closed:
                follow_request(customer, remote, occasion=occasion, source=source, asked_at=asked_at)
        follow_customer(customer, source=source)


def _was_hinted(present: EnablementRequest, *, since: EnablementRequest) -> bool:
    """Say whether a webhook hinted at news after we had begun to ask: what we read may be from before them."""
    due = present.next_sync_at
    return due is not None and due != since.next_sync_at and due <= timezone.now()


def _occasion(request: EnablementRequest) -> Occasion:
    """Saving data answers with the client alone: what it changed about the request is seen at the next look."""
    saved = ProviderCall.objects.about(request.customer_id).filter(kind=CallKind.UPDATE_CLIENT, state=CallState.DONE)
    is_after_save = request.synced_at is not None and saved.answered_since(request.synced_at).exists()
    return Occasion.UPDATE if is_after_save else Occasion.SYNC


def follow_client(customer: Customer, remote: RemoteClient) -> None:
    customer.remote_status = remote.status[:LONGEST_WORD]
    customer.save(update_fields=["remote_status"])


def follow_customer(customer: Customer, *, source: Source) -> None:
    """Bring the customer's status in line with the provider's client and the newest request."""
    newest = customer.newest_request
    wanted = customer_status(
        customer.status, client=customer.remote_status or "pending", request=newest.status if newest else None
    )
    customer.change_status(wanted, source=source)
    if newest:
        schedule(newest, now=timezone.now())


def follow_request(
    customer: Customer,
    remote: ProductRequest,
    *,
    occasion: Occasion,
    source: Source,
    rejected_items: Sequence[RejectedItem] = (),
    asked_at: datetime | None = None,
) -> EnablementRequest:
    """Write one answer about a request: a snapshot where it says something new, its status, what it flagged.

    `asked_at` is given where the answer took a while: a hint that came since is not about what it says.
    """
    status = REQUEST_WORDS.get(remote.status.lower(), RequestStatus.REQUESTED)
    request, _ = EnablementRequest.objects.get_or_create(
        api_id=remote.id, defaults={"customer": customer, "status": status}
    )
    request = EnablementRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
    verdict_before, missing_before = _verdict(request), request.missing_requirements
    items = list(dict.fromkeys([*rejected_items, *remote.rejected_items]))  # an answer may name one twice
    request.missing_requirements = dict(remote.missing_requirements.raw)
    if items or occasion not in LOOKS:
        request.rejected_items = [asdict(item) for item in items]
    else:
        request.rejected_items = _standing_items(request, missing_before)
    request.rejection_code = remote.rejection_code[:LONGEST_CODE]
    request.rejection_description = remote.rejection_description
    request.remote_status = remote.status[:LONGEST_WORD]
    request.synced_at = asked_at or timezone.now()
    request.save(
        update_fields=[
            "missing_requirements", "rejected_items", *READ_FROM_ANSWER, "rejection_code", "rejection_description",
            "remote_status", "synced_at",
        ]
    )  # fmt: skip
    keep_snapshot(request, occasion)
    _note_verdict(request, verdict_before)
    _follow_status(request, remote, source=source)
    flag_documents(request, items, occasion=occasion)
    return request


def _verdict(request: EnablementRequest) -> str:
    return f"{request.rejection_code} {request.rejection_description}".strip()


def _note_verdict(request: EnablementRequest, before: str) -> None:
    """Count a verdict that nobody has written up, once for each time it is given."""
    if _verdict(request) != before:
        note_unknown([known_values(request.customer)(_verdict(request))])


def _standing_items(request: EnablementRequest, missing_before: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what was flagged before and stands: a look alone settles nothing.

    Settled are data that were saved since and are not missing any more, and what was missing and no longer is.
    """
    missing = _missing_keys(request.missing_requirements)
    gone = _missing_keys(missing_before) - missing
    is_saved = _is_saved_since_flagged(request)
    settled = [
        each.requirement
        for each in checklist_of(request).wanted
        if each.id in gone or (is_saved and not (each.is_missing or each.is_document))
    ]
    items = [(item, RejectedItem.from_json(item)) for item in request.rejected_items]
    return [item for item, read in items if not any(concerns(read, requirement) for requirement in settled)]


def _is_saved_since_flagged(request: EnablementRequest) -> bool:
    flagged = request.snapshots.order_by("-taken_at").first()
    saved = ProviderCall.objects.about(request.customer_id).filter(kind=CallKind.UPDATE_CLIENT, state=CallState.DONE)
    return flagged is not None and saved.filter(answered_at__gt=flagged.taken_at).exists()


def _missing_keys(missing: Mapping[str, Any]) -> set[str]:
    return {each.id for each in requirements_of(missing)}


def _follow_status(request: EnablementRequest, remote: ProductRequest, *, source: Source) -> None:
    status = REQUEST_WORDS.get(remote.status.lower())
    if status is None:
        logger.warning("Request %s has a status we do not know", request.pk)
        return
    now = timezone.now()
    if status == RequestStatus.IN_KYC and request.submitted_at is None:
        request.submitted_at = now
        request.save(update_fields=["submitted_at"])
    if request.change_status(status, source=source):
        request.syncs = 0
        request.decided_at = now if status in (RequestStatus.ENABLED, RequestStatus.REJECTED) else None
        request.save(update_fields=["syncs", "decided_at"])


def flag_documents(request: EnablementRequest, items: Sequence[RejectedItem], *, occasion: Occasion) -> None:
    """Mark the sent documents that the provider refused, in its words.

    The first answer of a new request speaks of the documents that were sent with the one before.
    """
    sent = Document.objects.filter(customer=request.customer_id, status=DocumentStatus.UPLOADED)
    if occasion != Occasion.REQUEST:
        sent = sent.filter(request=request)
    for document in sent:
        for item in items:
            if item.type != "data" and item.key in (document.document_type, document.requirement):
                reject_document(document, item.reason)


def reject_document(document: Document, reason: str) -> None:
    document.reason = reason
    document.save(update_fields=["reason"])
    document.change_status(DocumentStatus.REJECTED, source=Source.SYNC, note=reason)


def schedule(request: EnablementRequest, *, now: datetime) -> None:
    """Set the next look: soon after a change, then ever rarer, and none once provider and request agree on an end."""
    request.next_sync_at = None if _is_at_rest(request) else now + _wait(request)
    request.syncs += 1
    request.save(update_fields=["next_sync_at", "syncs"])


def _is_at_rest(request: EnablementRequest) -> bool:
    ends = {RequestStatus.ENABLED: "active", RequestStatus.REJECTED: "rejected"}
    return ends.get(RequestStatus(request.status)) == request.customer.remote_status.lower()


def _wait(request: EnablementRequest) -> timedelta:
    first = FIRST_LOOK.get(RequestStatus(request.status), FIRST_LOOK_ELSE)
    return min(longest_wait(), first * GROWTH ** min(request.syncs, 20))


def longest_wait() -> timedelta:
    """Return the longest time between two looks: three hours, more where so many are open that the budget would not do.

    They are counted now and then only, by each thread for itself.
    """
    if monotonic() > getattr(_counted, "until", 0.0):
        _counted.open = EnablementRequest.objects.filter(next_sync_at__isnull=False).count()
        _counted.until = monotonic() + COUNTED_FOR
    return max(LONGEST_WAIT, timedelta(seconds=_counted.open / LOOKS_PER_SECOND))


def postpone(request: EnablementRequest, *, now: datetime) -> None:
    """Put the next look off after a failure, ever further; a hint that came meanwhile is not put off."""
    wait = max(FIRST_RETRY, _wait(request)) * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, hides nothing
    EnablementRequest.objects.filter(pk=request.pk, next_sync_at__gt=now).update(
        next_sync_at=now + wait, syncs=F("syncs") + 1
    )


def keep_ahead(request: EnablementRequest, *, now: datetime) -> None:
    """Give a hint its place before the others back: the provider could not be asked when its turn came."""
    EnablementRequest.objects.filter(pk=request.pk, syncs=0).update(next_sync_at=now - AHEAD)


def mark_due(request: EnablementRequest, *, now: datetime) -> None:
    """Make the next look due before all others: a webhook hinted at news. Beat finds it in the database."""
    request.next_sync_at, request.syncs = now - AHEAD, 0
    request.save(update_fields=["next_sync_at", "syncs"])


def hasten_sync(request: EnablementRequest, *, now: datetime) -> None:
    """Make the next look due now and wake a worker for it."""
    mark_due(request, now=now)
    wake("customers.tasks.sync_request_now", request_id=str(request.pk))
