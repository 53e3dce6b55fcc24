"""One purchase event's data as the provider sends it (contract section 12.1), read once and typed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Self

USD = "USD"
LARGEST_AMOUNT = Decimal(10) ** 12
MOST_DECIMALS = 18


class UnreadablePurchase(ValueError):  # noqa: N818 - it names what was sent
    """The data carry no usable amount; the message names the key, never its value."""


@dataclass(frozen=True)
class Purchase:
    """What one event says about a purchase. `bill_*` is what the card pays, `transaction_*` what the merchant asked."""

    bill_amount: Decimal
    bill_currency: str
    transaction_amount: Decimal
    transaction_currency: str
    exchange_rate: Decimal | None = None
    atm_fees: Decimal = Decimal(0)
    fx_fees: Decimal = Decimal(0)
    merchant_id: str = ""
    merchant_name: str = ""
    merchant_city: str = ""
    merchant_country: str = ""
    mcc: str = ""
    mcc_category: str = ""
    channel: str = ""
    decline_code: str = ""
    decline_description: str = ""
    occurred_at: datetime | None = field(default=None)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Read a webhook's `data`: amounts as strings or numbers, absent keys, any case of the keys.

        Raises UnreadablePurchase when no amount can be read.
        """
        values = _folded(data)
        merchant, fees, decline = (_part(values, key) for key in ("merchant_data", "fees", "decline_reason"))
        bill, bill_currency, asked, asked_currency = _amounts(values)
        return cls(
            bill_amount=bill,
            bill_currency=bill_currency,
            transaction_amount=asked,
            transaction_currency=asked_currency,
            exchange_rate=_optional_rate(values.get("exchange_rate")),
            atm_fees=_amount(fees, "atm_fees") or Decimal(0),
            fx_fees=_amount(fees, "fx_fees") or Decimal(0),
            merchant_id=_text(merchant, "id", 80),
            merchant_name=_text(merchant, "name", 200),
            merchant_city=_text(merchant, "city", 100),
            merchant_country=_text(merchant, "country", 3).upper(),
            mcc=_text(merchant, "mcc_code", 4),
            mcc_category=_text(merchant, "mcc_category", 100),
            channel=_text(values, "channel", 20).upper(),
            decline_code=(_text(decline, "code", 20) or _text(decline, "response_code", 20)).upper(),
            decline_description=_text(decline, "simple_reason", 300) or _text(decline, "description", 300),
            occurred_at=_moment(values.get("created_at")),
        )

    @property
    def digest(self) -> str:
        """Return what tells this event's data from any other's."""
        written = {key: str(_plain(value)) for key, value in vars(self).items()}
        return hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()


def read_amount(value: Any, key: str) -> Decimal | None:
    """Read an amount given as a string or a number; None where there is none. Raises UnreadablePurchase."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise UnreadablePurchase(f"{key} is not an amount")
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise UnreadablePurchase(f"{key} is not an amount") from None
    if not amount.is_finite() or not 0 <= amount < LARGEST_AMOUNT or _decimals(amount) > MOST_DECIMALS:
        raise UnreadablePurchase(f"{key} is out of range")
    return amount


def _decimals(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def read_moment(value: Any) -> datetime | None:
    """Read a time as UTC, which is what the provider means where it names no zone; None where it is unreadable."""
    try:
        moment = datetime.fromisoformat(str(value))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _amounts(values: Mapping[str, Any]) -> tuple[Decimal, str, Decimal, str]:
    bill, asked = _amount(values, "bill_amount"), _amount(values, "transaction_amount")
    bill_currency = _text(values, "bill_currency_code", 3).upper() or USD
    asked_currency = _text(values, "transaction_currency_code", 3).upper() or bill_currency
    if bill is None and asked_currency == bill_currency:
        bill = asked
    if bill is None:
        raise UnreadablePurchase("bill_amount is missing")
    return (bill, bill_currency, bill, bill_currency) if asked is None else (bill, bill_currency, asked, asked_currency)


def _amount(values: Mapping[str, Any], key: str) -> Decimal | None:
    return read_amount(values.get(key), key)


def _optional_rate(value: Any) -> Decimal | None:
    # A rate is shown and never counted with, so an odd one is left out rather than refused.
    try:
        return read_amount(value, "exchange_rate")
    except UnreadablePurchase:
        return None


def _text(values: Mapping[str, Any], key: str, longest: int) -> str:
    value = values.get(key)
    if value is None or isinstance(value, dict | list | bool):
        return ""
    text = " ".join(str(value).split())
    return (text if text.isprintable() else "".join(filter(str.isprintable, text)))[:longest]


def _part(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = values.get(key)
    return _folded(part) if isinstance(part, Mapping) else {}


def _folded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in values.items()}


def _moment(value: Any) -> datetime | None:
    return read_moment(value) if isinstance(value, str) else None


def _plain(value: Any) -> Any:
    """Return one spelling for equal amounts: 42.5 and 42.50 are the same event."""
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value
