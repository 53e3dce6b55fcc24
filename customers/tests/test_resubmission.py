"""After a refusal only what was flagged is open; what was accepted stays visible and closed."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cryptomate.testing import FakeTransport, client_json, passport_requirement, phone_requirement
from customers.actions import Upload, answer_requirement, upload_document
from customers.images import clean_image
from customers.models import Customer, EnablementRequest, NewKind, RequirementSnapshot
from customers.policies import NotAllowed
from customers.snapshots import keep_snapshot
from customers.tests.making import NOTHING_MISSING, make_customer, make_document, make_request
from customers.tests.pictures import photo
from provider.actions import carry_out
from provider.models import CallKind, ProviderCall

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

BLURRED = {"type": "document", "key": "passport", "reason": "The image is blurry"}
WRONG_PHONE = {"type": "data", "key": "phone", "reason": "Nobody answers"}
NATIONAL_ID = {**passport_requirement()["valid_documents"][0], "id": "national_id", "name": "National ID"}
OPTIONAL = {"id": "income", "name": "Proof of income", "required": False, "valid_documents": [{"id": "payslip"}]}


def refused(*items: dict[str, str], status: str = "REJECTED") -> Customer:
    customer = make_customer(status="REJECTED", phone_country_code=54, phone_number=11)
    request = make_request(customer, status=status, missing=NOTHING_MISSING, rejected_items=list(items))
    make_document(request, status="REJECTED" if BLURRED in items else "UPLOADED")
    return customer


def card(client: Client, customer: Customer, anchor: str) -> str:
    page = client.get(f"/customers/{customer.pk}/").content.decode()
    start = page.index(f'id="{anchor}"')
    return page[page.rindex("<", 0, start) : start + min(page[start:].find(end) for end in ("</article>", "</details>")
                                                        if end in page[start:])]  # fmt: skip


def upload() -> Upload:
    return Upload("passport", {"number": "P1"}, front=clean_image(photo()), back=None)


def test_only_what_was_flagged_is_open(as_officer: Client) -> None:
    customer = refused(BLURRED)

    flagged, accepted = (card(as_officer, customer, each) for each in ("document-identity_document",
                                                                       "data-personal_information"))  # fmt: skip
    assert flagged.startswith("<article")
    assert "Upload document</button>" in flagged
    assert accepted.startswith("<details")
    assert "Supplied" in accepted
    assert "<form" not in accepted


def test_what_was_accepted_before_the_refusal_stays_visible_in_the_next_request(as_officer: Client) -> None:
    customer = refused(WRONG_PHONE)
    EnablementRequest.objects.create(
        customer=customer, api_id="request-2", status="PENDING_DOCUMENTATION",
        missing_requirements={"documents": [], "data": [phone_requirement()]},
    )  # fmt: skip

    accepted = card(as_officer, customer, "document-identity_document")

    assert accepted.startswith("<details")
    assert "Supplied" in accepted
    assert "<form" not in accepted


def test_what_was_accepted_is_not_taken_again(officer: User) -> None:
    with pytest.raises(NotAllowed, match="has accepted this"):
        upload_document(customer=refused(WRONG_PHONE), requirement_id="identity_document", upload=upload(), by=officer)

    assert not ProviderCall.objects.exists()


def test_an_accepted_answer_is_not_taken_again(officer: User, as_officer: Client) -> None:
    customer = refused(BLURRED)
    phone = {"phone_country_code": 54, "phone_number": 12}

    with pytest.raises(NotAllowed, match="has accepted this"):
        answer_requirement(customer=customer, requirement_id="personal_information", data=phone, by=officer)
    answer = as_officer.post(f"/customers/{customer.pk}/data/personal_information/", phone)

    assert answer.status_code == 409
    customer.refresh_from_db()
    assert customer.phone_number == 11


def test_what_is_no_longer_asked_for_is_not_taken(officer: User) -> None:
    request = make_request(make_customer(), missing={"documents": [], "data": [phone_requirement()]})

    with pytest.raises(NotAllowed, match="no longer asks"):
        upload_document(customer=request.customer, requirement_id="identity_document", upload=upload(), by=officer)


def test_a_refusal_that_flags_nothing_opens_everything(as_officer: Client) -> None:
    customer = refused()

    assert "Upload document</button>" in card(as_officer, customer, "document-identity_document")
    assert ">Save</button>" in card(as_officer, customer, "data-personal_information")


def test_a_flagged_answer_that_no_card_shows_opens_no_other(as_officer: Client) -> None:
    customer = refused({"type": "data", "key": "birth_date", "reason": "Differs from the passport"})

    page = as_officer.get(f"/customers/{customer.pk}/").content.decode()

    assert "Date of birth: “Differs from the passport”" in page
    assert "Upload document</button>" not in page
    assert ">Save</button>" not in page


# --- Alternatives, and what is optional


def test_alternatives_read_as_alternatives_for_everybody(as_support: Client) -> None:
    either = {**passport_requirement(), "valid_documents": [*passport_requirement()["valid_documents"], NATIONAL_ID]}
    request = make_request(make_customer(), missing={"documents": [either], "data": []})

    assert "<p>One of: passport, national ID</p>" in card(as_support, request.customer, "document-identity_document")


def test_a_single_document_is_no_alternative(as_officer: Client) -> None:
    assert "One of" not in card(as_officer, make_request(make_customer()).customer, "document-identity_document")


def test_an_optional_document_is_marked_and_does_not_stand_in_the_way(as_officer: Client) -> None:
    request = make_request(make_customer(), missing={"documents": [OPTIONAL], "data": []})
    make_document(request, status="UPLOADED")

    shown = card(as_officer, request.customer, "document-income")
    submitted = as_officer.post(f"/customers/{request.customer_id}/submit/")

    assert "Optional" in shown
    assert "Upload document</button>" in shown
    assert submitted.status_code == 302
    assert ProviderCall.objects.get().kind == CallKind.SUBMIT_REQUEST


# --- Kinds nobody has seen


def asked(*fields: dict[str, Any], number: int = 1) -> EnablementRequest:
    group = {"id": f"more-{number}", "name": "Affinity", "fields": list(fields)}
    customer = make_customer(api_id=f"client-{number}")
    request = EnablementRequest.objects.create(
        customer=customer, api_id=f"request-{number}", status="PENDING_DOCUMENTATION",
        missing_requirements={"documents": [], "data": [group]},
    )  # fmt: skip
    keep_snapshot(request, RequirementSnapshot.Occasion.REQUEST)
    return request


HOLOGRAM = {"key": "household_quorum", "data_type": "hologram"}


def test_a_kind_nobody_has_seen_is_marked_and_typed_as_text(as_officer: Client) -> None:
    shown = card(as_officer, asked(HOLOGRAM).customer, "data-more-1")

    assert "New kind of requirement</span>" in shown
    assert '<input type="text" name="household_quorum"' in shown
    assert "it is sent as typed" in shown


def test_a_kind_we_know_is_not_marked(as_officer: Client) -> None:
    known = [{"key": f"key{number}", "data_type": word} for number, word in enumerate(("STRING", "DATE", "COUNTRY"))]
    with_options = {"key": "colour", "data_type": "COLOUR", "options": ["red"]}
    with_column = {"key": "occupation", "data_type": "OCCUPATION"}

    shown = card(as_officer, asked(*known, with_options, with_column).customer, "data-more-1")

    assert "New kind of requirement" not in shown
    assert not NewKind.objects.exists()


def test_a_new_kind_is_counted_for_each_time_it_is_asked_anew() -> None:
    request = asked(HOLOGRAM)
    request.missing_requirements = {**request.missing_requirements, "documents": [passport_requirement()]}
    keep_snapshot(request, RequirementSnapshot.Occasion.SYNC)
    asked(HOLOGRAM, number=2)

    [kind] = NewKind.objects.all()
    assert (kind.word, kind.times, kind.example) == ("HOLOGRAM", 2, "Affinity: Household quorum")
    assert kind.first_seen_at < kind.last_seen_at


def test_a_new_kind_on_a_document_is_counted_too() -> None:
    document = {"id": "map", "name": "Map", "valid_documents": [{"id": "star_map", "name": "Star map", "metadata": [
        {"id": "sector", "data_type": "SECTOR"}]}]}  # fmt: skip
    request = asked()
    request.missing_requirements = {"documents": [document], "data": []}
    keep_snapshot(request, RequirementSnapshot.Occasion.SYNC)

    assert [(kind.word, kind.example) for kind in NewKind.objects.all()] == [("SECTOR", "Star map: Sector")]


def test_columns_and_answers_leave_together_with_the_whole_client(officer: User, provider: FakeTransport) -> None:
    request = asked({"key": "occupation"}, {"key": "phone"}, HOLOGRAM)
    phone = {"phone_country_code": 54, "phone_number": 1168860622}
    data = {"occupation": "Pilot", **phone, "answers": {"household_quorum": "three"}}
    answer_requirement(customer=request.customer, requirement_id="more-1", data=data, by=officer)
    provider.reply("PUT", "/management/clients/individuals/client-1", client_json(id="client-1"))

    carry_out(ProviderCall.objects.get(kind=CallKind.UPDATE_CLIENT).pk, client=provider.client())

    request.customer.refresh_from_db()
    assert (request.customer.occupation, request.customer.answers) == ("Pilot", {"household_quorum": "three"})
    [sent] = provider.calls_to("PUT", "*")
    for key, value in {"occupation": "Pilot", "household_quorum": "three", **phone, "first_name": "Maria"}.items():
        assert sent.json[key] == value
