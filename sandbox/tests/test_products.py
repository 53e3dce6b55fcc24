import base64
from typing import Any

import pytest

from sandbox.tests.making import CLIENTS, MARIA, Provider, document, image, person, refusal

NOTHING: dict[str, list[Any]] = {"documents": [], "data": []}
SELFIE = {"id": "selfie", "name": "Selfie", "required": True, "valid_documents": [{"id": "selfie", "name": "Selfie"}]}


def document_ids(request: dict[str, Any]) -> list[str]:
    return [asked["id"] for asked in request["missing_requirements"]["documents"]]


def data_keys(request: dict[str, Any]) -> list[str]:
    return [field["key"] for group in request["missing_requirements"]["data"] for field in group["fields"]]


def test_a_request_says_what_is_missing(provider: Provider) -> None:
    client_id = provider.client(phone_number=..., phone_country_code=...)

    request = provider.ask_for_product(client_id)

    assert (request["client_id"], request["product"]) == (client_id, "cards_individuals")
    assert request["status"] == "pending_documentation"
    assert data_keys(request) == ["phone"]
    passport, national_id, license_ = request["missing_requirements"]["documents"][0]["valid_documents"]
    assert (passport["id"], passport["require_image"], passport["require_back_image"]) == ("passport", True, False)
    assert (national_id["id"], national_id["require_back_image"]) == ("national_id", True)
    assert (license_["id"], license_["require_back_image"]) == ("drivers_license", True)
    assert passport["metadata"][0] == {
        "id": "number",
        "name": "Document Number",
        "data_type": "STRING",
        "required": True,
    }


def test_a_client_with_a_phone_is_not_asked_for_one(provider: Provider) -> None:
    request = provider.ask_for_product(provider.client())

    assert data_keys(request) == []


def test_data_is_satisfied_by_an_update_and_missing_again_when_it_is_left_out(provider: Provider) -> None:
    client_id = provider.client(phone_number=..., phone_country_code=...)
    provider.ask_for_product(client_id)

    provider.api("PUT", f"{CLIENTS}/{client_id}", json=MARIA)
    satisfied = data_keys(provider.requests_of(client_id)[0])
    provider.api("PUT", f"{CLIENTS}/{client_id}", json=person(phone_number=...))

    assert satisfied == []
    assert data_keys(provider.requests_of(client_id)[0]) == ["phone"]


@pytest.mark.parametrize("subproduct", ["ramps_cards", "CARDS_INDIVIDUALS"])
def test_another_product_is_refused(provider: Provider, subproduct: str) -> None:
    answer = provider.api("POST", f"{CLIENTS}/{provider.client()}/products", json={"subproduct": subproduct})

    assert refusal(answer) == (412, "VAL", "Invalid product")


def test_a_product_has_to_be_named(provider: Provider) -> None:
    answer = provider.api("POST", f"{CLIENTS}/{provider.client()}/products", json={})

    assert refusal(answer) == (400, "VAL", "subproduct must not be null")


def test_there_is_one_open_request_at_a_time(provider: Provider) -> None:
    client_id = provider.client()
    provider.ask_for_product(client_id)

    again = provider.api("POST", f"{CLIENTS}/{client_id}/products", json={"subproduct": "cards_individuals"})

    assert refusal(again) == (409, "VAL", "An enablement request is already active for this product")
    assert len(provider.requests_of(client_id)) == 1


def test_an_enabled_product_is_not_requested_again(provider: Provider) -> None:
    client_id = provider.active_client()

    again = provider.api("POST", f"{CLIENTS}/{client_id}/products", json={"subproduct": "cards_individuals"})

    assert refusal(again) == (409, "VAL", "An enablement request is already active for this product")


def test_a_passport_satisfies_the_identity_document(provider: Provider) -> None:
    request = provider.ask_for_product(provider.client())

    answer = provider.upload(request, document(metadata={"number": "AAB123456", "issuing_country": "ARG"}))

    assert answer.status_code == 200
    assert answer.json()["rejected_items"] == []
    assert answer.json()["product"]["missing_requirements"] == NOTHING


