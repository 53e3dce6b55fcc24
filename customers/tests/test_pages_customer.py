"""What the customer's page shows to whom, and how it keeps itself true."""

from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.kinds import Kind
from audit.models import Event
from customers.models import Customer, EnablementRequest
from customers.statuses import RequestStatus, Source
from customers.tests.making import NOTHING_MISSING, make_customer, make_document, make_request
from provider.models import CallKind, CallState, ProviderCall

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def request_(db: None) -> EnablementRequest:
    return make_request(make_customer(phone_country_code=54, phone_number=1168860622))


@pytest.fixture
def customer(request_: EnablementRequest) -> Customer:
    return request_.customer


def page_of(client: Client, customer: Customer, **query: str) -> str:
    return client.get(reverse("customers:detail", args=[customer.pk]), query).content.decode()


def poll(client: Client, customer: Customer, seen: str) -> Any:
    return client.get(reverse("customers:progress", args=[customer.pk]), {"seen": seen}, headers={"HX-Request": "true"})


def make_call(customer: Customer, **changes: Any) -> ProviderCall:
    now = timezone.now()
    values = {
        "kind": CallKind.UPDATE_CLIENT, "state": CallState.DONE, "target_id": customer.pk, "wanted_at": now,
        "sent_at": now, "answered_at": now, "payload_digest": "x", **changes,
    }  # fmt: skip
    return ProviderCall.objects.create(customer_id=customer.pk, **values)


# --- What is on it


def test_an_officer_sees_one_card_per_requirement(as_officer: Client, customer: Customer) -> None:
    page = page_of(as_officer, customer)

    for shown in ('id="data-personal_information"', 'id="document-identity_document"', "2 of 2 requirements left",
                  ">Save</button>", ">Upload document</button>", "2 requirements are still missing."):  # fmt: skip
        assert shown in page


@pytest.mark.parametrize("status", ["Pending", "Active", "Rejected"])
def test_the_badge_reads_the_status(status: str, as_officer: Client) -> None:
    page = page_of(as_officer, make_customer(status=status.upper()))

    assert f"</svg>{status}</span></span>" in page


def test_the_id_number_shows_its_last_three_characters(as_officer: Client, customer: Customer) -> None:
    page = page_of(as_officer, customer)

    assert "•••• 567" in page
    assert "AB1234567" not in page
    assert "mjuliabarber@example.com" in page
    assert "+54 1168860622" in page


def test_support_sees_neither_forms_nor_whole_contact_data_nor_images(
    as_support: Client, customer: Customer, request_: EnablementRequest
) -> None:
    document = make_document(request_, status="UPLOADED", front="kept")

    page = page_of(as_support, customer)

    assert "m•••@example.com" in page
    assert "+54 •••• 622" in page
    assert "Images are for officers." in page
    for hidden in ("mjuliabarber@example.com", "1168860622", "Save</button>", "Upload document", "Submit for review",
                   "Edit data", str(document.pk)):  # fmt: skip
        assert hidden not in page


def test_an_officer_sees_the_images_of_an_uploaded_document(
    as_officer: Client, customer: Customer, request_: EnablementRequest
) -> None:
    document = make_document(
        request_, status="UPLOADED", front="kept", measurements={"front": {"width": 1600, "height": 1200}}
    )

    page = page_of(as_officer, customer)

    assert reverse("customers:image", args=[customer.pk, document.pk, "front"]) in page
    assert "Front, 1600 × 1200 px" in page


def test_a_satisfied_card_is_shut(as_officer: Client) -> None:
    request = make_request(make_customer(phone_country_code=54, phone_number=11), missing=NOTHING_MISSING)
    make_document(request, status="UPLOADED")

    page = page_of(as_officer, request.customer)

    assert '<details class="requirement requirement--satisfied" id="document-identity_document">' in page
    assert "All 2 requirements supplied" in page
    assert "Submit for review</button>" in page
    assert "Upload document" not in page


def test_after_a_rejection_the_flagged_card_is_open_with_its_reason(as_officer: Client) -> None:
    items = [{"type": "document", "key": "passport", "reason": "The photo is blurred"}]
    request = make_request(
        make_customer(status="REJECTED"), status=RequestStatus.REJECTED, missing=NOTHING_MISSING, rejected_items=items
    )

    page = page_of(as_officer, request.customer)

    assert '<article class="requirement requirement--rejected" id="document-identity_document"' in page
    assert "“The photo is blurred”" in page
    assert "Upload another one in its place." in page
    assert "Upload document</button>" in page


