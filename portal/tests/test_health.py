from collections.abc import Iterable
from datetime import timedelta
from unittest import mock

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from portal.heartbeats import pulse
from portal.models import BEAT, QUEUES, Heartbeat, messages_in, worker_of
from portal.tasks import message_came

pytestmark = pytest.mark.django_db

WORKERS = [worker_of(queue) for queue in QUEUES]
MESSAGES = [messages_in(queue) for queue in QUEUES]


def all_at_work(*, but: Iterable[str] = (), since: timedelta = timedelta(minutes=30)) -> None:
    for name in [BEAT, *WORKERS, *MESSAGES]:
        Heartbeat.beat(name, at=timezone.now() - (since if name in but else timedelta()))


def test_the_process_answers_without_the_database(client: Client) -> None:
    with mock.patch("django.db.backends.base.base.BaseDatabaseWrapper.cursor", side_effect=DatabaseError):
        assert client.get("/healthz").status_code == 200


def test_ready_when_beat_and_workers_run_and_messages_come_through_each_queue(client: Client) -> None:
    pulse(BEAT, *WORKERS)
    for queue in QUEUES:
        message_came(queue=queue)

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "beat": "ok", "worker": "ok", "broker": "ok"}


@pytest.mark.parametrize(
    ("silent", "part"),
    [([BEAT], "beat"), (WORKERS[:1], "worker"), (MESSAGES, "broker"), (MESSAGES[2:], "broker")],
)
def test_what_is_silent_is_told_apart_and_since_when(client: Client, silent: list[str], part: str) -> None:
    all_at_work(but=silent)

    answer = client.get("/readyz")

    said = answer.json()
    since = timezone.now() - timedelta(minutes=30)
    assert answer.status_code == 503
    assert f"silent since {since:%Y-%m-%dT%H:}" in said.pop(part)
    assert set(said.values()) == {"ok"}


def test_a_worker_that_serves_some_queues_only_is_not_enough(client: Client) -> None:
    all_at_work()
    Heartbeat.objects.get(name=worker_of("documents")).delete()

    assert client.get("/readyz").json()["worker"] == "worker for documents silent"


def test_a_document_that_takes_long_to_read_makes_nobody_silent(client: Client) -> None:
    all_at_work(but=[messages_in("documents")], since=timedelta(minutes=5))

    assert client.get("/readyz").status_code == 200


def test_not_ready_while_nothing_has_ever_run(client: Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["broker"] == "broker silent"


def test_not_ready_while_the_database_is_away(client: Client) -> None:
    with mock.patch("portal.health._database_answers", return_value=False):
        answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"database": "silent"}


@pytest.mark.parametrize("host", ["10.2.3.4", "unheard.of"])
def test_health_is_answered_whatever_name_it_was_asked_by(client: Client, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200
    assert client.get("/accounts/login/", headers={"host": host}).status_code == 400