def test_the_console_sees_the_measurements_and_the_end_of_the_number_only(provider: Provider) -> None:
    request = provider.ask_for_product(provider.client())

    provider.upload(request, document("national_id", image_front=image("JPEG", (60, 40))))

    [shown] = provider.console("GET", "/console/state")["clients"][0]["requests"][0]["documents"]
    assert shown["metadata"] == {"number": "*****3456"}
    assert (shown["front"]["format"], shown["front"]["width"], shown["front"]["height"]) == ("JPEG", 60, 40)
    assert shown["back"]["size"] == len(base64.b64decode(image().partition(",")[2]))


def test_plain_base64_is_accepted_as_well(provider: Provider) -> None:
    request = provider.ask_for_product(provider.client())

    answer = provider.upload(request, document(image_front=image().partition(",")[2]))

    assert answer.status_code == 200


PDF = base64.b64encode(b"%PDF-1.7 not an image").decode()
HALF_A_PNG = base64.b64encode(base64.b64decode(image(size=(900, 900)).partition(",")[2])[:300]).decode()
REFUSED_DOCUMENTS: list[tuple[dict[str, Any], str]] = [
    (document("library_card"), "document_type library_card is not accepted for this request"),
    ({"document": {}}, "document.document_type must not be null"),
    (document(image_front=...), "document.image_front must not be null"),
    (document("national_id", image_back=...), "document.image_back must not be null"),
    (document("national_id", image_back="data:image/png;base64,####"), "image_back must be a base64 encoded image"),
    (document(image_front="not base64"), "image_front must be a base64 encoded image"),
    (document(image_front="data:image/png;base64,"), "image_front must not be empty"),
    (document(image_front=f"data:application/pdf;base64,{PDF}"), "image_front must be a JPG or PNG image"),
    (document(image_front=f"data:image/png;base64,{PDF}"), "image_front must be a JPG or PNG image"),
    (document(image_front=f"data:image/png;base64,{HALF_A_PNG}"), "image_front cannot be read"),
    (document(image_front=image("GIF").replace("gif", "png")), "image_front must be a JPG or PNG image"),
    (document(metadata=...), "document.metadata.number must not be null"),
    (document(metadata={}), "document.metadata.number must not be null"),
    (document(metadata={"number": " "}), "document.metadata.number must not be blank"),
    (document(metadata={"number": "A1", "colour": "red"}), "Unrecognized field document.metadata.colour"),
    (
        document(metadata={"number": "A1", "expiry_date": "soon"}),
        "document.metadata.expiry_date must be a date as yyyy-mm-dd",
    ),
    (
        document(metadata={"number": "A1", "issuing_country": "AR"}),
        "document.metadata.issuing_country must be an ISO 3166-1 alpha-3 country",
    ),
    (document(replace="yes"), "document.replace must be a boolean"),
    (document(comment="x"), "Unrecognized field document.comment"),
    ({}, "document must not be null"),
]


@pytest.mark.parametrize(("body", "message"), REFUSED_DOCUMENTS)
def test_a_document_that_cannot_be_used_is_refused(provider: Provider, body: dict[str, Any], message: str) -> None:
    request = provider.ask_for_product(provider.client())

    answer = provider.upload(request, body)

    assert refusal(answer)[0] == 400
    assert refusal(answer)[2] == message
    assert provider.console("GET", "/console/state")["clients"][0]["requests"][0]["documents"] == []


def test_an_image_above_ten_megabytes_is_refused(provider: Provider) -> None:
    request = provider.ask_for_product(provider.client())
    too_large = base64.b64encode(bytes(10 * 1024 * 1024 + 1)).decode()

    answer = provider.upload(request, document(image_front=too_large))

    assert refusal(answer) == (400, "BAD_REQUEST", "image_front must not be larger than 10 MB")


