from datetime import date
from typing import Any

import pytest

from customers.forms import CARD_FIELDS, CustomerForm, RegistrationForm
from customers.tests.making import make_customer
from customers.tests.typed import CARDS_TYPED, MARIA_TYPED, typed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]


def errors_of(**changes: Any) -> dict[str, list[str]]:
    form = RegistrationForm(typed(**changes))
    return {name: [str(error) for error in errors] for name, errors in form.errors.items()}


def test_what_the_guide_registers_is_taken() -> None:
    form = RegistrationForm(typed())

    assert form.errors == {}
    assert form.values()["birth_date"] == date(1984, 11, 21)
    assert form.values()["id_number"] == "AB1234567"


WRONG = [
    ({"first_name": ""}, "first_name", "Enter the first name."),
    ({"last_name": "x" * 101}, "last_name", "at most 100 characters"),
    ({"email": "maria"}, "email", "valid email"),
    ({"birth_date": ""}, "birth_date", "Enter the date of birth."),
    ({"birth_date": "yesterday"}, "birth_date", "Use the date on the document, for example 21/11/1984."),
    ({"birth_date": "2999-01-01"}, "birth_date", "This date is in the future."),
    ({"birth_date": "1884-11-21"}, "birth_date", "This date is before 1900."),
    ({"birth_date": "1984-02-30"}, "birth_date", "Use the date on the document"),
    ({"phone_number": "1168860622"}, "phone_country_code", "Enter the phone's country code too"),
    ({"phone_country_code": "54"}, "phone_number", "Enter the number too, or leave both empty."),
    ({"phone_country_code": "54", "phone_number": "abc"}, "phone_number", "Enter at most 15 digits"),
    ({"phone_country_code": "54", "phone_number": "1" * 16}, "phone_number", "Enter at most 15 digits"),
    ({"phone_country_code": "5454", "phone_number": "11"}, "phone_country_code", "Enter at most 3 digits"),
    ({"phone_country_code": "0", "phone_number": "11"}, "phone_country_code", "as it is dialled, for example 54."),
    ({"phone_country_code": "54", "phone_number": "0"}, "phone_number", "as it is dialled, for example 1168860622."),
    ({"phone_country_code": "54", "phone_number": "+55 11"}, "phone_number", "another country code than 54"),
    ({"phone_country_code": "54", "phone_number": "+54"}, "phone_number", "another country code than 54"),
    ({"first_name": "Ma\u202eria"}, "first_name", "invisible characters"),
    ({"city": "Del\u200bViso"}, "city", "invisible characters"),
    ({"country": ""}, "country", "Choose the country."),
    ({"country": "QQQ", "state": ""}, "country", "Choose the country from the list."),
    ({"state": ""}, "state", "Choose the state."),
    ({"state": "BRA-SP"}, "state", "Choose the state from the list."),
    ({"street_line1": ""}, "street_line1", "Enter the street line 1."),
    ({"city": ""}, "city", "Enter the city."),
    ({"postal_code": ""}, "postal_code", "Enter the postal code."),
    ({"id_type": "CPF"}, "id_type", "Choose the ID type from the list."),
    ({"gender": "UNKNOWN"}, "gender", "Choose the gender from the list."),
    ({"annual_salary": "12"}, "annual_salary", "Choose the annual salary from the list."),
    ({"id": "not-a-uuid"}, "id", "valid UUID"),
]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"), WRONG, ids=[f"{w[1]}-{next(iter(w[0].values()))!s:.12}" for w in WRONG]
)
def test_wrong_input_is_refused_at_its_field(changes: dict[str, Any], field: str, sentence: str) -> None:
    errors = errors_of(**changes)

    assert list(errors) == [field]
    assert sentence in errors[field][0]


@pytest.mark.parametrize(
    "birth_date", ["1984-11-21", "21/11/1984", "21.11.1984", "21-11-1984", "21 November 1984", "21 Nov 1984"]
)
def test_a_date_is_taken_as_people_write_it(birth_date: str) -> None:
    form = RegistrationForm(typed(birth_date=birth_date))

    assert form.is_valid()
    assert form.values()["birth_date"] == date(1984, 11, 21)


def test_a_phone_is_taken_with_its_spaces() -> None:
    form = RegistrationForm(typed(phone_country_code="+54", phone_number="(11) 6886-0622"))

    assert form.is_valid()
    assert (form.values()["phone_country_code"], form.values()["phone_number"]) == (54, 1168860622)


@pytest.mark.parametrize("number", ["+54 11 6886-0622", "0054 11 6886 0622", "11 6886 0622", "011 6886 0622"])
@pytest.mark.parametrize("code", ["54", "+54", "0054"])
def test_a_country_code_stands_in_its_own_field_alone(code: str, number: str) -> None:
    form = RegistrationForm(typed(phone_country_code=code, phone_number=number))

    assert form.is_valid()
    assert (form.values()["phone_country_code"], form.values()["phone_number"]) == (54, 1168860622)


def test_a_wrong_country_code_hides_no_missing_number() -> None:
    assert list(errors_of(phone_country_code="abc", phone_number="")) == ["phone_country_code", "phone_number"]


@pytest.mark.parametrize("field", CARD_FIELDS)
def test_individual_cards_demand_their_fields(field: str) -> None:
    errors = errors_of(**{field: ""})

    assert list(errors) == [field]
    assert errors[field][0].startswith(("Enter the", "Choose the"))


def test_without_individual_cards_their_fields_are_neither_demanded_nor_kept() -> None:
    form = RegistrationForm(typed(individual_cards=None, occupation="", id_type=""))

    assert form.errors == {}
    assert not set(CARD_FIELDS) & set(form.values())


def test_states_and_id_types_follow_the_country() -> None:
    form = CustomerForm(country="BRA")

    assert [code for code, _ in form.fields["state"].choices] == ["", "BRA-SP"]  # type: ignore[attr-defined]
    assert [code for code, _ in form.fields["id_type"].choices] == ["", "CPF"]  # type: ignore[attr-defined]
    assert form.fields["postal_code"].help_text == "Brazil writes it like 12345-678."


def test_without_a_country_every_state_is_offered_under_its_country() -> None:
    groups = list(CustomerForm().fields["state"].choices)[1:]  # type: ignore[attr-defined]

    assert [name for name, _ in groups] == ["Argentina", "Brazil"]


def test_a_country_that_lists_no_states_and_id_types_can_be_registered() -> None:
    form = RegistrationForm(typed(country="SGP", state="", id_type="PASSPORT"))

    assert form.errors == {}


def test_the_id_number_stays_out_of_the_page_and_is_kept() -> None:
    customer = make_customer(id_number="AB1234567")

    shown = CustomerForm(customer=customer)
    sent = CustomerForm({**MARIA_TYPED, **CARDS_TYPED, "id_number": ""}, customer=customer)

    assert "AB1234567" not in shown.as_p()
    assert "•••• 567 is kept" in str(shown.fields["id_number"].help_text)
    assert sent.is_valid()
    assert "id_number" not in sent.values()


def test_another_id_number_replaces_the_kept_one() -> None:
    form = CustomerForm({**MARIA_TYPED, **CARDS_TYPED, "id_number": "ZZ1"}, customer=make_customer())

    assert form.is_valid()
    assert form.values()["id_number"] == "ZZ1"
