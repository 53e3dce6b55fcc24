"""Who gave whom which rights stands in the audit log, and never a password."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from audit.models import Event

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "taken-over-123456"


@pytest.fixture
def as_admin(client: Client, admin_person: User) -> Client:
    client.force_login(admin_person)
    return client


def person_form(person: User, *groups: str, **changes: Any) -> dict[str, Any]:
    chosen = [Group.objects.get(name=name).pk for name in groups]
    return {"username": person.username, "is_active": "on", "is_staff": "on", "groups": chosen, **changes}


def events(kind: str) -> list[Event]:
    return list(Event.objects.filter(kind=kind))


def test_an_admin_who_joins_a_group_is_on_record(as_admin: Client, admin_person: User) -> None:
    address = reverse("admin:auth_user_change", args=[admin_person.pk])

    as_admin.post(address, person_form(admin_person, "Admin", "Officer"))

    [event] = events("person.changed")
    assert (event.actor_name, event.object_id) == ("admin", str(admin_person.pk))
    assert [(change.field, change.before, change.after) for change in event.changes] == [
        ("groups", ["Admin"], ["Admin", "Officer"])
    ]


def test_a_person_who_is_shut_out_is_on_record(as_admin: Client, officer: User) -> None:
    form = person_form(officer, "Officer", is_staff="", is_active="")
    del form["is_active"], form["is_staff"]

    as_admin.post(reverse("admin:auth_user_change", args=[officer.pk]), form)

    [event] = events("person.changed")
    assert [(change.field, change.after) for change in event.changes] == [("is_active", False)]


def test_a_new_person_is_on_record(as_admin: Client) -> None:
    form = {"username": "newcomer", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}

    as_admin.post(reverse("admin:auth_user_add"), form)

    [event] = events("person.changed")
    assert event.object_id == str(User.objects.get(username="newcomer").pk)
    assert NEW_PASSWORD not in str(event.detail)


def test_saving_a_person_as_they_are_records_nothing(as_admin: Client, admin_person: User) -> None:
    as_admin.post(reverse("admin:auth_user_change", args=[admin_person.pk]), person_form(admin_person, "Admin"))

    assert not events("person.changed")


@pytest.mark.parametrize(
    ("form", "note"),
    [
        ({"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}, "set a new password"),
        ({"usable_password": "false", "unset-password": "1"}, "took the password away"),
    ],
    ids=["new", "none"],
)
def test_a_password_that_an_admin_sets_is_on_record_without_it(
    as_admin: Client, officer: User, form: dict[str, str], note: str
) -> None:
    as_admin.post(reverse("admin:auth_user_password_change", args=[officer.pk]), form)

    [event] = events("person.changed")
    assert (event.actor_name, event.object_id, event.detail) == ("admin", str(officer.pk), {"note": note})


def test_a_password_that_is_refused_leaves_no_record(as_admin: Client, officer: User) -> None:
    form = {"password1": NEW_PASSWORD, "password2": "another", "usable_password": "true"}

    as_admin.post(reverse("admin:auth_user_password_change", args=[officer.pk]), form)

    assert not events("person.changed")
    assert as_admin.get("/admin/auth/user/nobody/password/").status_code == 404


def test_a_right_that_a_group_gets_is_on_record(as_admin: Client, officer: User) -> None:
    group = Group.objects.get(name="Support")
    before = list(group.permissions.values_list("pk", flat=True))
    added = Permission.objects.get(content_type__app_label="cards", codename="issue_card")

    as_admin.post(
        reverse("admin:auth_group_change", args=[group.pk]), {"name": "Support", "permissions": [*before, added.pk]}
    )

    [event] = events("group.changed")
    [change] = event.changes
    assert set(change.after) - set(change.before) == {"cards.issue_card"}


def test_without_a_record_nothing_changes(
    as_admin: Client, admin_person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("portal.admin.record", fail)
    as_admin.raise_request_exception = False

    as_admin.post(reverse("admin:auth_user_change", args=[admin_person.pk]), person_form(admin_person, "Officer"))
    as_admin.post(
        reverse("admin:auth_user_password_change", args=[admin_person.pk]),
        {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"},
    )

    admin_person.refresh_from_db()
    assert [group.name for group in admin_person.groups.all()] == ["Admin"]
    assert not admin_person.check_password(NEW_PASSWORD)
