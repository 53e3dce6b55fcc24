"""Purchases and the money behind them: what may be authorized, what is held, settled, given back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from sandbox import events
from sandbox.errors import StepError
from sandbox.models import Card, Company, Movement, Purchase

CENT = Decimal("0.01")
FX_FEE = Decimal("0.01")
ATM_FEE = Decimal("2.00")
DEPOSIT_FEE = Decimal("0.003")
WINDOWS = (("daily_limit", 1, "M201"), ("weekly_limit", 7, "M202"), ("monthly_limit", 30, "M203"))


@dataclass(frozen=True)
class Order:
    """What a merchant asks for. The bill is in USD, the transaction in the merchant's currency."""

    bill_amount: Decimal
    transaction_amount: Decimal
    transaction_currency: str
    channel: str
    merchant: dict[str, Any]


def money(value: Decimal) -> Decimal:
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def authorize(card_id: str, order: Order) -> Purchase:
    """Decide a purchase. A WEBHOOK card's holder decides what the provider would allow, outside any transaction."""
    purchase = _purchase(card_id, order)
    with transaction.atomic():
        card = Card.objects.select_for_update().get(id=card_id)
        code = _decline_code(card, purchase)
        if code or card.approval_method != "WEBHOOK":
            return _record(card, purchase, code)
    verdict = events.ask_to_authorize(purchase)
    with transaction.atomic():
        card = Card.objects.select_for_update().get(id=card_id)
        if not verdict.approves:
            return _decline(card, purchase, verdict.decline_code)
        # Another purchase may have spent the money while the question was out.
        return _record(card, purchase, _decline_code(card, purchase))


def _purchase(card_id: str, order: Order) -> Purchase:
    return Purchase(
        id=uuid4(),
        card_id=card_id,
        bill_amount=order.bill_amount,
        transaction_amount=order.transaction_amount,
        transaction_currency=order.transaction_currency,
        fx_fee=money(order.bill_amount * FX_FEE) if order.transaction_currency != "USD" else Decimal(0),
        atm_fee=ATM_FEE if order.channel == "ATM" else Decimal(0),
        channel=order.channel,
        merchant=order.merchant,
    )


def _record(card: Card, purchase: Purchase, code: str) -> Purchase:
    return _decline(card, purchase, code) if code else _approve(card, purchase)


def _decline_code(card: Card, purchase: Purchase) -> str:
    """Name the first rule the purchase breaks, by total cost; "" when it breaks none."""
    cost = purchase.bill_amount + purchase.fees
    if card.status != "ACTIVE":
        return "C020"
    if card.per_transaction_limit is not None and purchase.channel != "ATM" and cost > card.per_transaction_limit:
        return "M214"
    for field, days, code in WINDOWS:
        limit = getattr(card, field)
        if limit is not None and spent(card, days=days) + cost > limit:
            return code
    if card.approval_method == "TOPUP" and cost > card.balance:
        return "M102"
    company = Company.locked()
    if cost > company.holding_balance:
        return "M101"
    return _velocity_code(card, company.velocity_rules)


def spent(card: Card, *, days: int) -> Decimal:
    """Sum what was authorized in the last days, fees included, less what was released."""
    recent = card.purchases.filter(outcome="authorized", created_at__gt=timezone.now() - timedelta(days=days))
    total = recent.aggregate(spent=Sum(F("bill_amount") + F("fx_fee") + F("atm_fee") - F("reversed_amount")))
    return total["spent"] or Decimal(0)


def _velocity_code(card: Card, rules: Iterable[dict[str, int]]) -> str:
    for rule in rules:
        since = timezone.now() - timedelta(seconds=rule["time_window_seconds"])
        since = max(since, card.velocity_reset_at) if card.velocity_reset_at else since
        approved = card.purchases.filter(outcome="authorized", created_at__gt=since)
        if approved.count() >= rule["max_authorizations"]:
            _block(card, rule)
            return "M210"
    return ""