def test_a_customer_without_a_request_has_no_cards(as_officer: Client) -> None:
    registered = page_of(as_officer, make_customer())
    without_cards = page_of(as_officer, make_customer(api_id="c2", individual_cards=False))

    assert "appears here as soon as it has answered" in registered
    assert "registered without a card" in without_cards


def test_the_timeline_tells_what_happened_newest_first(as_officer: Client, customer: Customer) -> None:
    make_call(customer, trace_id=TRACE, answered_at=timezone.now() - timedelta(minutes=5))
    customer.change_status("ACTIVE", source=Source.WEBHOOK)

    entries = as_officer.get(reverse("customers:detail", args=[customer.pk])).context["timeline"]

    assert [(entry.text, entry.meaning) for entry in entries] == [
        ("Customer: Active", "good"), ("Save the customer's data: done", "good"),
    ]  # fmt: skip
    assert entries[0].note == "CryptoMate, by webhook"
    assert TRACE in page_of(as_officer, customer)


def test_the_timeline_says_which_document_and_keeps_no_error_of_an_attempt_before(
    as_officer: Client, customer: Customer, request_: EnablementRequest
) -> None:
    document = make_document(request_, status="UPLOADED")
    document.change_status("REJECTED", source=Source.SYNC)
    make_call(customer, kind=CallKind.UPLOAD_DOCUMENT, target_id=document.pk, message="Too many requests")

    entries = as_officer.get(reverse("customers:detail", args=[customer.pk])).context["timeline"]

    assert {entry.text for entry in entries} == {"Passport: Refused", "Upload the document (Passport): done"}
    assert not any("Too many requests" in entry.note for entry in entries)


@pytest.mark.parametrize(("status", "is_offered"), [("ACTIVE", True), ("PENDING", False), ("REJECTED", False)])
def test_an_active_customer_is_offered_a_card_in_the_head(as_officer: Client, status: str, is_offered: bool) -> None:
    page = page_of(as_officer, make_customer(status=status, api_id="client-9"))

    head = page.partition('id="customer-actions"')[2].partition("</header>")[0]
    assert ("Issue card" in head) == is_offered


def test_support_is_offered_no_card_in_the_head(as_support: Client) -> None:
    page = page_of(as_support, make_customer(status="ACTIVE", api_id="client-9"))

    assert "Issue card" not in page


def test_answers_read_like_data_and_numbers_stay_masked(as_officer: Client, places: None) -> None:
    answers = {"tax_country": "ARG", "tax_number": "20-27123456-7", "is_diplomat": False}
    page = page_of(as_officer, make_customer(api_id="client-9", answers=answers))

    assert "<dd>Argentina</dd>" in page
    assert "27123456" not in page
    assert "<dd>No</dd>" in page


def test_a_reason_without_a_card_of_its_own_says_what_it_is_about(as_officer: Client) -> None:
    items = [{"type": "data", "key": "tax_number", "reason": "not found"}]
    request = make_request(make_customer(api_id="client-9"), rejected_items=items)

    assert "Tax number: “not found”" in page_of(as_officer, request.customer)


def test_looking_is_for_the_audit_log_and_not_for_the_timeline(as_officer: Client, customer: Customer) -> None:
    Event.objects.create(kind=Kind.DOCUMENT_VIEWED, customer_id=customer.pk, source="web")

    assert "looked at a document" not in page_of(as_officer, customer)


# --- A review that takes long


def test_a_long_review_offers_a_message_to_support(
    as_officer: Client, customer: Customer, request_: EnablementRequest
) -> None:
    request_.status, request_.remote_status = RequestStatus.IN_KYC, "in_kyc"
    request_.submitted_at = timezone.now() - timedelta(hours=4, minutes=1)
    request_.save()
    make_call(customer, kind=CallKind.SUBMIT_REQUEST, trace_id=TRACE)

    response = as_officer.get(reverse("customers:detail", args=[customer.pk]))

    message = response.context["support_message"]
    for said in ("client-1", request_.api_id, TRACE, f"{request_.submitted_at:%Y-%m-%d %H:%M}"):
        assert said in message.body
    assert message.mailto.startswith("mailto:support@cryptomate.me?subject=Client%20client-1")
    assert TRACE in unquote(message.mailto)
    for private in ("Barber", "mjuliabarber", "567"):
        assert private not in message.body
    assert "The review takes longer than usual" in response.content.decode()


