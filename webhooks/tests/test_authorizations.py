import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection, connections
from django.test.utils import CaptureQueriesContext
from psycopg.errors import LockNotAvailable

from cards import decisions
from cards.models import Authorization, Card, Notice, VelocityRule
from cards.tests.making import make_active_customer, make_card
from customers.tests.making import make_customer
from provider.models import ProviderCall
from webhooks import afterwards
from webhooks.models import Outcome, WebhookEvent
from webhooks.tests.making import captured, deliver

pytestmark = pytest.mark.django_db


def sent(seconds_ago: float) -> dict[str, str]:
    return {"X-Request-Timestamp": str(int((time.time() - seconds_ago) * 1000))}


@pytest.fixture(autouse=True)
def _no_outage() -> Iterator[None]:
    yield
    decisions.outage._over.set()


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
    assert WebhookEvent.objects.get().outcome_note == "Declined: the amount could not be read"
    row = Authorization.objects.get()
    assert (row.reason, row.card, row.bill_amount) == ("BAD_AMOUNT", card, None)
    assert row.verdicts[0]["sentence"]


def test_a_card_that_stays_locked_means_a_decline_that_is_on_record(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stays_locked(*_: Any, **__: Any) -> None:
        raise OperationalError from LockNotAvailable()

    monkeypatch.setattr(decisions, "read_card", stays_locked)

    assert deliver(captured("authorization")).json() == {"response_code": "05"}
    assert Authorization.objects.get().reason == "CARD_LOCKED"
    assert WebhookEvent.objects.get().outcome_note == "Declined: the card's row stayed locked"


def test_an_answer_stands_though_its_delivery_cannot_be_stored(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(*_: Any, **__: Any) -> None:
        raise DataError("it does not fit")

    monkeypatch.setattr(afterwards, "as_row", cannot)

    assert deliver(captured("authorization")).json() == {"response_code": "00"}
    assert Authorization.objects.count() == 1
    assert not WebhookEvent.objects.exists()


def test_a_row_that_cannot_be_written_holds_up_no_other(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(afterwards, "hand_over", lambda: None)
    for name in ("one", "two", "three"):
        deliver(captured("authorization", operation_id=name))
    kept = afterwards.kept[1]
    afterwards.kept[1] = replace(kept, arrival=replace(kept.arrival, trace_id="x" * 500))

    afterwards.write_kept()

    assert set(WebhookEvent.objects.values_list("operation_id", flat=True)) == {"one", "three"}
    assert not afterwards.kept


@pytest.mark.django_db(transaction=True)
def test_what_a_broken_connection_kept_from_being_written_is_written_on_the_next(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(afterwards, "hand_over", lambda: None)
    monkeypatch.setattr(decisions.outage, "begin", lambda: None)
    deliver(captured("authorization"))
    connection.connection.close()

    afterwards.write_kept()
    assert afterwards.kept
    afterwards.write_kept()

    assert WebhookEvent.objects.get().outcome_note == "Approved"


def test_while_the_database_is_away_purchases_are_declined_and_on_record_afterwards(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions.outage._over.clear()
    answers = [deliver(captured("authorization", operation_id=name)).json() for name in ("one", "two")]
    assert not Authorization.objects.exists()

    decisions.outage._over.set()
    afterwards.write_kept()

    assert answers == [{"response_code": "05"}] * 2
    assert set(Authorization.objects.values_list("operation_id", "reason")) == {
        ("one", "DATABASE_AWAY"), ("two", "DATABASE_AWAY"),
    }  # fmt: skip
    assert WebhookEvent.objects.filter(card_id=card.pk).count() == 2


def test_what_is_kept_for_a_database_that_is_away_is_bounded(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(afterwards, "MOST_KEPT", 2)
    decisions.outage._over.clear()
    for name in ("one", "two", "three"):
        assert deliver(captured("authorization", operation_id=name)).json() == {"response_code": "05"}
    decisions.outage._over.set()

    afterwards.write_kept()

    assert Authorization.objects.count() == 2


@pytest.mark.parametrize(
    ("seconds", "code"), [(-3600, "00"), (-5, "00"), (0.3, "00"), (1.3, "05"), (9, "05"), (11, "00"), (3600, "00")]
)
def test_a_request_too_old_by_its_timestamp_is_declined_unless_the_clock_is_wrong(
    card: Card, seconds: float, code: str
) -> None:
    answer = deliver(captured("authorization"), sent(seconds))

    assert answer.json() == {"response_code": code}
    assert Authorization.objects.get().reason == ("APPROVED" if code == "00" else "TOO_LATE")


def test_the_answer_time_counts_from_the_providers_timestamp(card: Card) -> None:
    deliver(captured("authorization"), sent(0.2))

    answer_ms = Authorization.objects.get().answer_ms
    assert answer_ms is not None
    assert answer_ms >= 200


def test_a_broken_velocity_rule_stops_the_card_here_and_asks_the_provider_without_the_broker(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("an authorization must not touch the broker")

    monkeypatch.setattr("celery.app.base.Celery.send_task", never)
    VelocityRule.objects.create(max_authorizations=1, time_window_seconds=60)
    deliver(captured("authorization", operation_id="one"))

    answer = deliver(captured("authorization", operation_id="two"))

    card.refresh_from_db()
    call = ProviderCall.objects.get()
    assert answer.json() == {"response_code": "65"}
    assert (card.status, card.hold_reason) == ("FROZEN", "VELOCITY")
    assert (call.kind, call.target_id, call.payload["freeze"]) == ("SET_FROZEN", card.pk, True)
    assert Notice.objects.get().text == (
        "A velocity rule stopped •••• 4242. 1 approved in 60 seconds; the rule allows 1."
    )


def test_nothing_is_stored_or_asked_before_the_decision(card: Card) -> None:
    with CaptureQueriesContext(connection) as queries:
        deliver(captured("authorization"))

    statements = [query["sql"] for query in queries if query["sql"].split()[0] not in ("SAVEPOINT", "RELEASE")]
    assert [statement.split()[0] for statement in statements[:3]] == ["SELECT", "WITH", "INSERT"]
    assert "FOR NO KEY UPDATE" in statements[0]


def test_what_cannot_be_read_as_an_authorization_is_refused(card: Card) -> None:
    answer = deliver(json.dumps(captured("authorization")).encode()[:-20])

    assert answer.status_code == 400
    assert Authorization.objects.count() == 0


def test_an_authorization_of_another_product_is_none_of_ours(card: Card) -> None:
    assert deliver(captured("authorization", product="treasury")).json() == {"response_code": "OK"}
    assert Authorization.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_decline_about_a_card_locked_elsewhere_waits_and_holds_up_no_other() -> None:
    locked, free = (make_card(api_id=name, customer=make_active_customer()) for name in ("crd_locked", "crd_free"))
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM cards_card WHERE id = %s FOR UPDATE", [locked.pk])
        for card in (locked, free):
            deliver(captured("authorization", operation_id=card.api_id, data={"card_id": card.api_id}), sent(2))
        written = set(Authorization.objects.values_list("card", flat=True))
    finally:
        other.rollback()
        other.close()

    afterwards.write_kept()

    assert written == {free.pk}
    assert set(Authorization.objects.values_list("card", flat=True)) == {free.pk, locked.pk}