def _block(card: Card, rule: dict[str, int]) -> None:
    card.status = "FROZEN"
    card.save(update_fields=["status"])
    last = card.purchases.filter(outcome="authorized").last()
    events.blocked_by_velocity(card, rule=rule, last_authorization_id=str(last.id) if last else None, at=timezone.now())


@transaction.atomic
def block_by_velocity(card_id: str) -> Card:
    """Block a card as if its company's first rule had been broken."""
    card = Card.objects.select_for_update().get(id=card_id)
    if card.status != "ACTIVE":
        raise StepError("Only an active card can be blocked.")
    rules = Company.get().velocity_rules
    _block(card, rules[0] if rules else {"max_authorizations": 3, "time_window_seconds": 60})
    return card


def _approve(card: Card, purchase: Purchase) -> Purchase:
    purchase.outcome = "authorized"
    purchase.save(force_insert=True)
    company = Company.locked()
    company.accumulated_fees += purchase.fees
    company.save(update_fields=["accumulated_fees"])
    _move(
        card, purchase, "TRANSACTION_AUTHORIZATION", purchase.bill_amount, change=-_cost(purchase, purchase.bill_amount)
    )
    _tell("authorized", purchase, purchase.bill_amount)
    return purchase


def _decline(card: Card, purchase: Purchase, code: str) -> Purchase:
    purchase.outcome, purchase.decline_code = "declined", code
    purchase.save(force_insert=True)
    _move(card, purchase, "TRANSACTION_REJECTED", purchase.bill_amount, change=Decimal(0), status="FAILED")
    _tell("declined", purchase, purchase.bill_amount, decline_code=code)
    return purchase


@transaction.atomic
def decline_in_network(card_id: str, order: Order, code: str) -> Purchase:
    """Record a purchase that never reached the rules."""
    card = Card.objects.select_for_update().get(id=card_id)
    return _decline(card, _purchase(card_id, order), code)


@transaction.atomic
def cancel(purchase: Purchase) -> Purchase:
    """Decline an authorized purchase after the fact: the network cancelled it, the hold is released."""
    card, purchase = _locked(purchase)
    amount = _held(purchase, None)
    purchase.reversed_amount += amount
    _close(purchase)
    _move(card, purchase, "TRANSACTION_REJECTED", amount, change=_cost(purchase, amount), status="CANCELED")
    _tell("declined", purchase, amount)
    return purchase


@transaction.atomic
def clear(purchase: Purchase, amount: Decimal | None = None, *, is_final: bool = False) -> Purchase:
    """Settle a purchase or a part of it. The balance is adjusted once, when the last part is in."""
    card, purchase = _locked(purchase)
    _held(purchase, None)
    amount = purchase.held_amount if amount is None else amount
    purchase.cleared_amount += amount
    difference = Decimal(0)
    if is_final or purchase.held_amount == 0:
        difference = purchase.bill_amount - purchase.reversed_amount - purchase.cleared_amount
        _close(purchase)
    purchase.save()
    _move(card, purchase, "TRANSACTION_CLEARED", amount, change=_cost(purchase, difference))
    _tell("cleared", purchase, amount)
    return purchase


@transaction.atomic
def reverse(purchase: Purchase, amount: Decimal | None = None) -> Purchase:
    """Release the hold or a part of it."""
    card, purchase = _locked(purchase)
    amount = _held(purchase, amount)
    purchase.reversed_amount += amount
    if purchase.held_amount == 0:
        _close(purchase)
    purchase.save()
    _move(card, purchase, "TRANSACTION_REVERSED", amount, change=_cost(purchase, amount))
    _tell("reversal", purchase, amount)
    return purchase


@transaction.atomic
def refund(purchase: Purchase, amount: Decimal | None = None) -> Purchase:
    """Credit what was settled, or a part of it. Fees are not given back."""
    card, purchase = _locked(purchase)
    amount = purchase.refundable_amount if amount is None else amount
    if not 0 < amount <= purchase.refundable_amount:
        raise StepError(f"{purchase.refundable_amount} USD of this purchase can be refunded.")
    purchase.refunded_amount += amount
    purchase.save()
    _move(card, purchase, "TRANSACTION_REFUND", amount, change=amount)
    _tell("refund", purchase, amount)
    return purchase


