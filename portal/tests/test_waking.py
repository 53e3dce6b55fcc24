import threading
from typing import Any

import pytest
from django.db import transaction

from portal.testing import eventually
from provider import waking
from provider.waking import MOST_WAITING, Message, Postman, wake

TASK = "provider.tasks.carry_out"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr("celery.app.base.Celery.send_task", lambda _self, name, **how: messages.append(how))
    return messages


@pytest.mark.django_db(transaction=True)
def test_a_message_leaves_after_the_commit_for_the_queue_of_people(sent: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        wake(TASK, call_id="1")
        assert sent == []

    assert [(how["kwargs"], how["queue"]) for how in sent] == [({"call_id": "1"}, "people")]


@pytest.mark.django_db(transaction=True)
def test_nothing_leaves_for_what_was_rolled_back(sent: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        wake(TASK, call_id="1")
        transaction.set_rollback(True)

    assert sent == []


def test_whoever_wakes_a_worker_waits_for_no_broker_and_the_memory_does_not_fill(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    carried, thaws = [], threading.Event()

    def stuck(message: Message) -> None:
        thaws.wait(30)
        carried.append(message)

    monkeypatch.setattr(waking, "carry", stuck)
    postman = Postman()

    for number in range(MOST_WAITING * 2):
        postman.take(Message(TASK, {"call_id": str(number)}, "people"))
    thaws.set()

    eventually(lambda: len(carried) >= MOST_WAITING)
    assert len(carried) <= MOST_WAITING + 1
    assert "The next sweep makes up for it" in caplog.text


def test_what_a_sweep_has_found_by_now_is_not_carried(monkeypatch: pytest.MonkeyPatch) -> None:
    carried: list[Message] = []
    monkeypatch.setattr(waking, "carry", carried.append)
    postman = Postman()

    postman.take(Message(TASK, {"call_id": "old"}, "people", at=-1e9))
    postman.take(Message(TASK, {"call_id": "new"}, "people"))

    eventually(lambda: carried)
    assert [message.kwargs["call_id"] for message in carried] == ["new"]


def test_a_broker_that_refuses_ends_nothing_and_is_on_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("no route to the broker")

    monkeypatch.setattr("celery.app.base.Celery.send_task", refuse)

    waking.carry(Message(TASK, {"call_id": "1"}, "people"))

    assert "no route to the broker" in caplog.text
