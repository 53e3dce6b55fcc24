from typing import Any

import pytest

from cryptomate import DataRequirement, DocumentRequirement
from customers.checklists import DocumentCard
from customers.models import Document
from customers.requirement_forms import DataForm, DocumentForm
from customers.requirements import Wanted
from customers.tests.making import make_customer, make_document, make_request
from customers.tests.pictures import no_photo, photo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

PASSPORT = {
    "id": "passport", "name": "Passport", "require_image": True, "require_back_image": False,
    "metadata": [
        {"id": "number", "name": "Document Number", "data_type": "STRING", "required": True},
        {"id": "issuing_country", "name": "Issuing Country", "data_type": "COUNTRY", "required": False},
        {"id": "expiry_date", "name": "Expiry Date", "data_type": "DATE", "required": False},
    ],
}  # fmt: skip
NATIONAL_ID = {"id": "national_id", "name": "National ID", "require_back_image": True, "metadata": []}


def data_form(*fields: dict[str, Any], data: dict[str, Any] | None = None, **customer: Any) -> DataForm:
    requirement = DataRequirement.from_json({"id": "more", "name": "More", "fields": list(fields)})
    return DataForm(requirement, make_customer(**customer), anchor="data-more", data=data)


def document_form(
    *, data: dict[str, Any] | None = None, files: Any = None, chosen: str = "", document: Document | None = None,
    valid: tuple[dict[str, Any], ...] = (PASSPORT, NATIONAL_ID),
) -> DocumentForm:  # fmt: skip
    requirement = DocumentRequirement.from_json({"id": "identity", "name": "Identity", "valid_documents": list(valid)})
    card = DocumentCard(Wanted(requirement, is_missing=True), requirement, document, None)
    chosen = (data or {}).get("document_type", chosen)
    return DocumentForm(card, anchor="document-identity", chosen=chosen, data=data, files=files)


# --- Data


ANSWERS: list[tuple[dict[str, Any], str, Any]] = [
    ({"data_type": "STRING"}, " Teacher ", "Teacher"),
    ({"data_type": "DATE"}, "21/11/2030", "2030-11-21"),
    ({"data_type": "NUMBER"}, "1200", 1200),
    ({"data_type": "DECIMAL"}, "1234567890123456.78", "1234567890123456.78"),
    ({"data_type": "BOOLEAN"}, "false", False),
    ({"data_type": "COUNTRY"}, "BRA", "BRA"),
    ({"data_type": "EMAIL"}, "m@example.com", "m@example.com"),
    ({"data_type": "PHONE"}, "+54 11", "+54 11"),
    ({"data_type": "HOLOGRAM"}, "a word nobody knows", "a word nobody knows"),
    ({"data_type": "STRING", "options": [{"value": "W", "label": "Work"}]}, "W", "W"),
    ({}, "no type at all", "no type at all"),
]


@pytest.mark.parametrize(
    ("described", "typed", "answer"), ANSWERS, ids=[str(a[0].get("data_type")) + str(i) for i, a in enumerate(ANSWERS)]
)
def test_an_answer_is_taken_by_its_type(described: dict[str, Any], typed: str, answer: Any) -> None:
    form = data_form({"key": "extra_thing", **described}, data={"extra_thing": typed})

    assert form.errors == {}
    assert form.values() == {"answers": {"extra_thing": answer}}


REFUSED = [
    ({"data_type": "DATE"}, "soon", "Use the date on the document"),
    ({"data_type": "NUMBER"}, "many", "Enter a number, for example 1200."),
    ({"data_type": "BOOLEAN"}, "perhaps", "Choose the extra thing from the list."),
    ({"data_type": "COUNTRY"}, "Narnia", "Choose the extra thing from the list."),
    ({"data_type": "EMAIL"}, "m@", "valid email"),
    ({"options": ["W"]}, "X", "Choose the extra thing from the list."),
    ({"data_type": "HOLOGRAM", "required": True}, "", "Enter the extra thing."),
]


