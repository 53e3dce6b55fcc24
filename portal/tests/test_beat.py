import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, connection
from django.utils import timezone

from cards import tasks as card_tasks
from cards.tests.making import make_card
from customers import tasks as customer_tasks
from customers.tests.making import make_customer, make_request
from portal import beat
from portal.beat import Scheduler
from portal.celery import app
from portal.models import Heartbeat, Sending

SCHEDULE = {
    "often": {"task": "often", "schedule": 1.0, "options": {"expires": 10.0}},
    "rarely": {"task": "rarely", "schedule": 3600.0, "options": {"expires": 3600.0}},
}

AT_ONCE = 8


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(beat, "monotonic", clock)
    return clock


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr("celery.app.base.Celery.send_task", lambda _self, name, **_: names.append(name))
    return names


@pytest.fixture
def start(clock: Clock) -> Callable[[], Scheduler]:
    def beat_with_two_lines() -> Scheduler:
        scheduler = Scheduler(app=app, lazy=True)
        scheduler.update_from_dict(SCHEDULE)
        return scheduler

    return beat_with_two_lines


def test_two_beats_share_what_happens_rarely(
    start: Callable[[], Scheduler], sent: list[str], clock: Clock, db: None
) -> None:
    one, other = start(), start()

    for beat_ in (one, other):
        assert beat_.tick() == 1.0
    clock.now += 1
    for beat_ in (one, other):
        beat_.tick()

    assert sent.count("often") == 4
    assert sent.count("rarely") == 1


def test_what_was_done_lately_is_not_done_again_because_beat_was_restarted(
    start: Callable[[], Scheduler], sent: list[str], db: None
) -> None:
    start().tick()
    start().tick()

    assert sent.count("rarely") == 1


def test_a_turn_comes_round_and_a_clock_that_was_set_back_holds_nothing_up(db: None) -> None:
    assert Sending.claim("x", every=3600)
    assert not Sending.claim("x", every=3600)
    for away in (timedelta(hours=-1), timedelta(days=3)):
        Sending.objects.update(at=timezone.now() + away)

        assert Sending.claim("x", every=3600)


def test_a_broker_that_takes_nothing_does_not_stop_beat(
    start: Callable[[], Scheduler], clock: Clock, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    def refuse(_self: Any, name: str, **_: Any) -> None:
        tried.append(name)
        raise OSError("no route to the broker")

    tried: list[str] = []
    monkeypatch.setattr("celery.app.base.Celery.send_task", refuse)
    scheduler = start()
    scheduler.tick()
    clock.now += 1
    scheduler.tick()

    assert tried.count("often") == 2
    assert Heartbeat.objects.filter(name="beat").exists()


def test_a_database_that_is_away_does_not_stop_beat(
    start: Callable[[], Scheduler], sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise Error("the database is away")

    monkeypatch.setattr(Sending, "claim", away)
    monkeypatch.setattr(Heartbeat, "beat", away)
    monkeypatch.setattr(connection, "close", lambda: None)

    assert start().tick() == 1.0
    assert sent == ["often"]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_claim_a_turn_at_once_one_gets_it() -> None:
    assert at_once(lambda: Sending.claim("x", every=60)).count(True) == 1


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_hand_out_each_request_and_each_card_once(monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[str] = []
    monkeypatch.setattr(
        customer_tasks.sync_request, "apply_async", lambda *, kwargs, **_: handed.extend(kwargs.values())
    )
    monkeypatch.setattr(card_tasks.poll_card, "apply_async", lambda *, kwargs, **_: handed.extend(kwargs.values()))
    now = timezone.now()
    due: list[Any] = [make_request(make_customer(api_id=f"client-{number}"), next_sync_at=now) for number in range(12)]
    due += [make_card(next_poll_at=now) for _ in range(12)]

    at_once(customer_tasks.sync_due_requests)
    at_once(card_tasks.poll_due_cards)

    assert sorted(handed) == sorted(str(each.pk) for each in due)


@pytest.mark.django_db(transaction=True)
def test_clicks_at_once_have_a_request_followed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    followed: list[str] = []
    monkeypatch.setattr(customer_tasks, "sync_request", lambda *, request_id: followed.append(request_id))
    request = make_request(make_customer(), next_sync_at=timezone.now())

    at_once(lambda: customer_tasks.sync_request_now(request_id=str(request.pk)))

    assert followed == [str(request.pk)]


def at_once(act: Callable[[], Any]) -> list[Any]:
    """Have several threads do it in the same moment, each on a connection of its own."""
    together = threading.Barrier(AT_ONCE)

    def alone(_: int) -> Any:
        try:
            together.wait(10)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(alone, range(AT_ONCE)))
