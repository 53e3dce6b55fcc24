"""A customer as the provider wants it: our columns and answers under its keys."""

import hashlib
import json
from dataclasses import fields
from typing import Any

from cryptomate import Address, ClientPayload, MissingRequirements, RemoteClient
from customers.models import Customer
from customers.requirements import data_keys

# Data keys that have a column of ours under another name, or that the client's own fields answer.
COLUMN_OF = {"identification_type": "id_type", "identification_number": "id_number"}
PART_OF_CLIENT = {
    "phone", "first_name", "second_name", "last_name", "email", "birth_date", "address",
    "phone_country_code", "phone_number",
}  # fmt: skip
COLUMNS = {
    "gender", "occupation", "annual_salary", "account_purpose", "expected_monthly_volume", "id_type", "id_number",
}  # fmt: skip


def client_payload(customer: Customer) -> ClientPayload:
    """Return the whole client: the provider replaces everything it holds with this (contract section 2.4)."""
    return ClientPayload(
        first_name=customer.first_name,
        second_name=customer.second_name,
        last_name=customer.last_name,
        email=customer.email,
        birth_date=customer.birth_date,
        address=Address(
            street_line1=customer.street_line1,
            street_line2=customer.street_line2,
            city=customer.city,
            postal_code=customer.postal_code,
            state=customer.state,
            country=customer.country,
        ),
        phone_country_code=customer.phone_country_code,
        phone_number=customer.phone_number,
        extra=_answers_asked_for(customer),
    )


def digest(payload: ClientPayload) -> str:
    return hashlib.sha256(json.dumps(payload.to_update_json(), sort_keys=True, default=str).encode()).hexdigest()


def holds(held: RemoteClient, payload: ClientPayload) -> bool:
    """Answer whether the provider's client carries what we wanted to send, as far as it shows."""
    return _as_payload(held).to_json() == payload.to_json()


def digest_of_client(held: RemoteClient) -> str:
    """Return the digest of what the provider holds: equal to ours where it holds what we would send."""
    return digest(_as_payload(held))


def _as_payload(held: RemoteClient) -> ClientPayload:
    shown = [each.name for each in fields(ClientPayload) if each.name != "extra"]
    return ClientPayload(**{name: getattr(held, name) for name in shown})


def answer_to(customer: Customer, key: str) -> Any:
    """Return what we know under one of the provider's keys, or None."""
    if key in customer.answers:
        return customer.answers[key]
    column = COLUMN_OF.get(key, key)
    return (getattr(customer, column) or None) if column in COLUMNS else None


def can_answer(customer: Customer, missing: MissingRequirements) -> bool:
    """Answer whether we hold something the provider says is missing, so that nobody is asked for it again."""
    keys = {wanted.key for requirement in missing.data for wanted in requirement.fields}
    return any(answer_to(customer, key) is not None for key in keys) or (
        "phone" in keys and bool(customer.phone_number)
    )


def keys_asked_for(customer: Customer) -> list[str]:
    snapshots = [
        snapshot.missing_requirements
        for request in customer.requests.order_by("created_at")
        for snapshot in request.snapshots.order_by("taken_at")
    ]
    return data_keys(snapshots)


def _answers_asked_for(customer: Customer) -> dict[str, Any]:
    if customer.api_id is None:
        return {}
    answers = {key: answer_to(customer, key) for key in keys_asked_for(customer) if key not in PART_OF_CLIENT}
    return {key: answer for key, answer in answers.items() if answer is not None}
