"""Several requirements on one page: what is done on one card leaves the others as they are."""

import re
from typing import Any

import pytest
from django.test import Client

from cryptomate.testing import passport_requirement, phone_requirement
from customers.models import Customer
from customers.tests.making import make_customer, make_document, make_request
from customers.tests.pictures import no_photo
from provider.models import ProviderCall

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

HTMX: dict[str, Any] = {"HX-Request": "true"}
PHONE = {"phone_country_code": "54", "phone_number": "1168860622"}
INCOME = {"id": "income", "name": "Income", "fields": [{"key": "source_of_income"}]}
SAVING = "Saved here; CryptoMate has not confirmed it yet."


@pytest.fixture
def customer() -> Customer:
    missing = {"documents": [passport_requirement()], "data": [phone_requirement(), INCOME]}
    return make_request(make_customer(), missing=missing).customer


def drawn_from(page: str, card: str) -> str:
    form = page.partition(f'id="{card}"')[2]
    found = re.search(r'name="drawn_from" value="(\w+)"', form)
    assert found
    return found[1]


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found
    return found[1]


def test_saving_one_answer_draws_no_other_card(as_officer: Client, customer: Customer) -> None:
    shown = seen(as_officer.get(f"/customers/{customer.pk}/").content.decode())

    answer = as_officer.post(
        f"/customers/{customer.pk}/data/personal_information/", {**PHONE, "seen": shown}, headers=HTMX
    ).content.decode()
    poll = as_officer.get(f"/customers/{customer.pk}/progress/", {"seen": seen(answer)}).content.decode()

    assert SAVING in answer
    assert 'id="data-income"' not in answer + poll


def test_only_the_card_that_was_answered_is_on_its_way(as_officer: Client, customer: Customer) -> None:
    as_officer.post(f"/customers/{customer.pk}/data/personal_information/", PHONE)

    page = as_officer.get(f"/customers/{customer.pk}/").content.decode()

    assert page.count(SAVING) == 1
    assert SAVING in page.partition('id="data-personal_information"')[2].partition("</article>")[0]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "partial"])
def test_an_answer_that_somebody_gave_meanwhile_is_not_overwritten_unasked(
    as_officer: Client, customer: Customer, headers: dict[str, Any]
) -> None:
    address = f"/customers/{customer.pk}/data/income/"
    stale = drawn_from(as_officer.get(f"/customers/{customer.pk}/").content.decode(), "data-income")
    as_officer.post(address, {"source_of_income": "Work"})

    refused = as_officer.post(address, {"source_of_income": "Rent", "drawn_from": stale}, headers=headers)
    customer.refresh_from_db()
    kept = customer.answers["source_of_income"]
    fresh = drawn_from(refused.content.decode(), "data-income")
    insisted = as_officer.post(address, {"source_of_income": "Rent", "drawn_from": fresh})

    customer.refresh_from_db()
    assert refused.status_code == 409
    assert 'value="Rent"' in refused.content.decode()
    assert (kept, customer.answers["source_of_income"]) == ("Work", "Rent")
    assert insisted.status_code == 302


def test_a_document_that_somebody_chose_meanwhile_is_not_replaced_unasked(
    as_officer: Client, customer: Customer
) -> None:
    stale = drawn_from(as_officer.get(f"/customers/{customer.pk}/").content.decode(), "document-identity_document")
    request = customer.newest_request
    assert request
    make_document(request, status="UPLOADED")

    answer = as_officer.post(
        f"/customers/{customer.pk}/documents/identity_document/", {"document_type": "passport", "drawn_from": stale}
    )

    assert answer.status_code == 409
    assert "This changed while you were filling it in" in answer.content.decode()
    assert not ProviderCall.objects.exists()


def test_what_was_written_on_a_refused_document_need_not_be_typed_again(as_officer: Client) -> None:
    refused = [{"type": "document", "key": "passport", "reason": "blurred"}]
    request = make_request(make_customer(), rejected_items=refused)
    make_document(request, status="REJECTED", metadata={"number": "P1234567"})

    page = as_officer.get(f"/customers/{request.customer_id}/").content.decode()

    assert 'value="P1234567"' in page


def test_another_document_type_takes_the_errors_of_the_one_before_with_it(
    as_officer: Client, customer: Customer
) -> None:
    address = f"/customers/{customer.pk}/documents/identity_document/"
    page = as_officer.post(address, {"document_type": "passport", "front_image": no_photo()}, headers=HTMX)

    fields = as_officer.get(address, {"document_type": "passport"}).content.decode()

    after = page.content.decode().partition('id="document-identity_document-fields"')
    assert "error-summary" in after[2]
    assert "error-summary" not in after[0] + fields
    assert 'data-announce="' in fields
