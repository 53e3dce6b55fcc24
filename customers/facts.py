"""The customer's data as the page lists them, masked for people who do not work with them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from customers import places
from customers.comparisons import Discrepancy
from customers.forms import masked
from customers.models import Customer
from customers.naming import name_of_key

ADDRESS = {"street_line1", "street_line2", "city", "postal_code", "region"}


@dataclass(frozen=True)
class Fact:
    label: str
    value: str | date
    is_masked: bool = False
    theirs: str = ""  # what the provider holds instead, where the two differ

    @property
    def is_date(self) -> bool:
        return isinstance(self.value, date)


def facts(customer: Customer, *, may_edit: bool) -> list[Fact]:
    """Return what is known, leaving out what is not. The ID number shows its last three characters to everybody."""
    found = [*_personal(customer, may_edit=may_edit), *_address(customer)]
    if customer.individual_cards:
        found += _card_programme(customer)
    return [fact for fact in [*found, *_answers(customer, may_edit=may_edit)] if fact.value]


def beside(found: Iterable[Fact], differences: Iterable[Discrepancy]) -> list[Fact]:
    """Return the facts with what the provider holds instead beside them."""
    theirs: dict[str, list[str]] = {}
    for each in differences:
        is_of_address = each.field in ADDRESS
        said = f"{each.label}: {each.theirs}" if is_of_address else each.theirs
        theirs.setdefault("Address" if is_of_address else each.label, []).append(said)
    return [replace(fact, theirs=", ".join(theirs.get(fact.label, ()))) for fact in found]


def _personal(customer: Customer, *, may_edit: bool) -> list[Fact]:
    email = customer.email if may_edit else mask_email(customer.email)
    phone = phone_of(customer) if may_edit else mask_phone(customer)
    return [
        Fact("Email", email, is_masked=not may_edit),
        Fact("Phone", phone, is_masked=not may_edit),
        Fact("Date of birth", customer.birth_date),
        Fact("Gender", customer.get_gender_display()),
    ]


def _address(customer: Customer) -> list[Fact]:
    street = ", ".join(filter(None, [customer.street_line1, customer.street_line2]))
    city = f"{customer.postal_code} {customer.city}"
    state = places.state_name(customer.country, customer.state)
    return [Fact("Address", f"{street}, {city}, {state}, {places.country_name(customer.country)}".replace(", ,", ","))]


def _card_programme(customer: Customer) -> list[Fact]:
    return [
        Fact("ID type", places.id_type_name(customer.country, customer.id_type)),
        Fact("ID number", masked(customer.id_number) if customer.id_number else "", is_masked=True),
        Fact("Occupation", customer.occupation),
        Fact("Annual salary", customer.get_annual_salary_display()),
        Fact("Account purpose", customer.get_account_purpose_display()),
        Fact("Expected monthly volume", customer.get_expected_monthly_volume_display()),
    ]


def _answers(customer: Customer, *, may_edit: bool) -> list[Fact]:
    return [
        _fact_of_answer(key, answer) if may_edit else Fact(name_of_key(key), "••••", is_masked=True)
        for key, answer in customer.answers.items()
        if answer is not None
    ]


def _fact_of_answer(key: str, answer: Any) -> Fact:
    """Name a country that was chosen by its code, and show no more of a number than of the ID number."""
    if "number" in key:
        return Fact(name_of_key(key), masked(str(answer)), is_masked=True)
    is_country = "country" in key and isinstance(answer, str)
    return Fact(name_of_key(key), places.country_name(answer) if is_country else in_words(answer))


def in_words(answer: Any) -> str:
    return {True: "Yes", False: "No"}[answer] if isinstance(answer, bool) else str(answer)


def phone_of(customer: Customer) -> str:
    return f"+{customer.phone_country_code} {customer.phone_number}" if customer.phone_number else ""


def mask_phone(customer: Customer) -> str:
    return f"+{customer.phone_country_code} •••• {str(customer.phone_number)[-3:]}" if customer.phone_number else ""


def mask_email(address: str) -> str:
    name, _, host = address.rpartition("@")
    return f"{name[:1]}•••@{host}"
