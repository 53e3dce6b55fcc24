"""The customer's data as the page lists them, masked for people who do not work with them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from customers import places
from customers.comparisons import Discrepancy
from customers.models import Customer
from customers.naming import name_of_key
from customers.requirement_cards import Person
from vault.masking import MASK, mask_email, mask_number

ADDRESS = {"street_line1", "street_line2", "city", "postal_code", "region"}


@dataclass(frozen=True)
class Fact:
    label: str
    value: str | date
    hidden: str = ""  # what stands there for people who may not see the value; nothing where everybody may
    is_number: bool = False  # of a document: hidden from everybody until it is revealed
    is_masked: bool = False
    theirs: str = ""  # what the provider holds instead, where the two differ

    @property
    def is_date(self) -> bool:
        return isinstance(self.value, date)

    def masked(self) -> "Fact":
        return replace(self, value=self.hidden, is_masked=True) if self.hidden else self


def facts(customer: Customer, person: Person) -> list[Fact]:
    """Return what is known, leaving out what is not: masked unless the person sees personal data.

    Of the ID number and its like everybody sees the last three characters, until a reveal shows them whole.
    """
    found = [*_personal(customer), *_address(customer)]
    if customer.individual_cards:
        found += _card_programme(customer)
    known = [fact for fact in [*found, *_answers(customer)] if fact.value]
    if person.sight.shown_until:
        return known
    return [fact if person.sight.sees_data and not fact.is_number else fact.masked() for fact in known]


def beside(found: Iterable[Fact], differences: Iterable[Discrepancy]) -> list[Fact]:
    """Return the facts with what the provider holds instead beside them."""
    theirs: dict[str, list[str]] = {}
    for each in differences:
        is_of_address = each.field in ADDRESS
        said = f"{each.label}: {each.theirs}" if is_of_address else each.theirs
        theirs.setdefault("Address" if is_of_address else each.label, []).append(said)
    return [replace(fact, theirs=", ".join(theirs.get(fact.label, ()))) for fact in found]


def _personal(customer: Customer) -> list[Fact]:
    return [
        Fact("Email", customer.email, mask_email(customer.email)),
        Fact("Phone", phone_of(customer), mask_phone(customer)),
        Fact("Date of birth", customer.birth_date, MASK),
        Fact("Gender", customer.get_gender_display(), MASK),
    ]


def _address(customer: Customer) -> list[Fact]:
    street = ", ".join(filter(None, [customer.street_line1, customer.street_line2]))
    city = f"{customer.postal_code} {customer.city}"
    state, country = places.state_name(customer.country, customer.state), places.country_name(customer.country)
    return [Fact("Address", f"{street}, {city}, {state}, {country}".replace(", ,", ","), f"{MASK}, {country}")]


def _card_programme(customer: Customer) -> list[Fact]:
    return [
        Fact("ID type", places.id_type_name(customer.country, customer.id_type)),
        Fact("ID number", customer.id_number, mask_number(customer.id_number), is_number=True),
        Fact("Occupation", customer.occupation, MASK),
        Fact("Annual salary", customer.get_annual_salary_display(), MASK),
        Fact("Account purpose", customer.get_account_purpose_display(), MASK),
        Fact("Expected monthly volume", customer.get_expected_monthly_volume_display(), MASK),
    ]


def _answers(customer: Customer) -> list[Fact]:
    return [_fact_of_answer(key, answer) for key, answer in customer.answers.items() if answer is not None]


def _fact_of_answer(key: str, answer: Any) -> Fact:
    """Name a country that was chosen by its code, and show no more of a number than of the ID number."""
    if "number" in key:
        return Fact(name_of_key(key), str(answer), mask_number(str(answer)), is_number=True)
    is_country = "country" in key and isinstance(answer, str)
    return Fact(name_of_key(key), places.country_name(answer) if is_country else in_words(answer), MASK)


def in_words(answer: Any) -> str:
    return {True: "Yes", False: "No"}[answer] if isinstance(answer, bool) else str(answer)


def phone_of(customer: Customer) -> str:
    return f"+{customer.phone_country_code} {customer.phone_number}" if customer.phone_number else ""


def mask_phone(customer: Customer) -> str:
    return f"+{customer.phone_country_code} {MASK} {str(customer.phone_number)[-3:]}" if customer.phone_number else ""
