"""What handling a delivery again would change: it is handled for real, compared, and undone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils.text import capfirst

from cards.models import Card, Challenge, Deposit, Notice, Transaction, TransactionEvent, Withdrawal
from customers.models import Customer, EnablementRequest
from webhooks.actions import handle_or_undo
from webhooks.deliveries import text
from webhooks.handlers import NothingToDo, NotKnownYet
from webhooks.models import WebhookEvent

PURCHASE = (
    "state", "bill_amount", "authorized_total", "cleared_total", "reversed_total", "refunded_total", "decline_code",
)  # fmt: skip


@dataclass(frozen=True)
class Preview:
    """One delivery, what would become of it, and each difference in words: none where all of it is done already."""

    event: WebhookEvent
    outcome: str
    changes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Watched:
    """Rows that the delivery may touch, and the columns of theirs that a person cares about."""

    rows: QuerySet[Any]
    columns: tuple[str, ...] = ()

    def values(self) -> dict[Any, tuple[Any, ...]]:
        return {pk: tuple(rest) for pk, *rest in self.rows.values_list("pk", *self.columns)}


def preview(event: WebhookEvent) -> Preview:
    """Handle the delivery in a transaction that is rolled back and say what was different inside it.

    Each delivery has a transaction of its own: its locks keep purchases waiting, so they are held for no other.
    """
    with transaction.atomic():
        watched = _watched(event)
        before = [each.values() for each in watched]
        outcome = _outcome(event)
        changes = [
            line for each, values in zip(watched, before, strict=True) for line in _differences(each, values)
        ]  # before the rollback: the new rows are still there to be named
        transaction.set_rollback(True)
    return Preview(event, outcome, changes)


def _outcome(event: WebhookEvent) -> str:
    try:
        handle_or_undo(event)
    except NothingToDo as reason:
        return f"It would be ignored: {reason}."
    except NotKnownYet as reason:
        return f"It would wait: {reason} yet."
    except Exception as error:  # whatever a handler stumbles over, that is the answer
        return f"It would fail: {type(error).__name__}."
    return "It would be handled."


def _watched(event: WebhookEvent) -> list[Watched]:
    card = Card.objects.by_api_id(event.card_api_id) if event.card_api_id else None
    about: dict[str, Any] = {"card": card} if card else {"card__in": []}
    client = text(event.data, "id")
    return [
        Watched(Card.objects.filter(api_id=event.card_api_id), ("status", "hold_reason", "velocity_reset_at")),
        Watched(Transaction.objects.filter(**about), PURCHASE),
        Watched(TransactionEvent.objects.filter(**about), ("source",)),
        Watched(_deposits(event), ("card", "net_amount", "source")),
        Watched(Withdrawal.objects.filter(operation_id=event.operation_id), ("state",)),
        Watched(Challenge.objects.filter(**about), ("decision",)),
        Watched(Notice.objects.filter(**about)),
        Watched(Customer.objects.filter(api_id=client) if client else Customer.objects.none(), ("status",)),
        Watched(
            EnablementRequest.objects.filter(customer__api_id=client) if client else EnablementRequest.objects.none(),
            ("status", "next_sync_at"),
        ),
    ]


def _deposits(event: WebhookEvent) -> QuerySet[Deposit]:
    named = text(event.data, "transaction_hash") or event.operation_id
    same_card = Q(card__api_id=event.card_api_id) if event.card_api_id else Q()
    return Deposit.objects.filter(Q(transaction_hash=named) | same_card)


def _differences(watched: Watched, before: dict[Any, tuple[Any, ...]]) -> Iterator[str]:
    after = watched.values()
    changed = [pk for pk, values in after.items() if before.get(pk) != values]
    rows = watched.rows.model._default_manager.in_bulk(changed)
    name = capfirst(str(watched.rows.model._meta.verbose_name))
    for pk in changed:
        if pk not in before:
            yield f"{name} added: {rows[pk]}"
        else:
            yield f"{name} changed: {rows[pk]}: {_steps(watched, before[pk], after[pk])}"
    removed = len(before.keys() - after.keys())
    if removed:
        yield f"{name}: {removed} joined with another"


def _steps(watched: Watched, before: tuple[Any, ...], after: tuple[Any, ...]) -> str:
    steps = zip(watched.columns, before, after, strict=True)
    return "; ".join(_step(watched.rows.model, name, was, is_) for name, was, is_ in steps if was != is_)


def _step(model: type[Model], column: str, was: Any, became: Any) -> str:
    shown: Any = model._meta.get_field(column)
    words = dict(shown.flatchoices)
    return f"{shown.verbose_name} {_word(words.get(was, was))} → {_word(words.get(became, became))}"


def _word(value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)
