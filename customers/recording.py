"""What the record of a change says: what differs, before and after. Of the numbers of documents only their end."""

import re
from collections.abc import Mapping
from typing import Any

from audit.actions import names_a_secret
from customers.models import Customer
from vault.masking import mask_number

DOCUMENTS = {"id", "passport", "license", "ssn", "tin"}
ENDS_OF_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


def values_in(customer: Customer, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands in the fields that `data` is about, each answer as a field of its own."""
    columns = {name: getattr(customer, name) for name in data if name != "answers"}
    return {**columns, **{key: customer.answers.get(key) for key in data.get("answers", {})}}


def before_and_after(stood: Mapping[str, Any], stands: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the two sides for the record. What names a secret is left out of it: the provider may ask for anything."""
    changed = [name for name in stands if stood[name] != stands[name] and not names_a_secret(name)]
    before = {name: _as_recorded(name, stood[name]) for name in changed}
    after = {name: _as_recorded(name, stands[name]) for name in changed}
    alike = {name: f"{after[name]}, another number" for name in changed if before[name] == after[name]}
    return before, {**after, **alike}


def _as_recorded(name: str, value: Any) -> Any:
    return mask_number(str(value)) if value and _is_number_of_a_document(name) else value


def _is_number_of_a_document(name: str) -> bool:
    """Answer by the name: ours, or whatever the provider calls what it asks for. The log keeps it for ever."""
    last_word = ENDS_OF_WORDS.split(name)[-1].lower()
    return name != "phone_number" and ("number" in name.lower() or last_word in DOCUMENTS)