@pytest.mark.parametrize(("described", "typed", "sentence"), REFUSED, ids=[str(r[0]) for r in REFUSED])
def test_a_wrong_answer_is_refused_at_its_field(described: dict[str, Any], typed: str, sentence: str) -> None:
    form = data_form({"key": "extra_thing", **described}, data={"extra_thing": typed})

    assert sentence in form.errors["extra_thing"][0]


def test_phone_is_two_fields_that_stand_in_the_customers_own_columns() -> None:
    form = data_form({"key": "phone", "data_type": "PHONE"}, data={"phone_country_code": "54", "phone_number": "11"})

    assert [field.label for field in form] == ["Phone country code", "Phone number"]
    assert form.errors == {}
    assert form.values() == {"phone_country_code": 54, "phone_number": 11}


def test_a_required_phone_needs_both_fields() -> None:
    form = data_form({"key": "phone", "data_type": "PHONE"}, data={"phone_country_code": "", "phone_number": ""})

    assert set(form.errors) == {"phone_country_code", "phone_number"}


def test_a_key_we_have_a_column_for_is_asked_for_by_our_name() -> None:
    form = data_form({"key": "occupation", "data_type": "STRING"}, data={"occupation": "Pilot"})

    assert [field.label for field in form] == ["Occupation"]
    assert form.is_valid()
    assert form.values() == {"occupation": "Pilot"}


def test_a_known_key_with_the_providers_own_list_is_an_answer() -> None:
    options = [{"value": "LOW", "label": "Low"}]
    form = data_form({"key": "annual_salary", "options": options}, data={"annual_salary": "LOW"})

    assert form.is_valid()
    assert form.values() == {"answers": {"annual_salary": "LOW"}}


def test_an_answer_from_the_providers_list_that_fits_our_column_stands_there_too() -> None:
    form = data_form({"key": "occupation", "options": ["CHEF", "PILOT"]}, data={"occupation": "CHEF"})

    assert form.is_valid()
    assert form.values() == {"occupation": "CHEF", "answers": {"occupation": "CHEF"}}


def test_a_column_that_is_changed_overtakes_an_earlier_answer() -> None:
    form = data_form({"key": "occupation"}, data={"occupation": "Pilot"}, answers={"occupation": "CHEF", "pep": False})

    assert form.is_valid()
    assert form.values() == {"occupation": "Pilot", "answers": {"occupation": "Pilot"}}


def test_whether_a_customer_has_cards_is_not_asked_by_the_provider() -> None:
    form = data_form({"key": "individual_cards", "required": False}, data={})

    assert form.is_valid()
    assert form.values() == {"answers": {"individual_cards": None}}


@pytest.mark.parametrize("key", ["phone_country_code", "phone_number"])
def test_half_a_phone_is_asked_for_whole(key: str) -> None:
    form = data_form({"key": key}, data={"phone_number": "1168860622"})

    assert form.errors == {"phone_country_code": ["Enter the phone country code."]}


def test_a_state_is_asked_for_with_its_country() -> None:
    form = data_form({"key": "state"}, data={"country": "BRA", "state": "BRA-SP"})

    assert form.is_valid()
    assert form.values() == {"country": "BRA", "state": "BRA-SP"}


def test_a_country_without_states_needs_none() -> None:
    assert data_form({"key": "state"}, data={"country": "SGP", "state": ""}).is_valid()


@pytest.mark.parametrize("key", ["email", "birth_date", "city", "occupation", "gender", "id_type", "annual_salary"])
def test_what_our_row_needs_stays_needed_when_the_provider_calls_it_optional(key: str) -> None:
    form = data_form({"key": key, "required": False}, data={key: ""})

    assert list(form.errors) == [key]


def test_without_cards_the_card_data_may_stay_empty() -> None:
    form = data_form({"key": "occupation", "required": False}, data={"occupation": ""}, individual_cards=False)

    assert form.is_valid()


