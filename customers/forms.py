"""The form a customer is registered with, and changed with."""

import uuid
from collections.abc import Mapping
from typing import Any, cast

from django import forms

from customers import places
from customers.choices import AccountPurpose, AnnualSalary, Gender, MonthlyVolume
from customers.form_fields import BirthDate, IdNumber, ask_by_name, phone_country_code, phone_number
from customers.models import Customer
from customers.remote import COLUMN_OF, COLUMNS

# What the card programme asks for: shown and demanded while "Individual cards" is ticked.
CARD_FIELDS = (
    "gender", "id_type", "id_number", "occupation", "annual_salary", "account_purpose", "expected_monthly_volume",
)  # fmt: skip


class CustomerForm(forms.Form):
    """Raises nothing of its own: `values()` is what the actions take."""

    first_name = forms.CharField(max_length=100)
    second_name = forms.CharField(max_length=100, required=False)
    last_name = forms.CharField(max_length=100)
    email = forms.EmailField(max_length=254)
    birth_date = BirthDate(label="Date of birth", help_text="As on the document, for example 21/11/1984.")
    phone_country_code = phone_country_code(required=False)
    phone_number = phone_number(required=False)

    country = forms.ChoiceField()
    state = forms.ChoiceField()
    street_line1 = forms.CharField(label="Street line 1", max_length=200)
    street_line2 = forms.CharField(label="Street line 2", max_length=200, required=False)
    city = forms.CharField(max_length=100)
    postal_code = forms.CharField(max_length=20)

    individual_cards = forms.BooleanField(
        required=False, help_text="The customer gets a card of their own and is reviewed for it."
    )
    gender = forms.ChoiceField(choices=[places.NOTHING_CHOSEN, *Gender.choices], required=False)
    id_type = forms.ChoiceField(label="ID type", required=False)
    id_number = IdNumber(label="ID number", max_length=60, required=False)
    occupation = forms.CharField(max_length=100, required=False)
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
    ) -> None:
        super().__init__(data, initial=values_of(customer) if customer else {"country": country})
        self.customer = customer
        self.keeps_id_number = bool(customer and customer.id_number)
        if customer and self.keeps_id_number:
            self.fields["id_number"].help_text = f"{masked(customer.id_number)} is kept. Type another to replace it."
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
    if number and not code and "phone_country_code" not in form.errors:
        form.add_error("phone_country_code", "Enter the phone's country code too, for example 54.")
    if code and not number and "phone_number" not in form.errors:
        form.add_error("phone_number", "Enter the number too, or leave both empty.")


def values_of(customer: Customer) -> dict[str, Any]:
    """Return the customer as the form shows it. The ID number stays out of the page."""
    return {name: getattr(customer, name) for name in CustomerForm.base_fields if name != "id_number"}


def masked(number: str) -> str:
    """Return an ID number with all but its last three characters hidden."""
    return f"•••• {number[-3:]}" if len(number) > 3 else "••••"
