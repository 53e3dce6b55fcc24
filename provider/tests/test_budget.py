import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from django.db import connection
from django.utils import timezone
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from provider import budget, circuit
from provider.models import Circuit, Turn
from sandbox.testing import free_port

pytestmark = pytest.mark.django_db


def take(number: int = 1, *, background: bool = False) -> int:
    """Take turns as so many threads would, and return how many there were."""
    taken = 0
    for _ in range(number):
        taken += budget._goes(circuit.look(), background=background)
        budget._mine.turn = None
    return taken


def test_fewer_calls_are_let_through_at_once_than_the_provider_takes_in_a_second() -> None:
    assert take(30) == budget.TURNS < 15


def test_background_work_leaves_turns_to_people() -> None:
    assert take(30, background=True) == budget.TURNS - budget.KEPT_FOR_PEOPLE
    assert take(30) == budget.KEPT_FOR_PEOPLE


def test_background_work_waits_while_a_person_does() -> None:
    take(30)
    with pytest.raises(budget.BudgetSpent):
        budget.take(patience=0.01)
    Turn.objects.update(free_at=timezone.now())

    assert take(background=True) == 0
    assert take() == 1


@pytest.mark.parametrize(("queue", "is_let_through"), [("people", True), ("background", False)])
def test_a_look_that_a_person_asked_for_counts_as_theirs(
    queue: str, is_let_through: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(30, background=True)
    task = SimpleNamespace(request=SimpleNamespace(delivery_info={"routing_key": queue}))
    monkeypatch.setattr(budget, "current_task", task)

    with nullcontext() if is_let_through else pytest.raises(budget.BudgetSpent):
        budget.take(background=True, patience=0)


def test_a_call_without_an_answer_keeps_its_turn_and_an_answered_one_a_second() -> None:
    budget.take()
    held = Turn.objects.get(taken__len=1).free_at - timezone.now()
    budget.give_back()
    answered = Turn.objects.get(taken__len=1).free_at - timezone.now()

    assert held > timedelta(seconds=budget.HOLD - 1)
    assert timedelta(0) < answered <= timedelta(seconds=budget.WINDOW)


def test_an_answer_that_comes_too_late_does_not_free_the_turn_of_another_call() -> None:
    budget.take()
    mine = budget._mine.turn
    Turn.objects.filter(taken__len=1).update(free_at=timezone.now(), taken=[timezone.now()])

    mine()

    assert Turn.objects.get(taken__len=1).free_at <= timezone.now()
    take(30)
    mine()
    assert min(Turn.objects.values_list("free_at", flat=True)) > timezone.now() + timedelta(seconds=budget.HOLD - 1)


def test_turns_taken_before_the_clock_was_put_back_are_free() -> None:
    take(30)
    Turn.objects.update(free_at=timezone.now() + timedelta(hours=1))

    assert take() == 1


def test_who_has_no_patience_is_told() -> None:
    take(30)

    with pytest.raises(budget.BudgetSpent):
        budget.take(background=True, patience=0)


def test_the_dashboard_is_told_what_is_used() -> None:
    take(3)
    Turn.objects.filter(taken__len=0).update(taken=[timezone.now() - timedelta(seconds=30)])

    used = budget.usage(circuit.look())

    assert (used.last_second, used.last_minute, used.counted_in) == (3, budget.TURNS, "PostgreSQL")


@pytest.mark.django_db(transaction=True)
def test_processes_share_one_budget() -> None:
    taken: list[int] = []

    def process() -> None:
        try:
            taken.append(take(5))
        finally:
            connection.close()

    threads = [threading.Thread(target=process) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1 <= sum(taken) <= budget.TURNS
    assert Turn.objects.count() == budget.TURNS


# --- Counted by Redis


@pytest.fixture
def redis_server(settings: Any) -> Iterator["subprocess.Popen[bytes]"]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    port = free_port()
    server = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"],
        stdout=subprocess.DEVNULL,
    )
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"
    with redis.Redis(port=port, retry=Retry(ConstantBackoff(0.05), 200)) as client:
        client.ping()
    yield server
    server.send_signal(signal.SIGCONT)
    server.kill()
    server.wait()


@pytest.mark.processes
def test_redis_lets_as_many_through_as_postgresql(redis_server: object) -> None:
    assert take(30, background=True) == budget.TURNS - budget.KEPT_FOR_PEOPLE
    assert take(30) == budget.KEPT_FOR_PEOPLE
    used = budget.usage(circuit.look())
    assert (used.last_minute, used.counted_in) == (budget.TURNS, "Redis")
    assert not Turn.objects.exists()


@pytest.mark.processes
def test_a_turn_given_back_to_redis_is_free_a_second_later(redis_server: object, settings: Any) -> None:
    budget.take()
    budget.give_back()

    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as client:
        (_, free_at), *others = client.zrange(client.keys("calls:*:turns")[0], 0, -1, withscores=True)
        seconds, micros = client.time()
    assert not others
    assert 0 < free_at - (seconds * 1000 + micros / 1000) <= budget.WINDOW * 1000


@pytest.mark.processes
def test_a_frozen_redis_hands_over_to_postgresql_for_everyone_and_lets_nothing_through_twice(
    redis_server: "subprocess.Popen[bytes]", caplog: pytest.LogCaptureFixture
) -> None:
    take(5)
    redis_server.send_signal(signal.SIGSTOP)

    assert take() == 0
    assert take() == 0, "what Redis let through may still be on its way"
    Turn.objects.update(free_at=timezone.now())
    assert take(30) == budget.TURNS
    assert caplog.text.count("Redis does not count calls") == 1

    redis_server.send_signal(signal.SIGCONT)
    Circuit.objects.update(counted_here_until=timezone.now())
    assert take() == 0, "what PostgreSQL let through may still be on its way"
    Circuit.objects.update(counted_here_until=timezone.now() - timedelta(seconds=budget.CHANGE_OVER))
    assert take(30) > 0
