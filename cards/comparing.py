"""What the provider did, beside what we had answered: the two are tied together and every difference is listed.

The contract names nothing that ties a purchase's events to the question that came before them (section 12.2). The
operation id does in some of its samples; where it does not, card, amounts and merchant agree and the times are near.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from django.db import connection

from cards.authorizations import OUR_REASONS, Authorization, Standing
from cards.models import Card, Placement, TransactionEvent
from cards.postgresql.writing import Together, numbered, raw_cursor
from cards.rules import APPROVE
from cards.statuses import ApprovalMethod, EventKind

NEAR = timedelta(minutes=10)
NOT_ANSWERED_IN_TIME = "C010"  # contract section 7
LOOK_BACK = timedelta(hours=2)
BATCH = 200

# What of an answer is compared, in the order of the model's columns. Most events follow a question, so the words are
# kept: see cards/postgresql/writing.py.
COMPARED = [
    "id", "operation_id", "response_code", "reason", "bill_amount", "transaction_amount", "transaction_currency",
    "merchant_id", "merchant_name", "decided_at", "standing", "authorized_event_id", "declined_event_id",
]  # fmt: skip
ANSWERED = numbered(
    f"SELECT {', '.join(COMPARED)} FROM cards_authorization WHERE card_id = %s AND decided_at BETWEEN %s AND %s"  # noqa: S608 - names of our own columns
)
COLUMNS = {EventKind.AUTHORIZED: "authorized_event_id", EventKind.DECLINED: "declined_event_id"}


def compare(
    card: Card, events: Sequence[TransactionEvent], writing: Together, *, beside: Callable[[TransactionEvent], set[int]]
) -> None:
    """Add to the writing what ties events of the card to what was answered before them.

    `beside` returns the keys of the events that belong to the same purchase as one. Only a card whose purchases we
    approve is ever asked about.
    """
    told = [event for event in events if event.kind in COLUMNS]
    if not told or card.approval_method != ApprovalMethod.WEBHOOK:
        return
    times = [event.occurred_at for event in told]
    near = (min(times) - LOOK_BACK, max(times) + NEAR)
    answered = _answered(card, *near)
    for event in told:
        if answered and not _is_tied_already(event, answered, beside):
            _tie(event, answered, writing)


def _answered(card: Card, first: datetime, last: datetime) -> list[Authorization]:
    with raw_cursor() as cursor:
        cursor.execute(ANSWERED, [card.pk, first, last])
        return [Authorization.from_db(connection.alias, COMPARED, row) for row in cursor.fetchall()]


def _is_tied_already(
    event: TransactionEvent, answered: Collection[Authorization], beside: Callable[[TransactionEvent], set[int]]
) -> bool:
    """Answer whether another event of the same purchase says the same: a webhook after the provider's list, say."""
    column = COLUMNS[EventKind(event.kind)]
    tied = {getattr(each, column) for each in answered} - {None}
    return bool(tied) and (event.pk in tied or not tied.isdisjoint(beside(event)))


def _tie(event: TransactionEvent, answered: Sequence[Authorization], writing: Together) -> None:
    column = COLUMNS[EventKind(event.kind)]
    fitting = [each for each in answered if getattr(each, column) is None and is_about(each, event)]
    if not fitting:
        return
    question = min(fitting, key=lambda each: _unlikeness(each, event))
    setattr(question, column, event.pk)
    writing.add(
        f"UPDATE cards_authorization SET {column} = %s, standing = %s WHERE id = %s",  # noqa: S608 - one of two columns
        [event.pk, standing_after(question, event), question.pk],
    )


# The answers among which are all that `is_about` finds for an event: its operation id, its amounts and their currency.
MAY_BE_ABOUT = """
operation_id = %s AND operation_id <> '' OR (bill_amount, transaction_amount, transaction_currency) = (%s, %s, %s)
"""


def is_about(question: Authorization, event: TransactionEvent) -> bool:
    """Answer whether the event may be what became of the question."""
    if question.operation_id and question.operation_id == event.operation_id:
        return True
    same_amounts = (question.bill_amount, question.transaction_amount, question.transaction_currency) == (
        event.bill_amount, event.transaction_amount, event.transaction_currency,
    )  # fmt: skip
    is_near = abs(event.occurred_at - question.decided_at) <= NEAR
    return same_amounts and is_near and _same_merchant(question, event)


def _same_merchant(question: Authorization, event: TransactionEvent) -> bool:
    if question.merchant_id and event.merchant_id:
        return question.merchant_id == event.merchant_id
    return question.merchant_name.casefold() == event.merchant_name.casefold()


def _unlikeness(question: Authorization, event: TransactionEvent) -> tuple[bool, bool, timedelta]:
    """Order candidates: the same operation, then the answer that the event agrees with, then the nearest in time."""
    agrees = question.is_approved == (event.kind == EventKind.AUTHORIZED)
    same_operation = bool(question.operation_id) and question.operation_id == event.operation_id
    return not same_operation, not agrees, abs(event.occurred_at - question.decided_at)


def standing_after(question: Authorization, event: TransactionEvent) -> Standing:
    """Return how the answer stands once the event is tied to it, whichever of the two events came first."""
    is_approved = question.response_code == APPROVE
    if question.authorized_event_id:
        return Standing.CONFIRMED if is_approved else Standing.APPROVED_ANYWAY
    if question.standing == Standing.NOT_SENT:
        return Standing.NOT_SENT
    if event.decline_code == NOT_ANSWERED_IN_TIME:
        return Standing.TOO_LATE
    return Standing.DECLINED_ANYWAY if is_approved else Standing.CONFIRMED


def lapse(*, before: datetime) -> int:
    """Stop counting the approvals of before that moment that the provider never spoke of; return how many.

    It may have timed us out. A word that comes later still counts.
    """
    return Authorization.objects.unheard_of(before=before).update(standing=Standing.LAPSED)


def compare_again(*, now: datetime) -> None:
    """Compare what was written down late, after the database had been away: its events may have come before it."""
    late = Authorization.objects.filter(
        reason__in=OUR_REASONS, standing=Standing.WAITING, card__isnull=False, decided_at__gt=now - LOOK_BACK
    )
    for card in Card.objects.filter(authorizations__in=late).distinct()[:BATCH]:
        writing = Together()
        compare(
            card, list(card.events.filter(kind__in=COLUMNS, occurred_at__gt=now - LOOK_BACK)), writing, beside=_beside
        )
        writing.execute()


def _beside(event: TransactionEvent) -> set[int]:
    return set(Placement.objects.filter(transaction__placements__event=event).values_list("event", flat=True))
