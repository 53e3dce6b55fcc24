import time
from typing import Any

import pytest

from sandbox.tests.making import CARDS, WEBHOOK_KEY, Provider, refusal
from sandbox.tests.receiver import Receiver


@pytest.fixture
def card_id(provider: Provider, receiver: Receiver) -> str:
    """A loaded card, issued before anybody listens."""
    card_id = provider.card(deposit="500")
    provider.subscribe(receiver.url)
    return card_id


@pytest.fixture
def asking_card_id(provider: Provider, receiver: Receiver) -> str:
    card_id = provider.card(approval_method="WEBHOOK")
    provider.subscribe(receiver.url)
    receiver.answer = {"response_code": "00"}
    return card_id


def test_a_webhook_carries_key_time_and_trace(provider: Provider, card_id: str, receiver: Receiver) -> None:
    provider.buy(card_id)

    [webhook] = receiver.wait_for(1)
    assert webhook.headers["X-Webhook-Key"] == WEBHOOK_KEY
    assert webhook.headers["Content-Type"] == "application/json"
    assert abs(int(webhook.headers["X-Request-Timestamp"]) - time.time() * 1000) < 5000
    assert webhook.headers["X-Trace-Id"]


def test_an_authorized_purchase_is_told_as_documented(provider: Provider, card_id: str, receiver: Receiver) -> None:
    provider.buy(card_id, "100", currency="EUR", transaction_amount="80", merchant="Café Kranzler", country="DEU")

    [webhook] = receiver.wait_for(1)
    data = webhook.body.pop("data")
    assert len(webhook.body.pop("operation_id")) == 36
    assert webhook.body == {"product": "individual_cards", "event_type": "authorized", "status": "success"}
    merchant = data.pop("merchant_data")
    assert (merchant["name"], merchant["country"]) == ("Café Kranzler", "DEU")
    assert set(merchant) == {"id", "name", "city", "post_code", "state", "country", "mcc_category", "mcc_code"}
    assert data.pop("created_at").endswith("Z")
    assert data == {
        "card_id": card_id,
        "bill_amount": "100.00",
        "bill_currency_number": "840",
        "bill_currency_code": "USD",
        "exchange_rate": "1.25",
        "fees": {"atm_fees": "0.00", "fx_fees": "1.00"},
        "transaction_amount": "80.00",
        "transaction_currency_number": "978",
        "transaction_currency_code": "EUR",
        "channel": "POS",
        "decline_reason": None,
        "metadata": {},
    }


def test_every_step_of_a_purchase_is_told(provider: Provider, card_id: str, receiver: Receiver) -> None:
    provider.buy(card_id, "40")
    provider.on_card(card_id, "reverse", amount="10")
    provider.on_card(card_id, "clear", amount="20")
    provider.on_card(card_id, "refund", amount="5")
    provider.wait_idle()

    told = {webhook.kind: webhook.body["data"]["bill_amount"] for webhook in receiver.received}
    assert told == {"authorized": "40.00", "reversal": "10.00", "cleared": "20.00", "refund": "5.00"}
    assert len({webhook.body["operation_id"] for webhook in receiver.received}) == 4


def test_a_declined_purchase_is_told_with_its_reason(provider: Provider, card_id: str, receiver: Receiver) -> None:
    provider.buy(card_id, "10000")

    [webhook] = receiver.wait_for(1)
    assert (webhook.kind, webhook.body["status"]) == ("declined", "success")
    sentence = "Declined due to insufficient card balance"
    assert webhook.body["data"]["decline_reason"] == {
        "response_code": "M102",
        "code": "M102",
        "description": sentence,
        "simple_reason": sentence,
        "detailed_reason": sentence,
    }


def test_a_network_decline_may_name_its_code(provider: Provider, card_id: str, receiver: Receiver) -> None:
    provider.on_card(card_id, "decline", amount="10", code="M211")

    [webhook] = receiver.wait_for(1)
    assert webhook.body["data"]["decline_reason"]["code"] == "M211"


def test_a_cancelled_authorization_is_told_as_declined_without_a_reason(
    provider: Provider, card_id: str, receiver: Receiver
) -> None:
    purchase = provider.buy(card_id)
    provider.on_card(card_id, "decline", authorization_id=purchase["authorization_id"])
    provider.wait_idle()

    assert receiver.kinds().count("declined") == 1
    [declined] = [webhook.body for webhook in receiver.received if webhook.kind == "declined"]
    assert declined["data"]["decline_reason"] is None
    assert declined["operation_id"] == purchase["authorization_id"]


