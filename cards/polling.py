"""Reads the provider's list of a card's movements: what no webhook told is recorded, whatever was lost on the way.

A card is read soon after something happened on it and then ever more rarely, so that all cards together stay within
what the provider allows and none is forgotten.
"""

import random
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from cards.clocks import POLL_AFTER
from cards.deposits import record_listed_deposit
from cards.ledger import Line, record_lines
from cards.models import Card, CardClock
from cards.purchases import USD, Purchase
from cards.statuses import EventKind
from cryptomate import Client, Invalid, Movement, MovementPage
from provider import budget

K = EventKind

# The provider's words for what happened (contract section 4.14). The list of individual cards documents no word of its
# own for a settlement; APPROVED is taken for it, and CLEARED, which company cards have, is understood where it comes.
DOCUMENTED: Mapping[str, str] = {
    "TRANSACTION_AUTHORIZATION": K.AUTHORIZED,
    "TRANSACTION_APPROVED": K.CLEARED,
    "TRANSACTION_REJECTED": K.DECLINED,
    "TRANSACTION_REVERSED": K.REVERSAL,
    "TRANSACTION_REFUND": K.REFUND,
}
UNDOCUMENTED: Mapping[str, str] = {"TRANSACTION_CLEARED": K.CLEARED}
KINDS = {**DOCUMENTED, **UNDOCUMENTED}
DEPOSIT = "WALLET_DEPOSIT"
CAME_TO_NOTHING = frozenset({"FAILED", "CANCELED", "CANCELLED", "TIME_CANCELED"})

FIRST_REACH = timedelta(days=60)
OVERLAP = timedelta(days=1)  # the list is asked for by day, and in whose time zone is not documented
LONGEST_INTERVAL = timedelta(days=7)
LEASE = timedelta(minutes=5)
LONGEST_RETRY = timedelta(hours=3)

# Set once the provider has refused the undocumented word: one refusal tells this process enough.
_only_documented = threading.Event()


def claim_due(*, now: datetime, limit: int) -> list[uuid.UUID]:
    """Take cards whose list is due. Where the worker that reads one is lost, the card comes back after a lease."""
    with transaction.atomic():
        due = CardClock.objects.due(now=now).select_for_update(skip_locked=True, no_key=True)
        claimed = list(due.values_list("pk", flat=True)[:limit])
        CardClock.objects.filter(pk__in=claimed).update(next_poll_at=now + LEASE)
    return claimed


def poll_card(card: Card, *, client: Client) -> int:
    """Record what no webhook told, and return how much that was. Raises the client's errors and Held."""
    now = timezone.now()
    clock, _ = CardClock.objects.get_or_create(card=card)
    since = _since(clock, card, now)
    movements = list(_movements(card, client, since=since, until=now.date()))
    with transaction.atomic():
        found = len(record_lines(card, [line for movement in movements if (line := _line(movement))]))
        found += sum(_record_deposit(card, movement) for movement in movements if movement.operation == DEPOSIT)
        clock.refresh_from_db(fields=["moved_at"])
        clock.polled_at, clock.next_poll_at = now, now + interval(clock.moved_at or card.issued_at, now)
        clock.save(update_fields=["polled_at", "next_poll_at"])
    return found


def postpone(card: Card, *, now: datetime) -> None:
    """Put the next reading off after a failure: the longer none has come through, the further."""
    clock = CardClock.objects.get(card=card)
    wait = max(LEASE, (now - (clock.polled_at or card.issued_at)) / 4) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
    still_later = CardClock.objects.filter(card=card, next_poll_at__gt=now)
    still_later.update(next_poll_at=now + min(wait, LONGEST_RETRY))


def interval(moved_at: datetime, now: datetime) -> timedelta:
    """Return how long to leave a card alone: a quarter of the time in which nothing happened on it."""
    return min(max((now - moved_at) / 4, POLL_AFTER), LONGEST_INTERVAL)


def _since(clock: CardClock, card: Card, now: datetime) -> date:
    start = clock.polled_at or max(card.issued_at, now - FIRST_REACH)
    return (min(start, now) - OVERLAP).date()


def _movements(card: Card, client: Client, *, since: date, until: date) -> Iterator[Movement]:
    number: int | None = 1
    while number:
        page = _page(card, client, number, since=since, until=until)
        yield from page.movements
        number = page.next_page if page.movements else None


def _page(card: Card, client: Client, number: int, *, since: date, until: date) -> MovementPage:
    def ask(operations: Iterable[str]) -> MovementPage:
        budget.take(background=True)
        return client.search_transactions(
            card.api_id, operations=operations, from_date=since, to_date=until, page=number
        )

    if not _only_documented.is_set():
        try:
            return ask([*KINDS, DEPOSIT])
        except Invalid:
            _only_documented.set()
    return ask([*DOCUMENTED, DEPOSIT])


def _line(movement: Movement) -> Line | None:
    """Return the movement as something a purchase is made of; None where it is not, or came to nothing."""
    kind = KINDS.get(movement.operation)
    amount = movement.bill_amount if movement.bill_amount is not None else movement.transaction_amount
    if kind is None or amount is None or (kind != K.DECLINED and movement.status.upper() in CAME_TO_NOTHING):
        return None
    return Line(movement.id, kind, _purchase(movement, amount))


def _purchase(movement: Movement, amount: Decimal) -> Purchase:
    asked = movement.transaction_amount
    currency = movement.bill_currency.upper()[:3] or USD
    why = movement.decline_reason
    return Purchase(
        bill_amount=abs(amount),
        bill_currency=currency,
        transaction_amount=abs(amount if asked is None else asked),
        transaction_currency=movement.transaction_currency.upper()[:3] or currency,
        exchange_rate=movement.exchange_rate,
        atm_fees=_fees(movement, "atm"),
        fx_fees=_fees(movement, "fx"),
        merchant_name=" ".join(movement.merchant_name.split())[:200],
        decline_code=why.code.upper()[:20] if why else "",
        decline_description=why.simple_reason[:300] if why else "",
        occurred_at=movement.datetime,
    )


def _fees(movement: Movement, what: str) -> Decimal:
    named = (movement.fees.get(f"fee_{what}_{whose}") for whose in ("provider", "client"))
    return sum((abs(fee) for fee in named if fee), Decimal(0))


def _record_deposit(card: Card, movement: Movement) -> bool:
    amount = movement.bill_amount if movement.bill_amount is not None else movement.transaction_amount
    if amount is None or movement.status.upper() in CAME_TO_NOTHING:
        return False
    net = max(Decimal(0), abs(amount) - _fees(movement, "deposit"))
    recorded = record_listed_deposit(
        card, movement_id=movement.id, amount=abs(amount), net_amount=net, at=movement.datetime
    )
    return recorded is not None
