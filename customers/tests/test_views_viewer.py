import re
import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client

from audit.models import Event
from cryptomate.testing import passport_requirement
from customers.actions import Upload, save_draft
from customers.images import clean_image
from customers.models import Document
from customers.statuses import DocumentStatus, Source
from customers.tests.making import make_customer, make_document, make_request
from customers.tests.pictures import photo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]


@pytest.fixture
def document(officer: User) -> Document:
    image = clean_image(photo(size=(160, 120)))
    upload = Upload("passport", {"number": "AB1234567", "country": "UTO"}, front=image, back=image)
    customer = make_request(make_customer()).customer
    return save_draft(customer=customer, requirement_id="identity_document", upload=upload, by=officer)


def address(document: Document, rest: str = "") -> str:
    return f"/customers/{document.customer_id}/documents/{document.pk}/{rest}"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))


def test_the_page_shows_the_images_beside_what_was_typed(as_officer: Client, document: Document) -> None:
    page = as_officer.get(address(document)).content.decode()

    assert f'<img src="{address(document, "front/")}" alt="Front of Passport">' in page
    assert f'<img src="{address(document, "back/")}" alt="Back of Passport">' in page
    for words in ("Document Number AB1234567", "country UTO", "Name Maria Barber", "Not sent yet", "Chosen by officer",
                  "Front, 160 × 120 px"):  # fmt: skip
        assert words in text_of(page)


def test_beneath_an_image_stands_what_was_measured_and_beside_it_what_is_wrong(
    as_officer: Client, document: Document
) -> None:
    measured = {**document.measurements["front"], "converted_from": "HEIC"}
    measured["measures"] = {**measured["measures"], "brightness": 20.0}
    document.measurements = {**document.measurements, "front": measured}
    document.override_reason = "The customer has no other lamp."
    document.save(update_fields=["measurements", "override_reason"])

    page = text_of(as_officer.get(address(document)).content.decode())

    assert "Front, 160 × 120 px, converted from HEIC. Document" in page
    assert "brightness 20" in page
    assert "Front: The photo is too dark" in page
    assert "Sent in spite of warnings: “The customer has no other lamp.”" in page


def test_opening_the_page_and_its_images_is_one_look(as_officer: Client, document: Document) -> None:
    for rest in ("", "front/", "back/", "?side=back"):
        assert as_officer.get(address(document, rest)).status_code == 200

    [look] = Event.objects.filter(kind="document.viewed")
    assert [change.became for change in look.changes if change.field == "sides"] == ['["front", "back"]']


def test_the_side_that_was_asked_for_comes_first(as_officer: Client, document: Document) -> None:
    assert b'data-first="back"' in as_officer.get(address(document, "?side=back")).content
    assert b'data-first="front"' in as_officer.get(address(document, "?side=etc")).content


def test_what_was_replaced_is_a_click_away_with_its_reason(as_officer: Client, document: Document) -> None:
    refused = make_document(document.request, status="REJECTED", reason="The image is blurry.")
    refused.change_status(DocumentStatus.SUPERSEDED, source=Source.SYSTEM)

    page = as_officer.get(address(document)).content.decode()
    earlier = as_officer.get(address(refused)).content.decode()

    assert address(refused) in page
    assert "The image is blurry." in page
    assert "Replaced" in earlier
    assert "No image of it is kept." in earlier


def test_the_page_is_for_those_who_may_see_images(as_support: Client, document: Document) -> None:
    assert as_support.get(address(document)).status_code == 403
    assert not Event.objects.filter(kind="document.viewed").exists()


def test_the_page_is_in_no_cache_and_takes_nothing(as_officer: Client, document: Document) -> None:
    assert "no-store" in as_officer.get(address(document))["Cache-Control"]
    assert as_officer.post(address(document)).status_code == 405


def test_a_document_of_another_customer_is_not_found(as_officer: Client, document: Document) -> None:
    other = make_request(make_customer(api_id="client-2")).customer

    assert as_officer.get(address(document).replace(str(document.customer_id), str(other.pk))).status_code == 404


def test_a_requirement_that_is_named_by_a_uuid_keeps_its_form(as_officer: Client) -> None:
    name = str(uuid.uuid4())
    missing = {"documents": [{**passport_requirement(), "id": name}], "data": []}
    customer = make_request(make_customer(), missing=missing).customer

    form = as_officer.get(f"/customers/{customer.pk}/documents/{name}/?document_type=passport")
    refused = as_officer.post(f"/customers/{customer.pk}/documents/{name}/", {"document_type": "passport"})

    assert b"Document Number" in form.content
    assert refused.status_code == 422
