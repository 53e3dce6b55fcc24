"""A delivery's way: stored, handled in the same transaction, and handled again later where that failed.

Nothing here talks to the broker or the network. What a handler could not do stands in the row, and the sweep finds it.
"""

import logging
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePath
from time import monotonic
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from audit.actions import acting_as, record
from audit.kinds import Kind, Source
from cards.models import Card
from cards.postgresql.writing import insert_if_new
from customers.models import Customer
from customers.policies import check_person_may, check_sees_data
from people.approvals import Act, Approval
from people.four_eyes import Carrier, Wish, hold, needs_two
from webhooks.deliveries import Delivery
from webhooks.handlers import NothingToDo, NotKnownYet, Subject, handle, note_repeat, record_at_once
from webhooks.models import Outcome, WebhookEvent
from webhooks.policies import check_can_process_again
from webhooks.redaction import digest_of, redact_text

logger = logging.getLogger(__name__)

# A delivery waits this long for a row in use, then leaves it to the sweep: the provider is waiting for our answer.
LOCK_TIMEOUT = "500ms"
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=1)
KEPT_OF_UNREADABLE = 4096  # bytes
MOST_AT_ONCE = 1000
MOST_NAMED = 5  # types of deliveries, to whoever decides about handling them again
CHANGED_BY_HANDLING = [
    "attempts", "error", "outcome", "outcome_note", "next_attempt_at", "handled_at", "card_id", "customer_id",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """When and under which of the provider's marks a delivery came."""

    received_at: datetime
    request_timestamp: datetime | None = None
    trace_id: str = ""
    started: float = field(default_factory=monotonic)  # the same moment, on a clock that nobody sets


def receive(delivery: Delivery, arrival: Arrival) -> None:
    """Store a delivery and handle it, or find that it is here already. What failed is stored alone and due again."""
    event = as_row(delivery, arrival, attempts=1)
    # Not asked whether it still works, thousands of times: the delivery that finds it dead is stored on a new one.
    connection.health_check_done = True  # type: ignore[attr-defined] # Django does not name it
    try:
        with acting_as(source=Source.WEBHOOK):
            is_new = _take_at_once(event) or _take(event)
    except Exception as error:  # whatever a handler stumbles over, the delivery is kept and tried again
        _note_failure(event, error, now=arrival.received_at)
        insert_if_new(event)
        return
    if not is_new:
        _mark_repeated(event)


def reject(raw: bytes, reason: str, arrival: Arrival) -> WebhookEvent:
    """Keep the beginning of a body that could not be read, so that a person can see what came."""
    body = {"unreadable": redact_text(raw[:KEPT_OF_UNREADABLE].decode(errors="replace"))}
    event, _ = WebhookEvent.objects.get_or_create(
        product="",
        event_type="",
        operation_id="",
        status="",
        body_digest=digest_of(body),
        defaults=_arrived(arrival) | {"body": body, "outcome": Outcome.REJECTED, "outcome_note": reason},
    )
    return event


def process_due(*, now: datetime, limit: int) -> int:
    """Handle what is due, each delivery in a transaction of its own; return how many there were."""
    for count in range(limit):
        if not _process_next(now=now):
            return count
    return limit


def process_again(event: WebhookEvent, *, by: User, now: datetime) -> None:
    """Have the sweep handle a delivery once more. Handlers find what they have written before, so nothing doubles.

    Raises NotAllowed.
    """
    check_person_may(by, "webhooks.reprocess")
    check_can_process_again(event)
    with transaction.atomic():
        event = WebhookEvent.objects.select_for_update(no_key=True).get(pk=event.pk)
        before = event.outcome
        event.outcome, event.outcome_note, event.error = Outcome.RECEIVED, "", ""
        event.next_attempt_at, event.handled_at = now, None
        event.save(update_fields=["outcome", "outcome_note", "error", "next_attempt_at", "handled_at"])
        record(
            kind=Kind.DELIVERY_PROCESSED_AGAIN,
            by=by,
            customer_id=event.customer_id,
            subject=event,
            before={"outcome": before},
            after={"outcome": event.outcome},
        )


def process_failed_again(*, since: datetime, by: User, now: datetime) -> int | Approval:
    """Have the sweep handle all that failed since a moment, as `process_many_again` does. Raises NotAllowed.

    A thousand at a time: a person who asks for more asks again.
    """
    check_person_may(by, "webhooks.reprocess")
    return process_many_again(list(WebhookEvent.objects.failed_since(since)[:MOST_AT_ONCE]), by=by, now=now)


def process_many_again(
    events: Sequence[WebhookEvent], *, by: User, now: datetime, approval: Approval | None = None
) -> int | Approval:
    """Have the sweep handle these deliveries, in this order; return how many. Raises NotAllowed.

    Where two people are needed for more than one, and this is not the approval, return what waits for the second.
    """
    check_person_may(by, "webhooks.reprocess")
    is_needed = len(events) > 1 and needs_two(Act.REPLAY)
    if held := hold(_wish_for(events), by=by, approval=approval, is_needed=is_needed):
        return held
    for event in events:
        process_again(event, by=by, now=now)
    return len(events)


def process_approved(approval: Approval) -> None:
    """Have those deliveries handled again that two people agreed on, and no other."""
    found = WebhookEvent.objects.in_bulk([UUID(pk) for pk in approval.payload["deliveries"]])
    in_order = sorted(found.values(), key=lambda event: (event.received_at, event.pk))
    process_many_again(in_order, by=approval.asked_by, now=timezone.now(), approval=approval)


def _wish_for(events: Sequence[WebhookEvent]) -> Wish:
    kinds = Counter(event.event_type or "not read" for event in events).most_common(MOST_NAMED)
    named = ", ".join(f"{count} {kind}" for kind, count in kinds)
    return Wish(
        act=Act.REPLAY, about_type=WebhookEvent._meta.label_lower, about_id="bulk",
        words=f"Process {len(events)} deliveries again: {named}{', and others' if len(kinds) == MOST_NAMED else ''}.",
        payload={"deliveries": sorted(str(event.pk) for event in events)},
    )  # fmt: skip


REPLAY = Carrier(
    act=Act.REPLAY, about_type="webhooks.webhookevent", asks=("webhooks.reprocess",), carry_out=process_approved
)


@transaction.atomic
def open_in_full(event: WebhookEvent, *, by: User) -> None:
    """Note that somebody reads what a delivery says about a person. Raises NotAllowed."""
    check_sees_data(by, event.customer_id)
    record(kind=Kind.RECORD_VIEWED, by=by, customer_id=event.customer_id, subject=event)


def _take_at_once(event: WebhookEvent) -> bool:
    """Store and handle what most deliveries are, a purchase's next event, in one statement; answer whether that did."""

    def settled(card: Card | None) -> WebhookEvent:
        _settle(event, Outcome.HANDLED, now=event.received_at, subject=card)
        return event

    return record_at_once(event, settled=settled, patience=LOCK_TIMEOUT)


@transaction.atomic
def _take(event: WebhookEvent) -> bool:
    """Store a delivery and handle it, unless it is here already; answer whether it was new.

    Waits for its twin that is on the way. What fails is undone together with the row.
    """
    event.outcome, event.handled_at, event.card_id, event.customer_id = Outcome.RECEIVED, None, None, None
    is_new = insert_if_new(event)
    if is_new:
        _wait_no_longer_than(LOCK_TIMEOUT)
        _become(event, handle, now=event.received_at)
        event.save(update_fields=CHANGED_BY_HANDLING)
    return is_new


def as_row(delivery: Delivery, arrival: Arrival, **values: Any) -> WebhookEvent:
    """Return the delivery's row, not yet stored."""
    return WebhookEvent(
        product=delivery.product,
        event_type=delivery.event_type,
        operation_id=delivery.operation_id,
        status=delivery.status,
        body_digest=delivery.digest,
        body=delivery.body,
        card_api_id=delivery.card_api_id,
        **_arrived(arrival),
        **values,
    )


def _arrived(arrival: Arrival) -> dict[str, Any]:
    return {
        "received_at": arrival.received_at,
        "request_timestamp": arrival.request_timestamp,
        "trace_id": arrival.trace_id,
    }


def _process_next(*, now: datetime) -> bool:
    with transaction.atomic():
        event = WebhookEvent.objects.due(now=now).select_for_update(skip_locked=True, no_key=True).first()
        if event is None:
            return False
        _process(event, now=now)
    return True


def _process(event: WebhookEvent, *, now: datetime) -> None:
    """Handle one delivery whose row is ours. A failure undoes the handling and never the row."""
    event.attempts += 1
    try:
        _become(event, handle_or_undo, now=now)
    except Exception as error:  # as in receive
        _note_failure(event, error, now=now)
    event.save(update_fields=CHANGED_BY_HANDLING)


def _become(event: WebhookEvent, handle: Callable[[WebhookEvent], Subject], *, now: datetime) -> None:
    """Let the delivery be handled and note what became of it. Raises what a handler stumbles over."""
    event.error = ""
    try:
        _settle(event, Outcome.HANDLED, now=now, subject=handle(event))
    except NothingToDo as reason:
        _settle(event, Outcome.IGNORED, now=now, note=str(reason), subject=reason.subject)
    except NotKnownYet as reason:
        _wait_for_subject(event, str(reason), now=now)


def _note_failure(event: WebhookEvent, error: Exception, *, now: datetime) -> None:
    # A database error's own text quotes the row, so only its name and place are told.
    logger.error("Delivery %s was not handled: %s in %s", event.pk, type(error).__name__, _place_of(error))
    event.outcome, event.outcome_note, event.handled_at = Outcome.FAILED, "", None
    event.error = f"Handling failed: {type(error).__name__}"
    _try_later(event, now=now)


def handle_or_undo(event: WebhookEvent) -> Subject:
    """Do what the delivery asks for, or nothing of it. Raises what its handler raises."""
    with _undone_if_it_fails():
        return handle(event)


def _mark_repeated(event: WebhookEvent) -> None:
    try:
        with _undone_if_it_fails():
            note_repeat(event)
    except Exception as error:  # whatever it stumbles over: the delivery is here, and this is a remark
        logger.warning("That a delivery came again was not marked: %s", type(error).__name__)


@contextmanager
def _undone_if_it_fails() -> Iterator[None]:
    with transaction.atomic(), acting_as(source=Source.WEBHOOK):
        _wait_no_longer_than(LOCK_TIMEOUT)
        yield


def _wait_no_longer_than(patience: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [patience])


def _settle(event: WebhookEvent, outcome: Outcome, *, now: datetime, note: str = "", subject: Subject = None) -> None:
    event.outcome, event.outcome_note = outcome, note
    event.next_attempt_at, event.handled_at = None, now
    if isinstance(subject, Card):
        event.card_id, event.customer_id = subject.pk, subject.customer_id
    elif isinstance(subject, Customer):
        event.customer_id = subject.pk


def _wait_for_subject(event: WebhookEvent, note: str, *, now: datetime) -> None:
    """A card may become known a moment after its first purchase; one that stays unknown is not ours."""
    if _has_had_its_day(event, now):
        _settle(event, Outcome.IGNORED, now=now, note=f"{note} for a day")
        return
    event.outcome, event.outcome_note = Outcome.RECEIVED, f"{note} yet"
    _try_later(event, now=now)


def _try_later(event: WebhookEvent, *, now: datetime) -> None:
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(event.attempts - 1, 20))
    event.next_attempt_at = None if _has_had_its_day(event, now) else now + wait


def _has_had_its_day(event: WebhookEvent, now: datetime) -> bool:
    return now - event.received_at >= GIVE_UP_AFTER


def _place_of(error: Exception) -> str:
    innermost = traceback.extract_tb(error.__traceback__)[-1]
    return f"{PurePath(innermost.filename).name}:{innermost.lineno}"
