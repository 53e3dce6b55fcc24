import json
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection
from django.test import Client

from webhooks import actions
from webhooks.bodies import LARGEST_BODY
from webhooks.models import Outcome, WebhookEvent
from webhooks.tests.making import CAPTURED, INTAKE, KEY, captured, deliver

pytestmark = pytest.mark.django_db

DELIVERY = captured("ramp_on_unknown")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no key"),
        pytest.param({"X-Webhook-Key": ""}, id="empty key"),
        pytest.param({"X-Webhook-Key": "wrong-webhook-key"}, id="wrong key"),
        pytest.param({"X-Webhook-Key": KEY + "x"}, id="longer key"),
        pytest.param({"X-Webhook-Key": "clé-☃-\xff"}, id="key that is not ASCII"),
    ],
)
def test_without_our_key_nothing_is_stored(headers: dict[str, str]) -> None:
    answer = Client().post(INTAKE, json.dumps(DELIVERY), content_type="application/json", headers=headers)

    assert answer.status_code == 401
    assert WebhookEvent.objects.count() == 0


def test_an_unset_key_lets_nobody_in(settings: Any) -> None:
    settings.CRYPTOMATE_WEBHOOK_KEY = settings.CRYPTOMATE_WEBHOOK_KEY_PREVIOUS = ""

    assert deliver(DELIVERY, {"X-Webhook-Key": ""}).status_code == 401


def test_the_previous_key_opens_during_a_rotation(settings: Any) -> None:
    settings.CRYPTOMATE_WEBHOOK_KEY_PREVIOUS = KEY
    settings.CRYPTOMATE_WEBHOOK_KEY = "the-next-webhook-key"

    assert deliver(DELIVERY).status_code == 200
    assert deliver(DELIVERY, {"X-Webhook-Key": "the-next-webhook-key"}).status_code == 200


def test_a_key_beyond_ascii_is_compared_as_its_bytes(settings: Any) -> None:
    settings.CRYPTOMATE_WEBHOOK_KEY = "schlüssel-zehn"
    as_wsgi_hands_it_over = "schlüssel-zehn".encode().decode("latin-1")

    assert deliver(DELIVERY, {"X-Webhook-Key": as_wsgi_hands_it_over}).status_code == 200


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_only_post_is_answered(client: Client, method: str) -> None:
    answer = getattr(client, method)(INTAKE, headers={"X-Webhook-Key": KEY})

    assert answer.status_code == 405


def test_no_cookie_and_no_csrf_token_are_needed() -> None:
    answer = deliver(DELIVERY, client=Client(enforce_csrf_checks=True))

    assert answer.status_code == 200
    assert not answer.cookies


@pytest.mark.parametrize("name", CAPTURED)
def test_every_captured_delivery_is_answered_200(name: str) -> None:
    answer = deliver(captured(name))

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["response_code"] in ("OK", "05")
    assert WebhookEvent.objects.count() == 1


def test_an_unknown_event_is_stored_and_answered() -> None:
    answer = deliver(DELIVERY)

    event = WebhookEvent.objects.get()
    assert answer.json() == {"response_code": "OK"}
    assert (event.product, event.event_type, event.outcome) == ("treasury", "ramp_on", Outcome.IGNORED)
    assert event.body == DELIVERY


def test_the_providers_marks_are_kept_and_the_key_is_not() -> None:
    deliver(DELIVERY, {"X-Request-Timestamp": "1736944496000", "X-Trace-Id": "4bf92f35"})

    event = WebhookEvent.objects.get()
    assert event.trace_id == "4bf92f35"
    assert event.request_timestamp is not None
    assert event.request_timestamp.isoformat() == "2025-01-15T12:34:56+00:00"
    assert KEY not in str(vars(event)) + json.dumps(event.body)


