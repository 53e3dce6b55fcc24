from typing import Any

import pytest

from sandbox.tests.making import CARDS, Provider, refusal

KEY = {"x-idempotency-key": "once"}


def test_a_new_card_is_empty_and_a_deposit_loads_it_less_a_fee(provider: Provider) -> None:
    card_id = provider.card()
    before = provider.balance(card_id)

    provider.on_card(card_id, "deposit", amount="500")

    assert (before, provider.balance(card_id)) == (0, 498.5)


@pytest.mark.parametrize("name", ["available_credit", "available_balance"])
def test_the_balance_has_one_of_two_names(provider: Provider, name: str) -> None:
    provider.settings(balance_field=name)

    assert provider.api("GET", f"{CARDS}/{provider.card()}/balance").json() == {name: 0}


def test_the_program_balance_sums_the_cards(provider: Provider) -> None:
    provider.card(deposit="500")

    answer = provider.api("GET", f"{CARDS}/balance", params={"blockchains": ["POLYGON", "TRON"]}).json()

    assert answer == {"holding_wallet_balance": 25498.5, "total_cards_balance": 498.5, "accumulated_fees": 0}
    wrong = provider.api("GET", f"{CARDS}/balance", params={"blockchains": "DOGE"})
    assert refusal(wrong) == (400, "VALUE_NOT_ALLOWED", "Sent request is invalid")


def test_a_virtual_balance_is_set_and_answered_as_a_bare_number(provider: Provider) -> None:
    answer = provider.api("PATCH", f"{CARDS}/{provider.card()}/virtual-balance", json={"virtual_balance": 2500.0})

    assert (answer.status_code, answer.json()) == (200, 2500.0)


def test_a_virtual_balance_is_not_negative(provider: Provider) -> None:
    answer = provider.api("PATCH", f"{CARDS}/{provider.card()}/virtual-balance", json={"virtual_balance": -1})

    assert refusal(answer)[:2] == (412, "VAL")


def test_adding_happens_once_per_key(provider: Provider) -> None:
    address = f"{CARDS}/{provider.card()}/virtual-balance/add"

    answers = [provider.api("POST", address, json={"amount": 100.5}, headers=KEY).json() for _ in range(2)]

    assert answers == [100.5, 100.5]
    assert provider.api("POST", address, json={"amount": 1}, headers={"x-idempotency-key": "twice"}).json() == 101.5


def test_subtracting_stops_at_nothing(provider: Provider) -> None:
    card_id = provider.card()
    provider.api("PATCH", f"{CARDS}/{card_id}/virtual-balance", json={"virtual_balance": 10})
    address = f"{CARDS}/{card_id}/virtual-balance/subtract"

    taken = provider.api("POST", address, json={"amount": 9.99}, headers=KEY)
    refused = provider.api("POST", address, json={"amount": 0.02}, headers={"x-idempotency-key": "more"})

    assert taken.json() == 0.01
    assert refusal(refused) == (412, "VAL", "Error subtracting virtual balances, insufficient funds")


@pytest.mark.parametrize("way", ["add", "subtract"])
@pytest.mark.parametrize("headers", [{}, {"x-idempotency-key": ""}])
def test_changing_a_balance_needs_a_key(provider: Provider, way: str, headers: dict[str, str]) -> None:
    address = f"{CARDS}/{provider.card()}/virtual-balance/{way}"

    answer = provider.api("POST", address, json={"amount": 1}, headers=headers)

    assert refusal(answer) == (412, "VAL", "x-idempotency-key header is required")


@pytest.mark.parametrize("amount", [0, -1, 0.001, None])
def test_an_amount_is_positive_with_two_decimals(provider: Provider, amount: object) -> None:
    address = f"{CARDS}/{provider.card()}/virtual-balance/add"

    assert refusal(provider.api("POST", address, json={"amount": amount}, headers=KEY))[:2] == (412, "VAL")


def test_a_card_that_asks_by_webhook_has_no_virtual_balance(provider: Provider) -> None:
    card_id = provider.card(approval_method="WEBHOOK")

    answer = provider.api("PATCH", f"{CARDS}/{card_id}/virtual-balance", json={"virtual_balance": 1})

    assert refusal(answer) == (400, "APP_ERROR", "The virtual balances does not apply to this card.")
    assert provider.api("GET", f"{CARDS}/{card_id}/top-up").json() == []


def test_deposit_addresses_carry_ramps_with_a_memo(provider: Provider) -> None:
    [address] = provider.api("GET", f"{CARDS}/{provider.card()}/top-up").json()

    assert address["blockchain"] == "POLYGON"
    assert address["tokens"][0]["symbol"] == "USDC"
    assert address["tokens"][0]["decimals"] == "6"
    [ramp] = address["ramps"]
    assert ramp["blockchain"] == "STELLAR"
    assert ramp["memo"].isdecimal()


@pytest.mark.parametrize("path", ["", "/balance"])
def test_the_holding_wallet_is_there_or_not_found(provider: Provider, path: str) -> None:
    wallet = provider.api("GET", f"{CARDS}/holding-wallet{path}").json()
    provider.settings(holding_wallet=False)

    missing = provider.api("GET", f"{CARDS}/holding-wallet{path}")

    assert wallet["blockchain"] == "POLYGON"
    assert set(wallet["tokens"]) == {"USDC", "USDT"}
    assert refusal(missing) == (404, "NOT_FOUND", "Individual cards holding wallet not found for company")


def test_challenges_are_answered_once(provider: Provider) -> None:
    card_id = provider.card()
    challenge_id = provider.on_card(card_id, "challenge", amount="42.50")["challenge_id"]

    def answer(*, approve: bool) -> Any:
        body = {"challenge_id": challenge_id, "approve": approve}
        return provider.api("POST", f"{CARDS}/{card_id}/3ds-authorization", json=body)

    assert answer(approve=True).json() == {"challenge_id": challenge_id, "approve": True, "status": "APPROVED"}
    assert answer(approve=True).json()["status"] == "ALREADY_PROCESSED"
    assert refusal(answer(approve=False))[:2] == (412, "CHALLENGE_DECISION_CONFLICT")


@pytest.mark.parametrize("challenge_id", ["nothing", "25e4988d-9303-4199-983f-e90cc7bf9832"])
def test_an_unknown_challenge_is_not_found(provider: Provider, challenge_id: str) -> None:
    body = {"challenge_id": challenge_id, "approve": True}

    answer = provider.api("POST", f"{CARDS}/{provider.card()}/3ds-authorization", json=body)

    assert refusal(answer) == (404, "NOT_FOUND", f"3DS challenge {challenge_id} was not found")


@pytest.mark.parametrize("body", [{"approve": True}, {"challenge_id": "25e4988d-9303-4199-983f-e90cc7bf9832"}])
def test_a_decision_names_challenge_and_answer(provider: Provider, body: dict[str, Any]) -> None:
    answer = provider.api("POST", f"{CARDS}/{provider.card()}/3ds-authorization", json=body)

    assert refusal(answer)[:2] == (400, "VAL")


def test_an_expired_challenge_is_decided_already(provider: Provider) -> None:
    card_id = provider.card()
    challenge_id = provider.on_card(card_id, "challenge", amount="1", seconds=0.000001)["challenge_id"]

    answer = provider.api(
        "POST", f"{CARDS}/{card_id}/3ds-authorization", json={"challenge_id": challenge_id, "approve": True}
    )

    assert refusal(answer)[:2] == (412, "CHALLENGE_DECISION_CONFLICT")
