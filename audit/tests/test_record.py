import base64
import os
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from audit.actions import acting_as, record
from audit.kinds import Kind, Source
from audit.models import Change, Event
from audit.tests.conftest import Record

pytestmark = pytest.mark.django_db


def test_an_event_says_who_what_when_and_about_whom(recorded: Record, officer: User) -> None:
    customer_id = uuid4()

    event = recorded(kind=Kind.CUSTOMER_UPDATED, by=officer, customer_id=customer_id, subject=officer, note="by phone")

    event.refresh_from_db()
    assert (event.actor_id, event.actor_name, event.label) == (officer.pk, "officer", "changed the customer's data")
    assert (event.object_type, event.object_id, event.customer_id) == ("auth.user", str(officer.pk), customer_id)
    assert timedelta(0) <= timezone.now() - event.at < timedelta(minutes=1)
    assert event.note == "by phone"


def test_before_and_after_show_only_what_differs(recorded: Record) -> None:
    event = recorded(
        before={"city": "Del Viso", "state": "ARG-B"},
        after={"city": "Pilar", "state": "ARG-B", "born": date(1984, 11, 21), "limit": Decimal("10.50")},
    )

    assert Event.objects.get(pk=event.pk).changes == [
        Change("city", "Del Viso", "Pilar"),
        Change("born", None, "1984-11-21"),
        Change("limit", None, "10.50"),
    ]


def test_a_change_inside_a_field_is_named_by_its_path(recorded: Record) -> None:
    event = recorded(
        before={"phone": {"code": 54, "number": "1"}, "answers": {}},
        after={"phone": {"code": 54, "number": "2"}, "answers": {"hobby": ["chess"]}},
    )

    assert [(change.field, change.was, change.became) for change in event.changes] == [
        ("phone.number", "1", "2"),
        ("answers.hobby", "", '["chess"]'),
    ]


def test_what_was_recorded_does_not_stand_in_clear_in_the_database(recorded: Record) -> None:
    recorded(before={"city": "Del Viso"}, after={"city": "Pilar"}, note="Maria called")

    with connection.cursor() as cursor:
        cursor.execute("SELECT detail, audit_event::text FROM audit_event")
        ((detail, row),) = cursor.fetchall()

    for secret in ("Del Viso", "Pilar", "Maria called"):
        assert secret.encode() not in bytes(detail)
        assert secret not in row


def test_an_event_with_nothing_to_say_has_no_detail(recorded: Record) -> None:
    event = recorded(kind=Kind.RECORD_VIEWED)

    assert Event.objects.filter(detail__isnull=True).get() == event
    assert (event.changes, event.note) == ([], "")


def test_events_are_numbered_in_the_order_they_were_written(recorded: Record) -> None:
    first, second = recorded(), recorded()

    assert first.seq < second.seq
    assert list(Event.objects.latest_first()) == [second, first]


def test_the_record_goes_with_the_change_that_is_rolled_back() -> None:
    @transaction.atomic
    def change_that_fails() -> None:
        record(kind=Kind.CUSTOMER_UPDATED, by=None)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        change_that_fails()

    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_recording_outside_a_transaction_is_refused() -> None:
    with pytest.raises(TransactionManagementError, match="inside the transaction"):
        record(kind=Kind.CUSTOMER_UPDATED, by=None)

    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "key",
    [
        "pan",
        "cvc",
        "pin",
        "PIN",
        "card_pin",
        "api_key",
        "apiKey",
        "x-api-key",
        "webhook_key",
        "image",
        "front_image",
        "imageFront",
    ],
)
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_secret_or_an_image_is_never_recorded(recorded: Record, side: str, key: str) -> None:
    with pytest.raises(ValueError, match="never recorded") as refusal, transaction.atomic():
        recorded(**{side: {"list": [{key: "4242424242424242"}]}})

    assert "4242424242424242" not in str(refusal.value)
    assert not Event.objects.exists()


@pytest.mark.parametrize("key", ["company", "occupation", "pinned", "spanish_name", "imagination", "shipping", "key"])
def test_words_that_only_resemble_a_secret_are_recorded(recorded: Record, key: str) -> None:
    assert recorded(after={key: "x"}).changes == [Change(key, None, "x")]