def test_a_young_review_offers_none(as_officer: Client, customer: Customer, request_: EnablementRequest) -> None:
    request_.status = RequestStatus.IN_KYC
    request_.submitted_at = timezone.now() - timedelta(hours=3)
    request_.save()

    assert "Message to support" not in page_of(as_officer, customer)


@pytest.mark.parametrize(
    ("took", "sentence"),
    [
        ((180, 300, 480, 780, 2400), "; others took 3 min to 40 min."),
        ((1, 2, 3, 4, 5), "; others took less than a minute."),
    ],
)
def test_a_review_is_told_with_how_long_others_took(
    took: tuple[int, ...], sentence: str, as_officer: Client, customer: Customer
) -> None:
    now = timezone.now()
    for seconds in took:
        times = {"submitted_at": now - timedelta(seconds=seconds), "decided_at": now}
        other = make_customer(api_id=f"other-{seconds}")
        make_request(other, api_id=f"other-request-{seconds}", status=RequestStatus.ENABLED, **times)
    EnablementRequest.objects.filter(customer=customer).update(status=RequestStatus.IN_KYC, submitted_at=now)

    assert sentence in page_of(as_officer, customer)


# --- How it keeps itself true


def seen_by(client: Client, customer: Customer) -> str:
    seen: str = client.get(reverse("customers:detail", args=[customer.pk])).context["seen"]
    return seen


def test_a_poll_draws_nothing_again_that_has_not_changed(as_officer: Client, customer: Customer) -> None:
    response = poll(as_officer, customer, seen_by(as_officer, customer))

    assert response.status_code == 204
    assert response.content == b""


def test_a_poll_draws_the_card_that_changed_and_leaves_the_other_alone(
    as_officer: Client, customer: Customer, request_: EnablementRequest
) -> None:
    seen = seen_by(as_officer, customer)
    request_.missing_requirements = {**request_.missing_requirements, "data": []}
    request_.save(update_fields=["missing_requirements"])

    page = poll(as_officer, customer, seen).content.decode()

    assert page.lstrip().startswith('<div class="stack" id="progress"')
    assert 'id="data-personal_information" hx-swap-oob="true"' in page
    assert 'id="document-identity_document"' not in page
    assert "1 of 2 requirements left" in page


def test_a_poll_draws_the_verdict(as_officer: Client, customer: Customer, request_: EnablementRequest) -> None:
    seen = seen_by(as_officer, customer)
    request_.change_status(RequestStatus.IN_KYC, source=Source.SYNC)
    request_.change_status(RequestStatus.ENABLED, source=Source.SYNC)
    customer.change_status("ACTIVE", source=Source.SYNC)

    page = poll(as_officer, customer, seen).content.decode()

    assert 'id="customer-title" hx-swap-oob="true"' in page
    assert "Active" in page
    assert 'id="timeline" hx-swap-oob="true"' in page
    assert "Submit for review</button>" not in page


def test_a_poll_draws_all_cards_when_another_request_asks(as_officer: Client, customer: Customer) -> None:
    seen = seen_by(as_officer, customer)
    EnablementRequest.objects.update(status=RequestStatus.REJECTED)
    make_request(customer)

    page = poll(as_officer, customer, seen).content.decode()

    assert page.count('id="requirements"') == 1
    assert page.count('id="data-personal_information"') == 1


def test_a_poll_after_its_answer_has_nothing_to_draw(as_officer: Client, customer: Customer) -> None:
    first = poll(as_officer, customer, "")

    second = poll(as_officer, customer, first.context["seen"])

    assert first.content.decode().count("hx-swap-oob") > 3
    assert second.status_code == 204


def test_a_page_in_motion_polls_and_one_at_rest_asks_once_a_minute_and_on_return(
    as_officer: Client, customer: Customer
) -> None:
    at_rest = page_of(as_officer, customer)
    make_call(customer, state=CallState.WANTED, answered_at=None, sent_at=None, next_attempt_at=timezone.now())
    in_motion = page_of(as_officer, customer)

    address = reverse("customers:progress", args=[customer.pk])
    assert f'hx-get="{address}" hx-trigger="every 60s, focus from:window"' in at_rest
    assert f'hx-get="{address}" hx-trigger="every 500ms"' in in_motion


def test_a_poll_costs_a_bounded_number_of_queries(
    as_officer: Client, customer: Customer, django_assert_max_num_queries: Any
) -> None:
    seen = seen_by(as_officer, customer)

    with django_assert_max_num_queries(30):
        poll(as_officer, customer, seen)