@transaction.atomic
def deposit(card_id: str, amount: Decimal) -> Card:
    card = Card.objects.select_for_update().get(id=card_id)
    if card.approval_method != "TOPUP":
        raise StepError("Only a top-up card has a deposit wallet.")
    fee = money(amount * DEPOSIT_FEE)
    _move(card, None, "WALLET_DEPOSIT", amount, change=amount - fee, deposit_fee=fee)
    events.deposit(card, amount=amount, net_amount=amount - fee)
    return card


def change_balance(card: Card, balance: Decimal) -> None:
    """Set the virtual balance of a locked card; only the card's balance moves, not the holding wallet."""
    difference = balance - card.balance
    original, card.balance = card.balance, balance
    card.save(update_fields=["balance"])
    card.movements.create(
        operation="OVERRIDE_VIRTUAL_BALANCE",
        bill_amount=difference,
        transaction_amount=difference,
        original_balance=original,
        new_balance=balance,
    )


def last_open(card_id: str) -> Purchase | None:
    open_purchases = Purchase.objects.filter(card_id=card_id, outcome="authorized", closed_at=None)
    return open_purchases.last()


def last_cleared(card_id: str) -> Purchase | None:
    cleared = Purchase.objects.filter(card_id=card_id, cleared_amount__gt=F("refunded_amount"))
    return cleared.last()


def _locked(purchase: Purchase) -> tuple[Card, Purchase]:
    card = Card.objects.select_for_update().get(id=purchase.card_id)
    return card, Purchase.objects.select_for_update().get(id=purchase.id)


def _held(purchase: Purchase, amount: Decimal | None) -> Decimal:
    held = purchase.held_amount
    amount = held if amount is None else amount
    if not 0 < amount <= held:
        raise StepError(f"{held} USD of this purchase are held.")
    return amount


def _close(purchase: Purchase) -> None:
    purchase.closed_at = timezone.now()
    purchase.save()


def _cost(purchase: Purchase, amount: Decimal) -> Decimal:
    return amount + money(purchase.fees * amount / purchase.bill_amount)


def _move(
    card: Card,
    purchase: Purchase | None,
    operation: str,
    amount: Decimal,
    *,
    change: Decimal,
    status: str = "APPROVED",
    deposit_fee: Decimal = Decimal(0),
) -> Movement:
    original = card.balance
    if card.approval_method == "TOPUP":
        card.balance += change
        card.save(update_fields=["balance"])
    Company.get()
    Company.objects.update(holding_balance=F("holding_balance") + change)
    return card.movements.create(
        operation=operation,
        status=status,
        bill_amount=amount,
        original_balance=original,
        new_balance=card.balance,
        deposit_fee=deposit_fee,
        **_purchase_part(purchase, amount),
    )


def _purchase_part(purchase: Purchase | None, amount: Decimal) -> dict[str, Any]:
    if purchase is None:
        return {"transaction_amount": amount}
    part = amount / purchase.bill_amount
    return {
        "purchase": purchase,
        "transaction_amount": _in_transaction_currency(purchase, amount),
        "transaction_currency": purchase.transaction_currency,
        "merchant_name": purchase.merchant["name"],
        "fx_fee": money(purchase.fx_fee * part),
        "atm_fee": money(purchase.atm_fee * part),
        "decline_code": purchase.decline_code,
    }


def _in_transaction_currency(purchase: Purchase, amount: Decimal) -> Decimal:
    return money(purchase.transaction_amount * amount / purchase.bill_amount)


def _tell(event_type: str, purchase: Purchase, amount: Decimal, *, decline_code: str = "") -> None:
    events.purchase_event(
        event_type,
        purchase,
        bill_amount=amount,
        transaction_amount=_in_transaction_currency(purchase, amount),
        decline_code=decline_code,
    )
