import re
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.tests.making import CARDS, CLIENTS, Provider, person, refusal

LIMITS: dict[str, Any] = {"daily_limit": 100, "weekly_limit": 500, "monthly_limit": 2000, "per_transaction_limit": 50}


def test_a_card_is_issued_for_an_active_client(provider: Provider) -> None:
    client_id = provider.active_client()

    answer = provider.issue(client_id, approval_method="TOPUP", **LIMITS)

    card = answer.json()
    assert answer.status_code == 201
    assert card["id"].startswith("icard_")
    assert card["rain_card_id"].startswith("rain_")
    assert (card["client_id"], card["type"], card["status"]) == (client_id, "Virtual", "ACTIVE")
    assert card["card_holder_name"] == "MARIA BARBER"
    assert re.fullmatch(r"[0-9]{4}", card["last4"])
    assert card["expiration_year"] > datetime.now(UTC).year
    assert {name: card[name] for name in LIMITS} == LIMITS
    assert card["forwarded_3ds_type"] == "sms"


def test_a_card_without_limits_has_none(provider: Provider) -> None:
    card = provider.issue(provider.active_client()).json()

    assert [card[name] for name in LIMITS] == [None] * 4
    assert card["approval_method"] == "TOPUP"


NOT_ACTIVE = (412, "VAL", "The client is not active for this product")


def test_a_client_that_is_not_active_gets_no_card(provider: Provider) -> None:
    pending = provider.client()
    in_review = provider.in_review(email="review@example.com")["client_id"]
    rejected = provider.in_review(email="rejected@example.com")
    provider.decide(rejected, "reject")

    answers = [provider.issue(client_id) for client_id in (pending, in_review, rejected["client_id"])]

    assert [refusal(answer) for answer in answers] == [NOT_ACTIVE] * 3
    assert provider.console("GET", "/console/state")["cards"] == []


def test_a_client_whose_product_was_taken_back_gets_no_card(provider: Provider) -> None:
    request = provider.in_review()
    provider.decide(request, "approve")
    provider.decide(request, "reject")

    assert refusal(provider.issue(request["client_id"])) == NOT_ACTIVE


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"client_id": None}, (400, "VAL", "clientId must not be null")),
        ({"client_id": "nobody"}, (404, "NOT_FOUND", "Company client not found with id: nobody")),
        ({"card_holder_name": None}, (400, "VAL", "cardHolderName must not be null")),
        ({"card_holder_name": "M" * 28}, (412, "VAL", "cardHolderName must have at most 27 characters")),
        ({"card_holder_name": "R2 D2"}, (412, "VAL", "cardHolderName must contain only letters and spaces")),
        ({"card_holder_name": "José Núñez"}, (412, "VAL", "cardHolderName must contain only letters and spaces")),
        ({"approval_method": "DEFI"}, (400, "VALUE_NOT_ALLOWED", "Sent request is invalid")),
        ({"daily_limit": -1}, (400, "BAD_REQUEST", "daily_limit cannot be negative")),
        ({"per_transaction_limit": "50"}, (400, "BAD_REQUEST", "per_transaction_limit must be a number")),
        ({"monthly_limit": 10**9}, (400, "BAD_REQUEST", "monthly_limit is too large")),
        ({"email": "x@example.com"}, (400, "BAD_REQUEST", "Unrecognized field email")),
    ],
)
def test_a_card_with_wrong_values_is_refused(
    provider: Provider, changes: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    client_id = provider.active_client()

    answer = provider.issue(client_id, **changes)

    assert refusal(answer) == expected


def test_a_client_has_at_most_five_cards_that_are_not_deleted(provider: Provider) -> None:
    client_id = provider.active_client()
    cards = [provider.issue(client_id).json()["id"] for _ in range(5)]

    sixth = provider.issue(client_id)
    provider.api("DELETE", f"{CARDS}/{cards[0]}")

    assert refusal(sixth) == (
        412,
        "VAL",
        "This client already has the maximum of 5 cards. Cancel one of them to create a new one.",
    )
    assert provider.issue(client_id).status_code == 201


def test_the_company_has_a_quota(provider: Provider) -> None:
    provider.settings(card_quota=1)
    provider.card()

    answer = provider.issue(provider.active_client(email="other@example.com"))

    assert refusal(answer) == (
        412,
        "VAL",
        "The current limit for this product has been reached. Please increase the limit.",
    )


UNKNOWN_CARD: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "", None),
    ("DELETE", "", None),
    ("PATCH", "/frozen", {"freeze": True}),
    ("PATCH", "/limits", {}),
    ("GET", "/pan", None),
    ("PUT", "/pin", {"pin": "1234"}),
    ("PATCH", "/holder", {}),
    ("GET", "/balance", None),
    ("PATCH", "/virtual-balance", {"virtual_balance": 1}),
    ("GET", "/top-up", None),
    ("POST", "/3ds-authorization", {"challenge_id": "x", "approve": True}),
]


