"""Which of a customer's data the provider holds otherwise: compared field by field, as far as its answer shows them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cryptomate import RemoteClient
from customers import places
from customers.facts import in_words
from customers.models import Customer
from customers.naming import name_of_key
from customers.remote import COLUMN_OF, COLUMNS, PART_OF_CLIENT, answer_to
from vault.masking import mask_number

NOTHING = "nothing"
# Keys of an answer that are no answer to a requirement (contract section 2.0).
FRAME = {
    "id", "type", "status", "company_id", "rejection_code", "rejection_description", "created_at", "updated_at",
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """One field in words, both values as people read them, and the columns that the provider's value would fill."""

    field: str
    label: str
    ours: str
    theirs: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """Columns that make one thing for people, and the key under which the provider's answer shows it."""

    name: str
    label: str
    columns: tuple[str, ...]
    shown_as: str
    in_address: bool = False


FIELDS = (
    Field("first_name", "First name", ("first_name",), "first_name"),
    Field("second_name", "Second name", ("second_name",), "second_name"),
    Field("last_name", "Last name", ("last_name",), "last_name"),
    Field("email", "Email", ("email",), "email"),
    Field("birth_date", "Date of birth", ("birth_date",), "birth_date"),
    Field("phone", "Phone", ("phone_country_code", "phone_number"), "phone_number"),
    Field("street_line1", "Street line 1", ("street_line1",), "street_line1", in_address=True),
    Field("street_line2", "Street line 2", ("street_line2",), "street_line2", in_address=True),
    Field("city", "City", ("city",), "city", in_address=True),
    Field("postal_code", "Postal code", ("postal_code",), "postal_code", in_address=True),
    Field("region", "Country and state", ("country", "state"), "country", in_address=True),
)


def differences(customer: Customer, remote: RemoteClient) -> list[Difference]:
    """Return what differs. A key that the answer leaves out says nothing; null says that nothing is held."""
    return [*_own_fields(customer, remote), *_answers(customer, remote)]


def _own_fields(customer: Customer, remote: RemoteClient) -> Iterator[Difference]:
    for field in FIELDS:
        ours = {name: getattr(customer, name) for name in field.columns}
        theirs = _held(remote, field)
        if theirs is not None and any(_plain(name, ours[name]) != _plain(name, theirs[name]) for name in ours):
            yield Difference(field.name, field.label, _words(field, ours), _words(field, theirs), theirs)


def _held(remote: RemoteClient, field: Field) -> dict[str, Any] | None:
    """Return the provider's values for the field's columns; None where the answer does not show it, or unreadably."""
    shown: Any = remote.raw.get("address") if field.in_address else remote.raw
    if not isinstance(shown, Mapping) or field.shown_as not in shown:
        return None
    source = remote.address if field.in_address else remote
    held = {name: getattr(source, name) for name in field.columns}
    if field.name == "phone" and not held["phone_number"]:
        return {"phone_country_code": None, "phone_number": None}
    return None if field.name == "birth_date" and held["birth_date"] is None else held


def _plain(name: str, value: Any) -> str:
    """Return the value as it is compared: spaces do not count, nor does the case of an e-mail address."""
    words = " ".join(str("" if value is None else value).split())
    return words.casefold() if name == "email" else words


def _words(field: Field, values: Mapping[str, Any]) -> str:
    if field.name == "phone":
        return f"+{values['phone_country_code']} {values['phone_number']}" if values["phone_number"] else NOTHING
    if field.name == "region":
        state = places.state_name(values["country"], values["state"])
        return ", ".join(filter(None, [state, places.country_name(values["country"])])) or NOTHING
    value = values[field.columns[0]]
    return value.isoformat() if isinstance(value, date) else str(value or NOTHING)


def _answers(customer: Customer, remote: RemoteClient) -> Iterator[Difference]:
    """Compare the answers to requirements that the answer shows and that we have given: no other key is known."""
    for key, theirs in remote.raw.items():
        if key in FRAME or key in PART_OF_CLIENT or isinstance(theirs, Mapping | list):
            continue
        ours = answer_to(customer, key)
        if ours is not None and _plain(key, ours) != _plain(key, theirs):
            yield Difference(
                f"answer:{key}"[:80], name_of_key(key)[:120], _answer_words(key, ours), _answer_words(key, theirs),
                {_column(customer, key): theirs},
            )  # fmt: skip


def _column(customer: Customer, key: str) -> str:
    """Return where an answer stands: a column of ours, or `answers.<key>`."""
    column = COLUMN_OF.get(key, key)
    return column if key not in customer.answers and column in COLUMNS else f"answers.{key}"


def _answer_words(key: str, answer: Any) -> str:
    if answer in (None, ""):
        return NOTHING
    return mask_number(str(answer)) if "number" in key else in_words(answer)
