"""What was replaced stays on the customer's page, with why and with what was measured."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from customers.actions import Upload, save_draft
from customers.images import clean_image
from customers.models import Customer, Document
from customers.tests.making import make_customer, make_document, make_request
from customers.tests.pictures import photo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]


@pytest.fixture
def replaced(officer: User) -> Document:
    """Return a refused passport in whose place another one was sent."""
    request = make_request(make_customer())
    upload = Upload("passport", {}, front=clean_image(photo()), back=None)
    document = save_draft(customer=request.customer, requirement_id="identity_document", upload=upload, by=officer)
    Document.objects.update(
        status="SUPERSEDED", reason="The image is blurry.", created_at=timezone.now() - timedelta(days=1)
    )
    make_document(request, status="UPLOADED")
    return document


def page_of(client: Client, customer: Customer) -> str:
    page = client.get(f"/customers/{customer.pk}/").content.decode()
    found = re.search(r'<details class="earlier">.*?</details>', page, re.DOTALL)
    return re.sub(r"\s+", " ", found.group()) if found else ""


def test_an_officer_finds_the_earlier_version_with_reason_and_measurements(
    as_officer: Client, replaced: Document
) -> None:
    shown = page_of(as_officer, replaced.customer)

    for words in ("Earlier versions (1)", "Passport", "Replaced", "“The image is blurry.”", "Front, 1600 × 1200 px",
                  "sharpness", f"/customers/{replaced.customer_id}/documents/{replaced.pk}/"):  # fmt: skip
        assert words in shown


def test_support_reads_of_it_and_has_no_way_to_the_image(as_support: Client, replaced: Document) -> None:
    shown = page_of(as_support, replaced.customer)

    assert "“The image is blurry.”" in shown
    assert str(replaced.pk) not in shown


def test_what_stands_is_no_earlier_version(as_officer: Client) -> None:
    document = make_document(make_request(make_customer()), status="UPLOADED")

    assert page_of(as_officer, document.customer) == ""


def test_an_erased_version_says_so(as_officer: Client, replaced: Document) -> None:
    Document.objects.filter(pk=replaced.pk).update(
        erased_at=timezone.now(), measurements={}, reading=None, likeness_parts=[], front_likeness="", front=""
    )

    shown = page_of(as_officer, replaced.customer)

    assert f"Its images were erased on {timezone.now():%-d %b %Y}." in shown
    assert "1600" not in shown