@pytest.mark.parametrize(("method", "path", "body"), UNKNOWN_CARD)
def test_an_unknown_card_is_not_found(provider: Provider, method: str, path: str, body: dict[str, Any] | None) -> None:
    assert refusal(provider.api(method, f"{CARDS}/icard_none{path}", json=body)) == (404, "NOT_FOUND", "Card not found")


def test_a_card_is_frozen_and_unfrozen_with_an_empty_answer(provider: Provider) -> None:
    card_id = provider.card()

    frozen = provider.api("PATCH", f"{CARDS}/{card_id}/frozen", json={"freeze": True})
    status = provider.api("GET", f"{CARDS}/{card_id}").json()["status"]
    provider.api("PATCH", f"{CARDS}/{card_id}/frozen", json={"freeze": False})

    assert (frozen.status_code, frozen.json(), status) == (200, {}, "FROZEN")
    assert provider.api("GET", f"{CARDS}/{card_id}").json()["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "VAL", "freeze must not be null")),
        ({"freeze": "true"}, (400, "BAD_REQUEST", "freeze must be a boolean")),
    ],
)
def test_freezing_needs_a_boolean(provider: Provider, body: dict[str, Any], expected: tuple[int, str, str]) -> None:
    assert refusal(provider.api("PATCH", f"{CARDS}/{provider.card()}/frozen", json=body)) == expected


def test_a_deleted_card_stays_deleted(provider: Provider) -> None:
    card_id = provider.card()

    deleted = provider.api("DELETE", f"{CARDS}/{card_id}")
    frozen = provider.api("PATCH", f"{CARDS}/{card_id}/frozen", json={"freeze": False})

    assert (deleted.status_code, deleted.json()["status"]) == (200, "DELETED")
    assert refusal(frozen)[:2] == (412, "VAL")
    assert provider.api("GET", f"{CARDS}/{card_id}").json()["status"] == "DELETED"


def test_new_limits_replace_all_of_the_old_ones(provider: Provider) -> None:
    card_id = provider.card(**LIMITS)

    answer = provider.api("PATCH", f"{CARDS}/{card_id}/limits", json={"daily_limit": 70.25, "weekly_limit": None})

    assert [answer.json()[name] for name in LIMITS] == [70.25, None, None, None]


def test_a_limit_is_not_negative(provider: Provider) -> None:
    card_id = provider.card(**LIMITS)

    answer = provider.api("PATCH", f"{CARDS}/{card_id}/limits", json={"daily_limit": -0.01})

    assert refusal(answer) == (400, "BAD_REQUEST", "daily_limit cannot be negative")
    assert provider.api("GET", f"{CARDS}/{card_id}").json()["daily_limit"] == 100


def test_the_card_number_is_answered_without_being_cached(provider: Provider) -> None:
    card_id = provider.card()

    answer = provider.api("GET", f"{CARDS}/{card_id}/pan")

    assert re.fullmatch(r"[0-9]{16}", answer.json()["pan"])
    assert answer.json()["pan"][-4:] == provider.api("GET", f"{CARDS}/{card_id}").json()["last4"]
    assert re.fullmatch(r"[0-9]{3}", answer.json()["cvc"])
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("pin", ["123", "1" * 13, "12a4", 1234, None, "١٢٣٤"])
def test_a_pin_has_four_to_twelve_digits(provider: Provider, pin: object) -> None:
    answer = provider.api("PUT", f"{CARDS}/{provider.card()}/pin", json={"pin": pin})

    assert refusal(answer) == (400, "VAL", "PIN must be 4 to 12 digits")


def test_a_pin_is_taken_without_an_echo(provider: Provider) -> None:
    answer = provider.api("PUT", f"{CARDS}/{provider.card()}/pin", json={"pin": "1234"})

    assert (answer.status_code, answer.json()) == (200, {})


