from typing import Any

import pytest

from cryptomate import Client, Conflict, Invalid, MalformedAnswer, MissingRequirements, ProductAnswer, ProductRequest
from cryptomate.testing import FakeTransport, passport_requirement, phone_requirement, request_json

PRODUCTS = "/management/clients/individuals/maria/products"
REQUEST = "2VvyMx6rNLRB1W9euCyJGe46qyoiVPzh"
DOCUMENTATION = f"{PRODUCTS}/{REQUEST}/documentation"
SUBMIT = f"{PRODUCTS}/{REQUEST}/submit"
NOTHING_MISSING: dict[str, list[object]] = {"documents": [], "data": []}


def missing(**parts: Any) -> MissingRequirements:
    return ProductRequest.from_json(request_json(missing_requirements=parts)).missing_requirements


def test_requesting_cards_says_subproduct_and_reads_product(provider: FakeTransport, client: Client) -> None:
    provider.reply("POST", PRODUCTS, request_json(), status=201)

    request = client.request_product("maria", idempotency_key="key-1")

    assert (request.id, request.product, request.status) == (REQUEST, "cards_individuals", "pending_documentation")
    assert provider.calls[0].json == {"subproduct": "cards_individuals"}
    assert provider.calls[0].headers["Idempotency-Key"] == "key-1"


def test_a_second_open_request_is_a_conflict(provider: FakeTransport, client: Client) -> None:
    provider.refuse("POST", PRODUCTS, 409, code="VAL", message="An enablement request is already active")

    with pytest.raises(Conflict):
        client.request_product("maria", idempotency_key="key-1")


def test_an_unknown_product_is_invalid(provider: FakeTransport, client: Client) -> None:
    provider.refuse("POST", PRODUCTS, 412, code="VAL", message="Invalid product")

    with pytest.raises(Invalid):
        client.request_product("maria", subproduct="loans", idempotency_key="key-1")


def test_what_is_missing_is_read_down_to_the_metadata_field(provider: FakeTransport, client: Client) -> None:
    provider.reply("POST", PRODUCTS, request_json(), status=201)

    asked = client.request_product("maria", idempotency_key="key-1").missing_requirements

    [document] = asked.documents
    [passport] = document.valid_documents
    [number] = passport.metadata
    assert (document.id, document.name, document.required) == ("identity_document", "Identity document", True)
    assert (passport.id, passport.require_image, passport.require_back_image) == ("passport", True, False)
    assert (number.key, number.name, number.data_type, number.required) == ("number", "Document Number", "STRING", True)
    [data] = asked.data
    [phone] = data.fields
    assert (data.id, phone.key, phone.name, phone.data_type) == ("personal_information", "phone", "phone", "PHONE")
    assert asked.raw == {"documents": [passport_requirement()], "data": [phone_requirement()]}


def test_requests_are_listed_newest_first(provider: FakeTransport, client: Client) -> None:
    old = request_json(id="old", status="rejected", created_at="2026-04-15T10:30:00")
    new = request_json(id="new", created_at="2026-04-16T09:00:00.5Z")
    provider.reply("GET", PRODUCTS, [old, new])

    assert [request.id for request in client.list_products("maria")] == ["new", "old"]