def test_a_deposit_names_the_wallet_and_not_the_card(provider: Provider, card_id: str, receiver: Receiver) -> None:
    provider.on_card(card_id, "deposit", amount="500")

    [webhook] = receiver.wait_for(1)
    [address] = provider.api("GET", f"{CARDS}/{card_id}/top-up").json()
    data = webhook.body["data"]
    assert (webhook.body["product"], webhook.kind) == ("cards", "deposit")
    assert (data["amount"], data["net_amount"]) == ("500.00", "498.50")
    assert data["wallet_address"] == address["address"]
    assert data["transaction_hash"] == webhook.body["operation_id"]
    assert "card_id" not in data


@pytest.mark.parametrize(
    ("switched", "product", "kind", "amount"),
    [
        ({"webhook_product": "cards"}, "cards", "authorized", "42.50"),
        ({"webhook_amounts": "numbers"}, "individual_cards", "authorized", 42.5),
        ({"webhook_case": "upper"}, "INDIVIDUAL_CARDS", "AUTHORIZED", "42.50"),
    ],
)
def test_webhooks_can_be_written_the_other_way(
    provider: Provider, card_id: str, receiver: Receiver, switched: dict[str, str], product: str, kind: str, amount: Any
) -> None:
    provider.settings(**switched)

    provider.buy(card_id)

    [webhook] = receiver.wait_for(1)
    assert (webhook.body["product"], webhook.kind) == (product, kind)
    assert webhook.body["data"]["bill_amount"] == amount


@pytest.mark.parametrize(("policy", "different"), [("shared", 1), ("unique", 3), ("documented", 2)])
def test_operation_ids_follow_the_policy(
    provider: Provider, asking_card_id: str, receiver: Receiver, policy: str, different: int
) -> None:
    provider.settings(operation_ids=policy)

    purchase = provider.buy(asking_card_id)
    provider.on_card(asking_card_id, "decline", authorization_id=purchase["authorization_id"])
    provider.wait_idle()

    assert sorted(receiver.kinds()) == ["authorization", "authorized", "declined"]
    assert len({webhook.body["operation_id"] for webhook in receiver.received}) == different


@pytest.mark.parametrize("code", ["00", "SUCCESS"])
def test_the_holder_of_a_webhook_card_is_asked_first(
    provider: Provider, asking_card_id: str, receiver: Receiver, code: str
) -> None:
    receiver.answer = {"response_code": code}

    purchase = provider.buy(asking_card_id)
    provider.wait_idle()

    assert purchase["outcome"] == "authorized"
    assert receiver.kinds() == ["authorization", "authorized"]
    assert receiver.received[0].body["status"] == "pending"
    assert provider.holding() == 25000 - 42.5


def test_the_holder_may_decline(provider: Provider, asking_card_id: str, receiver: Receiver) -> None:
    receiver.answer = {"response_code": "51"}

    purchase = provider.buy(asking_card_id)
    provider.wait_idle()

    assert (purchase["outcome"], purchase["decline_reason"]) == ("declined", None)
    assert receiver.kinds() == ["authorization", "declined"]
    assert receiver.received[1].body["operation_id"] == receiver.received[0].body["operation_id"]


def test_no_answer_in_time_declines_and_is_not_asked_again(
    provider: Provider, asking_card_id: str, receiver: Receiver
) -> None:
    provider.settings(authorization_timeout_ms=100)
    receiver.is_stalling = True

    purchase = provider.buy(asking_card_id)
    receiver.is_stalling = False
    receiver.released.set()
    provider.wait_idle()

    assert purchase["decline_reason"]["code"] == "C010"
    assert receiver.kinds() == ["authorization", "declined"]


@pytest.mark.parametrize("answer", ["no object", {"code": "00"}, None])
def test_an_answer_that_is_none_declines(
    provider: Provider, asking_card_id: str, receiver: Receiver, answer: object
) -> None:
    receiver.answer = answer

    assert provider.buy(asking_card_id)["decline_reason"]["code"] == "C020"


def test_a_failing_receiver_declines(provider: Provider, asking_card_id: str, receiver: Receiver) -> None:
    receiver.statuses.append(500)

    assert provider.buy(asking_card_id)["decline_reason"]["code"] == "C020"


def test_what_the_provider_declines_is_not_asked(provider: Provider, asking_card_id: str, receiver: Receiver) -> None:
    provider.api("PATCH", f"{CARDS}/{asking_card_id}/limits", json={"daily_limit": 1})

    provider.buy(asking_card_id)
    provider.wait_idle()

    assert receiver.kinds() == ["declined"]


def test_without_a_subscription_nobody_is_asked(provider: Provider) -> None:
    card_id = provider.card(approval_method="WEBHOOK")

    assert provider.buy(card_id)["decline_reason"]["code"] == "C010"
    assert {delivery["status"] for delivery in provider.console("GET", "/console/deliveries")} == {"skipped"}


def test_a_delivery_that_is_lost_never_arrives(provider: Provider, card_id: str, receiver: Receiver) -> None:
    provider.console("POST", "/console/settings", {"lost_deliveries": 100})

    provider.buy(card_id)
    provider.wait_idle()

    assert receiver.kinds() == []


