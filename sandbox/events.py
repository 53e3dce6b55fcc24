"""The webhooks the provider sends, in the contract's words."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pycountry

from sandbox import declines, deliveries, switches
from sandbox.models import Card, Challenge, Client, Company, Purchase
from sandbox.records import client_record

ONE_ATTEMPT = 1


@dataclass(frozen=True)
class Verdict:
    """What the receiver of an authorization decided; a code only where the provider has one for it."""

    approves: bool
    decline_code: str = ""


def ask_to_authorize(purchase: Purchase) -> Verdict:
    outcome = deliveries.ask(
        product=switches.value_of("webhook_product"),
        event_type="authorization",
        operation_id=_operation_id(purchase, "authorization"),
        data=_purchase_data(purchase, purchase.bill_amount, purchase.transaction_amount, decline_code=""),
    )
    if not outcome.is_accepted:
        return Verdict(approves=False, decline_code="C010" if outcome.status is None else "C020")
    return _read_verdict(outcome.answer)


def _read_verdict(answer: str) -> Verdict:
    try:
        code = json.loads(answer)["response_code"]
    except (ValueError, KeyError, TypeError):
        return Verdict(approves=False, decline_code="C020")
    return Verdict(approves=code in ("00", "SUCCESS"))


def purchase_event(
    event_type: str, purchase: Purchase, *, bill_amount: Decimal, transaction_amount: Decimal, decline_code: str = ""
) -> None:
    deliveries.enqueue(
        product=switches.value_of("webhook_product"),
        event_type=event_type,
        operation_id=_operation_id(purchase, event_type),
        status="success",
        data=_purchase_data(purchase, bill_amount, transaction_amount, decline_code=decline_code),
    )


def _operation_id(purchase: Purchase, event_type: str) -> str:
    policy = switches.value_of("operation_ids")
    is_shared = policy == "shared" or (policy == "documented" and event_type in ("authorization", "declined"))
    return str(purchase.id if is_shared else uuid4())


def _purchase_data(
    purchase: Purchase, bill_amount: Decimal, transaction_amount: Decimal, *, decline_code: str
) -> dict[str, Any]:
    part = bill_amount / purchase.bill_amount
    return {
        "card_id": purchase.card_id,
        "bill_amount": _amount(bill_amount),
        "bill_currency_number": "840",
        "bill_currency_code": "USD",
        "exchange_rate": _rate(purchase.bill_amount / purchase.transaction_amount),
        "fees": {"atm_fees": _amount(purchase.atm_fee * part), "fx_fees": _amount(purchase.fx_fee * part)},
        "transaction_amount": _amount(transaction_amount),
        "transaction_currency_number": currency_number(purchase.transaction_currency),
        "transaction_currency_code": purchase.transaction_currency,
        "channel": purchase.channel,
        "created_at": _moment(datetime.now(UTC)),
        "merchant_data": purchase.merchant,
        "decline_reason": declines.in_webhook(decline_code),
        "metadata": {},
    }


def currency_number(code: str) -> str:
    currency = pycountry.currencies.get(alpha_3=code)
    return str(currency.numeric) if currency else ""


def _amount(value: Decimal) -> str | float:
    rounded = value.quantize(Decimal("0.01"))
    return float(rounded) if switches.value_of("webhook_amounts") == "numbers" else str(rounded)


def _rate(value: Decimal) -> str | float:
    rounded = value.quantize(Decimal("0.000001"))
    return float(rounded) if switches.value_of("webhook_amounts") == "numbers" else str(float(rounded))


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def client_status(client: Client) -> None:
    rejected = client.status == "rejected"
    deliveries.enqueue(
        product="company_activity",
        event_type="client_status",
        operation_id=client.id,
        status="failed" if rejected else "success",
        data={
            **client_record(client),
            "company_id": str(Company.get().company_id),
            "rejection_code": client.rejection_code or None,
            "rejection_description": client.rejection_description or None,
            "created_at": _moment(client.created_at),
            "updated_at": _moment(client.updated_at),
        },
    )


def deposit(card: Card, *, amount: Decimal, net_amount: Decimal) -> None:
    transaction_hash = f"0x{uuid4().hex}{uuid4().hex}"
    deliveries.enqueue(
        product="cards",
        event_type="deposit",
        operation_id=transaction_hash,
        status="success",
        data={
            "wallet_id": f"wlt_{card.id.removeprefix('icard_')}",
            "wallet_address": card.deposit_address,
            "blockchain": "polygon",
            "transaction_hash": transaction_hash,
            "from_wallet_address": f"0x{uuid4().hex}{uuid4().hex[:8]}",
            "amount": _amount(amount),
            "net_amount": _amount(net_amount),
            "token": {"address": "0x3c499c542cef5e3811e1192ce70d8cc03d5c3359"},
        },
    )


def blocked_by_velocity(card: Card, *, rule: dict[str, int], last_authorization_id: str | None, at: datetime) -> None:
    company_id = str(Company.get().company_id)
    deliveries.enqueue(
        product="cards",
        event_type="card_blocked_by_velocity",
        operation_id=card.id,
        status="success",
        data={
            "card_id": card.id,
            "company_id": company_id,
            "blocked_at": _moment(at),
            "triggered_rule": rule,
            "last_authorization_id": last_authorization_id,
        },
    )


def challenge(challenge: Challenge) -> None:
    deliveries.enqueue(
        product="cards",
        event_type="notification_3ds_authorization_oob",
        operation_id=str(challenge.id),
        status="pending",
        attempts=ONE_ATTEMPT,
        data={
            "challenge_id": str(challenge.id),
            "card_id": challenge.card.id,
            "merchant_name": challenge.merchant_name,
            "merchant_country": challenge.merchant_country,
            "transaction_amount": _amount(challenge.amount),
            "transaction_currency": challenge.currency,
            "expiry_time": _moment(challenge.expires_at),
        },
    )
