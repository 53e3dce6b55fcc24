"""What the console can do to a card: buy with it, settle, give back, load, block, challenge."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from sandbox import declines, events, ledger, merchants
from sandbox.controls import Values, control
from sandbox.errors import InputError, StepError
from sandbox.models import Card, Challenge, Purchase
from sandbox.states import purchase_state

CHALLENGE_SECONDS = 300


def _authorize(values: Values, card_id: str) -> dict[str, Any]:
    return _decided(ledger.authorize(card_id, merchants.order(values)))


def _decline(values: Values, card_id: str) -> dict[str, Any]:
    """Cancel an authorized purchase, or record one that the network declined on its own."""
    if values.get("authorization_id"):
        return _changed(ledger.cancel(_purchase(values, card_id)))
    code = str(values.get("code") or "C102")
    if code not in declines.REASONS:
        raise InputError(f"code is one of {', '.join(declines.REASONS)}")
    return _decided(ledger.decline_in_network(card_id, merchants.order(values), code))


def _clear(values: Values, card_id: str) -> dict[str, Any]:
    is_final = str(values.get("final", "")).lower() == "true"
    return _changed(ledger.clear(_purchase(values, card_id), _amount(values), is_final=is_final))


def _reverse(values: Values, card_id: str) -> dict[str, Any]:
    return _changed(ledger.reverse(_purchase(values, card_id), _amount(values)))


def _refund(values: Values, card_id: str) -> dict[str, Any]:
    purchase = _named_purchase(values, card_id) or ledger.last_cleared(card_id)
    if purchase is None:
        raise StepError("No purchase of this card has cleared.")
    return _changed(ledger.refund(purchase, _amount(values)))


def _deposit(values: Values, card_id: str) -> dict[str, Any]:
    card = ledger.deposit(card_id, merchants.positive_amount(values.get("amount")))
    return {"card_id": card.id, "balance": card.balance}


def _velocity_block(values: Values, card_id: str) -> dict[str, str]:
    card = ledger.block_by_velocity(card_id)
    return {"card_id": card.id, "status": card.status}


def _status(values: Values, card_id: str) -> dict[str, str]:
    """Give a card any status, as the provider does when a card expires."""
    card = Card.objects.get(id=card_id)
    card.status = str(values.get("status") or "EXPIRED").upper()[:10]
    card.save(update_fields=["status"])
    return {"card_id": card.id, "status": card.status}


@transaction.atomic
def _challenge(values: Values, card_id: str) -> dict[str, str]:
    order = merchants.order(values)
    challenge = Challenge.objects.create(
        card=Card.objects.get(id=card_id),
        amount=order.transaction_amount,
        currency=order.transaction_currency,
        merchant_name=order.merchant["name"],
        merchant_country=order.merchant["country"],
        expires_at=timezone.now() + timedelta(seconds=_seconds(values)),
    )
    events.challenge(challenge)
    return {"challenge_id": str(challenge.id)}


def _seconds(values: Values) -> float:
    try:
        return float(values.get("seconds") or CHALLENGE_SECONDS)
    except (TypeError, ValueError):
        raise InputError("seconds is a number") from None


def _purchase(values: Values, card_id: str) -> Purchase:
    purchase = _named_purchase(values, card_id) or ledger.last_open(card_id)
    if purchase is None:
        raise StepError("No purchase of this card is open.")
    return purchase


def _named_purchase(values: Values, card_id: str) -> Purchase | None:
    name = values.get("authorization_id")
    if not name:
        return None
    try:
        return Purchase.objects.get(id=UUID(str(name)), card_id=card_id)
    except ValueError:
        raise InputError("authorization_id is a UUID") from None


def _amount(values: Values) -> Decimal | None:
    given = values.get("amount")
    return None if given in (None, "") else merchants.positive_amount(given)


def _decided(purchase: Purchase) -> dict[str, Any]:
    return {
        "authorization_id": str(purchase.id),
        "outcome": purchase.outcome,
        "decline_reason": declines.in_rest(purchase.decline_code),
    }


def _changed(purchase: Purchase) -> dict[str, Any]:
    return purchase_state(purchase)


def _said(decided: dict[str, Any]) -> str:
    reason = decided["decline_reason"]
    return f"{reason['simple_reason']} ({reason['code']})." if reason else f"{decided['outcome'].capitalize()}."


authorize = control(_said, POST=_authorize)
clear = control("Settled.", POST=_clear)
reverse = control("Reversed.", POST=_reverse)
refund = control("Refunded.", POST=_refund)
decline = control("Declined.", POST=_decline)
deposit = control("Deposited.", POST=_deposit)
velocity_block = control("Blocked.", POST=_velocity_block)
status = control("The status is forced.", POST=_status)
challenge = control("Challenge sent.", POST=_challenge)
