"""Reading what a caller sent, strictly: each method gives a value of the right type or raises the refusal."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest

from sandbox.errors import bad_request, missing_value, value_not_allowed

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Fields:
    """The keys of one JSON object."""

    def __init__(self, values: Mapping[str, Any], *, inside: str = "") -> None:
        self.values = values
        self._inside = inside

    def _name(self, key: str) -> str:
        return f"{self._inside}.{key}" if self._inside else key

    def refuse_others(self, known: Iterable[str]) -> None:
        unknown = sorted(set(self.values) - set(known))
        if unknown:
            raise bad_request(f"Unrecognized field {self._name(unknown[0])}")

    def text(self, key: str, *, longest: int = 200) -> str:
        value = self.optional_text(key, longest=longest)
        if value is None:
            raise missing_value(f"{self._name(key)} must not be null")
        return value

    def optional_text(self, key: str, *, longest: int = 200) -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or "\0" in value:
            raise bad_request(f"{self._name(key)} must be a string")
        if not value.strip():
            raise missing_value(f"{self._name(key)} must not be blank")
        if len(value) > longest:
            raise missing_value(f"{self._name(key)} must have at most {longest} characters")
        return value

    def optional_integer(self, key: str, *, digits: int) -> int | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            raise bad_request(f"{self._name(key)} must be an integer")
        if not 0 < value < 10**digits:
            raise missing_value(f"{self._name(key)} must have at most {digits} digits")
        return value

    def flag(self, key: str) -> bool:
        value = self.optional_flag(key)
        if value is None:
            raise missing_value(f"{self._name(key)} must not be null")
        return value

    def optional_flag(self, key: str) -> bool | None:
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise bad_request(f"{self._name(key)} must be a boolean")
        return value

    def optional_amount(self, key: str) -> Decimal | None:
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise bad_request(f"{self._name(key)} must be a number")
        return Decimal(value)

    def email(self, key: str) -> str:
        value = self.text(key, longest=254)
        try:
            validate_email(value)
        except ValidationError:
            raise missing_value(f"{self._name(key)} must be a well-formed email address") from None
        return value

    def day(self, key: str) -> date:
        value = read_day(self.text(key))
        if value is None:
            raise bad_request(f"{self._name(key)} must be a date as yyyy-mm-dd")
        return value

    def choice(self, key: str, choices: Iterable[str], *, default: str) -> str:
        value = self.values.get(key)
        if value is None:
            return default
        if value not in choices:
            raise value_not_allowed()
        return str(value)

    def child(self, key: str) -> "Fields":
        value = self.values.get(key)
        if value is None:
            raise missing_value(f"{self._name(key)} must not be null")
        if not isinstance(value, dict):
            raise bad_request(f"{self._name(key)} must be an object")
        return Fields(value, inside=self._name(key))


def read_day(value: str) -> date | None:
    if not ISO_DATE.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def read(request: HttpRequest, *, known: Iterable[str] | None = None) -> Fields:
    """Parse the body as one JSON object; with `known`, refuse any other key."""
    try:
        values = json.loads(request.body or b"null", parse_float=Decimal, parse_constant=_refuse_constant)
    except ValueError:
        raise bad_request("Malformed JSON request") from None
    if not isinstance(values, dict):
        raise bad_request("Malformed JSON request")
    fields = Fields(values)
    if known is not None:
        fields.refuse_others(known)
    return fields


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