def test_undated_requests_keep_the_providers_order(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", PRODUCTS, [request_json(id=each, created_at=None) for each in ("new", "older", "oldest")])

    assert [request.id for request in client.list_products("maria")] == ["new", "older", "oldest"]


def test_uploading_sends_one_document_with_its_metadata(provider: FakeTransport, client: Client) -> None:
    provider.reply("POST", DOCUMENTATION, {"product": request_json(), "rejected_items": []})

    client.upload_document(
        "maria",
        REQUEST,
        document_type="national_id",
        image_front="data:image/jpeg;base64,AAAA",
        image_back="data:image/jpeg;base64,BBBB",
        metadata={"number": "X1"},
        replace=True,
    )

    assert provider.calls[0].json == {
        "document": {
            "document_type": "national_id",
            "image_front": "data:image/jpeg;base64,AAAA",
            "image_back": "data:image/jpeg;base64,BBBB",
            "metadata": {"number": "X1"},
            "replace": True,
        }
    }


def test_uploading_a_front_only_document_names_no_back(provider: FakeTransport, client: Client) -> None:
    provider.reply("POST", DOCUMENTATION, {"product": request_json(), "rejected_items": []})

    client.upload_document("maria", REQUEST, document_type="passport", image_front="data:image/png;base64,AA==")

    assert set(provider.calls[0].json["document"]) == {"document_type", "image_front", "replace"}


def test_a_document_turned_down_on_the_spot_is_an_answer(provider: FakeTransport, client: Client) -> None:
    item = {"type": "DOCUMENT", "key": "passport", "reason": "Blurred"}
    provider.reply("POST", DOCUMENTATION, {"product": request_json(), "rejected_items": [item]})

    answer = client.upload_document(
        "maria", REQUEST, document_type="passport", image_front="data:image/png;base64,AA=="
    )

    [rejected] = answer.rejected_items
    assert (rejected.type, rejected.key, rejected.reason) == ("document", "passport", "Blurred")


def test_uploading_to_a_request_in_review_is_a_conflict(provider: FakeTransport, client: Client) -> None:
    provider.refuse("POST", DOCUMENTATION, 409, code="VAL")

    with pytest.raises(Conflict):
        client.upload_document("maria", REQUEST, document_type="passport", image_front="data:image/png;base64,AA==")


def test_submitting_a_complete_request_starts_the_review(provider: FakeTransport, client: Client) -> None:
    product = request_json(status="in_kyc", missing_requirements=NOTHING_MISSING)
    provider.reply("POST", SUBMIT, {"product": product, "rejected_items": []})

    answer = client.submit_request("maria", REQUEST)

    assert answer.request.status == "in_kyc"
    assert not answer.request.missing_requirements
    assert provider.calls[0].body == ""


def test_submitting_an_incomplete_request_answers_what_is_missing(provider: FakeTransport, client: Client) -> None:
    provider.reply("POST", SUBMIT, {"product": request_json(), "rejected_items": None})

    answer = client.submit_request("maria", REQUEST)

    assert answer.request.status == "pending_documentation"
    assert answer.request.missing_requirements


def test_submitting_twice_is_a_conflict(provider: FakeTransport, client: Client) -> None:
    provider.refuse("POST", SUBMIT, 409, code="VAL", message="The enablement request is not pending documentation")

    with pytest.raises(Conflict):
        client.submit_request("maria", REQUEST)


def test_an_answer_without_its_product_is_malformed() -> None:
    with pytest.raises(MalformedAnswer, match="unreadable product"):
        ProductAnswer.from_json({"rejected_items": []})


@pytest.mark.parametrize(
    ("sent", "read"), [("IN_KYC", "in_kyc"), ("Enabled", "enabled"), ("requested", "requested"), ("Paused", "Paused")]
)
def test_known_request_statuses_are_folded_and_unknown_ones_kept(sent: str, read: str) -> None:
    assert ProductRequest.from_json(request_json(status=sent)).status == read


def test_a_rejected_request_says_why() -> None:
    items = [{"type": "data", "key": "phone", "reason": "Unreachable"}, {"type": "selfie"}]
    request = ProductRequest.from_json(
        request_json(status="rejected", rejection_code="KYC", rejection_description="Two items", rejected_items=items)
    )

    assert (request.rejection_code, request.rejection_description) == ("KYC", "Two items")
    assert [(item.type, item.key, item.reason) for item in request.rejected_items] == [
        ("data", "phone", "Unreachable"),
        ("selfie", "", ""),
    ]


@pytest.mark.parametrize("parts", [None, {}, {"documents": None, "data": None}])
def test_absent_and_null_requirements_mean_that_nothing_is_missing(parts: object) -> None:
    assert not ProductRequest.from_json(request_json(missing_requirements=parts)).missing_requirements


def test_a_requirement_of_an_unknown_kind_is_kept() -> None:
    [requirement] = missing(data=[{"id": "wealth", "fields": [{"key": "source", "data_type": "geo_point"}]}]).data

    [field] = requirement.fields
    assert (requirement.name, requirement.required) == ("wealth", True)
    assert (field.key, field.name, field.data_type, field.required) == ("source", "source", "GEO_POINT", True)


def test_a_field_without_a_type_is_text() -> None:
    [requirement] = missing(data=[{"id": "wealth", "fields": [{"key": "source"}]}]).data

    assert requirement.fields[0].data_type == "STRING"


def test_options_are_read_as_words_or_as_pairs() -> None:
    options = ["salary", {"value": "gift", "label": "A gift"}, {"code": 3}]
    [requirement] = missing(data=[{"id": "wealth", "fields": [{"key": "source", "options": options}]}]).data

    assert [(option.value, option.label) for option in requirement.fields[0].options] == [
        ("salary", "salary"),
        ("gift", "A gift"),
        ("3", "3"),
    ]


def test_a_document_kind_with_few_details_asks_for_a_front_image() -> None:
    [requirement] = missing(documents=[{"id": "selfie", "valid_documents": [{"id": "selfie"}]}]).documents

    [selfie] = requirement.valid_documents
    assert (selfie.name, selfie.require_image, selfie.require_back_image) == ("selfie", True, False)
    assert selfie.metadata == ()


def test_flags_written_as_words_are_understood() -> None:
    kind = {"id": "card", "required": "False", "require_back_image": "true"}
    [requirement] = missing(documents=[{"id": "identity", "valid_documents": [kind]}]).documents

    [document] = requirement.valid_documents
    assert (document.required, document.require_back_image) == (False, True)


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"documents": [{}]}, "missing_requirements.documents[0].id"),
        ({"documents": {}}, "missing_requirements.documents"),
        ({"data": [{"id": "a", "fields": [{"key": "b"}, {}]}]}, "missing_requirements.data[0].fields[1].key"),
        ({"documents": [{"id": "a", "valid_documents": [[]]}]}, "missing_requirements.documents[0].valid_documents[0]"),
    ],
)
def test_an_unreadable_requirement_is_named(parts: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedAnswer) as malformed:
        missing(**parts)

    assert malformed.value.field == field
