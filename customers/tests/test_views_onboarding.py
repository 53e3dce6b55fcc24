"""What officers do on a customer's page, with and without scripts."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import Customer, EnablementRequest
from customers.statuses import DocumentStatus, RequestStatus
from customers.tests.making import NOTHING_MISSING, make_customer, make_document, make_request
from customers.tests.pictures import no_photo, photo
from provider.models import CallKind, CallState, ProviderCall

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

HTMX: dict[str, Any] = {"HX-Request": "true"}
PHONE = {"phone_country_code": "54", "phone_number": "1168860622"}
PASSPORT = {"document_type": "passport", "metadata_number": "P1"}


@pytest.fixture
def request_(db: None) -> EnablementRequest:
    return make_request(make_customer())


@pytest.fixture
def customer(request_: EnablementRequest) -> Customer:
    return request_.customer


def to(name: str, customer: Customer, *args: Any) -> str:
    return reverse(f"customers:{name}", args=[customer.pk, *args])


def phone_card(customer: Customer) -> str:
    return to("save_data", customer, "personal_information")


def passport_card(customer: Customer) -> str:
    return to("document", customer, "identity_document")


def wanted(kind: CallKind) -> int:
    return ProviderCall.objects.filter(kind=kind).count()


# --- Data


def test_saved_data_are_kept_and_wanted_at_the_provider(as_officer: Client, customer: Customer) -> None:
    response = as_officer.post(phone_card(customer), PHONE)

    customer.refresh_from_db()
    assert response.status_code == 302
    assert response["Location"] == f"{to('detail', customer)}#data-personal_information"
    assert customer.phone_number == 1168860622
    assert wanted(CallKind.UPDATE_CLIENT) == 1


def test_a_script_gets_the_card_and_what_else_changed(as_officer: Client, customer: Customer) -> None:
    response = as_officer.post(phone_card(customer), PHONE, headers=HTMX)

    page = response.content.decode()
    assert response.status_code == 200
    assert page.lstrip().startswith('<article class="requirement" id="data-personal_information"')
    assert "On its way" in page
    assert 'id="progress" hx-swap-oob="true"' in page
    assert "<html" not in page
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "partial"])
def test_wrong_data_come_back_at_their_field(headers: dict[str, Any], as_officer: Client, customer: Customer) -> None:
    response = as_officer.post(phone_card(customer), {**PHONE, "phone_number": "abc"}, headers=headers)

    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="abc"' in page
    assert "Enter at most 15 digits" in page
    assert ("<html" in page) == (not headers)
    assert wanted(CallKind.UPDATE_CLIENT) == 0


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "partial"])
def test_data_are_refused_while_the_review_runs(
    headers: dict[str, Any], as_officer: Client, customer: Customer, request_: EnablementRequest
) -> None:
    EnablementRequest.objects.filter(pk=request_.pk).update(status=RequestStatus.IN_KYC)

    response = as_officer.post(phone_card(customer), PHONE, headers=headers)

    assert response.status_code == 409
    assert "CryptoMate is reviewing this customer." in response.content.decode()
    assert wanted(CallKind.UPDATE_CLIENT) == 0


def test_a_requirement_nobody_asked_for_is_not_found(as_officer: Client, customer: Customer) -> None:
    assert as_officer.post(to("save_data", customer, "shoe_size"), PHONE).status_code == 404
    assert as_officer.post(to("document", customer, "personal_information"), PASSPORT).status_code == 404
    assert as_officer.post(to("save_data", make_customer(api_id="c2"), "x"), PHONE).status_code == 404


# --- Documents


def test_a_document_is_kept_and_wanted_at_the_provider(as_officer: Client, customer: Customer) -> None:
    response = as_officer.post(passport_card(customer), {**PASSPORT, "front_image": photo()})

    document = customer.documents.get()
    assert response.status_code == 302
    assert (document.status, document.document_type, document.metadata) == ("DRAFT", "passport", {"number": "P1"})
    assert document.front
    assert "passport" not in str(document.front.name)
    assert ProviderCall.objects.get(kind=CallKind.UPLOAD_DOCUMENT).target_id == document.pk


def test_the_card_shows_that_the_document_is_on_its_way(as_officer: Client, customer: Customer) -> None:
    response = as_officer.post(passport_card(customer), {**PASSPORT, "front_image": photo()}, headers=HTMX)

    page = response.content.decode()
    assert response.status_code == 200
    assert "Uploading the document" in page
    assert "Upload document</button>" not in page


def test_an_invalid_image_is_refused_and_the_good_side_is_kept(as_officer: Client, customer: Customer) -> None:
    front_only = {**PASSPORT, "metadata_number": "", "front_image": photo(size=(1600, 1200))}

    response = as_officer.post(passport_card(customer), front_only, headers=HTMX)

    assert response.status_code == 422
    assert "Front image kept: 1600 × 1200 px" in response.content.decode()
    assert "Enter the Document Number." in response.content.decode()
    assert wanted(CallKind.UPLOAD_DOCUMENT) == 0
    again = as_officer.post(passport_card(customer), PASSPORT)
    assert again.status_code == 302
    assert wanted(CallKind.UPLOAD_DOCUMENT) == 1


def test_a_file_that_is_no_image_is_refused_and_nothing_is_kept(as_officer: Client, customer: Customer) -> None:
    response = as_officer.post(passport_card(customer), {**PASSPORT, "front_image": no_photo()})

    assert response.status_code == 422
    assert "This is not a JPEG, PNG, HEIC" in response.content.decode()
    assert not customer.documents.exists()


def test_a_document_without_a_type_is_refused(as_officer: Client, customer: Customer) -> None:
    response = as_officer.post(passport_card(customer), {"document_type": "", "front_image": photo()})

    assert response.status_code == 422
    assert "Choose the document type." in response.content.decode()


def test_a_document_that_is_being_uploaded_is_not_replaced_meanwhile(as_officer: Client, customer: Customer) -> None:
    as_officer.post(passport_card(customer), {**PASSPORT, "front_image": photo()})

    response = as_officer.post(passport_card(customer), {**PASSPORT, "front_image": photo()})

    assert response.status_code == 409
    assert "Replace it once CryptoMate has answered." in response.content.decode()
    assert wanted(CallKind.UPLOAD_DOCUMENT) == 1


def test_a_draft_is_refused_when_documents_are_not_taken(
    as_officer: Client, customer: Customer, request_: EnablementRequest
) -> None:
    EnablementRequest.objects.filter(pk=request_.pk).update(status=RequestStatus.IN_KYC)

    response = as_officer.post(passport_card(customer), {**PASSPORT, "metadata_number": "", "front_image": photo()})

    assert response.status_code == 409
    assert not customer.documents.exists()


def test_choosing_a_type_brings_its_fields(as_officer: Client, customer: Customer) -> None:
    page = as_officer.get(passport_card(customer), {"document_type": "passport"}, headers=HTMX).content.decode()
    none = as_officer.get(passport_card(customer), {"document_type": "scroll"}, headers=HTMX).content.decode()

    assert page.lstrip().startswith('<div class="form" id="document-identity_document-fields"')
    assert "Front image" in page
    assert "Document Number" in page
    assert "Upload document" not in none


def test_without_a_script_the_address_chooses_the_type(as_officer: Client, customer: Customer) -> None:
    page = as_officer.get(to("detail", customer), {"identity_document": "passport"}).content.decode()

    assert '<option value="passport" selected>' in page
    assert "Front image" in page


def test_a_draft_of_another_type_is_put_aside(
    as_officer: Client, customer: Customer, request_: EnablementRequest
) -> None:
    draft = make_document(request_, document_type="national_id", front="kept")

    as_officer.post(passport_card(customer), {**PASSPORT, "front_image": photo()})

    draft.refresh_from_db()
    assert draft.status == DocumentStatus.SUPERSEDED
    assert customer.documents.drafts().get().document_type == "passport"


# --- Submitting


def test_a_finished_customer_is_submitted(as_officer: Client) -> None:
    request = make_request(make_customer(), missing=NOTHING_MISSING)

    response = as_officer.post(to("submit", request.customer))

    assert response.status_code == 302
    assert ProviderCall.objects.get(kind=CallKind.SUBMIT_REQUEST).target_id == request.pk


def test_a_second_click_makes_no_second_call(as_officer: Client) -> None:
    customer = make_request(make_customer(), missing=NOTHING_MISSING).customer
    as_officer.post(to("submit", customer))

    as_officer.post(to("submit", customer))

    assert wanted(CallKind.SUBMIT_REQUEST) == 1


def test_submitting_is_refused_while_something_is_missing(as_officer: Client, customer: Customer) -> None:
    response = as_officer.post(to("submit", customer))

    assert response.status_code == 409
    assert response.content.decode().count("2 requirements are still missing.") == 2  # at the button and at the refusal
    assert wanted(CallKind.SUBMIT_REQUEST) == 0


# --- After a rejection


def test_a_new_document_after_a_rejection_asks_for_a_new_request(as_officer: Client) -> None:
    request = make_request(make_customer(status="REJECTED"), status=RequestStatus.REJECTED, missing=NOTHING_MISSING)

    response = as_officer.post(passport_card(request.customer), {**PASSPORT, "front_image": photo()}, headers=HTMX)

    assert response.status_code == 200
    assert "as soon as CryptoMate has opened the new request" in response.content.decode()
    assert (wanted(CallKind.REQUEST_PRODUCT), wanted(CallKind.UPLOAD_DOCUMENT)) == (1, 0)


# --- Refresh


def test_refresh_makes_the_next_look_due(as_support: Client, customer: Customer, request_: EnablementRequest) -> None:
    response = as_support.post(to("refresh", customer))

    request_.refresh_from_db()
    assert response.status_code == 302
    assert request_.next_sync_at is not None
    assert request_.next_sync_at <= timezone.now()


# --- Who may, and how


@pytest.mark.parametrize("name", ["save_data", "document", "submit"])
def test_support_changes_nothing(name: str, as_support: Client, customer: Customer) -> None:
    args = {"save_data": ["personal_information"], "document": ["identity_document"]}.get(name, [])

    response = as_support.post(to(name, customer, *args), {**PHONE, **PASSPORT, "front_image": photo()})

    assert response.status_code == 403
    assert not ProviderCall.objects.exists()
    assert not customer.documents.exists()


@pytest.mark.parametrize("name", ["save_data", "submit", "refresh"])
def test_an_act_is_not_a_link(name: str, as_officer: Client, customer: Customer) -> None:
    args = ["personal_information"] if name == "save_data" else []

    assert as_officer.get(to(name, customer, *args)).status_code == 405


@pytest.mark.parametrize("name", ["detail", "progress"])
def test_a_page_is_not_an_act(name: str, as_officer: Client, customer: Customer) -> None:
    assert as_officer.post(to(name, customer)).status_code == 405


@pytest.mark.parametrize("name", ["save_data", "document", "submit", "refresh", "progress"])
def test_a_stranger_signs_in_first(name: str, client: Client, customer: Customer) -> None:
    args = {"save_data": ["personal_information"], "document": ["identity_document"]}.get(name, [])

    response = client.post(to(name, customer, *args))

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_the_whole_way_works_without_a_script(as_officer: Client, officer: User, customer: Customer) -> None:
    """Every step is a plain form that leads back to the page, which says where things stand."""
    page = as_officer.post(phone_card(customer), PHONE, follow=True)
    assert "Saved. CryptoMate is being told." in page.content.decode()

    page = as_officer.post(passport_card(customer), {**PASSPORT, "front_image": photo()}, follow=True)
    assert "Kept. It is being uploaded to CryptoMate." in page.content.decode()

    ProviderCall.objects.update(state=CallState.DONE, answered_at=timezone.now(), sent_at=timezone.now())
    request = customer.newest_request
    assert request
    request.missing_requirements = NOTHING_MISSING
    request.save(update_fields=["missing_requirements"])
    page = as_officer.post(to("submit", customer), follow=True)
    assert "Sent off for review." in page.content.decode()
    assert wanted(CallKind.SUBMIT_REQUEST) == 1
