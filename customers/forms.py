"""The form a customer is registered with, and changed with."""

import uuid
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.urls import reverse
from django.utils.html import format_html

from customers import places, twins
from customers.choices import AccountPurpose, AnnualSalary, Gender, MonthlyVolume
from customers.form_fields import (
    BirthDate,
    IdNumber,
    ask_by_name,
    digits_of,
    line,
    phone_country_code,
    phone_number,
)
from customers.models import Customer
from customers.remote import COLUMN_OF, COLUMNS
from vault.masking import mask_number

# What the card programme asks for: shown and demanded while "Individual cards" is ticked.
CARD_FIELDS = (
    "gender", "id_type", "id_number", "occupation", "annual_salary", "account_purpose", "expected_monthly_volume",
)  # fmt: skip


class CustomerForm(forms.Form):
    """Raises nothing of its own: `values()` is what the actions take."""

    first_name = line(most=100)
    second_name = line(most=100, required=False)
    last_name = line(most=100)
    email = forms.EmailField(max_length=254)
    birth_date = BirthDate(label="Date of birth", help_text="As on the document, for example 21/11/1984.")
    phone_country_code = phone_country_code(required=False)
    phone_number = phone_number(required=False)

    country = forms.ChoiceField()
    state = forms.ChoiceField()
    street_line1 = line(label="Street line 1", most=200)
    street_line2 = line(label="Street line 2", most=200, required=False)
    city = line(most=100)
    postal_code = line(most=20)

    individual_cards = forms.BooleanField(
        required=False, help_text="The customer gets a card of their own and is reviewed for it."
    )
    gender = forms.ChoiceField(choices=[places.NOTHING_CHOSEN, *Gender.choices], required=False)
    id_type = forms.ChoiceField(label="ID type", required=False)
    id_number = IdNumber(label="ID number", max_length=60, required=False)
    occupation = line(most=100, required=False)
    annual_salary = forms.ChoiceField(choices=[places.NOTHING_CHOSEN, *AnnualSalary.choices], required=False)
    account_purpose = forms.ChoiceField(choices=[places.NOTHING_CHOSEN, *AccountPurpose.choices], required=False)
    expected_monthly_volume = forms.ChoiceField(choices=[places.NOTHING_CHOSEN, *MonthlyVolume.choices], required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        customer: Customer | None = None,
        country: str = "",
        offers_places: bool = True,
        typed: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(data, initial={**values_of(customer), **(typed or {})} if customer else {"country": country})
        self.customer = customer
        self.keeps_id_number = bool(customer and customer.id_number)
        if customer and self.keeps_id_number:
            self.fields[
                "id_number"
            ].help_text = f"{mask_number(customer.id_number)} is kept. Type another to replace it."
        if offers_places:
            self._offer_places(str(self["country"].value() or (customer.country if customer else "")))
        ask_by_name(self)
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    def _offer_places(self, country: str) -> None:
        countries = places.countries()
        is_listed = country in dict(countries)
        country = country if is_listed else ""  # whatever else was sent, the field itself says so
        offered = {
            "country": countries,
            "state": places.states(country) if is_listed else [places.NOTHING_CHOSEN],
            "id_type": places.id_types(country),
        }
        self.has_countries = len(offered["country"]) > 1
        for name, choices in offered.items():
            cast("forms.ChoiceField", self.fields[name]).choices = choices
        # The provider lists no states for some countries.
        self.fields["state"].required = len(offered["state"]) > 1
        self.fields["postal_code"].help_text = places.postal_code_hint(country)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        check_phone_is_whole(self)
        if cleaned.get("individual_cards"):
            self._demand_card_fields()
        return cleaned

    def _demand_card_fields(self) -> None:
        for name in CARD_FIELDS:
            is_kept = name == "id_number" and self.keeps_id_number
            if not is_kept and name not in self.errors and not self.cleaned_data.get(name):
                self.add_error(name, forms.ValidationError(self.fields[name].error_messages["required"], "required"))

    def values(self) -> dict[str, Any]:
        """Return what was answered. What the unticked card programme would ask for is left as it was."""
        values = dict(self.cleaned_data)
        if not values["individual_cards"]:
            return {name: value for name, value in values.items() if name not in CARD_FIELDS}
        if not values["id_number"]:
            del values["id_number"]
        answers = answers_in_step(self.customer, values) if self.customer else {}
        return {**values, "answers": answers} if answers else values


class RegistrationForm(CustomerForm):
    """A new customer. The hidden id becomes the row's, so that a form sent twice makes one customer."""

    id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    is_another_person = forms.BooleanField(label="This is another person", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self.resembles_another = bool(cleaned.get("is_another_person"))
        if not self.resembles_another:
            self._compare(cleaned)
        return cleaned

    def _compare(self, cleaned: dict[str, Any]) -> None:
        email, birth_date, but = cleaned.get("email"), cleaned.get("birth_date"), cleaned.get("id")
        if email and birth_date and (twin := twins.same_email_and_birth(email, birth_date, but=but)):
            self._doubt("email", twin, "this email and date of birth")
        number = cleaned.get("id_number") if cleaned.get("individual_cards") else ""
        if number and (twin := twins.same_id_number(number, but=but)):
            self._doubt("id_number", twin, "this ID number")

    def _doubt(self, field: str, twin: Customer, what: str) -> None:
        self.resembles_another = True
        sentence = '<a href="{}">{}</a> has {} already. Go on there, or tick “This is another person”.'
        address = reverse("customers:detail", args=[twin.pk])
        self.add_error(field, forms.ValidationError(format_html(sentence, address, twin.full_name, what), "twin"))

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in super().values().items() if name != "is_another_person"}

    def describes(self, customer: Customer) -> bool:
        """Answer whether the customer holds exactly what was typed."""
        return all(getattr(customer, name) == value for name, value in self.values().items())

    def begin_anew(self, *, after: Customer) -> None:
        """Keep what was typed for another customer than the one this form made before."""
        self.data = {**{name: self.data[name] for name in self.data}, "id": str(uuid.uuid4())}
        self.add_error(
            None,
            f"This form created {after.full_name} already, with other data, and nothing was changed there. To change"
            " that customer, use Edit on its page. To register one more, create the customer again.",
        )


def answers_in_step(customer: Customer, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the kept answers that a changed column overtakes: an answer goes to the provider before a column."""
    return {
        key: columns[column]
        for key in customer.answers
        if (column := COLUMN_OF.get(key, key)) in COLUMNS
        and column in columns
        and columns[column] != getattr(customer, column)
    }


def check_phone_is_whole(form: forms.BaseForm) -> None:
    code, number = form.cleaned_data.get("phone_country_code"), form.cleaned_data.get("phone_number")
    has_code = bool(code) or "phone_country_code" in form.errors
    if number and not has_code:
        form.add_error("phone_country_code", "Enter the phone's country code too, for example 54.")
    if has_code and not number and "phone_number" not in form.errors:
        form.add_error("phone_number", "Enter the number too, or leave both empty.")
    if code and number:
        _take_code_off(form, str(code))


def _take_code_off(form: forms.BaseForm, code: str) -> None:
    """Take a number that was typed with its country code for the number it is."""
    typed = str(form["phone_number"].value()).strip()
    if not typed.startswith(("+", "00")):
        return
    whole = digits_of(typed).lstrip("0")
    number = whole.removeprefix(code).lstrip("0")
    if whole.startswith(code) and number:
        form.cleaned_data["phone_number"] = int(number)
    else:
        form.add_error("phone_number", f"This begins with another country code than {code}. Correct one of the two.")


def values_of(customer: Customer) -> dict[str, Any]:
    """Return the customer as the form shows it. The ID number stays out of the page."""
    return {name: getattr(customer, name) for name in CustomerForm.base_fields if name != "id_number"}
