"""What the record of a change says: what differs, before and after. Of the numbers of documents only their end."""

from collections.abc import Mapping
from typing import Any

from audit.actions import names_a_secret
from customers.models import Customer
from vault.masking import mask_number


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
    is_of_a_document = "number" in name and name != "phone_number"
    return mask_number(str(value)) if is_of_a_document and value else value
