"""What is typed on a card and not sent is there again when the page is opened again."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from audit.models import Event
from conftest import person
from cryptomate.testing import passport_requirement, phone_requirement
from customers.models import Customer, UnsavedAnswers
from customers.tests.making import make_customer, make_document, make_request

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

TAX = {"id": "tax", "name": "Tax", "fields": [
    {"key": "tax_country", "data_type": "COUNTRY"}, {"key": "tax_number"}, {"key": "since", "data_type": "DATE"},
]}  # fmt: skip
HALF = {"tax_country": "BRA", "tax_number": "20-2712", "since": "last spr"}


@pytest.fixture
def customer() -> Customer:
    missing = {"documents": [passport_requirement()], "data": [phone_requirement(), TAX]}
    return make_request(make_customer(), missing=missing).customer


def page_of(client: Client, customer: Customer) -> str:
    return client.get(f"/customers/{customer.pk}/").content.decode()


def keep(client: Client, customer: Customer, typed: dict[str, Any], *, on: str = "data/tax") -> int:
    return client.post(f"/customers/{customer.pk}/unsaved/{on}/", typed).status_code


def drawn_from(page: str, card: str) -> str:
    return page.partition(f'id="{card}"')[2].partition('name="drawn_from" value="')[2][:10]


def test_what_was_typed_is_there_again(as_officer: Client, customer: Customer) -> None:
    assert keep(as_officer, customer, HALF) == 204

    page = page_of(as_officer, customer)

    for shown in ('value="20-2712"', 'value="last spr"', '<option value="BRA" selected>', "and not sent yet."):
        assert shown in page
    assert customer.answers == {}


def test_a_document_keeps_its_type_and_what_is_written_on_it(as_officer: Client, customer: Customer) -> None:
    typed = {"document_type": "passport", "metadata_number": "P12"}
    keep(as_officer, customer, typed, on="documents/identity_document")

    page = page_of(as_officer, customer)

    assert '<option value="passport" selected>' in page
    assert 'value="P12"' in page


def test_what_is_refused_is_kept_without_a_script(as_officer: Client, customer: Customer) -> None:
    refused = as_officer.post(f"/customers/{customer.pk}/data/tax/", HALF)

    assert refused.status_code == 422
    assert 'value="20-2712"' in page_of(as_officer, customer)


def test_what_was_typed_for_another_country_comes_with_its_states(as_officer: Client) -> None:
    address = {"id": "home", "name": "Home", "fields": [{"key": "address"}]}
    customer = make_request(make_customer(), missing={"documents": [], "data": [address]}).customer
    keep(as_officer, customer, {"country": "BRA", "state": "BRA-SP", "city": "São"}, on="data/home")

    page = page_of(as_officer, customer)

    assert '<option value="BRA-SP" selected>' in page
    assert 'value="São"' in page


def test_saving_leaves_nothing_behind(as_officer: Client, customer: Customer) -> None:
    keep(as_officer, customer, HALF)

    as_officer.post(f"/customers/{customer.pk}/data/tax/", {**HALF, "since": "2020-01-31"})

    assert not UnsavedAnswers.objects.exists()
    assert "and not sent yet." not in page_of(as_officer, customer)


def test_what_arrives_after_it_was_saved_is_not_kept(as_officer: Client, customer: Customer) -> None:
    before = drawn_from(page_of(as_officer, customer), "data-tax")
    as_officer.post(f"/customers/{customer.pk}/data/tax/", {**HALF, "since": "2020-01-31", "drawn_from": before})

    assert keep(as_officer, customer, {**HALF, "drawn_from": before}) == 204

    assert not UnsavedAnswers.objects.exists()


def test_it_is_for_the_person_who_typed_it(as_officer: Client, customer: Customer) -> None:
    keep(as_officer, customer, HALF)

    as_officer.force_login(person("another", "Officer"))

    assert "20-2712" not in page_of(as_officer, customer)


def test_it_is_sealed_in_the_database(as_officer: Client, customer: Customer) -> None:
    keep(as_officer, customer, HALF)

    with connection.cursor() as cursor:
        cursor.execute("SELECT typed FROM customers_unsavedanswers")
        [(sealed,)] = cursor.fetchall()
    assert b"20-2712" not in bytes(sealed)


def test_a_poll_does_not_take_typing_away(as_officer: Client, customer: Customer) -> None:
    seen = as_officer.get(f"/customers/{customer.pk}/").context["seen"]
    keep(as_officer, customer, HALF)

    poll = as_officer.get(f"/customers/{customer.pk}/progress/", {"seen": seen}, headers={"HX-Request": "true"})

    assert poll.status_code == 204


def test_it_is_on_record_once_and_without_what_was_typed(as_officer: Client, customer: Customer) -> None:
    for number in ("20", "20-2", "20-2712"):
        keep(as_officer, customer, {"tax_number": number})

    [event] = Event.objects.filter(kind="answers.kept")
    assert (event.actor_name, event.detail) == ("officer", {"after": {"card": "data:tax"}})
    assert "typed answers" not in page_of(as_officer, customer)


@pytest.mark.parametrize("typed", [{}, {"tax_number": "", "since": ""}, {"drawn_from": "another", "tax_number": "1"},
                                   {"first_name": "not asked for"}])  # fmt: skip
def test_nothing_is_kept_that_is_nothing(typed: dict[str, str], as_officer: Client, customer: Customer) -> None:
    assert keep(as_officer, customer, typed) == 204
    assert not UnsavedAnswers.objects.exists()


def test_very_much_is_cut(as_officer: Client, customer: Customer) -> None:
    keep(as_officer, customer, {"tax_number": "9" * 50_000})

    assert len(UnsavedAnswers.objects.get().typed["tax_number"]) == 2000


def test_nothing_is_kept_for_a_card_that_is_closed(as_officer: Client, customer: Customer) -> None:
    request = customer.newest_request
    assert request
    make_document(request, status="UPLOADED")
    request.missing_requirements = {**request.missing_requirements, "documents": []}
    request.save()

    assert keep(as_officer, customer, {"document_type": "passport"}, on="documents/identity_document") == 204
    assert not UnsavedAnswers.objects.exists()


def test_support_keeps_nothing_and_what_is_not_asked_for_is_not_found(
    client: Client, support: User, officer: User, customer: Customer
) -> None:
    client.force_login(support)
    assert keep(client, customer, HALF) == 403
    client.force_login(officer)
    assert keep(client, customer, HALF, on="data/moon") == 404
    assert client.get(f"/customers/{customer.pk}/unsaved/data/tax/").status_code == 405
