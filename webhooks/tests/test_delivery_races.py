"""What only shows on committed rows: deliveries side by side, rows in use, and a broker that must not be touched."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from celery import Celery
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from kombu import Connection, Producer

from cards.models import Authorization, Card, Transaction, TransactionEvent
from cards.tests.making import make_card
from customers.tests.making import make_customer, make_request
from webhooks import actions
from webhooks.models import Outcome, WebhookEvent
from webhooks.tests.making import CAPTURED, captured, deliver, make_event

pytestmark = pytest.mark.django_db(transaction=True)


def side_by_side(times: int, act: Callable[[int], Any]) -> list[Any]:
    """Run `act` in so many threads that start at the same moment."""
    gate = threading.Barrier(times)

    def run(number: int) -> Any:
        try:
            gate.wait(timeout=10)
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_five_copies_at_once_charge_once() -> None:
    make_card(api_id="crd_123")

    answers = side_by_side(5, lambda _: deliver(captured("authorized")))

    assert {answer.status_code for answer in answers} == {200}
    assert WebhookEvent.objects.get().outcome == Outcome.HANDLED
    assert TransactionEvent.objects.count() == Transaction.objects.count() == 1


def test_five_copies_of_an_authorization_get_one_answer() -> None:
    make_card(api_id="crd_123")

    answers = side_by_side(5, lambda _: deliver(captured("authorization")).json()["response_code"])

    assert answers == ["00"] * 5
    assert Authorization.objects.count() == WebhookEvent.objects.count() == 1


def test_five_purchases_at_once_on_one_card_are_all_recorded() -> None:
    make_card(api_id="crd_123")

    side_by_side(5, lambda number: deliver(captured("authorized", operation_id=f"op_{number}")))
    actions.process_due(now=timezone.now() + actions.LONGEST_WAIT, limit=10)

    assert TransactionEvent.objects.count() == 5
    assert set(WebhookEvent.objects.values_list("outcome", flat=True)) == {Outcome.HANDLED}


def test_sweeps_side_by_side_share_what_is_due() -> None:
    make_card(api_id="crd_123")
    for number in range(12):
        make_event(
            operation_id=f"op_{number}", outcome="RECEIVED", next_attempt_at=timezone.now(), card_api_id="crd_123"
        )

    handled = side_by_side(4, lambda _: actions.process_due(now=timezone.now(), limit=12))

    assert sum(handled) == 12
    assert set(WebhookEvent.objects.values_list("attempts", flat=True)) == {2}


def test_a_sweep_passes_by_what_another_one_is_at() -> None:
    for number in range(3):
        make_event(operation_id=f"op_{number}", outcome="RECEIVED", next_attempt_at=timezone.now())
    with transaction.atomic():
        with connection.cursor() as cursor:  # so that a sweep that waits for us fails the test and does not hang it
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '5s'")
        WebhookEvent.objects.select_for_update().get(operation_id="op_0")
        (handled,) = side_by_side(1, lambda _: actions.process_due(now=timezone.now(), limit=9))

    assert handled == 2
    assert WebhookEvent.objects.get(operation_id="op_0").attempts == 1


def test_a_card_in_use_costs_the_provider_no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "LOCK_TIMEOUT", "50ms")
    card = make_card(api_id="crd_123")
    with transaction.atomic():
        with connection.cursor() as cursor:  # so that a delivery that waits for us fails the test and does not hang it
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '5s'")
        Card.objects.select_for_update().get(pk=card.pk)
        (answer,) = side_by_side(1, lambda _: deliver(captured("authorized")))

    event = WebhookEvent.objects.get()
    assert answer.json() == {"response_code": "OK"}
    assert (event.outcome, event.error) == (Outcome.FAILED, "Handling failed: OperationalError")

    actions.process_due(now=timezone.now() + actions.LONGEST_WAIT, limit=1)
    assert TransactionEvent.objects.count() == 1


@pytest.mark.parametrize("name", CAPTURED)
def test_no_delivery_touches_the_broker(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[str] = []
    for owner, method in ((Celery, "send_task"), (Connection, "connect"), (Producer, "publish")):
        monkeypatch.setattr(owner, method, lambda *_, method=method, **__: reached.append(method))
    ours = make_customer(api_id="cli_abc123", status="ACTIVE")
    make_request(ours, status="IN_KYC")
    for api_id in ("crd_123", "icrd_123", "c1f5a9e0-3d12-4a78-8d9b-0a6e8c4e2b11"):
        make_card(api_id=api_id, customer=ours, deposit_addresses=[{"key": "0xabc...", "address": "0xabc..."}])

    assert deliver(captured(name)).status_code == 200

    event = WebhookEvent.objects.get()
    assert event.outcome in (Outcome.HANDLED, Outcome.IGNORED)
    assert reached == []


def test_a_connection_lost_in_the_middle_leaves_the_delivery_to_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    make_card(api_id="crd_123")

    def cut_off(_event: WebhookEvent) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patch:
        patch.setattr(actions, "record_at_once", lambda *_, **__: False)
        patch.setattr(actions, "handle", cut_off)
        (answer,) = side_by_side(1, lambda _: deliver(captured("authorized")))

    event = WebhookEvent.objects.get()
    assert answer.json() == {"response_code": "OK"}
    assert (event.outcome, event.error) == (Outcome.FAILED, "Handling failed: OperationalError")
    assert TransactionEvent.objects.count() == 0

    actions.process_due(now=timezone.now() + actions.LONGEST_WAIT, limit=1)
    assert TransactionEvent.objects.count() == 1


def test_a_failure_that_cannot_be_stored_either_makes_the_provider_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    make_card(api_id="crd_123")

    def goes_away(_event: WebhookEvent) -> None:
        monkeypatch.setattr(actions, "insert_if_new", goes_away)
        raise OperationalError

    monkeypatch.setattr(actions, "record_at_once", lambda *_, **__: False)
    monkeypatch.setattr(actions, "handle", goes_away)
    (answer,) = side_by_side(1, lambda _: deliver(captured("authorized")))

    assert answer.status_code == 503
    assert WebhookEvent.objects.count() == 0


def test_a_database_lost_between_commit_and_answer_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    make_card(api_id="crd_123")
    intact = actions.receive

    def committed_then_cut_off(*args: Any) -> None:
        intact(*args)
        with connection.cursor() as cursor, suppress(OperationalError):
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patch:
        patch.setattr(actions, "receive", committed_then_cut_off)
        (first,) = side_by_side(1, lambda _: deliver(captured("authorized")))
    (again,) = side_by_side(1, lambda _: deliver(captured("authorized")))

    assert (first.status_code, again.status_code) == (200, 200)
    assert TransactionEvent.objects.count() == WebhookEvent.objects.count() == 1
    assert WebhookEvent.objects.get().outcome == Outcome.HANDLED
