"""Individual clients: /management/clients/individuals."""

import re
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from sandbox import reference, requirements
from sandbox.errors import ApiError, bad_request, missing_value, not_found, respond, value_not_allowed
from sandbox.models import Client
from sandbox.payloads import Fields, read, read_day
from sandbox.records import ADDRESS_KEYS, client_record

KEYS = (
    "first_name",
    "second_name",
    "last_name",
    "email",
    "birth_date",
    "address",
    "phone_country_code",
    "phone_number",
)
ADDRESS_CODES = ("state_code", "country_code")


def find_client(client_id: str) -> Client:
    client = Client.objects.filter(id=client_id).first()
    if client is None:
        raise not_found(f"Company client not found with id: {client_id}")
    return client


def locked_client(client_id: str) -> Client:
    """Find a client whose status nobody decides until this transaction ends."""
    find_client(client_id)
    return Client.objects.select_for_update().get(id=client_id)


def list_clients(request: HttpRequest) -> HttpResponse:
    return respond([client_record(client) for client in Client.objects.all()])


def create_client(request: HttpRequest) -> HttpResponse:
    client = Client(**_client_values(read(request, known=KEYS)))
    save_client(client, is_new=True)
    return respond(client_record(client, with_times=False), status=201)


def get_client(request: HttpRequest, client_id: str) -> HttpResponse:
    return respond(client_record(find_client(client_id)))


def update_client(request: HttpRequest, client_id: str) -> HttpResponse:
    """Replace the whole client: what is left out becomes null, answers to requirements included."""
    client = locked_client(client_id)
    asked = requirements.fields_ever_asked(client)
    body = read(request, known=(*KEYS, *(key for key in asked if key != "phone")))
    for name, value in _client_values(body).items():
        setattr(client, name, value)
    client.answers = _answers(body, asked)
    save_client(client)
    return respond(client_record(client))


def delete_client(request: HttpRequest, client_id: str) -> HttpResponse:
    client = find_client(client_id)
    client.cards.update(status="DELETED")
    client.delete()
    return HttpResponse(status=204)


def list_countries(request: HttpRequest) -> HttpResponse:
    countries = reference.countries()
    return respond({"count": len(countries), "data": countries})


def list_identifications(request: HttpRequest, country_code: str) -> HttpResponse:
    types = reference.identification_types(country_code)
    if not types:
        raise not_found("Country not found or no identification types available")
    return respond(types)


def _client_values(body: Fields) -> dict[str, Any]:
    return {
        "first_name": body.text("first_name", longest=100),
        "second_name": body.optional_text("second_name", longest=100),
        "last_name": body.text("last_name", longest=100),
        "email": body.email("email"),
        "birth_date": _birth_date(body),
        "address": _address(body.child("address")),
        "phone_country_code": body.optional_integer("phone_country_code", digits=3),
        "phone_number": body.optional_integer("phone_number", digits=15),
    }


def _birth_date(body: Fields) -> date:
    day = body.day("birth_date")
    if day >= timezone.now().date():
        raise missing_value("birth_date must be a past date")
    return day


def _address(body: Fields) -> dict[str, str | None]:
    body.refuse_others((*ADDRESS_KEYS, *ADDRESS_CODES))
    address = {key: body.text(key) for key in ADDRESS_KEYS if key != "street_line2"}
    states = reference.subdivision_codes(address["country"])
    if not states:
        raise missing_value("address.country is not a supported country")
    if address["state"] not in states:
        raise missing_value("address.state is not a subdivision of the country")
    return {key: address.get(key, body.optional_text(key)) for key in ADDRESS_KEYS}


def _answers(body: Fields, asked: dict[str, dict[str, Any]]) -> dict[str, Any]:
    given = {key: body.values.get(key) for key in asked if key not in KEYS and key != "phone"}
    return {key: _checked_answer(key, value, asked[key]) for key, value in given.items() if value not in (None, "")}


def _checked_answer(key: str, value: Any, field: dict[str, Any]) -> Any:
    if field.get("options") and value not in _option_values(field["options"]):
        raise value_not_allowed()
    match str(field.get("data_type")).upper():
        case "DATE" if not (isinstance(value, str) and read_day(value)):
            raise bad_request(f"{key} must be a date as yyyy-mm-dd")
        case "COUNTRY" if value not in reference.COUNTRIES:
            raise value_not_allowed()
        case "EMAIL":
            return Fields({key: value}).email(key)
        case "STRING" if not isinstance(value, str):
            raise bad_request(f"{key} must be a string")
        case "BOOLEAN" if not isinstance(value, bool):
            raise bad_request(f"{key} must be a boolean")
        case "NUMBER" | "INTEGER" | "LONG" | "DECIMAL" if not re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
            raise bad_request(f"{key} must be a number")
    return value if isinstance(value, str | bool | int) else str(value)


def _option_values(options: list[Any]) -> set[Any]:
    return {option.get("value", option.get("id")) if isinstance(option, dict) else option for option in options}


def save_client(client: Client, *, is_new: bool = False) -> None:
    client.updated_at = timezone.now()
    try:
        with transaction.atomic():
            client.save(force_insert=is_new)
    except IntegrityError:
        raise ApiError(400, "VAL", "Company client already exists for this company") from None
