"""One form field for each value the provider asks for, built from its own description of it.

A type nobody has seen becomes a line of text: nothing the provider wants is ever hidden.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from cryptomate import RequirementField
from customers import places
from customers.form_fields import DateOnDocument, digits_of
from customers.naming import name_of_field

YES_OR_NO = [places.NOTHING_CHOSEN, ("true", "Yes"), ("false", "No")]
LONGEST_ANSWER = 500


FEWEST_DIGITS = 4  # of a telephone number
NEW_KIND = "New kind of requirement: the portal knows no field for it, so it is sent as typed."


def field_for(wanted: RequirementField) -> forms.Field:
    if wanted.options:
        return _choice(wanted, [(option.value, option.label) for option in wanted.options])
    return BY_TYPE.get(wanted.data_type, _unknown)(wanted)


def is_known_type(data_type: str) -> bool:
    return data_type in BY_TYPE


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
    return forms.CharField(label=name_of_field(wanted), required=wanted.required, max_length=LONGEST_ANSWER)


def _unknown(wanted: RequirementField) -> forms.Field:
    field = _text(wanted)
    field.help_text = NEW_KIND
    return field


def _date(wanted: RequirementField) -> forms.Field:
    return DateOnDocument(label=name_of_field(wanted), required=wanted.required)


def _number(wanted: RequirementField) -> forms.Field:
    field = forms.DecimalField(
        label=name_of_field(wanted), required=wanted.required, max_digits=18, widget=forms.TextInput
    )
    field.widget.attrs["inputmode"] = "decimal"
    field.error_messages["invalid"] = "Enter a number, for example 1200."
    return field


def _whole_number(wanted: RequirementField) -> forms.Field:
    field = _number(wanted)
    field.validators.append(_check_whole)
    return field


def _check_whole(value: Decimal) -> None:
    if value != value.to_integral_value():
        raise ValidationError("Enter a whole number, for example 1200.", code="whole")


def _yes_or_no(wanted: RequirementField) -> forms.Field:
    return forms.TypedChoiceField(
        label=name_of_field(wanted),
        required=wanted.required,
        choices=YES_OR_NO,
        coerce=lambda word: word == "true",
        empty_value=None,
    )


def _email(wanted: RequirementField) -> forms.Field:
    return forms.EmailField(label=name_of_field(wanted), required=wanted.required, max_length=254)


def _telephone(wanted: RequirementField) -> forms.Field:
    field = forms.CharField(
        label=name_of_field(wanted),
        required=wanted.required,
        max_length=40,
        help_text="With the country code, for example +54 1168860622.",
    )
    field.widget.attrs["inputmode"] = "tel"
    field.validators.append(_check_dialled)
    return field


def _check_dialled(value: str) -> None:
    dialled = digits_of(value)
    if not (dialled.isascii() and dialled.isdigit() and len(dialled) >= FEWEST_DIGITS):
        raise ValidationError("Enter the number as it is dialled, for example +54 1168860622.", code="invalid")


def _country(wanted: RequirementField) -> forms.Field:
    offered = places.countries()[1:]
    return _choice(wanted, offered) if offered else _text(wanted)


def _choice(wanted: RequirementField, offered: places.Choices) -> forms.Field:
    return forms.ChoiceField(
        label=name_of_field(wanted), required=wanted.required, choices=[places.NOTHING_CHOSEN, *offered]
    )


# The contract shows STRING and PHONE alone (section 2.8); the rest are words that such APIs use.
BY_TYPE: dict[str, Callable[[RequirementField], forms.Field]] = {
    **dict.fromkeys(("STRING", "TEXT"), _text),
    "DATE": _date,
    **dict.fromkeys(("NUMBER", "DECIMAL", "FLOAT", "DOUBLE"), _number),
    **dict.fromkeys(("INTEGER", "INT", "LONG"), _whole_number),
    **dict.fromkeys(("BOOLEAN", "BOOL"), _yes_or_no),
    **dict.fromkeys(("EMAIL", "E-MAIL", "EMAIL_ADDRESS"), _email),
    **dict.fromkeys(("PHONE", "PHONE_NUMBER"), _telephone),
    **dict.fromkeys(("COUNTRY", "COUNTRY_CODE"), _country),
}
