"""What the provider says that its contract does not name is counted for admins, each thing once, without its value."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from audit.models import Event
from cryptomate.novelties import Kind, Novelty
from cryptomate.testing import FakeTransport, client_json
from provider import client as provider_module
from provider import shape_watch
from provider.client import hear
from provider.models import ShapeChange
from provider.shape_watch import MOST_KNOWN, ShapeWatch, acknowledge
from provider.tasks import write_shape_changes

pytestmark = pytest.mark.django_db

PLACE = "GET /management/clients/individuals/{client_id}"
RISK = Novelty(Kind.FIELD, "risk", "{score: a number}")
ON_HOLD = Novelty(Kind.WORD, "on_hold", "as status")
LIST = "/admin/provider/shapechange/"


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> ShapeWatch:
    """A watch that has seen nothing, in place of the process's own."""
    fresh = ShapeWatch()
    for module in (shape_watch, provider_module):
        monkeypatch.setattr(module, "watch", fresh)
    monkeypatch.setattr("provider.tasks.watch", fresh)
    return fresh


@pytest.fixture
def as_admin(client: Client, admin_person: User) -> Client:
    client.force_login(admin_person)
    return client


def wait_for_next_write(watch: ShapeWatch) -> None:
    watch._next_write = 0.0


def make_change(**changes: Any) -> ShapeChange:
    now = timezone.now()
    values = {"kind": "FIELD", "place": PLACE, "what": "risk", "sample": "text", "times": 3, **changes}
    return ShapeChange.objects.create(**{"first_seen_at": now, "last_seen_at": now, **values})


# --- Counting


def test_an_answer_with_something_new_is_counted_after_the_task(watch: ShapeWatch, provider: FakeTransport) -> None:
    provider.reply("GET", "/management/clients/individuals/*", client_json(status="on_hold", risk={"score": 9}))

    provider.client(observe=hear).get_client("c1")
    write_shape_changes()

    changes = ShapeChange.objects.order_by("kind").values_list("kind", "place", "what", "sample", "times")
    assert list(changes) == [("FIELD", PLACE, *RISK[1:], 1), ("WORD", PLACE, *ON_HOLD[1:], 1)]


def test_the_same_again_adds_to_the_same_row(watch: ShapeWatch) -> None:
    watch.note(PLACE, [RISK])
    watch.write_if_due()
    first = ShapeChange.objects.get()
    wait_for_next_write(watch)

    watch.note(PLACE, [RISK])
    watch.note(PLACE, [RISK])
    watch.write_if_due()

    change = ShapeChange.objects.get()
    assert (change.times, change.first_seen_at) == (3, first.first_seen_at)
    assert change.last_seen_at > first.last_seen_at


def test_counting_costs_no_query_and_many_are_written_in_one_step(
    watch: ShapeWatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        for _ in range(1000):
            watch.note(PLACE, [RISK, ON_HOLD])

    with django_assert_num_queries(1):
        watch.write_if_due()
        watch.write_if_due()
    assert [change.times for change in ShapeChange.objects.all()] == [1000, 1000]


def test_a_moment_after_a_write_nothing_is_written_and_nothing_lost(watch: ShapeWatch) -> None:
    watch.note(PLACE, [RISK])
    watch.write_if_due()
    watch.note(PLACE, [ON_HOLD])
    watch.write_if_due()
    assert ShapeChange.objects.count() == 1

    wait_for_next_write(watch)
    watch.write_if_due()

    assert ShapeChange.objects.count() == 2


def test_what_cannot_be_written_stays_counted(watch: ShapeWatch, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError

    watch.note(PLACE, [RISK])
    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", away)
        watch.write_if_due()
    watch.note(PLACE, [RISK])
    wait_for_next_write(watch)
    watch.write_if_due()

    assert ShapeChange.objects.get().times == 2


def test_a_provider_that_sends_ids_for_names_fills_no_memory(watch: ShapeWatch) -> None:
    for number in range(MOST_KNOWN + 50):
        watch.note(PLACE, [Novelty(Kind.FIELD, f"field_{number}", "text")])
    watch.note(PLACE, [Novelty(Kind.FIELD, "field_0", "text")])
    watch.write_if_due()

    assert ShapeChange.objects.count() == MOST_KNOWN
    assert ShapeChange.objects.get(what="field_0").times == 2


def test_threads_lose_no_count(watch: ShapeWatch) -> None:
    def note() -> None:
        for _ in range(200):
            watch.note(PLACE, [RISK])

    threads = [threading.Thread(target=note) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    watch.write_if_due()

    assert ShapeChange.objects.get().times == 1000


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({}, "one_row_per_change_of_shape"),
        ({"kind": "COLOUR"}, "shape_change_kind_is_known"),
        ({"what": "other", "acknowledged_at": timezone.now()}, "acknowledgement_says_who_and_when"),
    ],
)
def test_the_database_says_no(changes: dict[str, Any], constraint: str) -> None:
    make_change()

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make_change(**changes)


# --- Acknowledging


def test_the_dashboard_counts_what_is_open_and_leads_to_it(as_admin: Client, admin_person: User) -> None:
    make_change()
    seen = {"acknowledged_by": admin_person, "acknowledged_at": timezone.now()}
    make_change(what="known_by_now", **seen)

    page = as_admin.get("/dashboard/").content.decode()
    listed = as_admin.get(f"{LIST}?acknowledged=no").content.decode()

    assert f'href="{LIST}?acknowledged=no">1</a>' in page
    assert "risk" in listed
    assert "known_by_now" not in listed


def test_an_admin_acknowledges_and_it_is_on_record(as_admin: Client, admin_person: User) -> None:
    change = make_change()

    as_admin.post(LIST, {"action": "acknowledge", "_selected_action": [change.pk]})

    change.refresh_from_db()
    assert change.acknowledged_by == admin_person
    assert change.acknowledged_at is not None
    event = Event.objects.get(kind="shape.acknowledged")
    assert (event.actor_name, event.object_id) == ("admin", str(change.pk))


def test_what_is_acknowledged_stays_so_and_is_counted_on(watch: ShapeWatch, admin_person: User) -> None:
    change = make_change(sample=RISK.sample)
    acknowledge(changes=[change], by=admin_person, now=timezone.now())

    watch.note(PLACE, [RISK])
    watch.write_if_due()

    change.refresh_from_db()
    assert (change.times, change.acknowledged_by) == (4, admin_person)


def test_a_second_acknowledgement_changes_nothing(admin_person: User) -> None:
    first = timezone.now() - timedelta(hours=1)
    change = make_change(acknowledged_by=admin_person, acknowledged_at=first)

    assert acknowledge(changes=[change], by=admin_person, now=timezone.now()) == 0

    change.refresh_from_db()
    assert change.acknowledged_at == first
    assert not Event.objects.filter(kind="shape.acknowledged").exists()


def test_others_may_neither_see_nor_acknowledge(client: Client, officer: User) -> None:
    change = make_change()
    client.force_login(officer)

    assert client.get(LIST).status_code == 302  # to the admins' door
    with pytest.raises(PermissionDenied):
        acknowledge(changes=[change], by=officer, now=timezone.now())
    change.refresh_from_db()
    assert change.acknowledged_at is None


def test_who_may_only_look_is_offered_no_acknowledging(client: Client) -> None:
    change = make_change()
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_shapechange"))
    client.force_login(reader)

    assert "risk" in client.get(LIST).content.decode()
    client.post(LIST, {"action": "acknowledge", "_selected_action": [change.pk]})
    change.refresh_from_db()
    assert change.acknowledged_at is None
