"""What the console's purchase form leaves out: a whole merchant, and an amount in its currency."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

import pycountry

from sandbox.errors import InputError
from sandbox.ledger import Order, money

# USD for one unit. Any other currency counts one to one.
RATES = {
    "EUR": "1.10",
    "GBP": "1.28",
    "ARS": "0.001",
    "BRL": "0.18",
    "MXN": "0.055",
    "CLP": "0.00105",
    "COP": "0.00024",
    "UYU": "0.025",
    "JPY": "0.0068",
}
CATEGORIES = {
    "4111": "Transportation",
    "4121": "Taxicabs",
    "4511": "Airlines",
    "4814": "Telecommunication",
    "5411": "Grocery stores",
    "5541": "Service stations",
    "5732": "Electronics",
    "5812": "Restaurants",
    "5999": "Retail",
    "6011": "Cash",
    "7011": "Hotels",
    "7995": "Gambling",
}
LARGEST_AMOUNT = Decimal(1_000_000)


def order(values: Mapping[str, Any]) -> Order:
    """Fill a purchase up from the console's few fields."""
    currency = str(values.get("currency") or "USD").upper()
    if pycountry.currencies.get(alpha_3=currency) is None:
        raise InputError("currency is an ISO 4217 code, as in USD")
    bill_amount = positive_amount(values.get("amount"))
    given = values.get("transaction_amount")
    in_currency = money(bill_amount / Decimal(RATES.get(currency, "1")))
    return Order(
        bill_amount=bill_amount,
        transaction_amount=positive_amount(given) if given not in (None, "") else max(in_currency, Decimal("0.01")),
        transaction_currency=currency,
        channel=str(values.get("channel") or "POS").upper()[:20],
        merchant=_merchant(values),
    )


def positive_amount(value: Any) -> Decimal:
    try:
        amount = money(Decimal(str(value)))
    except InvalidOperation:
        raise InputError("amount is a number, as in 42.50") from None
    if not 0 < amount <= LARGEST_AMOUNT:
        raise InputError(f"amount is above 0 and at most {LARGEST_AMOUNT}")
    return amount


def _merchant(values: Mapping[str, Any]) -> dict[str, str]:
    name = str(values.get("merchant") or "Acme Coffee")[:100]
    mcc = str(values.get("mcc") or "5812")[:4]
    return {
        "id": f"mch_{sha256(name.encode()).hexdigest()[:8]}",
        "name": name,
        "city": str(values.get("city") or "Miami")[:60],
        "post_code": str(values.get("post_code") or "33101")[:20],
        "state": str(values.get("state") or "FL")[:20],
        "country": str(values.get("country") or "USA").upper()[:3],
        "mcc_category": CATEGORIES.get(mcc, "Other"),
        "mcc_code": mcc,
    }
