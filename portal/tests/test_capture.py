"""What is written past the actions is on record all the same, once, and without secrets."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse

import manage
from audit.actions import record
from audit.door import come_as_portal, past_the_actions
from audit.kinds import Kind
from audit.models import Event
from audit.sealing import seal_all
from customers.models import Customer, RejectionReason
from customers.tests.making import make_customer
from provider.models import ProviderCall

CAPTURED = {
    "customers_customer", "customers_enablementrequest", "customers_requirementsnapshot", "customers_document",
    "customers_statuschange", "customers_rejectionreason", "customers_qualitythreshold", "customers_discrepancy",
    "customers_note",
    "cards_card", "cards_velocityrule", "provider_providercall", "webhooks_webhookevent",
    "auth_user", "auth_group", "auth_user_groups", "auth_user_user_permissions", "auth_group_permissions",
    "mfa_authenticator", "desk_case", "desk_target", "desk_savedfilter", "people_approval", "people_foureyes",
}  # fmt: skip

Captured = Callable[[], list[Event]]


@pytest.fixture
def captured(db: None) -> Captured:
    """Return the records that the triggers write, as if the transaction ended now."""

    def end_transaction() -> list[Event]:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        return list(Event.objects.filter(kind__startswith="row.").order_by("seq"))

    return end_transaction


@pytest.fixture
def _from_the_shell(db: None) -> Iterator[None]:
    """Write as a process that is none of the portal's."""
    with past_the_actions(User()):
        yield


from_the_shell = pytest.mark.usefixtures("_from_the_shell")


