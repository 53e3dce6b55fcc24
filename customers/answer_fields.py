"""One form field for each value the provider asks for, built from its own description of it.

A type nobody has seen becomes a line of text: nothing the provider wants is ever hidden.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from cryptomate import RequirementField
from customers import places
from customers.form_fields import DateOnDocument

YES_OR_NO = [places.NOTHING_CHOSEN, ("true", "Yes"), ("false", "No")]
LONGEST_ANSWER = 500


def field_for(wanted: RequirementField) -> forms.Field:
    if wanted.options:
        return _choice(wanted, [(option.value, option.label) for option in wanted.options])
    return BY_TYPE.get(wanted.data_type, _text)(wanted)


def as_answer(value: Any) -> Any:
    """Return a cleaned value as it goes to the provider; nothing typed is None, and a fraction keeps its digits."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else format(value, "f")
    if isinstance(value, str):
        return value.strip() or None
    return value


def as_typed(answer: Any) -> Any:
    """Return a kept answer as a form shows it."""
    return {True: "true", False: "false"}[answer] if isinstance(answer, bool) else answer


def _text(wanted: RequirementField) -> forms.Field:
    return forms.CharField(label=wanted.name, required=wanted.required, max_length=LONGEST_ANSWER)


def _date(wanted: RequirementField) -> forms.Field:
    return DateOnDocument(label=wanted.name, required=wanted.required)


def _number(wanted: RequirementField) -> forms.Field:
    field = forms.DecimalField(label=wanted.name, required=wanted.required, max_digits=18, widget=forms.TextInput)
    field.widget.attrs["inputmode"] = "decimal"
    field.error_messages["invalid"] = "Enter a number, for example 1200."
    return field


def _yes_or_no(wanted: RequirementField) -> forms.Field:
    return forms.TypedChoiceField(
        label=wanted.name,
        required=wanted.required,
        choices=YES_OR_NO,
        coerce=lambda word: word == "true",
        empty_value=None,
    )


def _email(wanted: RequirementField) -> forms.Field:
    return forms.EmailField(label=wanted.name, required=wanted.required, max_length=254)


def _telephone(wanted: RequirementField) -> forms.Field:
    field = forms.CharField(
        label=wanted.name,
        required=wanted.required,
        max_length=40,
        help_text="With the country code, for example +54 1168860622.",
    )
    field.widget.attrs["inputmode"] = "tel"
    return field


def _country(wanted: RequirementField) -> forms.Field:
    offered = places.countries()[1:]
    return _choice(wanted, offered) if offered else _text(wanted)


def _choice(wanted: RequirementField, offered: places.Choices) -> forms.Field:
    return forms.ChoiceField(label=wanted.name, required=wanted.required, choices=[places.NOTHING_CHOSEN, *offered])


BY_TYPE: dict[str, Callable[[RequirementField], forms.Field]] = {
    "DATE": _date,
    "NUMBER": _number,
    "INTEGER": _number,
    "DECIMAL": _number,
    "BOOLEAN": _yes_or_no,
    "EMAIL": _email,
    "PHONE": _telephone,
    "COUNTRY": _country,
}
