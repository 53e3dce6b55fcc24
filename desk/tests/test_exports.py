"""What leaves the portal as a file: after the password, and by two people where an admin wants two."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from audit.models import Event
from conftest import person
from customers.models import Customer
from customers.policies import NotAllowed
from customers.tests.making import make_customer
from desk.actions import export_log, make_case_file
from people import four_eyes
from people.approvals import Act, Approval, FourEyes
from people.sessions import CONFIRMED

pytestmark = pytest.mark.django_db

LOG = "/audit/export/"


@pytest.fixture
def _two() -> None:
    FourEyes.objects.update_or_create(act=Act.EXPORT, defaults={"is_on": True})


two = pytest.mark.usefixtures("_two")


@pytest.fixture
def customer() -> Customer:
    return make_customer()


def as_(someone: User) -> Client:
    client = Client()
    client.force_login(someone)
    return client


def forget_password(client: Client) -> None:
    session: Any = client.session
    session[CONFIRMED] = 0
    session.save()


def taken(kind: str) -> list[tuple[str, Any]]:
    return [
        (event.actor_name, event.said.get("after", {}).get("approved_by")) for event in Event.objects.filter(kind=kind)
    ]


def test_the_log_is_exported_after_the_password_only(auditor: User) -> None:
    client = as_(auditor)
    forget_password(client)

    answer = client.post(f"{LOG}?kind=card.frozen")

    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/confirm/?next=%2Faudit%2F%3Fkind%3Dcard.frozen"
    assert taken("log.exported") == []


@two
def test_the_log_is_exported_once_when_a_second_person_has_approved_exactly_that(
    auditor: User, admin_person: User
) -> None:
    first, second = as_(auditor), as_(admin_person)

    asked = first.post(f"{LOG}?person=officer", follow=True).content.decode()
    assert "this waits for a second person" in asked
    assert "Export the audit log: person officer." in asked
    assert "You cannot approve your own." in asked
    assert first.post(f"/approvals/{Approval.objects.get().pk}/approve/").status_code == 409
    assert "Approve</button>" in second.get("/audit/").content.decode()
    second.post(f"/approvals/{Approval.objects.get().pk}/approve/")
    assert "Approved by admin" in first.get("/audit/").content.decode()
    assert taken("log.exported") == []

    assert first.post(f"{LOG}?person=other")["Content-Type"] != "text/csv; charset=utf-8"  # another list
    answer = first.post(f"{LOG}?person=officer")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert list(csv.DictReader(StringIO(answer.getvalue().decode()))) == []
    assert taken("log.exported") == [("auditor", "admin")]
    assert second.post(f"{LOG}?person=officer").status_code == 302  # it was not theirs
    again = first.post(f"{LOG}?person=officer", follow=True).content.decode()
    assert "auditor asked for something else here" in again  # the other list waits
    assert taken("log.exported") == [("auditor", "admin")]


@two
def test_two_people_ask_for_lists_of_their_own_at_once(auditor: User, admin_person: User) -> None:
    for filters, by in (({"person": "officer"}, auditor), ({"person": "senior"}, admin_person)):
        assert isinstance(export_log(filters=filters, by=by), Approval)


@two
def test_a_case_file_is_made_once_within_the_hour_by_who_asked(
    senior: User, auditor: User, admin_person: User, customer: Customer
) -> None:
    asked = make_case_file(customer=customer, by=senior, now=timezone.now())
    assert isinstance(asked, Approval)
    page = as_(admin_person).get(f"/customers/{customer.pk}/").content.decode()
    assert "Make the case file of Maria Barber." in page
    with pytest.raises(NotAllowed, match="senior asked for the same"):
        make_case_file(customer=customer, by=auditor, now=timezone.now())
    with pytest.raises(NotAllowed, match="You asked for this yourself"):
        four_eyes.approve(approval=asked, by=senior)

    four_eyes.approve(approval=asked, by=admin_person)

    assert isinstance(make_case_file(customer=customer, by=auditor, now=timezone.now()), Approval)  # it is not theirs
    client = as_(senior)
    assert "Approved by admin" in client.get(f"/customers/{customer.pk}/").content.decode()
    answer = client.post(f"/customers/{customer.pk}/case-file/")
    assert answer["Content-Type"] == "application/zip"
    assert taken("case_file.made") == [("senior", "admin")]
    assert client.post(f"/customers/{customer.pk}/case-file/").status_code == 302


@two
def test_an_approval_that_was_not_used_in_an_hour_is_none(
    senior: User, auditor: User, admin_person: User, customer: Customer
) -> None:
    asked = make_case_file(customer=customer, by=senior, now=timezone.now())
    assert isinstance(asked, Approval)
    approved = four_eyes.approve(approval=asked, by=admin_person)
    assert approved.expires_at <= timezone.now() + timedelta(hours=1)
    Approval.objects.update(expires_at=timezone.now())

    assert isinstance(make_case_file(customer=customer, by=senior, now=timezone.now()), Approval)
    assert four_eyes.expire_due(now=timezone.now()) == 0  # asking anew let it expire
    assert taken("case_file.made") == []
    assert Approval.objects.filter(state="EXPIRED").count() == 1


@two
def test_whoever_lost_the_right_meanwhile_gets_no_file(senior: User, admin_person: User, customer: Customer) -> None:
    asked = make_case_file(customer=customer, by=senior, now=timezone.now())
    assert isinstance(asked, Approval)
    four_eyes.approve(approval=asked, by=admin_person)
    senior.groups.clear()

    with pytest.raises(NotAllowed, match="You may not"):
        make_case_file(customer=customer, by=User.objects.get(pk=senior.pk), now=timezone.now())


def test_without_two_nobody_is_asked(auditor: User, customer: Customer) -> None:
    assert export_log(filters={}, by=auditor) is None
    assert not isinstance(make_case_file(customer=customer, by=auditor, now=timezone.now()), Approval)
    assert taken("log.exported") == [("auditor", None)]
    with pytest.raises(NotAllowed, match="You may not"):
        export_log(filters={}, by=person("officer", "Officer"))
