from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.tests.making import CARDS, Provider, refusal

ALL = [
    "TRANSACTION_AUTHORIZATION",
    "TRANSACTION_APPROVED",
    "TRANSACTION_REJECTED",
    "TRANSACTION_REVERSED",
    "TRANSACTION_REFUND",
    "WALLET_DEPOSIT",
    "OVERRIDE_VIRTUAL_BALANCE",
]


def search(provider: Provider, card_id: str, **query: Any) -> Any:
    params = {"operations": ALL, **query}
    return provider.api("GET", f"{CARDS}/transactions/{card_id}/search", params=params)


def test_a_movement_is_answered_as_documented(provider: Provider) -> None:
    card_id = provider.card(deposit="500")
    provider.buy(card_id, "100", currency="EUR", transaction_amount="90", merchant="Amazon.com")

    page = search(provider, card_id, operations="TRANSACTION_AUTHORIZATION").json()

    [movement] = page.pop("movements")
    assert page == {"number_of_elements": 1, "next_page": None, "total_pages": 1, "total_elements": 1}
    assert len(movement.pop("id")) == 36
    assert len(movement.pop("datetime")) == len("2026-04-15T10:30:00")
    assert movement == {
        "operation": "TRANSACTION_AUTHORIZATION",
        "bill_amount": 100,
        "bill_currency": "USD",
        "transaction_amount": 90,
        "transaction_currency": "EUR",
        "exchange_rate": 1.111111,
        "merchant_name": "Amazon.com",
        "original_balance": 498.5,
        "new_balance": 397.5,
        "status": "APPROVED",
        "decline_reason": None,
        "fee_fx_provider": 1,
        "fee_fx_client": 0,
        "fee_atm_provider": 0,
        "fee_atm_client": 0,
        "fee_deposit_provider": 0,
        "fee_deposit_client": 0,
    }


def test_the_whole_life_of_a_purchase_is_listed_newest_first(provider: Provider) -> None:
    card_id = provider.card(deposit="500")
    provider.buy(card_id)
    provider.on_card(card_id, "reverse", amount="2.50")
    provider.on_card(card_id, "clear")
    provider.on_card(card_id, "refund", amount="5")
    provider.buy(card_id, "10000")

    listed = search(provider, card_id).json()["movements"]

    assert [(movement["operation"], movement["bill_amount"], movement["status"]) for movement in listed] == [
        ("TRANSACTION_REJECTED", 10000, "FAILED"),
        ("TRANSACTION_REFUND", 5, "APPROVED"),
        ("TRANSACTION_APPROVED", 40, "APPROVED"),
        ("TRANSACTION_REVERSED", 2.5, "APPROVED"),
        ("TRANSACTION_AUTHORIZATION", 42.5, "APPROVED"),
        ("WALLET_DEPOSIT", 500, "APPROVED"),
    ]
    assert listed[0]["decline_reason"]["code"] == "M102"
    assert listed[-1]["fee_deposit_provider"] == 1.5


def test_a_settled_purchase_has_one_of_two_names(provider: Provider) -> None:
    provider.settings(cleared_operation="TRANSACTION_CLEARED")
    card_id = provider.card(deposit="500")
    provider.buy(card_id)
    provider.on_card(card_id, "clear")

    [movement] = search(provider, card_id, operations="TRANSACTION_CLEARED").json()["movements"]

    assert movement["operation"] == "TRANSACTION_CLEARED"


def test_movements_come_in_pages_from_one(provider: Provider) -> None:
    card_id = provider.card(deposit="500")
    for amount in ("1", "2", "3"):
        provider.buy(card_id, amount)

    query: dict[str, Any] = {"operations": ALL[0], "size": 2, "sort_field": "datetime", "sort_order": "ASC"}
    first = search(provider, card_id, page_number=1, **query).json()
    last = search(provider, card_id, page_number=2, **query).json()

    assert [movement["bill_amount"] for movement in first["movements"]] == [1, 2]
    assert (first["next_page"], first["total_pages"], first["total_elements"]) == (2, 2, 3)
    assert [movement["bill_amount"] for movement in last["movements"]] == [3]
    assert (last["next_page"], last["number_of_elements"]) == (None, 1)


def test_an_empty_history_is_an_empty_page_or_not_found(provider: Provider) -> None:
    card_id = provider.card()
    empty = search(provider, card_id)
    provider.settings(empty_history_is_404=True)

    assert (empty.json()["movements"], empty.json()["total_pages"]) == ([], 0)
    assert refusal(search(provider, card_id))[:2] == (404, "NOT_FOUND")


def test_dates_choose_whole_days(provider: Provider) -> None:
    card_id = provider.card(deposit="500")
    today = datetime.now(UTC).date()

    def total(first: int, last: int) -> int:
        dates = {"from_date": today + timedelta(days=first), "to_date": today + timedelta(days=last)}
        return int(search(provider, card_id, **dates).json()["total_elements"])

    assert (total(-1, 1), total(-9, -2)) == (1, 0)


@pytest.mark.parametrize(
    "dates",
    [{"from_date": "2026-02-30"}, {"to_date": "tomorrow"}, {"from_date": "2026-04-02", "to_date": "2026-04-01"}],
)
def test_dates_that_are_none_are_refused(provider: Provider, dates: dict[str, str]) -> None:
    assert refusal(search(provider, provider.card(), **dates)) == (400, "APP_ERROR", "Dates are not valid.")


def test_at_least_one_operation_is_named(provider: Provider) -> None:
    answer = search(provider, provider.card(), operations=[])

    sentence = "At least one operation must be specified in the 'operations' parameter."
    assert refusal(answer) == (412, "VAL", sentence)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"operations": "CLEARING"}, "VALUE_NOT_ALLOWED"),
        ({"operations": "TRANSACTION_CLEARED"}, "VALUE_NOT_ALLOWED"),
        ({"sort_order": "UP"}, "VALUE_NOT_ALLOWED"),
        ({"sort_field": "colour"}, "VALUE_NOT_ALLOWED"),
        ({"size": "101"}, "BAD_REQUEST"),
        ({"size": "0"}, "BAD_REQUEST"),
        ({"page_number": "0"}, "BAD_REQUEST"),
    ],
)
def test_a_query_outside_its_bounds_is_refused(provider: Provider, query: dict[str, str], code: str) -> None:
    assert refusal(search(provider, provider.card(), **query))[:2] == (400, code)


def test_movements_of_an_unknown_card_are_not_found(provider: Provider) -> None:
    assert refusal(search(provider, "icard_none")) == (404, "NOT_FOUND", "Card not found")


def test_spending_is_accumulated(provider: Provider) -> None:
    card_id = provider.card(deposit="500")
    provider.buy(card_id, "40")

    answer = provider.api("GET", f"/cards/transactions/{card_id}/accumulated-spending")

    assert answer.json() == {"daily_spending": 40, "weekly_spending": 40, "monthly_spending": 40}