def test_the_holder_is_the_client(provider: Provider) -> None:
    card_id = provider.card()

    answer = provider.api("PATCH", f"{CARDS}/{card_id}/holder", json={"last_name": "Barbero", "phone_number": 11})

    [client] = provider.api("GET", CLIENTS).json()
    assert (answer.status_code, answer.content) == (204, b"")
    assert (client["first_name"], client["last_name"], client["phone_number"]) == ("Maria", "Barbero", 11)


@pytest.mark.parametrize("change", [{"last_name": "B" * 51}, {"email": "nobody"}, {"birth_date": "1984-11-21"}])
def test_what_a_holder_cannot_be_is_refused(provider: Provider, change: dict[str, str]) -> None:
    answer = provider.api("PATCH", f"{CARDS}/{provider.card()}/holder", json=change)

    assert refusal(answer)[0] == 400


def test_a_holder_cannot_become_another_client(provider: Provider) -> None:
    card_id = provider.card()
    provider.client(email="other@example.com")

    answer = provider.api("PATCH", f"{CARDS}/{card_id}/holder", json={"email": "other@example.com"})

    assert refusal(answer) == (400, "VAL", "Company client already exists for this company")


def test_the_holder_of_a_client_that_is_not_active_stays(provider: Provider) -> None:
    request = provider.in_review()
    provider.decide(request, "approve")
    card_id = provider.issue(request["client_id"]).json()["id"]
    provider.decide(request, "reject")

    answer = provider.api("PATCH", f"{CARDS}/{card_id}/holder", json={"last_name": "Barbero"})

    sentence = "The card holder's enrollment with the card issuer is not active; its data cannot be updated"
    assert refusal(answer) == (400, "BAD_REQUEST", sentence)


def test_cards_are_searched_by_page(provider: Provider) -> None:
    client_id = provider.active_client()
    cards = [provider.issue(client_id).json() for _ in range(3)]

    page = provider.api("GET", f"{CARDS}/list/search", params={"page": 1, "size": 2}).json()

    assert {name: page[name] for name in page if name != "content"} == {
        "page": 1,
        "size": 2,
        "total_elements": 3,
        "total_pages": 2,
    }
    assert [card["id"] for card in page["content"]] == [cards[0]["id"]]
    assert "forwarded_3ds_type" not in page["content"][0]


def test_cards_are_searched_by_what_is_known_of_them(provider: Provider) -> None:
    card = provider.api("GET", f"{CARDS}/{provider.card()}").json()
    other = provider.issue(provider.active_client(email="other@example.com")).json()
    provider.api("PATCH", f"{CARDS}/{other['id']}/frozen", json={"freeze": True})

    def found(**query: Any) -> list[str]:
        answer = provider.api("GET", f"{CARDS}/list/search", params=query).json()
        return [card["id"] for card in answer["content"]]

    assert found(client_id=card["client_id"]) == [card["id"]]
    assert found(status=["FROZEN", "DELETED"]) == [other["id"]]
    assert card["id"] in found(search_type="LAST4", search_text=card["last4"])
    assert found(search_type="CLIENT_ID", search_text=other["client_id"]) == [other["id"]]
    assert found(type="Physical") == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"status": "BLOCKED"}, "VALUE_NOT_ALLOWED"),
        ({"type": "Paper"}, "VALUE_NOT_ALLOWED"),
        ({"search_type": "NAME"}, "VALUE_NOT_ALLOWED"),
        ({"page": "-1"}, "BAD_REQUEST"),
        ({"size": "0"}, "BAD_REQUEST"),
    ],
)
def test_a_search_for_what_does_not_exist_is_refused(provider: Provider, query: dict[str, str], code: str) -> None:
    assert refusal(provider.api("GET", f"{CARDS}/list/search", params=query))[:2] == (400, code)


def test_the_catalogues_are_as_documented(provider: Provider) -> None:
    assert provider.api("GET", f"{CARDS}/types").json() == [{"code": "virtual", "description": "Virtual Card"}]
    assert [entry["code"] for entry in provider.api("GET", f"{CARDS}/limit-frequencies").json()] == [
        "per30DayPeriod",
        "perDay",
    ]


def test_a_client_that_changed_keeps_its_cards(provider: Provider) -> None:
    card_id = provider.card()
    client_id = provider.api("GET", f"{CARDS}/{card_id}").json()["client_id"]

    provider.api("PUT", f"{CLIENTS}/{client_id}", json=person(last_name="Barbero"))

    assert provider.api("GET", f"{CARDS}/{card_id}").json()["status"] == "ACTIVE"
