"""What the contract does not name is seen, whatever the provider documents is not, and no value is told."""

from typing import Any

import pytest

from cryptomate import Exchange
from cryptomate.novelties import Kind, Novelty, in_answer, in_delivery, masked, outline
from cryptomate.testing import FakeTransport, card_json, client_json, movement_json, movements_json, request_json

CLIENT = "/management/clients/individuals/{client_id}"
CARD = "/cards/individual-cards/{card_id}"
MOVEMENTS = "/cards/individual-cards/transactions/{card_id}/search"


def delivery(event_type: str = "cleared", product: str = "cards", **data: Any) -> list[Novelty]:
    body = {"product": product, "event_type": event_type, "operation_id": "1", "status": "success", "data": data}
    return in_delivery(product=product, event_type=event_type, body=body)


@pytest.mark.parametrize(
    ("endpoint", "answer"),
    [
        (CLIENT, client_json(created_at="2026-04-15T10:30:00", rejection_code=None)),
        (CLIENT, client_json(status="ACTIVE")),
        ("/management/clients/individuals", [client_json(), client_json()]),
        (CLIENT + "/products", [request_json(rejected_items=[{"type": "data", "key": "phone", "reason": "x"}])]),
        (CARD, card_json(type="virtual", approval_method="TopUp")),
        (MOVEMENTS, movements_json(movement_json(decline_reason={"code": "M101", "detailed_reason": "x"}))),
        ("/an/endpoint/of/tomorrow", {"anything": 1}),
        (CARD, None),
        (CARD, "not an object"),
    ],
)
def test_what_the_provider_documents_is_no_news(endpoint: str, answer: Any) -> None:
    assert in_answer(endpoint, 200, answer) == frozenset()


def test_an_unknown_field_is_told_with_its_shape_and_without_its_value() -> None:
    risk = {"score": 7, "reviewer": "Jane Doe", "flags": ["pep"], "jane@example.com": True}

    found = in_answer(CLIENT, 200, client_json(address={"city": "Del Viso", "floor": "4B"}, risk=risk))

    assert found == {
        Novelty(Kind.FIELD, "address.floor", "text"),
        Novelty(
            Kind.FIELD, "risk", "{score: a number, reviewer: text, flags: a list of text, (16 characters): yes or no}"
        ),
    }


@pytest.mark.parametrize(
    ("endpoint", "answer", "what", "where"),
    [
        (CLIENT, client_json(status="on_hold"), "on_hold", "as status"),
        (CLIENT + "/products", [request_json(status="in_appeal")], "in_appeal", "as [].status"),
        (CARD, card_json(status="MELTED"), "MELTED", "as status"),
        (MOVEMENTS, movements_json(movement_json(operation="CASHBACK")), "CASHBACK", "as movements[].operation"),
    ],
)
def test_an_unknown_word_is_told_where_the_words_are_listed(endpoint: str, answer: Any, what: str, where: str) -> None:
    assert in_answer(endpoint, 200, answer) == {Novelty(Kind.WORD, what, where)}


def test_an_unknown_reason_for_a_decline_is_told() -> None:
    declined = movement_json(decline_reason={"code": "M999", "simple_reason": "Solar flare"})

    assert in_answer(MOVEMENTS, 200, movements_json(declined)) == {
        Novelty(Kind.WORD, "M999", "as movements[].decline_reason.code")
    }


def test_an_unknown_error_code_is_told_with_its_status() -> None:
    known = {"code": "VAL", "message": "Maria Barber exists already", "trace_id": "1"}

    assert in_answer(CLIENT, 412, known) == frozenset()
    assert in_answer(CLIENT, 429, {"error_code": "TOO_MANY_REQUESTS", "message": "x"}) == frozenset()
    assert in_answer(CLIENT, 451, {**known, "code": "EMBARGO"}) == {Novelty(Kind.CODE, "EMBARGO", "with HTTP 451")}


def test_a_delivery_as_documented_is_no_news() -> None:
    assert delivery(card_id="1", BILL_AMOUNT="1", fees={"atm_fees": 0}, decline_reason=None, metadata={"a": 1}) == []
    assert delivery("deposit", product="virtual_wallets", whatever=1) == []


def test_an_unknown_kind_of_delivery_is_told_with_the_outline_of_its_data() -> None:
    assert delivery("card_thawed", card_id="icard_77", by="Jane Doe") == [
        Novelty(Kind.EVENT, "card_thawed", "of cards; data: {card_id: text, by: text}")
    ]
    assert delivery("card_thawed", product="loans") == [Novelty(Kind.EVENT, "loans", "a product")]


def test_an_unknown_field_of_a_purchase_is_told() -> None:
    assert delivery(card_id="1", merchant_data={"name": "Acme", "loyalty": {"number": "9"}}) == [
        Novelty(Kind.FIELD, "data.merchant_data.loyalty", "{number: text}")
    ]


@pytest.mark.parametrize("word", ["Jane Doe", "jane@example.com", "AB1234567", "4111111111111111", "José", "x" * 90])
def test_what_may_be_somebodys_is_told_by_its_length_alone(word: str) -> None:
    assert masked(word) == f"({len(word)} characters)"
    assert word not in outline({word: {word: [word]}})


def test_an_answer_nested_without_end_is_looked_at_no_further_than_the_contract_goes() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]

    assert in_answer(CLIENT, 200, client_json(address=deep)) == frozenset()


def test_whoever_observes_the_client_is_told(provider: FakeTransport) -> None:
    heard: list[Exchange] = []
    provider.reply("GET", "/management/clients/individuals/*", client_json(status="on_hold"))

    provider.client(observe=heard.append).get_client("c1")

    assert [each.novelties for each in heard] == [{Novelty(Kind.WORD, "on_hold", "as status")}]
