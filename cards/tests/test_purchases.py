from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.purchases import Purchase, UnreadablePurchase

DOCUMENTED: dict[str, Any] = {
    "card_id": "crd_123",
    "bill_amount": "42.50",
    "bill_currency_number": "840",
    "bill_currency_code": "USD",
    "exchange_rate": "1.0",
    "fees": {"atm_fees": "0.00", "fx_fees": "0.42"},
    "transaction_amount": "39.10",
    "transaction_currency_code": "EUR",
    "channel": "POS",
    "created_at": "2025-01-15T12:34:56Z",
    "merchant_data": {
        "id": "mch_1",
        "name": "Acme Coffee",
        "city": "Miami",
        "country": "USA",
        "mcc_category": "Restaurants",
        "mcc_code": "5812",
    },
    "decline_reason": None,
    "metadata": {"account": "0xabc"},
}


def test_the_documented_sample_is_read_whole() -> None:
    purchase = Purchase.from_data(DOCUMENTED)

    assert (purchase.bill_amount, purchase.transaction_amount) == (Decimal("42.50"), Decimal("39.10"))
    assert (purchase.bill_currency, purchase.transaction_currency) == ("USD", "EUR")
    assert (purchase.merchant_name, purchase.mcc, purchase.fx_fees) == ("Acme Coffee", "5812", Decimal("0.42"))
    assert purchase.occurred_at == datetime(2025, 1, 15, 12, 34, 56, tzinfo=UTC)


def test_numbers_and_upper_case_say_the_same_as_the_sample() -> None:
    observed = {key.upper(): value for key, value in DOCUMENTED.items()}
    observed |= {"BILL_AMOUNT": 42.5, "TRANSACTION_AMOUNT": 39.1, "EXCHANGE_RATE": 1, "FEES": {"FX_FEES": 0.42}}

    assert Purchase.from_data(observed) == Purchase.from_data(DOCUMENTED)
    assert Purchase.from_data(observed).digest == Purchase.from_data(DOCUMENTED).digest


def test_a_float_is_read_as_it_is_written() -> None:
    assert Purchase.from_data({"bill_amount": 0.1}).bill_amount == Decimal("0.1")


def test_the_merchant_may_be_missing_and_the_currency_is_the_cards() -> None:
    purchase = Purchase.from_data({"bill_amount": "5", "merchant_data": None, "fees": None})

    assert (purchase.transaction_amount, purchase.transaction_currency) == (Decimal(5), "USD")
    assert (purchase.merchant_name, purchase.occurred_at) == ("", None)


def test_a_time_without_a_zone_is_utc() -> None:
    purchase = Purchase.from_data({"bill_amount": "5", "created_at": "2026-04-15T10:30:00"})

    assert purchase.occurred_at == datetime(2026, 4, 15, 10, 30, tzinfo=UTC)


def test_the_reason_for_a_decline_is_kept_in_the_providers_words() -> None:
    purchase = Purchase.from_data(
        {"bill_amount": "5", "decline_reason": {"response_code": "m102", "description": "Balance too low"}}
    )

    assert (purchase.decline_code, purchase.decline_description) == ("M102", "Balance too low")


@pytest.mark.parametrize(
    "amount", [None, "", "abc", "NaN", "Infinity", "-1", True, [], {}, "1e13", "1e-400", float("inf")]
)
def test_an_amount_that_cannot_be_read_is_refused_without_repeating_it(amount: Any) -> None:
    with pytest.raises(UnreadablePurchase, match="bill_amount") as refusal:
        Purchase.from_data({"bill_amount": amount})

    assert "abc" not in str(refusal.value)


def test_an_odd_exchange_rate_does_not_lose_the_purchase() -> None:
    assert Purchase.from_data({"bill_amount": "5", "exchange_rate": "odd"}).exchange_rate is None


def test_text_keeps_nothing_that_a_database_or_a_page_cannot_show() -> None:
    purchase = Purchase.from_data(
        {"bill_amount": "5", "merchant_data": {"name": "A\0c\ud800me\u00a0 Coffee\n" + "x" * 300}}
    )

    assert purchase.merchant_name.startswith("Acme Coffee x")
    assert len(purchase.merchant_name) == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
)


@given(st.dictionaries(st.sampled_from(list(DOCUMENTED)), JSON))
def test_whatever_is_sent_is_read_or_refused(data: dict[str, Any]) -> None:
    try:
        purchase = Purchase.from_data(data)
    except UnreadablePurchase:
        return

    assert len(purchase.digest) == 64
