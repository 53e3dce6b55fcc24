"""Rows the tests start from. Plain functions: what a test says differs is what it is about."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

from django.utils import timezone

from cards.decisions import Question
from cards.models import Card, CardClock, TransactionEvent
from cards.purchases import Purchase
from cards.statuses import ApprovalMethod, CardStatus, EventKind
from customers.models import Customer
from customers.tests.making import make_customer

NOON = datetime(2026, 4, 15, 12, 0, tzinfo=UTC)
_numbers = count(1)


def make_active_customer(**changes: Any) -> Customer:
    return make_customer(**{"status": "ACTIVE", "api_id": f"client_{next(_numbers)}", **changes})


def make_card(**changes: Any) -> Card:
    customer = changes.pop("customer", None) or make_active_customer()
    values = {
        "api_id": f"icard_{uuid4().hex}",
        "last4": "4242",
        "expiration_month": 12,
        "expiration_year": 2028,
        "holder_name": "MARIA BARBER",
        "status": CardStatus.ACTIVE,
        "approval_method": ApprovalMethod.TOPUP,
        "refreshed_at": timezone.now(),
        **changes,
    }
    clock = {name: values.pop(name) for name in ("moved_at", "polled_at", "next_poll_at") if name in values}
    card = Card.objects.create(customer=customer, **values)
    CardClock.objects.create(card=card, **clock)
    return card


def make_purchase(amount: str = "42.50", **changes: Any) -> Purchase:
    values = {
        "bill_amount": Decimal(amount),
        "bill_currency": "USD",
        "transaction_amount": Decimal(amount),
        "transaction_currency": "USD",
        "merchant_id": "mch_1",
        "merchant_name": "Acme Coffee",
        "mcc": "5812",
        "occurred_at": NOON,
        **changes,
    }
    return Purchase(**values)


def make_question(card: Card | str, amount: str = "42.50", *, key: str = "", **changes: Any) -> Question:
    """Return a purchase that waits for an answer, each time another one unless a key is given."""
    asked_at = changes.pop("asked_at", None) or timezone.now()
    timing = {name: changes.pop(name) for name in ("age", "arrived") if name in changes}
    return Question(
        delivery_key=key or uuid4().hex,
        card_api_id=card if isinstance(card, str) else card.api_id,
        purchase=make_purchase(amount, **changes),
        asked_at=asked_at,
        **timing,
    )


def event(
    kind: EventKind, amount: str = "42.50", *, after: float = 0, op: str = "", **changes: Any
) -> TransactionEvent:
    """Return an event that is not saved, `after` so many minutes."""
    purchase = make_purchase(amount, occurred_at=NOON + timedelta(minutes=after), **changes)
    columns = {name: getattr(purchase, name) for name in Purchase.__dataclass_fields__}
    return TransactionEvent(kind=kind, operation_id=op, digest=purchase.digest, source="WEBHOOK", **columns)
