"""What every task and every line of beat's schedule keeps to, read from Celery's own registry."""

import inspect
from typing import Any

import pytest
from celery import Task
from django.conf import settings

from portal.celery import app
from portal.models import QUEUES

APPS = ("portal.", "provider.", "customers.", "cards.", "webhooks.", "desk.", "people.", "audit.", "vault.")


def ours() -> list[Any]:
    app.loader.import_default_modules()
    return [task for name, task in sorted(app.tasks.items()) if name.startswith(APPS)]


each_task = pytest.mark.parametrize("task", ours(), ids=lambda task: str(task.name))
each_line = pytest.mark.parametrize("line", settings.CELERY_BEAT_SCHEDULE.values(), ids=lambda line: str(line["task"]))


@each_task
def test_a_task_takes_one_id_by_name_and_whatever_a_newer_version_sends(task: Any) -> None:
    *named, rest = inspect.signature(task.run).parameters.values()

    assert rest.kind is inspect.Parameter.VAR_KEYWORD
    assert [parameter.kind for parameter in named] in ([], [inspect.Parameter.KEYWORD_ONLY])
    assert all(parameter.annotation is str for parameter in named)


@each_task
def test_a_task_is_acknowledged_when_it_is_done_and_leaves_no_result(task: Any) -> None:
    assert task.acks_late
    assert task.reject_on_worker_lost
    assert task.ignore_result


@each_task
def test_a_task_ends_in_time_and_is_asked_to_first(task: Any) -> None:
    soft = task.soft_time_limit or settings.CELERY_TASK_SOFT_TIME_LIMIT
    hard = task.time_limit or settings.CELERY_TASK_TIME_LIMIT

    assert 0 < soft < hard <= 1000


@each_task
def test_what_is_tried_again_stands_in_the_database_and_not_in_a_message(task: Any) -> None:
    assert not getattr(task, "autoretry_for", ())
    assert "self.retry" not in inspect.getsource(task.run)


@each_task
def test_a_task_has_a_queue_that_a_worker_serves(task: Any) -> None:
    route = app.amqp.router.route({}, task.name)

    assert route["queue"].name in QUEUES


def test_reading_documents_keeps_out_of_the_way() -> None:
    assert app.amqp.router.route({}, "customers.tasks.read_document")["queue"].name == "documents"


def test_the_queues_outlast_a_restart_of_the_broker_and_no_other_is_made_by_mistake() -> None:
    assert tuple(queue.name for queue in settings.CELERY_TASK_QUEUES) == QUEUES
    assert all(queue.durable and queue.exchange.durable for queue in settings.CELERY_TASK_QUEUES)
    with pytest.raises(Exception, match="peeple"):
        app.amqp.router.route({"queue": "peeple"}, "provider.tasks.carry_out")


@each_line
def test_a_line_of_the_schedule_names_a_task_and_drops_what_comes_too_late(line: dict[str, Any]) -> None:
    names = {task.name for task in ours()}

    assert line["task"] in names
    assert line["options"]["expires"] >= 10  # the clocks of two machines may differ


def test_what_a_person_wakes_is_a_task() -> None:
    names = {task.name for task in ours()}

    for name in (
        "provider.tasks.carry_out", "customers.tasks.sync_request_now", "customers.tasks.read_document",
        "cards.tasks.refresh_card", "cards.tasks.poll_card", "cards.tasks.refresh_holding",
    ):  # fmt: skip
        assert name in names
        assert isinstance(app.tasks[name], Task)
