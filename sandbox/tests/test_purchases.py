from typing import Any

import pytest

from sandbox.tests.making import CARDS, Provider
from sandbox.tests.receiver import Receiver

MANY = 1_000_000


def code(purchase: dict[str, Any]) -> str | None:
    return purchase["decline_reason"] and str(purchase["decline_reason"]["code"])


def test_an_authorization_holds_the_money(provider: Provider) -> None:
    card_id = provider.card(deposit="500")

    purchase = provider.buy(card_id)

    assert (purchase["outcome"], purchase["decline_reason"]) == ("authorized", None)
    assert provider.balance(card_id) == 456
    assert provider.holding() == 25456


def test_clearing_moves_no_more_money(provider: Provider) -> None:
    card_id = provider.card(deposit="500")
    provider.buy(card_id)

    cleared = provider.on_card(card_id, "clear")

    assert (cleared["cleared"], cleared["held"], cleared["is_open"]) == (42.5, 0, False)
    assert provider.balance(card_id) == 456


def test_a_purchase_clears_in_parts_and_is_adjusted_at_the_end(provider: Provider) -> None:
    card_id = provider.card(deposit="500")
    provider.buy(card_id)

    first = provider.on_card(card_id, "clear", amount="10")
    between = provider.balance(card_id)
    last = provider.on_card(card_id, "clear", amount="12.50", final=True)

    assert (first["held"], first["is_open"], between) == (32.5, True, 456)
    assert (last["cleared"], last["is_open"]) == (22.5, False)
    assert provider.balance(card_id) == 476


def test_more_than_the_hold_can_clear(provider: Provider) -> None:
    card_id = provider.card(deposit="500")
    provider.buy(card_id)

    provider.on_card(card_id, "clear", amount="50")

    assert provider.balance(card_id) == 448.5


def test_a_reversal_releases_the_hold_or_a_part_of_it(provider: Provider) -> None:
    card_id = provider.card(deposit="500")
    provider.buy(card_id)

    part = provider.on_card(card_id, "reverse", amount="12.50")
    between = provider.balance(card_id)
    rest = provider.on_card(card_id, "reverse")

    assert (part["held"], between) == (30, 468.5)
    assert (rest["reversed"], rest["is_open"]) == (42.5, False)
    assert provider.balance(card_id) == 498.5


def test_a_refund_credits_what_cleared_and_no_more(provider: Provider) -> None:
    card_id = provider.card(deposit="500")
    provider.buy(card_id)
    provider.on_card(card_id, "clear")

    provider.on_card(card_id, "refund", amount="40")

    assert provider.balance(card_id) == 496
    with pytest.raises(RuntimeError, match=r"2\.50 USD of this purchase can be refunded"):
        provider.on_card(card_id, "refund", amount="3")


def test_a_cancelled_authorization_gives_the_money_back(provider: Provider) -> None:
    card_id = provider.card(deposit="500")
    purchase = provider.buy(card_id)

    provider.on_card(card_id, "decline", authorization_id=purchase["authorization_id"])

    assert provider.balance(card_id) == 498.5


@pytest.mark.parametrize("act", ["clear", "reverse", "refund"])
def test_nothing_is_settled_without_a_purchase(provider: Provider, act: str) -> None:
    with pytest.raises(RuntimeError, match="answered 409"):
        provider.on_card(provider.card(), act)


def test_a_purchase_in_another_currency_costs_a_fee(provider: Provider) -> None:
    card_id = provider.card(deposit="500")

    provider.buy(card_id, "100", currency="EUR", transaction_amount="90")

    assert provider.balance(card_id) == 397.5


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"per_transaction_limit": 42.49}, "M214"),
        ({"daily_limit": 42.49}, "M201"),
        ({"weekly_limit": 42.49}, "M202"),
        ({"monthly_limit": 42.49}, "M203"),
        ({"per_transaction_limit": 42.5, "daily_limit": 42.5, "weekly_limit": 42.5, "monthly_limit": 42.5}, None),
    ],
)
def test_a_limit_declines_with_its_code(provider: Provider, limits: dict[str, float], expected: str | None) -> None:
    card_id = provider.card(deposit="500", **limits)

    assert code(provider.buy(card_id)) == expected


def test_limits_count_fees_and_what_was_spent_but_not_what_was_released(provider: Provider) -> None:
    card_id = provider.card(deposit="500", daily_limit=100)

    provider.buy(card_id, "60")
    over_with_fee = provider.buy(card_id, "40", currency="EUR", transaction_amount="36")
    provider.on_card(card_id, "reverse", amount="0.40")
    fits = provider.buy(card_id, "40", currency="EUR", transaction_amount="36")

    assert code(over_with_fee) == "M201"
    assert code(fits) is None


def test_the_limit_per_transaction_spares_cash_machines(provider: Provider) -> None:
    card_id = provider.card(deposit="500", per_transaction_limit=10)

    assert code(provider.buy(card_id, "20", channel="ATM", mcc="6011")) is None


def test_an_empty_card_is_declined(provider: Provider) -> None:
    card_id = provider.card()

    purchase = provider.buy(card_id)

    assert purchase["decline_reason"] == {
        "code": "M102",
        "simple_reason": "Declined due to insufficient card balance",
        "detailed_reason": "Declined due to insufficient card balance",
    }


