"""What the provider's answers mean for the checklist: what is settled, what stands, what is sent on."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cryptomate.testing import FakeTransport, client_json, passport_requirement, phone_requirement, request_json
from customers.actions import Upload, update_customer, upload_document
from customers.checklists import checklist_of
from customers.following import sync_request
from customers.images import clean_image
from customers.models import Document, EnablementRequest
from customers.statuses import RequestStatus
from customers.tests.making import NOTHING_MISSING, make_customer, make_document, make_request
from customers.tests.pictures import photo
from provider.actions import carry_out, want
from provider.models import CallKind, ProviderCall

pytestmark = pytest.mark.django_db

CLIENT = "/management/clients/individuals/client-1"
PRODUCTS = f"{CLIENT}/products"
PHONE_REFUSED = {"type": "data", "key": "phone", "reason": "This number is not in service"}
PASSPORT_REFUSED = {"type": "document", "key": "passport", "reason": "The photo is blurred"}
NATIONAL_ID = {**passport_requirement()["valid_documents"][0], "id": "national_id", "name": "National ID"}
EITHER = {**passport_requirement(), "valid_documents": [*passport_requirement()["valid_documents"], NATIONAL_ID]}


def answer(request: EnablementRequest, **changes: Any) -> dict[str, Any]:
    return request_json(id=request.api_id, client_id="client-1", **changes)


def upload_of(document_type: str = "passport") -> Upload:
    return Upload(document_type, {"number": "P1"}, front=clean_image(photo()), back=None)


def carry_out_all(provider: FakeTransport, kind: CallKind) -> None:
    for call in ProviderCall.objects.open().filter(kind=kind):
        carry_out(call.pk, client=provider.client())


def reasons(request: EnablementRequest) -> list[str]:
    request.refresh_from_db()
    return [reason for wanted in checklist_of(request).wanted for reason in wanted.reasons]


def test_data_that_were_saved_and_are_not_missing_are_settled(provider: FakeTransport, officer: User) -> None:
    request = make_request(make_customer(), missing=NOTHING_MISSING, rejected_items=[PHONE_REFUSED])
    provider.reply("PUT", CLIENT, client_json(id="client-1"))
    provider.reply("GET", CLIENT, client_json(id="client-1"))
    provider.reply("GET", PRODUCTS, [answer(request, missing_requirements=NOTHING_MISSING)])
    assert reasons(request) == ["This number is not in service"]

    update_customer(customer=request.customer, data={"phone_country_code": 54, "phone_number": 119}, by=officer)
    carry_out_all(provider, CallKind.UPDATE_CLIENT)
    request.refresh_from_db()
    sync_request(request, client=provider.client())

    assert reasons(request) == []


def test_a_look_alone_settles_nothing(provider: FakeTransport) -> None:
    request = make_request(make_customer(), missing=NOTHING_MISSING, rejected_items=[PHONE_REFUSED])
    provider.reply("GET", CLIENT, client_json(id="client-1"))
    provider.reply("GET", PRODUCTS, [answer(request, missing_requirements=NOTHING_MISSING)])

    sync_request(request, client=provider.client())

    assert reasons(request) == ["This number is not in service"]


def test_data_that_are_still_missing_after_a_save_keep_their_reason(provider: FakeTransport, officer: User) -> None:
    missing = {"documents": [], "data": [phone_requirement()]}
    request = make_request(make_customer(), missing=missing, rejected_items=[PHONE_REFUSED])
    provider.reply("PUT", CLIENT, client_json(id="client-1"))
    provider.reply("GET", CLIENT, client_json(id="client-1"))
    provider.reply("GET", PRODUCTS, [answer(request, missing_requirements=missing)])

    update_customer(customer=request.customer, data={"phone_country_code": 54, "phone_number": 119}, by=officer)
    carry_out_all(provider, CallKind.UPDATE_CLIENT)
    sync_request(request, client=provider.client())

    assert reasons(request) == ["This number is not in service"]


def test_a_document_of_another_type_takes_the_refused_ones_place(provider: FakeTransport, officer: User) -> None:
    missing = {"documents": [EITHER], "data": []}
    request = make_request(make_customer(), missing=missing, rejected_items=[PASSPORT_REFUSED, PHONE_REFUSED])
    answered = {"product": answer(request, missing_requirements=NOTHING_MISSING), "rejected_items": []}
    provider.reply("POST", f"{PRODUCTS}/*/documentation", answered)

    upload_document(
        customer=request.customer, requirement_id="identity_document", upload=upload_of("national_id"), by=officer
    )
    carry_out_all(provider, CallKind.UPLOAD_DOCUMENT)

    assert reasons(request) == ["This number is not in service"]


def test_a_reason_that_an_answer_names_twice_is_read_once(provider: FakeTransport, officer: User) -> None:
    request = make_request(make_customer())
    answered = {"product": answer(request, rejected_items=[PASSPORT_REFUSED]), "rejected_items": [PASSPORT_REFUSED]}
    provider.reply("POST", f"{PRODUCTS}/*/documentation", answered)

    upload_document(customer=request.customer, requirement_id="identity_document", upload=upload_of(), by=officer)
    carry_out_all(provider, CallKind.UPLOAD_DOCUMENT)

    assert reasons(request) == ["The photo is blurred"]


@pytest.mark.parametrize(("metadata", "is_sent"), [({"number": "P1"}, True), ({}, False)], ids=["whole", "unfinished"])
def test_a_new_request_takes_the_drafts_that_are_finished(
    metadata: dict[str, str], is_sent: bool, provider: FakeTransport
) -> None:
    rejected = make_request(make_customer(), status=RequestStatus.REJECTED, missing=NOTHING_MISSING)
    draft = make_document(rejected, metadata=metadata, front="kept", released_at=timezone.now())
    provider.reply("POST", PRODUCTS, request_json(id="request-new"), status=201)
    call = want(kind=CallKind.REQUEST_PRODUCT, target=rejected.customer, customer_id=rejected.customer_id, by=None)

    carry_out(call.pk, client=provider.client())

    draft = Document.objects.select_related("request").get(pk=draft.pk)
    assert draft.request.api_id == "request-new"
    assert ProviderCall.objects.filter(kind=CallKind.UPLOAD_DOCUMENT, target_id=draft.pk).exists() == is_sent


def test_optional_fields_do_not_stand_in_the_way_of_a_submit() -> None:
    optional = {**phone_requirement(), "fields": [{"key": "nickname", "data_type": "STRING", "required": False}]}
    request = make_request(make_customer(), missing={"documents": [], "data": [optional]})

    assert checklist_of(request).left == 0
