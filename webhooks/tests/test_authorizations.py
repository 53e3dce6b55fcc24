import json
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError

from cards.models import Authorization, Card
from cards.tests.making import make_active_customer, make_card
from customers.tests.making import make_customer
from webhooks import actions
from webhooks.models import Outcome, WebhookEvent
from webhooks.tests.making import captured, deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def card() -> Card:
    return make_card(api_id="crd_123", customer=make_active_customer())


@pytest.mark.parametrize("name", ["authorization", "authorization_upper_numbers"])
def test_a_purchase_on_an_active_card_of_an_active_customer_is_approved(card: Card, name: str) -> None:
    answer = deliver(captured(name))

    event = WebhookEvent.objects.get()
    assert (answer.status_code, answer.json()) == (200, {"response_code": "00"})
    assert Authorization.objects.get().card == card
    assert (event.outcome, event.outcome_note) == (Outcome.HANDLED, "Approved")
    assert (event.card_id, event.customer_id) == (card.pk, card.customer_id)


def test_the_individual_product_is_decided_too(card: Card) -> None:
    assert deliver(captured("authorization", product="individual_cards")).json() == {"response_code": "00"}


def test_an_unknown_card_is_declined_and_on_record() -> None:
    answer = deliver(captured("authorization"))

    assert answer.json() == {"response_code": "05"}
    assert Authorization.objects.get().reason == "CARD_UNKNOWN"
    assert WebhookEvent.objects.get().outcome_note == "Declined: the card is not known here"


@pytest.mark.parametrize("status", ["FROZEN", "BLOCKED", "INACTIVE", "EXPIRED", "DELETED"])
def test_a_card_that_is_not_active_is_declined(status: str) -> None:
    make_card(api_id="crd_123", status=status)

    assert deliver(captured("authorization")).json()["response_code"] != "00"


@pytest.mark.parametrize("status", ["PENDING", "REJECTED"])
def test_a_customer_who_is_not_active_is_declined(status: str) -> None:
    make_card(api_id="crd_123", customer=make_customer(status=status))

    assert deliver(captured("authorization")).json()["response_code"] != "00"


def test_the_same_delivery_gets_the_same_answer(card: Card) -> None:
    first = deliver(captured("authorization")).json()
    Card.objects.filter(pk=card.pk).update(status="FROZEN")

    assert deliver(captured("authorization")).json() == first
    assert Authorization.objects.count() == WebhookEvent.objects.count() == 1


@pytest.mark.parametrize("amount", [None, "", "much", "-1", "1e400", {}, [], True])
def test_an_amount_that_makes_no_sense_is_declined(card: Card, amount: Any) -> None:
    data = {"bill_amount": amount, "transaction_amount": amount}

    answer = deliver(captured("authorization", data=data))

    assert (answer.status_code, answer.json()) == (200, {"response_code": "05"})
    assert WebhookEvent.objects.get().outcome_note.startswith("Declined: ")


def test_a_database_that_does_not_decide_means_a_decline(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    def stays_locked(**_: Any) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(actions, "decide", stays_locked)

    assert deliver(captured("authorization")).json() == {"response_code": "05"}
    assert WebhookEvent.objects.get().outcome_note == "Declined: the database did not answer in time"


def test_an_answer_stands_though_its_delivery_cannot_be_stored(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(actions, "_store", full)

    assert deliver(captured("authorization")).json() == {"response_code": "00"}
    assert Authorization.objects.count() == 1


def test_what_cannot_be_read_as_an_authorization_is_refused(card: Card) -> None:
    answer = deliver(json.dumps(captured("authorization")).encode()[:-20])

    assert answer.status_code == 400
    assert Authorization.objects.count() == 0


def test_an_authorization_of_another_product_is_none_of_ours(card: Card) -> None:
    assert deliver(captured("authorization", product="treasury")).json() == {"response_code": "OK"}
    assert Authorization.objects.count() == 0