def test_a_document_is_replaced_only_on_request(provider: Provider) -> None:
    request = provider.ask_for_product(provider.client())
    provider.upload(request, document())

    again = provider.upload(request, document())
    replaced = provider.upload(request, document(replace=True, metadata={"number": "CCD000777"}))

    assert refusal(again)[:2] == (412, "VAL")
    assert replaced.status_code == 200
    [shown] = provider.console("GET", "/console/state")["clients"][0]["requests"][0]["documents"]
    assert shown["metadata"]["number"].endswith("0777")


@pytest.mark.parametrize("way", ["metadata", "setting"])
def test_a_document_can_be_rejected_at_once(provider: Provider, way: str) -> None:
    request = provider.ask_for_product(provider.client())
    if way == "setting":
        provider.settings(reject_documents="The document could not be read")
    number = "REJECT-ME" if way == "metadata" else "AAB123456"

    answer = provider.upload(request, document(metadata={"number": number}))

    assert answer.json()["rejected_items"] == [
        {"type": "document", "key": "passport", "reason": "The document could not be read"}
    ]
    assert document_ids(answer.json()["product"]) == ["identity_document"]


def test_submitting_too_early_changes_nothing_and_names_what_is_left(provider: Provider) -> None:
    request = provider.ask_for_product(provider.client())

    answer = provider.submit(request)

    assert answer.status_code == 200
    assert answer.json()["product"]["status"] == "pending_documentation"
    assert document_ids(answer.json()["product"]) == ["identity_document"]


def test_submitting_a_complete_request_starts_the_review(provider: Provider) -> None:
    submitted = provider.in_review()

    assert submitted["missing_requirements"] == NOTHING
    client = provider.api("GET", f"{CLIENTS}/{submitted['client_id']}").json()
    assert client["status"] == "pending"


@pytest.mark.parametrize("step", ["upload", "submit"])
def test_a_request_in_review_takes_nothing_more(provider: Provider, step: str) -> None:
    request = provider.in_review()

    answer = provider.upload(request, document(replace=True)) if step == "upload" else provider.submit(request)

    assert refusal(answer) == (409, "VAL", "The enablement request is not pending documentation")


@pytest.mark.parametrize("step", ["documentation", "submit"])
def test_an_unknown_request_is_not_found(provider: Provider, step: str) -> None:
    answer = provider.api("POST", f"{CLIENTS}/{provider.client()}/products/nothing/{step}", json=document())

    assert refusal(answer) == (404, "NOT_FOUND", "Enablement request not found with id: nothing")


def test_a_request_of_another_client_is_not_found(provider: Provider) -> None:
    request = provider.ask_for_product(provider.client())
    other = provider.client(email="other@example.com")

    answer = provider.submit({**request, "client_id": other})

    assert answer.status_code == 404


def test_extra_requirements_are_asked_of_future_requests(provider: Provider) -> None:
    before = provider.ask_for_product(provider.client())
    extra = {"data": [{"id": "x", "fields": [{"key": "aura", "data_type": "HOLOGRAM"}]}], "documents": [SELFIE]}
    provider.console("POST", "/console/requirements", extra)

    request = provider.ask_for_product(provider.client(email="other@example.com"))

    assert data_keys(request) == ["aura"]
    assert document_ids(request) == ["identity_document", "selfie"]
    assert document_ids(provider.requests_of(before["client_id"])[0]) == ["identity_document"]
    answer = provider.upload(request, document("selfie", metadata=..., image_back=...))
    assert document_ids(answer.json()["product"]) == ["identity_document"]


def test_what_is_optional_does_not_hold_up_a_review(provider: Provider) -> None:
    provider.console("POST", "/console/requirements", {"documents": [{**SELFIE, "required": False}]})
    request = provider.ask_for_product(provider.client())
    provider.upload(request, document())

    assert provider.submit(request).json()["product"]["status"] == "in_kyc"