def test_an_address_that_was_refused_is_asked_for_whole() -> None:
    form = data_form({"key": "address", "data_type": "ADDRESS"})

    assert [field.name for field in form] == ["country", "state", "street_line1", "street_line2", "city", "postal_code"]
    assert form["city"].value() == "Del Viso"
    assert not form.fields["street_line2"].required


def test_a_kept_id_number_needs_no_second_typing() -> None:
    form = data_form({"key": "identification_number", "data_type": "STRING"}, data={"id_number": ""})

    assert form.is_valid()
    assert form.values() == {}


def test_an_optional_answer_may_stay_empty() -> None:
    form = data_form({"key": "nickname", "required": False}, data={"nickname": ""})

    assert form.is_valid()
    assert form.values() == {"answers": {"nickname": None}}


def test_what_was_answered_before_is_shown() -> None:
    form = data_form({"key": "pep", "data_type": "BOOLEAN"}, {"key": "funds"}, answers={"pep": False, "funds": "Work"})

    assert (form["pep"].value(), form["funds"].value()) == ("false", "Work")


# --- Documents


def test_every_valid_document_is_offered_and_none_is_chosen() -> None:
    form = document_form()

    assert list(form.fields["document_type"].choices) == [  # type: ignore[attr-defined]
        ("", "Choose…"), ("passport", "Passport"), ("national_id", "National ID"),
    ]  # fmt: skip
    assert form.sides == []


def test_the_only_valid_document_is_chosen_already() -> None:
    form = document_form(valid=(PASSPORT,))

    assert form["document_type"].value() == "passport"
    assert [side.name for side in form.sides] == ["front"]


def test_the_type_decides_the_sides_and_the_metadata() -> None:
    passport, national_id = document_form(chosen="passport"), document_form(chosen="national_id")

    assert [side.bound.label for side in passport.sides] == ["Front image"]
    assert [field.label for field in passport.metadata_fields] == ["Document Number", "Issuing Country", "Expiry Date"]
    assert [side.bound.label for side in national_id.sides] == ["Front image", "Back image"]
    assert national_id.metadata_fields == []


def test_a_type_that_is_not_offered_is_refused() -> None:
    form = document_form(data={"document_type": "library_card"}, files={"front_image": photo()})

    assert form.errors["document_type"][0] == "Choose the document type from the list."


def test_a_whole_document_becomes_an_upload() -> None:
    data = {"document_type": "passport", "metadata_number": "P1", "metadata_expiry_date": "21/11/2030"}
    form = document_form(data=data, files={"front_image": photo()})

    assert form.errors == {}
    upload = form.upload()
    assert upload.document_type == "passport"
    assert upload.metadata == {"number": "P1", "expiry_date": "2030-11-21"}
    assert upload.front is not None
    assert upload.front.measurements["width"] == 1600
    assert upload.back is None


def test_a_file_that_is_no_image_is_refused_at_its_side() -> None:
    files = {"front_image": photo(), "back_image": no_photo()}
    form = document_form(data={"document_type": "national_id"}, files=files)

    assert list(form.errors) == ["back_image"]
    assert "not a JPEG, PNG, HEIC" in form.errors["back_image"][0]
    assert form.has_images


def test_missing_sides_and_metadata_are_asked_for_by_name() -> None:
    form = document_form(data={"document_type": "passport"}, files={})

    assert form.errors == {
        "front_image": ["Choose the front image."],
        "metadata_number": ["Enter the Document Number."],
    }


def test_a_kept_side_needs_no_choosing_again() -> None:
    request = make_request(make_customer())
    draft = make_document(request, front="kept", measurements={"front": {"width": 1600, "height": 1200}})
    form = document_form(data={"document_type": "passport", "metadata_number": "P1"}, files={}, document=draft)

    assert form.errors == {}
    assert form.sides[0].is_kept
    assert form.sides[0].note == "Front image kept: 1600 × 1200 px"


def test_a_draft_of_another_type_counts_for_nothing() -> None:
    draft = make_document(make_request(make_customer()), front="kept")
    form = document_form(data={"document_type": "national_id"}, files={}, document=draft)

    assert set(form.errors) == {"front_image", "back_image"}