# --- Where from


def test_what_no_request_asked_for_came_from_a_command(recorded: Record) -> None:
    event = recorded()

    assert (event.source, event.ip, event.request_id) == (Source.COMMAND, None, "")


def test_a_worker_marks_what_it_does_and_only_that(recorded: Record) -> None:
    with acting_as(source="worker", request_id="task-1"):
        inside = recorded()
    outside = recorded()

    assert (inside.source, inside.request_id) == (Source.WORKER, "task-1")
    assert (outside.source, outside.request_id) == (Source.COMMAND, "")


def test_the_mark_ends_with_an_error_too(recorded: Record) -> None:
    with pytest.raises(RuntimeError), acting_as(source="worker"):
        raise RuntimeError

    assert recorded().source == Source.COMMAND


def test_a_webhook_keeps_the_address_of_its_request(recorded: Record) -> None:
    with acting_as(source="web", ip="203.0.113.7", request_id="abc"), acting_as(source="webhook"):
        event = recorded()

    assert (event.source, event.ip, event.request_id) == (Source.WEBHOOK, "203.0.113.7", "abc")


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(ValueError, match="carrier pigeon"), acting_as(source="carrier pigeon"):
        pass


# --- What PostgreSQL refuses


@transaction.atomic
def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("event_source_known", {"source": "carrier"}),
    ("event_names_its_kind", {"kind": ""}),
    ("event_actor_named", {"actor_id": 1}),
    ("event_actor_named", {"actor_name": "officer"}),
]


@pytest.mark.parametrize(("constraint", "values"), REFUSED)
def test_postgresql_refuses_an_event_that_says_too_little(constraint: str, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Event.objects.create(**{"kind": Kind.RECORD_VIEWED, "source": Source.WEB, **values})


def test_an_event_cannot_be_changed(recorded: Record, officer: User) -> None:
    event = recorded(by=officer, after={"city": "Pilar"})

    for column, value in (("kind", "card.issued"), ("actor_name", "support"), ("at", timezone.now()), ("detail", None)):
        with pytest.raises(IntegrityError, match="append-only: UPDATE"), transaction.atomic():
            Event.objects.filter(pk=event.pk).update(**{column: value})
    event.detail = {"after": {"city": "Del Viso"}}
    with pytest.raises(IntegrityError, match="append-only: UPDATE"), transaction.atomic():
        event.save()

    assert Event.objects.get(pk=event.pk).changes == [Change("city", None, "Pilar")]


def test_an_event_cannot_be_removed(recorded: Record) -> None:
    event = recorded()

    with pytest.raises(IntegrityError, match="append-only: DELETE"), transaction.atomic():
        event.delete()

    assert Event.objects.filter(pk=event.pk).exists()


def test_the_log_cannot_be_emptied(recorded: Record) -> None:
    recorded()

    with pytest.raises(IntegrityError, match="append-only: TRUNCATE"):
        execute("SET LOCAL audit.allow_truncate = off", "TRUNCATE audit_event")

    assert Event.objects.exists()


def test_rotating_the_data_keys_seals_the_detail_again(settings: Any, tmp_path: Path, recorded: Record) -> None:
    event = recorded(after={"city": "Pilar"})
    settings.VAR_DIR, newest = tmp_path, base64.urlsafe_b64encode(os.urandom(32)).decode()
    settings.DATA_KEYS = [newest, *settings.DATA_KEYS]

    call_command("rotate_data_keys", stdout=StringIO())

    settings.DATA_KEYS = [newest]
    assert Event.objects.get(pk=event.pk).changes == [Change("city", None, "Pilar")]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET kind = 'card.issued'",
        "UPDATE audit_event SET detail = detail, at = at + interval '1 second'",
        "UPDATE audit_event SET detail = NULL WHERE detail IS NOT NULL",
        "UPDATE audit_event SET detail = 'invented' WHERE detail IS NULL",
        "DELETE FROM audit_event",
    ],
)
def test_a_rotation_may_do_nothing_else(recorded: Record, statement: str) -> None:
    recorded(after={"city": "Pilar"})
    recorded()

    with pytest.raises(IntegrityError, match="append-only"):
        execute("SET LOCAL vault.rotating = on", statement)
