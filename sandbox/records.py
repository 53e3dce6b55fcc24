"""The provider's records as its REST answers write them."""

from datetime import UTC, datetime
from typing import Any

from sandbox import requirements, switches
from sandbox.models import Card, Client, EnablementRequest

ADDRESS_KEYS = ("street_line1", "street_line2", "city", "postal_code", "state", "country")


def timestamp(moment: datetime) -> str:
    suffix = "Z" if switches.value_of("timestamps_with_zone") else ""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") + suffix


def client_record(client: Client, *, with_times: bool = True) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": client.id,
        "type": "individual",
        "status": client.status,
        "first_name": client.first_name,
        "second_name": client.second_name,
        "last_name": client.last_name,
        "email": client.email,
        "birth_date": client.birth_date.isoformat(),
        "phone_country_code": client.phone_country_code,
        "phone_number": client.phone_number,
        "address": client.address,
        **client.answers,
    }
    if with_times:
        record |= {"created_at": timestamp(client.created_at), "updated_at": timestamp(client.updated_at)}
    return record


def request_record(request: EnablementRequest) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": request.id,
        "client_id": request.client_id,
        "product": request.product,
        "status": request.status,
        "missing_requirements": requirements.missing(request),
        "created_at": timestamp(request.created_at),
        "updated_at": timestamp(request.updated_at),
    }
    if request.status == "rejected":
        record["rejection_code"] = request.rejection_code
        record["rejection_description"] = request.rejection_description
    if rejected := requirements.outstanding_items(request):
        record["rejected_items"] = rejected
    return record


def product_answer(request: EnablementRequest, *, rejected_now: list[dict[str, str]] | None = None) -> dict[str, Any]:
    record = request_record(request)
    rejected = record.pop("rejected_items", [])
    return {"product": record, "rejected_items": rejected if rejected_now is None else rejected_now + rejected}


def card_record(card: Card, *, in_search: bool = False) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": card.id,
        "rain_card_id": card.rain_card_id,
        "client_id": card.client_id,
        "type": card.type,
        "status": card.status,
        "last4": card.last4,
        "expiration_month": card.expiration_month,
        "expiration_year": card.expiration_year,
        "card_holder_name": card.card_holder_name,
        "approval_method": card.approval_method,
        "daily_limit": card.daily_limit,
        "weekly_limit": card.weekly_limit,
        "monthly_limit": card.monthly_limit,
        "per_transaction_limit": card.per_transaction_limit,
    }
    if not in_search:
        record["forwarded_3ds_type"] = card.forwarded_3ds_type
    return record