@pytest.mark.parametrize("timestamp", ["", "soon", "9" * 40, "-1e9", "NaN"])
def test_a_timestamp_that_makes_no_sense_is_left_out(timestamp: str) -> None:
    assert deliver(DELIVERY, {"X-Request-Timestamp": timestamp}).status_code == 200
    assert WebhookEvent.objects.get().request_timestamp is None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe\xfa", "not JSON"),
        (b'{"product": NaN}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'["cards"]', "not a JSON object"),
        (b'"cards"', "not a JSON object"),
        (b"{}", "product"),
        *((json.dumps({k: v for k, v in DELIVERY.items() if k != field}).encode(), field) for field in DELIVERY),
        *((json.dumps({**DELIVERY, field: {}}).encode(), field) for field in ("product", "event_type", "status")),
        (json.dumps({**DELIVERY, "operation_id": "x" * 201}).encode(), "operation_id"),
        (json.dumps({**DELIVERY, "data": []}).encode(), "data"),
        (json.dumps({**DELIVERY, "data": {"a": json.loads("[" * 60 + "]" * 60)}}).encode(), "deeply"),
    ],
)
def test_what_cannot_be_read_is_refused_and_kept_for_a_person(raw: bytes, reason: str) -> None:
    answer = deliver(raw)

    event = WebhookEvent.objects.get()
    assert answer.status_code == 400
    assert reason in answer.json()["error"]
    assert (event.outcome, event.next_attempt_at) == (Outcome.REJECTED, None)
    assert reason in event.outcome_note


def test_only_the_beginning_of_an_unreadable_body_is_kept() -> None:
    deliver(b"x" * 50_000)

    assert len(WebhookEvent.objects.get().body["unreadable"]) == actions.KEPT_OF_UNREADABLE


def test_an_unreadable_body_sent_again_is_kept_once() -> None:
    deliver(b"{")
    deliver(b"{")

    assert WebhookEvent.objects.count() == 1


def test_a_body_over_256_kib_is_refused_and_not_stored() -> None:
    answer = deliver({**DELIVERY, "data": {"filler": "x" * LARGEST_BODY}})

    assert answer.status_code == 413
    assert WebhookEvent.objects.count() == 0


def test_a_body_just_below_256_kib_is_stored() -> None:
    filler = "x" * (LARGEST_BODY - len(json.dumps({**DELIVERY, "data": {"filler": ""}})))

    assert deliver({**DELIVERY, "data": {"filler": filler}}).status_code == 200


def test_the_same_delivery_again_is_answered_and_changes_nothing() -> None:
    first = deliver(DELIVERY)
    before = WebhookEvent.objects.values().get()

    second = deliver(DELIVERY)

    assert (first.status_code, second.status_code) == (200, 200)
    assert WebhookEvent.objects.values().get() == before


def test_the_order_of_keys_makes_no_second_delivery() -> None:
    deliver(DELIVERY)
    deliver(json.dumps(dict(reversed(list(DELIVERY.items())))).encode())

    assert WebhookEvent.objects.count() == 1


@pytest.mark.parametrize(
    "change", [{"status": "failed"}, {"operation_id": "ramp_2"}, {"data": {"amount": "10.01"}}, {"product": "cards"}]
)
def test_another_status_operation_or_content_is_another_delivery(change: dict[str, Any]) -> None:
    deliver(DELIVERY)
    deliver(captured("ramp_on_unknown", **change))

    assert WebhookEvent.objects.count() == 2


def test_a_database_that_is_away_makes_the_provider_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "ensure_connection", away)

    answer = deliver(DELIVERY)

    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "error", [KeyError("x"), DataError("out of range"), RecursionError()], ids=lambda e: type(e).__name__
)
def test_what_we_stumble_over_is_kept_for_a_person_and_never_a_500(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def stumbles(*_: Any) -> None:
        raise error

    monkeypatch.setattr(actions, "receive", stumbles)

    answer = deliver(DELIVERY)

    event = WebhookEvent.objects.get()
    assert answer.status_code == 400
    assert (event.outcome, event.outcome_note) == ("REJECTED", f"The portal could not take it: {type(error).__name__}")
    assert "ramp_1" in event.body["unreadable"]


def test_no_secret_reaches_the_log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_event: Any) -> None:
        raise ValueError("the row was (icrd_123, 42.50)")

    monkeypatch.setattr(actions, "record_at_once", lambda *_, **__: False)
    monkeypatch.setattr(actions, "handle", broken)
    deliver(captured("authorized"))
    deliver(b'{"code": "123456"')

    assert "ValueError" in caplog.text
    for secret in (KEY, "crd_123", "icrd_123", "42.50", "123456"):
        assert secret not in caplog.text
