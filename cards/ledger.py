"""A card's events become purchases: recorded once, placed again as a whole, added up from scratch."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cards.models import Card, Placement, Transaction, TransactionEvent
from cards.placing import Group, place
from cards.purchases import Purchase
from cards.statuses import EventKind, TransactionState

K, S = EventKind, TransactionState


@transaction.atomic
def record_event(*, card: Card, kind: str, operation_id: str, purchase: Purchase, source: str) -> TransactionEvent:
    """Record what the provider said about a purchase and place the card's events again.

    The same again answers with the first, whatever brought it.
    """
    now = timezone.now()
    data = {**asdict(purchase), "occurred_at": purchase.occurred_at or now}
    event, created = TransactionEvent.objects.get_or_create(
        card=card,
        kind=EventKind(kind.upper()),
        operation_id=operation_id,
        digest=purchase.digest,
        defaults={**data, "received_at": now, "source": TransactionEvent.Source(source)},
    )
    if created:
        Card.objects.filter(pk=card.pk).update(moved_at=now)
        recompute(card)
    return event


@transaction.atomic
def recompute(card: Card) -> None:
    """Place all events of the card anew and bring its purchases in line. Takes the card's lock."""
    Card.objects.select_for_update(no_key=True).get(pk=card.pk)
    placements = Placement.objects.filter(event__card=card).select_related("transaction")
    standing = {placement.event_id: placement for placement in placements}
    kept: set[UUID] = set()
    for group in place(card.events.all()):
        purchase = _purchase_of(group, card, standing, kept)
        kept.add(purchase.pk)
        _bring_in_line(purchase, fold(group.events))
        _bring_placements_in_line(purchase, group, standing)
    card.transactions.exclude(pk__in=kept).delete()


def _purchase_of(group: Group, card: Card, standing: dict[int, Placement], kept: set[UUID]) -> Transaction:
    """Return the purchase that stands for the group already, so that its address stays; else a new one."""
    for event in group.events:
        placement = standing.get(event.pk)
        if placement and placement.transaction_id not in kept:
            return placement.transaction
    return Transaction(card=card)


def _bring_in_line(purchase: Transaction, totals: "Totals") -> None:
    wanted = asdict(totals)
    changed = [name for name, value in wanted.items() if getattr(purchase, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(purchase, name, wanted[name])
    purchase.changed_at = timezone.now()
    is_new = purchase._state.adding
    purchase.save(update_fields=None if is_new else [*changed, "changed_at"])


def _bring_placements_in_line(purchase: Transaction, group: Group, standing: dict[int, Placement]) -> None:
    for event, how in group.matches:
        placement = standing.get(event.pk) or Placement(event=event)
        if placement.transaction_id == purchase.pk and placement.how == how:
            continue
        placement.transaction, placement.how = purchase, how
        placement.save()


@dataclass(frozen=True)
class Totals:
    """What a purchase's events add up to, in the currency billed; under the names of Transaction's columns."""

    state: str
    merchant_name: str
    merchant_city: str
    merchant_country: str
    mcc: str
    mcc_category: str
    channel: str
    bill_amount: Decimal
    bill_currency: str
    transaction_amount: Decimal
    transaction_currency: str
    authorized_total: Decimal
    cleared_total: Decimal
    reversed_total: Decimal
    refunded_total: Decimal
    fees_total: Decimal
    decline_code: str
    decline_description: str
    first_at: datetime
    last_at: datetime


def fold(events: Sequence[TransactionEvent]) -> Totals:
    """Add up one purchase's events, given in the order they happened."""
    leading = _leading(events)
    first = events[0]
    declined = next((event for event in events if event.kind == K.DECLINED), None)
    return Totals(
        state=_state(events),
        **{name: _first_known(events, name) for name in DESCRIPTION},
        bill_amount=sum((event.bill_amount for event in leading), Decimal(0)),
        bill_currency=first.bill_currency,
        transaction_amount=sum((event.transaction_amount for event in leading), Decimal(0)),
        transaction_currency=first.transaction_currency,
        authorized_total=_total(events, K.AUTHORIZED),
        cleared_total=_total(events, K.CLEARED),
        reversed_total=_total(events, K.REVERSAL),
        refunded_total=_total(events, K.REFUND),
        fees_total=sum((event.fees for event in leading), Decimal(0)),
        decline_code=declined.decline_code if declined else "",
        decline_description=declined.decline_description if declined else "",
        first_at=first.occurred_at,
        last_at=events[-1].occurred_at,
    )


DESCRIPTION = ("merchant_name", "merchant_city", "merchant_country", "mcc", "mcc_category", "channel")


def _leading(events: Sequence[TransactionEvent]) -> list[TransactionEvent]:
    """Return the events that say what the purchase costs: the settlement once there is one, before that the hold."""
    for kind in (K.CLEARED, K.AUTHORIZED, K.DECLINED, K.REFUND, K.REVERSAL):
        found = [event for event in events if event.kind == kind]
        if found:
            return found
    return []


def _state(events: Sequence[TransactionEvent]) -> TransactionState:
    kinds = {event.kind for event in events}
    if K.CLEARED in kinds:
        refunded = _total(events, K.REFUND)
        if refunded >= _total(events, K.CLEARED) > 0:
            return S.REFUNDED
        return S.PARTLY_REFUNDED if refunded else S.CLEARED
    if K.DECLINED in kinds:
        return S.CANCELLED if K.AUTHORIZED in kinds else S.DECLINED
    if K.AUTHORIZED in kinds:
        reversed_ = _total(events, K.REVERSAL)
        if reversed_ >= _total(events, K.AUTHORIZED) > 0:
            return S.REVERSED
        return S.PARTLY_REVERSED if reversed_ else S.AUTHORIZED
    return S.REFUNDED if K.REFUND in kinds else S.REVERSED


def _total(events: Sequence[TransactionEvent], kind: str) -> Decimal:
    return sum((event.bill_amount for event in events if event.kind == kind), Decimal(0))


def _first_known(events: Sequence[TransactionEvent], name: str) -> str:
    return next((value for event in events if (value := getattr(event, name))), "")
