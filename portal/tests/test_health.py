from datetime import timedelta
from unittest import mock

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from portal.models import Heartbeat
from portal.tasks import beat_seen

pytestmark = pytest.mark.django_db


def test_the_process_answers_without_the_database(client: Client) -> None:
    with mock.patch("django.db.backends.base.base.BaseDatabaseWrapper.cursor", side_effect=DatabaseError):
        assert client.get("/healthz").status_code == 200


def test_ready_when_the_worker_has_lately_run_what_beat_sent(client: Client) -> None:
    beat_seen()

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "worker": "ok"}


@pytest.mark.parametrize("minutes", [None, 5])
def test_not_ready_while_the_worker_is_silent(client: Client, minutes: int | None) -> None:
    if minutes:
        Heartbeat.beat("worker", at=timezone.now() - timedelta(minutes=minutes))

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["worker"] == "silent"


def test_not_ready_while_the_database_is_away(client: Client) -> None:
    with mock.patch("portal.health._database_answers", return_value=False):
        answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"database": "silent", "worker": "silent"}


@pytest.mark.parametrize("host", ["10.2.3.4", "unheard.of"])
def test_health_is_answered_whatever_name_it_was_asked_by(client: Client, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200
    assert client.get("/accounts/login/", headers={"host": host}).status_code == 400