def begin_transaction(*, fires: str = "DEFERRED") -> None:
    """Forget that signing in was recorded, as the transaction of a later page would."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('audit.recorded', '', true)")
        cursor.execute(f"SET CONSTRAINTS ALL {fires}")


def changes(event: Event) -> dict[str, tuple[Any, Any]]:
    return {change.field: (change.before, change.after) for change in event.changes}


@from_the_shell
def test_all_of_two_thousand_changes_are_seen_however_they_are_made(captured: Captured) -> None:
    reasons = RejectionReason.objects.bulk_create(
        RejectionReason(pattern=f"reason {number}", staff_text="x", customer_text="y", remedy="FINAL", position=0)
        for number in range(500)
    )
    for reason in reasons:
        reason.position = 1
    RejectionReason.objects.bulk_update(reasons, ["position"])
    ours = RejectionReason.objects.filter(pk__in=[reason.pk for reason in reasons])
    ours.update(position=F("position") + 1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_rejectionreason SET position = 3 WHERE pattern LIKE 'reason %'")

    events = captured()

    assert len(events) == 2000
    assert [event.kind for event in events[::500]] == ["row.added", "row.changed", "row.changed", "row.changed"]
    assert [changes(event) for event in events[500::500]] == [{"position": (n, n + 1)} for n in range(3)]
    assert {event.object_id for event in events} == {str(reason.pk) for reason in reasons}
    assert {(event.actor_name, event.source, event.object_type) for event in events} == {
        ("", "database", "customers.rejectionreason")
    }
    assert events[0].note == "As postgres of PostgreSQL"


@from_the_shell
def test_a_change_that_changes_nothing_is_none(captured: Captured) -> None:
    make_customer()
    made = captured()

    Customer.objects.update(city=F("city"))

    assert captured() == made


@from_the_shell
def test_a_removed_row_is_on_record_with_what_it_held(captured: Captured) -> None:
    customer = make_customer()
    pk = customer.pk

    customer.delete()

    added, removed = captured()
    assert (added.kind, removed.kind) == ("row.added", "row.removed")
    assert (removed.customer_id, removed.object_id) == (pk, str(pk))
    assert changes(removed)["city"] == ("Del Viso", None)


@from_the_shell
def test_nothing_secret_or_encrypted_is_on_record_but_that_it_changed(captured: Captured) -> None:
    customer = make_customer()
    customer.id_number = "ZZ999"
    customer.save(update_fields=["id_number", "id_number_hash"])
    person = User.objects.create_user("newcomer", password="demo")
    first = person.password
    person.set_password("another")
    person.save(update_fields=["password"])

    events = captured()

    assert changes(events[1]) == dict.fromkeys(["id_number", "id_number_hash"], ("hidden", "hidden, another value"))
    assert changes(events[-1]) == {"password": ("hidden", "hidden, another value")}
    said = str([event.captured for event in events])
    for secret in ("AB1234567", "ZZ999", first, person.password, "\\\\x"):
        assert secret not in said


def test_the_portals_own_processes_are_trusted_to_record_themselves(captured: Captured) -> None:
    make_customer()

    assert captured() == []


@from_the_shell
def test_what_an_action_records_is_not_recorded_twice(captured: Captured) -> None:
    make_customer(city="Pilar")
    with transaction.atomic():
        record(kind=Kind.CUSTOMER_UPDATED, by=None)  # before or after the write: the triggers fire at the end

    assert captured() == []


@from_the_shell
def test_a_record_that_was_taken_back_silences_nothing(captured: Captured) -> None:
    make_customer()
    with transaction.atomic():
        record(kind=Kind.CUSTOMER_UPDATED, by=None)
        transaction.set_rollback(True)

    assert [event.kind for event in captured()] == ["row.added"]


def test_what_an_admin_changes_past_the_actions_bears_their_name(
    client: Client, admin_person: User, officer: User, captured: Captured
) -> None:
    client.force_login(admin_person)
    form = {"username": "officer", "is_active": "on", "groups": [Group.objects.get(name="Officer").pk]}
    begin_transaction(fires="IMMEDIATE")

    answer = client.post(
        reverse("admin:auth_user_change", args=[officer.pk]),
        {**form, "email": "changed@example.com"},
        REMOTE_ADDR="203.0.113.7",
    )

    assert answer.status_code == 302

    [event] = captured()
    assert (event.actor_name, event.actor_id, event.source, event.ip) == (
        "admin",
        admin_person.pk,
        "web",
        "203.0.113.7",
    )
    assert changes(event) == {"email": ("officer@example.com", "changed@example.com")}
    assert event.request_id
    make_customer()  # the page is over: this is the portal's own again
    assert captured() == [event]


def test_what_admin_records_itself_is_recorded_once(
    client: Client, admin_person: User, officer: User, captured: Captured
) -> None:
    client.force_login(admin_person)
    begin_transaction()

    client.post(reverse("admin:auth_user_change", args=[officer.pk]), {"username": "officer", "is_active": "on"})

    assert not officer.groups.exists()
    assert Event.objects.of_kind(Kind.PERSON_CHANGED).count() == 1
    assert captured() == []


@from_the_shell
def test_what_a_trigger_saw_is_sealed_and_read_like_any_record(
    client: Client, auditor: User, captured: Captured
) -> None:
    make_customer()
    Customer.objects.update(city="Pilar")
    event = captured()[-1]

    seal_all()
    client.force_login(auditor)
    page = client.get(reverse("audit:event", args=[event.pk])).content.decode()

    assert "Changed a row past the portal’s actions" in page
    assert "Del Viso" in page
    assert "Pilar" in page


@pytest.mark.django_db(transaction=True)
def test_a_session_of_somebody_with_psql_is_on_record_and_the_portals_is_not() -> None:
    customer = make_customer()
    database = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"

    def change(city: str, door: str) -> None:
        with psycopg.connect(database, options=f"-c audit.door={door}") as session:
            session.execute("UPDATE customers_customer SET city = %s", [city])

    change("Pilar", "")
    change("Tigre", "portal")

    [event] = Event.objects.filter(kind="row.changed")
    assert (event.customer_id, changes(event)) == (customer.pk, {"city": ("Del Viso", "Pilar")})


def test_a_process_of_the_portal_says_so_on_each_connection(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.door._process", [("",) * 5])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL audit.door = ''")

        come_as_portal()

        cursor.execute("SELECT current_setting('audit.door')")
        assert cursor.fetchone() == ("portal",)


@pytest.mark.parametrize(
    ("command", "is_ours"),
    [
        ("migrate", True),
        ("erase_documents", True),
        ("shell", False),
        ("dbshell", False),
        ("loaddata", False),
        ("", False),
    ],
)
def test_our_own_commands_are_the_portals_and_the_shell_is_not(command: str, is_ours: bool) -> None:
    assert manage.is_ours(command) is is_ours


def test_these_tables_are_watched_and_no_others(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'pgtrigger_capture_%'")
        watched = {table for (table,) in cursor.fetchall()}

    assert watched == CAPTURED
    assert watched <= {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert ProviderCall._meta.db_table in watched
