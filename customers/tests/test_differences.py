"""What changed from one of the provider's answers to the next, in the sentences that people read."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cryptomate.testing import FakeTransport, client_json, passport_requirement, phone_requirement, request_json
from customers import following
from customers.actions import update_customer
from customers.checklists import checklist_of
from customers.differences import Answer, Difference, data_key, difference, document_key
from customers.models import EnablementRequest, RequirementSnapshot
from customers.snapshots import keep_snapshot, news_of
from customers.tests.making import NOTHING_MISSING, make_customer, make_document, make_request
from provider.actions import carry_out
from provider.models import CallKind, ProviderCall

PASSPORT, PHONE = passport_requirement(), phone_requirement()
ADDRESS = {"id": "proof_of_address", "name": "Proof of address", "valid_documents": [{"id": "bill", "name": "Bill"}]}
TAX: Any = {
    "id": "tax",
    "name": "Tax",
    "fields": [{"key": "tax_number"}, {"key": "tax_country", "name": "Tax country"}],
}
BLURRED = {"type": "document", "key": "passport", "reason": "The image is blurry."}
CLIENTS = "/management/clients/individuals"

IDENTITY, PHONE_KEY = document_key("identity_document"), data_key("phone")


def missing(*, documents: Any = (), data: Any = ()) -> dict[str, Any]:
    return {"documents": list(documents), "data": list(data)}


def said(before: Answer | None, after: Answer, **more: Any) -> str:
    return difference(before, after, **more).sentences


# --- Two answers


def test_the_difference_reads_in_sentences() -> None:
    before = Answer(missing(data=[PHONE]))
    after = Answer(missing(documents=[ADDRESS]), [BLURRED])
    earlier = [Answer(missing(documents=[PASSPORT], data=[PHONE]))]

    assert said(before, after, earlier=earlier, supplied=[PHONE_KEY, IDENTITY]) == (
        "Satisfied: phone. Came back: passport, the image is blurry. New: proof of address."
    )


def test_the_first_answer_is_all_new() -> None:
    assert said(None, Answer(missing(documents=[PASSPORT], data=[PHONE]))) == "New: phone, identity document."


def test_the_same_answer_differs_in_nothing() -> None:
    answer = Answer(missing(documents=[PASSPORT]), [BLURRED])

    assert not difference(answer, answer)
    assert said(answer, answer) == ""


def test_what_was_never_supplied_and_is_gone_is_no_longer_needed() -> None:
    before = Answer(missing(documents=[PASSPORT], data=[PHONE]))

    changed = said(before, Answer(NOTHING_MISSING), supplied=[PHONE_KEY])

    assert changed == "Satisfied: phone. No longer needed: identity document."


def test_each_field_is_told_by_itself() -> None:
    before = Answer(missing(data=[TAX]))
    after = Answer(missing(data=[{**TAX, "fields": TAX["fields"][:1]}]))

    assert said(before, after, supplied=[data_key("tax_country")]) == "Satisfied: tax country."


def test_what_was_satisfied_and_is_missing_again_came_back() -> None:
    earlier, before = [Answer(missing(documents=[PASSPORT]))], Answer(NOTHING_MISSING)

    assert said(before, Answer(missing(documents=[PASSPORT])), earlier=earlier) == "Came back: identity document."


def test_a_new_reason_for_what_is_open_already_is_news() -> None:
    open_already = missing(documents=[PASSPORT])
    expired = {**BLURRED, "reason": "It has expired"}

    assert said(Answer(open_already), Answer(open_already, [BLURRED])) == "Came back: passport, the image is blurry."
    assert said(Answer(open_already, [BLURRED]), Answer(open_already, [BLURRED, expired])) == (
        "Came back: passport, it has expired."
    )


def test_several_that_came_back_keep_their_reasons_apart() -> None:
    before = Answer(NOTHING_MISSING)
    phone = {"type": "data", "key": "phone", "reason": "Nobody answers"}
    earlier = [Answer(missing(documents=[PASSPORT], data=[PHONE]))]

    changed = said(before, Answer(NOTHING_MISSING, [BLURRED, phone]), earlier=earlier)

    assert changed == "Came back: passport, the image is blurry; phone, nobody answers."


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        ({"type": "data", "key": "birth_date", "reason": "Differs"}, "Came back: date of birth, differs."),
        ({"type": "data", "key": "tax_number", "reason": ""}, "New: tax number."),
        ({"type": "document", "key": "identity_document", "reason": "Cut"}, "Came back: identity document, cut."),
        ({"type": "data", "key": "tax", "reason": "No"}, "Came back: tax number, no; tax country, no."),
        ({"type": "", "key": "", "reason": "Something is wrong"}, "Came back: something is wrong."),
    ],
)  # fmt: skip
def test_what_is_flagged_goes_by_its_name(item: dict[str, str], sentence: str) -> None:
    earlier = [] if item["key"] == "tax_number" else [Answer(missing(documents=[PASSPORT], data=[TAX]))]

    assert said(Answer(NOTHING_MISSING), Answer(NOTHING_MISSING, [item]), earlier=earlier) == sentence


def test_names_keep_the_capitals_they_need() -> None:
    requirements: list[Any] = [
        {"id": name, "name": name, "valid_documents": []} for name in ("DNI", "ID card", "National ID")
    ]

    assert said(None, Answer(missing(documents=requirements))) == "New: DNI, ID card, national ID."


def test_a_difference_survives_being_kept() -> None:
    changed = difference(None, Answer(missing(data=[PHONE]), [BLURRED]))

    assert Difference.from_json(changed.to_json()) == changed
    assert not Difference.from_json(None)


# --- Kept with the snapshot


@pytest.fixture
def request_(db: None) -> EnablementRequest:
    customer = make_customer()
    request = EnablementRequest.objects.create(
        customer=customer, api_id="request-1", status="PENDING_DOCUMENTATION",
        missing_requirements=missing(documents=[PASSPORT], data=[PHONE]),
    )  # fmt: skip
    keep_snapshot(request, RequirementSnapshot.Occasion.REQUEST)
    return request


def stands(provider: FakeTransport, request: EnablementRequest, **changes: Any) -> None:
    provider.reply("GET", f"{CLIENTS}/client-1", client_json(id="client-1"))
    provider.reply("GET", f"{CLIENTS}/client-1/products", [request_json(id=request.api_id, **changes)])


def looked_at(request: EnablementRequest, provider: FakeTransport, **changes: Any) -> list[str]:
    stands(provider, request, **changes)
    request.refresh_from_db()
    following.sync_request(request, client=provider.client())
    return [f"{news.occasion}: {news.sentences}" for news in news_of(request.customer)]


def test_saving_data_is_what_satisfied_them(
    request_: EnablementRequest, provider: FakeTransport, officer: User
) -> None:
    EnablementRequest.objects.update(synced_at=request_.created_at)
    phone = {"phone_country_code": 54, "phone_number": 1168860622}
    update_customer(customer=request_.customer, data=phone, by=officer)
    provider.reply("PUT", f"{CLIENTS}/client-1", client_json(id="client-1"))
    carry_out(ProviderCall.objects.get(kind=CallKind.UPDATE_CLIENT).pk, client=provider.client())

    news = looked_at(request_, provider, missing_requirements=missing(documents=[PASSPORT]))

    assert news[0] == "after saving data: Satisfied: phone."


def test_a_document_we_sent_is_satisfied_and_one_we_did_not_is_no_longer_needed(
    request_: EnablementRequest, provider: FakeTransport
) -> None:
    make_document(request_, status="UPLOADED")

    news = looked_at(request_, provider, missing_requirements=NOTHING_MISSING)

    assert news[0] == "when asked: Satisfied: identity document. No longer needed: phone."


def test_the_sentence_stands_whatever_is_supplied_later(request_: EnablementRequest, provider: FakeTransport) -> None:
    before = looked_at(request_, provider, missing_requirements=missing(documents=[PASSPORT]))[0]

    request_.customer.phone_country_code, request_.customer.phone_number = 54, 11
    request_.customer.save()

    assert before == "when asked: No longer needed: phone."
    assert f"when asked: {news_of(request_.customer)[0].sentences}" == before


def test_a_request_after_a_refusal_is_compared_with_the_refused_one(
    request_: EnablementRequest, provider: FakeTransport
) -> None:
    make_document(request_, status="UPLOADED")
    looked_at(request_, provider, missing_requirements=NOTHING_MISSING, status="rejected", rejected_items=[BLURRED])

    new = request_json(id="request-2", missing_requirements=missing(documents=[ADDRESS, PASSPORT]))
    provider = FakeTransport()
    provider.reply("GET", f"{CLIENTS}/client-1", client_json(id="client-1"))
    provider.reply("GET", f"{CLIENTS}/client-1/products", [{**new, "rejected_items": [BLURRED]}])
    following.sync_request(EnablementRequest.objects.get(), client=provider.client())

    assert [news.sentences for news in news_of(request_.customer)] == [
        "New: proof of address.",
        "Came back: passport, the image is blurry. No longer needed: phone.",
        "New: phone, identity document.",
    ]


def test_an_answer_that_changes_nothing_leaves_the_last_news(
    request_: EnablementRequest, provider: FakeTransport
) -> None:
    same = missing(documents=[PASSPORT], data=[PHONE])

    assert looked_at(request_, provider, missing_requirements=same) == [
        "after asking for the product: New: phone, identity document."
    ]


# --- Shown


def test_everybody_who_looks_reads_it_and_a_poll_brings_it(
    as_officer: Client, request_: EnablementRequest, provider: FakeTransport, places: None, support: User
) -> None:
    address = f"/customers/{request_.customer_id}/"
    seen = as_officer.get(address).context["seen"]
    looked_at(request_, provider, missing_requirements=missing(documents=[PASSPORT]))

    polled = as_officer.get(f"{address}progress/", {"seen": seen}, headers={"HX-Request": "true"}).content.decode()
    as_officer.force_login(support)
    page = as_officer.get(address).content.decode()

    assert 'id="difference" class="difference" hx-swap-oob="true" data-announce="No longer needed: phone."' in polled
    assert "<li>No longer needed: phone.</li>" in page
    assert page.count("No longer needed: phone.") == 3  # shown, announced, and on the timeline


def test_before_the_first_answer_nothing_is_said(as_officer: Client, places: None) -> None:
    page = as_officer.get(f"/customers/{make_customer().pk}/").content.decode()

    assert '<div id="difference" class="difference" hidden>' in page


def test_what_the_provider_stopped_asking_for_stays_visible(as_officer: Client, places: None) -> None:
    request = make_request(make_customer(), missing=missing(data=[PHONE]))

    page = as_officer.get(f"/customers/{request.customer_id}/").content.decode()

    card = page.partition('id="document-identity_document"')[2].partition("</details>")[0]
    assert "No longer needed" in card
    assert "CryptoMate stopped asking for this." in card
    assert "<form" not in card
    assert "1 of 1 requirement left" in page


def test_a_refused_document_that_is_not_wanted_any_more_stands_in_nobodys_way(
    provider: FakeTransport, db: None
) -> None:
    request = make_request(make_customer(), missing=missing(documents=[PASSPORT]), rejected_items=[BLURRED])
    make_document(request, status="REJECTED", reason="The image is blurry.")
    assert checklist_of(request).left == 1

    looked_at(request, provider, missing_requirements=NOTHING_MISSING)

    request.refresh_from_db()
    assert checklist_of(request).left == 0
    assert request.rejected_items == []
