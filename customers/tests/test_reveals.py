"""Masked personal data are shown to one person for a minute, for a reason that is on record."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.kinds import Kind
from audit.models import Event
from customers.models import Customer
from customers.policies import NotAllowed
from customers.reveal_actions import RevealReason, reveal
from customers.tests.making import make_customer

pytestmark = pytest.mark.django_db

PRIVATE = ("mjuliabarber@example.com", "AB1234567", "1984-11-21", "Florida 9860", "1669", "1168860622", "Architect")
CALLER = {"reason": "CALLER", "words": "ticket 4711"}


@pytest.fixture
def customer(db: None) -> Customer:
    return make_customer(phone_country_code=54, phone_number=1168860622)


@pytest.fixture
def as_support(client: Client, support: User) -> Client:
    client.force_login(support)
    return client


def address(customer: Customer) -> str:
    return reverse("customers:reveal", args=[customer.pk])


def page_of(client: Client, customer: Customer) -> str:
    return client.get(reverse("customers:detail", args=[customer.pk])).content.decode()


def reveals() -> list[Event]:
    return list(Event.objects.of_kind(Kind.CUSTOMER_REVEALED))


def test_a_reason_shows_the_data_for_a_while_and_stands_in_the_record(
    as_support: Client, support: User, customer: Customer, settings: Any
) -> None:
    assert not [value for value in PRIVATE if value in page_of(as_support, customer)]
    assert address(customer) in page_of(as_support, customer)

    answer = as_support.post(address(customer), CALLER, follow=True)

    shown = answer.content.decode()
    assert not [value for value in PRIVATE if value not in shown]
    assert answer["Cache-Control"] == "no-store, private"
    assert 'hx-trigger="load delay:' in shown
    [event] = reveals()
    assert (event.actor_name, event.customer_id) == ("support", customer.pk)
    assert event.note == "Checking who is calling: ticket 4711"

    seen = answer.context["seen"]
    settings.REVEAL_SECONDS = 0

    again = as_support.get(reverse("customers:progress", args=[customer.pk]), {"seen": seen}).content.decode()
    for page in (again, page_of(as_support, customer)):
        assert "m•••@example.com" in page
        assert not [value for value in PRIVATE if value in page]


def test_it_shows_nobody_else_and_of_nobody_else(as_support: Client, admin_person: User, customer: Customer) -> None:
    other = make_customer(api_id="client-2", email="other@example.com", id_number="CD7654321")
    as_support.post(address(customer), CALLER)

    assert "other@example.com" not in page_of(as_support, other)
    as_support.force_login(admin_person)
    assert "mjuliabarber" not in page_of(as_support, customer)


@pytest.mark.parametrize("form", [{}, {"reason": "CURIOUS"}, {"reason": "OTHER", "words": "  "}])
def test_without_a_reason_nothing_is_shown(as_support: Client, customer: Customer, form: dict[str, str]) -> None:
    answer = as_support.post(address(customer), {**form, "back": "/cards/"})

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert 'value="/cards/"' in answer.content.decode()
    assert not reveals()


def test_a_second_press_records_nothing_more(as_support: Client, customer: Customer) -> None:
    for _ in range(2):
        as_support.post(address(customer), CALLER)

    assert len(reveals()) == 1


def test_who_may_not_reveal_is_refused_by_the_page_and_by_the_action(
    as_support: Client, support: User, customer: Customer
) -> None:
    group = support.groups.get()
    group.permissions.remove(*group.permissions.filter(codename="reveal_personal_data"))
    nobody = User.objects.get(pk=support.pk)

    assert address(customer) not in page_of(as_support, customer)
    assert as_support.get(address(customer)).status_code == 403
    assert as_support.post(address(customer), CALLER).status_code == 403
    with pytest.raises(NotAllowed):
        reveal(customer=customer, reason=RevealReason.CALLER, words="", by=nobody)
    assert not reveals()


def test_it_leads_back_to_the_page_it_was_asked_from_and_nowhere_else(as_support: Client, customer: Customer) -> None:
    calls = reverse("customers:calls", args=[customer.pk])

    assert as_support.post(address(customer), {**CALLER, "back": calls})["Location"] == calls
    away = as_support.post(address(customer), {**CALLER, "back": "https://elsewhere.example/"})
    assert away["Location"] == reverse("customers:detail", args=[customer.pk])


def test_an_officer_sees_the_data_but_of_the_id_number_three_characters(
    client: Client, officer: User, customer: Customer
) -> None:
    client.force_login(officer)

    before = page_of(client, customer)
    client.post(address(customer), CALLER)

    assert "mjuliabarber@example.com" in before
    assert "AB1234567" not in before
    assert "•••• 567" in before
    assert "AB1234567" in page_of(client, customer)


def test_reveals_are_counted_per_person_and_day(
    as_support: Client, support: User, auditor: User, customer: Customer, settings: Any
) -> None:
    other = make_customer(api_id="client-2")
    settings.REVEAL_SECONDS = 0  # so that each of them counts
    for each in (customer, customer, other):
        reveal(customer=each, reason=RevealReason.PURCHASE, words="", by=support)
    report = reverse("customers:reveals")
    assert as_support.get(report).status_code == 403

    as_support.force_login(auditor)
    answer = as_support.get(report)

    [row] = answer.context["rows"]
    assert (row.day, row.person, row.reveals, row.customers) == (timezone.localdate(), "support", 3, 2)
    log = as_support.get(row.log_url).content.decode()
    assert log.count("had personal data shown") >= 3
    assert as_support.get(report, {"until": "2020-01-31"}).context["rows"] == []
    assert as_support.get(report, {"until": "yesterday"}).status_code == 400
    assert report in as_support.get(reverse("audit:index")).content.decode()
