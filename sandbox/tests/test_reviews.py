import time
from typing import Any

import pytest

from sandbox.tests.making import CLIENTS, MARIA, Provider, document, person
from sandbox.tests.receiver import Receiver
from sandbox.tests.test_products import NOTHING, SELFIE, data_keys, document_ids

BLURRED = {"type": "document", "key": "passport", "reason": "The photo is blurred"}
WRONG_PHONE = {"type": "data", "key": "phone", "reason": "Nobody answers"}
WRONG_BIRTH_DATE = {"type": "data", "key": "birth_date", "reason": "The passport has another date"}


def reject(provider: Provider, request: dict[str, Any], *items: dict[str, str]) -> dict[str, Any]:
    provider.decide(request, "reject", code="REJECTED_BY_PROVIDER", description="Not accepted", items=list(items))
    return provider.requests_of(request["client_id"])[0]


def client_status(provider: Provider, request: dict[str, Any]) -> str:
    return str(provider.api("GET", f"{CLIENTS}/{request['client_id']}").json()["status"])


def test_approval_enables_the_request_and_activates_the_client(provider: Provider) -> None:
    request = provider.in_review()

    decided = provider.decide(request, "approve")

    assert decided == {"id": request["id"], "status": "enabled", "client_status": "active"}
    assert provider.requests_of(request["client_id"])[0]["status"] == "enabled"
    assert client_status(provider, request) == "active"


def test_rejection_carries_code_description_and_items(provider: Provider) -> None:
    request = reject(provider, provider.in_review(), BLURRED)

    assert request["status"] == "rejected"
    assert (request["rejection_code"], request["rejection_description"]) == ("REJECTED_BY_PROVIDER", "Not accepted")
    assert request["rejected_items"] == [BLURRED]
    assert client_status(provider, request) == "rejected"


def test_the_next_request_asks_only_for_what_was_rejected(provider: Provider) -> None:
    provider.console("POST", "/console/requirements", {"documents": [SELFIE]})
    request = provider.ask_for_product(provider.client())
    provider.upload(request, document())
    provider.upload(request, document("selfie", metadata=..., image_back=...))
    provider.submit(request)
    reject(provider, request, BLURRED)

    again = provider.ask_for_product(request["client_id"])

    assert again["id"] != request["id"]
    assert again["rejected_items"] == [BLURRED]
    assert document_ids(again) == ["identity_document"]
    assert client_status(provider, request) == "pending"


def test_a_refusal_can_be_chosen_by_name(provider: Provider) -> None:
    request = provider.in_review()

    provider.decide(request, "reject", preset="expired")

    [refused] = provider.requests_of(request["client_id"])
    assert refused["rejected_items"] == [{"type": "document", "key": "passport", "reason": "The document has expired"}]


def test_a_refusal_for_good_names_no_item(provider: Provider) -> None:
    request = provider.in_review()

    provider.decide(request, "reject", preset="sanctions")

    [refused] = provider.requests_of(request["client_id"])
    assert (refused["rejection_code"], refused["rejection_description"]) == ("REJECTED_BY_PROVIDER", "Sanctions match")
    assert "rejected_items" not in refused


def test_more_is_asked_while_documents_are_awaited(provider: Provider) -> None:
    request = provider.ask_for_product(provider.client())

    provider.decide(request, "more", preset="optional")

    [asked] = provider.requests_of(request["client_id"])
    assert document_ids(asked) == ["identity_document", "income_proof"]


def test_what_is_not_asked_for_any_more_is_not_missing(provider: Provider) -> None:
    request = provider.ask_for_product(provider.client())
    provider.decide(request, "more", preset="tax")

    provider.decide(request, "withdraw", requirement="identity_document")
    provider.decide(request, "withdraw", requirement="tax")

    [asked] = provider.requests_of(request["client_id"])
    assert document_ids(asked) == []
    assert "tax_number" not in data_keys(asked)
    # An update may go on carrying what was once asked for.
    update = person(tax_number="20-1")
    assert provider.api("PUT", f"{CLIENTS}/{request['client_id']}", json=update).status_code == 200


def test_nothing_is_withdrawn_that_is_not_asked_for(provider: Provider) -> None:
    request = provider.ask_for_product(provider.client())

    with pytest.raises(RuntimeError, match="answered 409"):
        provider.decide(request, "withdraw", requirement="moon")


def test_a_rejected_item_is_settled_by_a_better_document(provider: Provider) -> None:
    request = reject(provider, provider.in_review(), BLURRED)
    again = provider.ask_for_product(request["client_id"])

    answer = provider.upload(again, document("national_id"))

    assert answer.json()["rejected_items"] == []
    assert answer.json()["product"]["missing_requirements"] == NOTHING
    assert provider.submit(again).json()["product"]["status"] == "in_kyc"


