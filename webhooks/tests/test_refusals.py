import io
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client, RequestFactory
from django.utils import timezone

from webhooks import refusals, views
from webhooks.bodies import LARGEST_BODY
from webhooks.models import Refusal, WebhookEvent
from webhooks.refusals import Tally
from webhooks.tests.making import INTAKE, KEY, captured, deliver

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 4, 15, 12, 0, tzinfo=UTC)
WRONG = {"X-Webhook-Key": "wrong-webhook-key"}


@pytest.fixture
def let_time_pass(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function after which the next write is due."""
    return lambda: monkeypatch.setattr(tally, "_next_write", 0.0)


def eventually(check: Callable[[], bool]) -> None:
    pause, give_up_at = threading.Event(), monotonic() + 20
    while not check():
        assert monotonic() < give_up_at, "waited in vain"
        pause.wait(0.02)


def counted(kind: str) -> int:
    return sum(Refusal.objects.filter(kind=kind).values_list("count", flat=True))


def test_a_wrong_key_leaves_a_count_and_nothing_else() -> None:
    deliver(captured("authorized"), WRONG)

    refusal = Refusal.objects.get()
    assert (refusal.kind, refusal.count) == ("KEY", 1)
    assert (refusal.hour.minute, refusal.hour.second) == (0, 0)
    assert WebhookEvent.objects.count() == 0


def test_a_flood_of_wrong_keys_is_one_write_and_one_line(
    let_time_pass: Any, caplog: pytest.LogCaptureFixture, django_assert_num_queries: Any
) -> None:
    deliver(captured("authorized"), WRONG)
    caplog.clear()

    with django_assert_num_queries(0):
        for _ in range(50):
            deliver(captured("authorized"), WRONG)
    let_time_pass()
    with django_assert_num_queries(1):
        deliver(captured("authorized"), WRONG)

    assert counted("KEY") == 52
    assert caplog.messages == ["Turned away 51 requests to the webhook address: the key was missing or wrong"]


def test_no_line_quotes_what_was_sent(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        deliver(captured("authorized"), WRONG)

    assert "wrong-webhook-key" not in caplog.text
    assert "crd_123" not in caplog.text


def test_the_rest_of_a_flood_is_written_with_the_next_delivery(let_time_pass: Any) -> None:
    for _ in range(3):
        deliver(captured("authorized"), WRONG)
    let_time_pass()

    deliver(captured("ramp_on_unknown"))

    assert counted("KEY") == 3


def test_a_wrong_key_is_refused_while_the_database_is_away_and_counted_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch, let_time_pass: Any
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "ensure_connection", away)
        assert deliver(captured("authorized"), WRONG).status_code == 401
        assert deliver(captured("authorized")).status_code == 503
    let_time_pass()
    deliver(captured("ramp_on_unknown"))

    assert (counted("KEY"), counted("AWAY")) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_the_rest_of_a_flood_is_written_though_nothing_comes_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "BETWEEN_WRITES", 0.2)
    tally = Tally()
    for _ in range(3):
        tally.add("KEY", at=NOON)
        tally.write_if_due()

    eventually(lambda: counted("KEY") == 3)


def test_hours_are_counted_apart() -> None:
    tally = Tally()
    for minutes in (0, 59, 60):
        tally.add("KEY", at=NOON + timedelta(minutes=minutes))

    tally.write_if_due()

    assert list(Refusal.objects.order_by("hour").values_list("hour", "count")) == [
        (NOON, 2),
        (NOON + timedelta(hours=1), 1),
    ]


def test_processes_add_to_the_same_hour() -> None:
    for _ in range(2):
        one_process = Tally()
        one_process.add("KEY", at=NOON, times=5)
        one_process.write_if_due()

    assert Refusal.objects.get().count == 10


def test_threads_lose_no_count() -> None:
    tally = Tally()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: tally.add("KEY", at=NOON), range(400)))

    tally.write_if_due()

    assert Refusal.objects.get().count == 400


class Untouchable(io.BytesIO):
    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")


class Endless(io.RawIOBase):
    """A body without an end that counts what was taken of it."""

    taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "the body was read without a bound"
        self.taken += size
        return b"x" * size


def post(body: Any, **environ: Any) -> Any:
    request = RequestFactory().post(INTAKE, b"", content_type="application/json", headers={"X-Webhook-Key": KEY})
    request.META.update({"wsgi.input": body, "wsgi.input_terminated": True, **environ})
    return views.intake(request)


def test_a_body_that_announces_too_much_is_refused_unread() -> None:
    answer = post(Untouchable(), CONTENT_LENGTH=str(LARGEST_BODY + 1))

    assert answer.status_code == 413
    assert counted("SIZE") == 1


def test_a_body_without_an_end_is_read_to_the_limit_and_no_further() -> None:
    body = Endless()

    answer = post(body, CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked")

    assert answer.status_code == 413
    assert body.taken <= LARGEST_BODY + 1
    assert WebhookEvent.objects.count() == 0


def test_a_delivery_in_chunks_is_taken_like_any_other() -> None:
    raw = b'{"product":"cards","event_type":"x","operation_id":"1","status":"success","data":{}}'

    answer = post(io.BytesIO(raw), CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked")

    assert answer.status_code == 200
    assert WebhookEvent.objects.get().event_type == "x"


def test_a_body_that_breaks_off_is_answered_400() -> None:
    class BreaksOff(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise ConnectionResetError

    answer = post(BreaksOff(), CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked")

    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_another_method_is_refused_whatever_the_key(client: Client, method: str) -> None:
    answer = getattr(client, method)(INTAKE)

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert Refusal.objects.count() == 0


def test_the_count_of_an_hour_has_one_row() -> None:
    Refusal.objects.create(hour=NOON, kind="KEY", count=1, last_at=NOON)

    with pytest.raises(IntegrityError, match="one_count_per_hour_and_kind"), transaction.atomic():
        Refusal.objects.create(hour=NOON, kind="KEY", count=1, last_at=NOON)


def test_a_refusal_is_of_a_kind_we_know() -> None:
    with pytest.raises(IntegrityError, match="refusal_kind_is_known"), transaction.atomic():
        Refusal.objects.create(hour=NOON, kind="MOOD", count=1, last_at=timezone.now())