def test_a_delivery_is_tried_until_it_is_answered_200(provider: Provider, card_id: str, receiver: Receiver) -> None:
    receiver.statuses.extend([500, 302, 204])

    provider.buy(card_id)
    provider.wait_idle()

    assert receiver.kinds() == ["authorized"] * 4
    assert len({str(webhook.body) for webhook in receiver.received}) == 1
    [delivery] = provider.console("GET", "/console/deliveries")[:1]
    assert (delivery["status"], delivery["attempts"], delivery["last_status"]) == ("delivered", 4, 200)


def test_a_delivery_is_given_up_after_ten_attempts(provider: Provider, card_id: str, receiver: Receiver) -> None:
    provider.settings(delivery_retry_seconds=0.0001)
    receiver.statuses.extend([503] * 10)

    provider.buy(card_id)
    provider.wait_idle()

    assert len(receiver.received) == 10
    [delivery] = provider.console("GET", "/console/deliveries")[:1]
    assert (delivery["status"], delivery["attempts"], delivery["last_status"]) == ("failed", 10, 503)


def test_the_wait_doubles_with_each_attempt(provider: Provider, card_id: str, receiver: Receiver) -> None:
    provider.settings(delivery_retry_seconds=0.25)
    receiver.statuses.extend([500, 500])
    started = time.monotonic()

    provider.buy(card_id)
    receiver.wait_for(3)

    assert time.monotonic() - started >= 0.75


def test_a_receiver_that_takes_too_long_is_tried_again(provider: Provider, card_id: str, receiver: Receiver) -> None:
    provider.settings(delivery_timeout_seconds=0.2)
    receiver.is_stalling = True
    provider.buy(card_id)
    assert receiver.stalled.wait(5)

    receiver.is_stalling = False
    receiver.wait_for(2)
    provider.wait_idle()

    assert provider.console("GET", "/console/deliveries")[0]["status"] == "delivered"


def test_a_delivery_can_be_sent_again(provider: Provider, card_id: str, receiver: Receiver) -> None:
    provider.buy(card_id)
    provider.wait_idle()
    [delivery] = provider.console("GET", "/console/deliveries")[:1]

    provider.console("POST", f"/console/deliveries/{delivery['id']}/redeliver")

    first, second = receiver.wait_for(2)
    assert first.body == second.body


def test_deliveries_can_be_held_back(provider: Provider, card_id: str, receiver: Receiver) -> None:
    provider.settings(pause_deliveries=True)
    provider.buy(card_id)
    held = provider.console("POST", "/console/wait-idle", {"seconds": 0.3})

    provider.settings(pause_deliveries=False)

    assert held == {"idle": False, "pending": 1}
    receiver.wait_for(1)


def test_deliveries_can_come_twice(provider: Provider, card_id: str, receiver: Receiver) -> None:
    provider.settings(deliver_twice=True)

    provider.buy(card_id)

    first, second = receiver.wait_for(2)
    assert first.body == second.body


def test_a_new_key_holds_from_the_next_attempt(provider: Provider, card_id: str, receiver: Receiver) -> None:
    provider.settings(pause_deliveries=True)
    provider.buy(card_id)
    provider.api("POST", "/management/companies/webhook/key", json={"key": "another-key-of-tests"})

    provider.settings(pause_deliveries=False)

    assert receiver.wait_for(1)[0].headers["X-Webhook-Key"] == "another-key-of-tests"


def test_a_challenge_is_sent_once_as_documented(provider: Provider, card_id: str, receiver: Receiver) -> None:
    challenge_id = provider.on_card(card_id, "challenge", amount="42.50", merchant="Acme Coffee")["challenge_id"]

    [webhook] = receiver.wait_for(1)
    data = webhook.body.pop("data")
    assert webhook.body == {
        "product": "cards",
        "event_type": "notification_3ds_authorization_oob",
        "operation_id": challenge_id,
        "status": "pending",
    }
    assert data.pop("expiry_time").endswith("Z")
    assert data == {
        "challenge_id": challenge_id,
        "card_id": card_id,
        "merchant_name": "Acme Coffee",
        "merchant_country": "USA",
        "transaction_amount": "42.50",
        "transaction_currency": "USD",
    }


def test_a_challenge_that_reaches_nobody_is_not_repeated(provider: Provider, card_id: str, receiver: Receiver) -> None:
    receiver.statuses.append(500)
    challenge_id = provider.on_card(card_id, "challenge", amount="1")["challenge_id"]
    provider.wait_idle()

    body = {"challenge_id": challenge_id, "approve": True}
    answer = provider.api("POST", f"{CARDS}/{card_id}/3ds-authorization", json=body)

    assert len(receiver.received) == 1
    assert refusal(answer)[:2] == (412, "CHALLENGE_DECISION_CONFLICT")