def test_an_empty_holding_wallet_declines(provider: Provider) -> None:
    card_id = provider.card()
    provider.api("PATCH", f"{CARDS}/{card_id}/virtual-balance", json={"virtual_balance": MANY})

    assert code(provider.buy(card_id, "25000.01")) == "M101"


@pytest.mark.parametrize("how", ["freeze", "delete"])
def test_a_card_that_is_not_active_is_declined(provider: Provider, how: str) -> None:
    card_id = provider.card(deposit="500")
    if how == "freeze":
        provider.api("PATCH", f"{CARDS}/{card_id}/frozen", json={"freeze": True})
    else:
        provider.api("DELETE", f"{CARDS}/{card_id}")

    assert code(provider.buy(card_id)) == "C020"


def rules(provider: Provider, most: int, seconds: int = 60) -> None:
    body = {"rules": [{"max_authorizations": most, "time_window_seconds": seconds}]}
    provider.api("PUT", "/cards/account/configuration/velocity-rules", json=body)


def test_a_velocity_rule_freezes_the_card_and_tells_why(provider: Provider, receiver: Receiver) -> None:
    card_id = provider.card(deposit="500")
    rules(provider, 2)
    first, second = provider.buy(card_id, "1"), provider.buy(card_id, "2")
    provider.subscribe(receiver.url)

    third = provider.buy(card_id, "3")

    assert code(third) == "M210"
    assert provider.api("GET", f"{CARDS}/{card_id}").json()["status"] == "FROZEN"
    receiver.wait_for(2)
    [blocked] = [webhook.body for webhook in receiver.received if webhook.kind == "card_blocked_by_velocity"]
    assert (blocked["product"], blocked["operation_id"]) == ("cards", card_id)
    assert blocked["company_id"] == blocked["data"]["company_id"]
    assert blocked["data"]["triggered_rule"] == {"max_authorizations": 2, "time_window_seconds": 60}
    assert blocked["data"]["last_authorization_id"] == second["authorization_id"] != first["authorization_id"]


def test_unfreezing_starts_the_count_anew(provider: Provider) -> None:
    card_id = provider.card(deposit="500")
    rules(provider, 1)
    provider.buy(card_id, "1")
    provider.buy(card_id, "1")

    provider.api("PATCH", f"{CARDS}/{card_id}/frozen", json={"freeze": False})

    assert code(provider.buy(card_id, "1")) is None


def test_declined_purchases_do_not_count_towards_velocity(provider: Provider) -> None:
    card_id = provider.card(deposit="500")
    rules(provider, 1)
    provider.buy(card_id, "10000")

    assert code(provider.buy(card_id, "1")) is None


def test_the_console_blocks_an_active_card(provider: Provider) -> None:
    card_id = provider.card()

    assert provider.on_card(card_id, "velocity-block")["status"] == "FROZEN"
    with pytest.raises(RuntimeError, match="Only an active card can be blocked"):
        provider.on_card(card_id, "velocity-block")


@pytest.mark.parametrize(
    "values",
    [{"amount": "-1"}, {"amount": "many"}, {}, {"amount": "1", "currency": "XXQ"}, {"amount": "1000001"}],
)
def test_a_purchase_that_makes_no_sense_is_refused(provider: Provider, values: dict[str, str]) -> None:
    with pytest.raises(RuntimeError, match="answered 400"):
        provider.on_card(provider.card(), "authorize", **values)


def simulate(provider: Provider, what: str, **body: object) -> Any:
    return provider.api("POST", f"/cards/webhook/simulate/{what}", json=body)


def test_the_simulators_walk_a_purchase_through(provider: Provider) -> None:
    card_id = provider.card(deposit="500")

    answers = [
        simulate(provider, "authorize", card_id=card_id, bill_amount=10),
        simulate(provider, "reversal", card_id=card_id, bill_amount=4),
        simulate(provider, "clearing", card_id=card_id),
        simulate(provider, "refund", card_id=card_id, bill_amount=6),
    ]

    assert [(answer.status_code, answer.content) for answer in answers] == [(201, b"")] * 4
    assert provider.balance(card_id) == 498.5


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("authorize", (412, "VAL", "Card not found")),
        ("clearing", (404, "NOT_FOUND", "Authorization event not found for card icard_none")),
        ("reversal", (404, "NOT_FOUND", "Authorization event not found for card icard_none")),
        ("refund", (404, "NOT_FOUND", "Cleared transaction not found for card icard_none")),
    ],
)
def test_a_simulator_needs_something_to_work_on(provider: Provider, what: str, expected: tuple[int, str, str]) -> None:
    answer = simulate(provider, what, card_id="icard_none", bill_amount=1)

    body = answer.json()
    assert (answer.status_code, body["code"], body["message"]) == expected


@pytest.mark.parametrize("body", [{"bill_amount": 1}, {"card_id": "icard_none"}])
def test_a_simulator_needs_its_fields(provider: Provider, body: dict[str, Any]) -> None:
    assert simulate(provider, "refund", **body).status_code == 400
