"""Rows the tests start from. Plain functions: what a test says differs is what it is about."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

from django.utils import timezone

from cards.models import Card, TransactionEvent
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
    return Card.objects.create(customer=customer, **values)


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


def event(kind: EventKind, amount: str = "42.50", *, after: int = 0, op: str = "", **changes: Any) -> TransactionEvent:
    """Return an event that is not saved, `after` so many minutes."""
    purchase = make_purchase(amount, occurred_at=NOON + timedelta(minutes=after), **changes)
    columns = {name: getattr(purchase, name) for name in Purchase.__dataclass_fields__}
    return TransactionEvent(kind=kind, operation_id=op, digest=purchase.digest, source="WEBHOOK", **columns)