@pytest.mark.parametrize(
    ("item", "correction"),
    [(WRONG_PHONE, {"phone_number": 1100000000}), (WRONG_BIRTH_DATE, {"birth_date": "1984-11-12"})],
)
def test_rejected_data_is_missing_until_its_value_changes(
    provider: Provider, item: dict[str, str], correction: dict[str, Any]
) -> None:
    request = reject(provider, provider.in_review(), item)
    again = provider.ask_for_product(request["client_id"])
    address = f"{CLIENTS}/{request['client_id']}"

    provider.api("PUT", address, json=MARIA)
    unchanged = provider.requests_of(request["client_id"])[0]
    provider.api("PUT", address, json=person(**correction))

    assert again["rejected_items"] == unchanged["rejected_items"] == [item]
    assert data_keys(unchanged) == [item["key"]]
    assert provider.requests_of(request["client_id"])[0]["missing_requirements"] == NOTHING


def test_a_rejection_without_items_asks_for_the_documents_again(provider: Provider) -> None:
    request = reject(provider, provider.in_review())

    again = provider.ask_for_product(request["client_id"])

    assert "rejected_items" not in request
    assert "rejected_items" not in again
    assert document_ids(again) == ["identity_document"]


def test_rejected_items_can_be_withheld(provider: Provider) -> None:
    provider.settings(carry_rejected_items=False)
    request = reject(provider, provider.in_review(), BLURRED)

    again = provider.ask_for_product(request["client_id"])

    assert "rejected_items" not in request
    assert "rejected_items" not in again
    assert document_ids(again) == ["identity_document"]


def test_accepted_documents_can_be_forgotten(provider: Provider) -> None:
    provider.settings(carry_accepted_documents=False)
    request = reject(provider, provider.in_review(), WRONG_PHONE)

    again = provider.ask_for_product(request["client_id"])

    assert document_ids(again) == ["identity_document"]
    assert data_keys(again) == ["phone"]


def test_requests_are_listed_newest_first_with_the_rejected_ones(provider: Provider) -> None:
    request = reject(provider, provider.in_review(), BLURRED)
    again = provider.ask_for_product(request["client_id"])

    listed = provider.requests_of(request["client_id"])

    assert [entry["id"] for entry in listed] == [again["id"], request["id"]]
    assert [entry["status"] for entry in listed] == ["pending_documentation", "rejected"]


def test_a_review_can_ask_for_more(provider: Provider) -> None:
    request = provider.in_review()

    provider.decide(request, "more", documents=[SELFIE])

    [listed] = provider.requests_of(request["client_id"])
    assert listed["status"] == "pending_documentation"
    assert document_ids(listed) == ["selfie"]
    provider.upload(request, document("selfie", metadata=..., image_back=...))
    assert provider.submit(request).json()["product"]["status"] == "in_kyc"


def test_an_enabled_request_can_be_taken_back(provider: Provider) -> None:
    request = provider.in_review()
    provider.decide(request, "approve")

    taken_back = reject(provider, request, BLURRED)

    assert taken_back["status"] == "rejected"
    assert client_status(provider, request) == "rejected"


def test_a_request_can_start_as_requested(provider: Provider) -> None:
    provider.settings(start_as_requested=True)

    request = provider.ask_for_product(provider.client())

    assert request["status"] == "requested"
    assert request["missing_requirements"] == NOTHING
    provider.decide(request, "more", documents=[SELFIE])
    assert document_ids(provider.requests_of(request["client_id"])[0]) == ["identity_document", "selfie"]


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_only_a_request_in_review_is_decided(provider: Provider, verdict: str) -> None:
    request = provider.ask_for_product(provider.client())

    with pytest.raises(RuntimeError, match="answered 409"):
        provider.decide(request, verdict, documents=[SELFIE])


def test_a_submitted_request_can_be_approved_by_itself(provider: Provider) -> None:
    provider.settings(auto_approve_seconds=0)
    request = provider.in_review()

    deadline = time.monotonic() + 5
    while provider.requests_of(request["client_id"])[0]["status"] == "in_kyc" and time.monotonic() < deadline:
        time.sleep(0.02)

    assert client_status(provider, request) == "active"


def test_a_decision_is_told_by_webhook(provider: Provider, receiver: Receiver) -> None:
    provider.subscribe(receiver.url)
    request = provider.in_review()

    provider.decide(request, "approve")

    [webhook] = receiver.wait_for(1)
    assert {name: webhook.body[name] for name in ("product", "event_type", "operation_id", "status")} == {
        "product": "company_activity",
        "event_type": "client_status",
        "operation_id": request["client_id"],
        "status": "success",
    }
    assert webhook.body["data"]["status"] == "active"
    assert webhook.body["data"]["updated_at"].endswith("Z")


def test_a_rejection_is_told_as_failed_with_its_reason(provider: Provider, receiver: Receiver) -> None:
    provider.subscribe(receiver.url)
    request = provider.in_review()

    reject(provider, request, BLURRED)

    [webhook] = receiver.wait_for(1)
    assert webhook.body["status"] == "failed"
    assert webhook.body["data"]["rejection_code"] == "REJECTED_BY_PROVIDER"
    assert webhook.body["data"]["rejection_description"] == "Not accepted"
