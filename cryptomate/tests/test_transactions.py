from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from cryptomate import Client, Invalid, MalformedAnswer, Movement, MovementPage
from cryptomate.testing import FakeTransport, movement_json, movements_json

SEARCH = "/cards/individual-cards/transactions/icard_1/search"
OPERATIONS = ["TRANSACTION_APPROVED", "TRANSACTION_REFUND"]


def test_operations_are_repeated_and_dates_are_days(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", SEARCH, movements_json())

    client.search_transactions(
        "icard_1", operations=OPERATIONS, from_date=date(2026, 4, 1), to_date=date(2026, 4, 30), page=3, size=20
    )

    assert provider.calls[0].query == [
        ("operations", "TRANSACTION_APPROVED"),
        ("operations", "TRANSACTION_REFUND"),
        ("from_date", "2026-04-01"),
        ("to_date", "2026-04-30"),
        ("page_number", "3"),
        ("size", "20"),
        ("sort_field", "datetime"),
        ("sort_order", "DESC"),
    ]


def test_a_movement_is_read_with_exact_amounts(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", SEARCH, movements_json(movement_json(), next_page=2))

    page = client.search_transactions("icard_1", operations=OPERATIONS)

    [movement] = page.movements
    assert (page.next_page, page.total_pages, page.total_elements) == (2, 2, 1)
    assert movement.datetime == datetime(2026, 4, 15, 10, 30, tzinfo=UTC)
    assert (movement.bill_amount, movement.bill_currency) == (Decimal("100.00"), "USD")
    assert (movement.transaction_amount, movement.transaction_currency) == (Decimal("85.50"), "EUR")
    assert (movement.exchange_rate, movement.new_balance) == (Decimal("1.170000"), Decimal("4900.00"))
    assert movement.fees == {"fee_fx_provider": Decimal("0.50"), "fee_fx_client": Decimal("0.75")}
    assert (movement.merchant_name, movement.status) == ("Amazon.com", "APPROVED")


def test_an_empty_history_that_is_answered_not_found_is_an_empty_page(provider: FakeTransport, client: Client) -> None:
    provider.refuse("GET", SEARCH, 404, code="NOT_FOUND")

    assert client.search_transactions("icard_1", operations=OPERATIONS) == MovementPage()


def test_dates_the_provider_cannot_use_are_refused(provider: FakeTransport, client: Client) -> None:
    provider.refuse("GET", SEARCH, 400, code="APP_ERROR", message="Dates are not valid.")

    with pytest.raises(Invalid):
        client.search_transactions("icard_1", operations=OPERATIONS)


def test_a_history_without_its_list_is_malformed(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", SEARCH, {"number_of_elements": 0})

    with pytest.raises(MalformedAnswer, match="movements"):
        client.search_transactions("icard_1", operations=OPERATIONS)


def test_a_history_of_null_is_empty(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", SEARCH, {"movements": None, "next_page": None})

    assert client.search_transactions("icard_1", operations=OPERATIONS).movements == ()


@pytest.mark.parametrize(
    ("reason", "code", "sentence"),
    [
        ({"code": "M102", "simple_reason": "Short", "detailed_reason": "Short of 3"}, "M102", "Short of 3"),
        ({"response_code": "M101", "description": "Holding short"}, "M101", "Holding short"),
        ("M201", "M201", "M201"),
    ],
)
def test_a_decline_says_why_in_each_documented_form(reason: Any, code: str, sentence: str) -> None:
    declined = Movement.from_json(movement_json(operation="transaction_rejected", decline_reason=reason))

    assert declined.operation == "TRANSACTION_REJECTED"
    assert declined.decline_reason
    assert (declined.decline_reason.code, declined.decline_reason.detailed_reason) == (code, sentence)


@pytest.mark.parametrize("reason", [None, {}, ""])
def test_a_movement_without_a_reason_has_none(reason: object) -> None:
    assert Movement.from_json(movement_json(decline_reason=reason)).decline_reason is None


@pytest.mark.parametrize("word", ["SUCCESS", "APPROVED", "CANCELED", "CANCELLED", "new_word"])
def test_the_status_of_a_movement_is_the_providers_word(word: str) -> None:
    assert Movement.from_json(movement_json(status=word)).status == word


def test_a_deposit_may_lack_merchant_and_amounts() -> None:
    deposit = Movement.from_json({"id": "m1", "datetime": "2026-04-15T10:30:00Z", "operation": "WALLET_DEPOSIT"})

    assert (deposit.bill_amount, deposit.merchant_name, deposit.fees) == (None, "", {})


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", None), ("datetime", None), ("datetime", "soon"), ("operation", ""), ("bill_amount", "ten")],
)
def test_a_movement_that_cannot_be_placed_is_malformed(field: str, value: object) -> None:
    with pytest.raises(MalformedAnswer) as malformed:
        Movement.from_json(movement_json(**{field: value}))

    assert malformed.value.field == field
