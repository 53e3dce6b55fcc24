"""What a request for a product asks for, and what of it is still missing."""

from collections.abc import Iterable
from typing import Any

from sandbox import switches
from sandbox.models import Client, EnablementRequest, ExtraRequirement

Requirement = dict[str, Any]

ISSUING_COUNTRY = {"id": "issuing_country", "name": "Issuing Country", "data_type": "COUNTRY", "required": False}
EXPIRY_DATE = {"id": "expiry_date", "name": "Expiry Date", "data_type": "DATE", "required": False}
NUMBER = {"id": "number", "name": "Document Number", "data_type": "STRING", "required": True}


def _identity_document(document_type: str, name: str, *, back: bool, metadata: list[Requirement]) -> Requirement:
    return {
        "id": document_type,
        "name": name,
        "description": f"A valid {name.lower()}",
        "required": True,
        "require_image": True,
        "require_back_image": back,
        "metadata": metadata,
    }


IDENTITY_DOCUMENT: Requirement = {
    "id": "identity_document",
    "name": "Identity document",
    "description": "A valid government-issued identity document",
    "required": True,
    "valid_documents": [
        _identity_document("passport", "Passport", back=False, metadata=[NUMBER, ISSUING_COUNTRY, EXPIRY_DATE]),
        _identity_document("national_id", "National ID", back=True, metadata=[NUMBER]),
        _identity_document("drivers_license", "Driver's license", back=True, metadata=[NUMBER]),
    ],
}
PERSONAL_INFORMATION: Requirement = {
    "id": "personal_information",
    "name": "Personal information",
    "description": "How the client can be reached",
    "required": True,
    "fields": [{"key": "phone", "data_type": "PHONE", "required": True}],
}
# How a refused part of the client is asked for again; any other key is text.
CLIENT_FIELD_TYPES = {"birth_date": "DATE", "phone": "PHONE", "email": "EMAIL", "address": "ADDRESS"}


def asked_documents() -> list[Requirement]:
    return [IDENTITY_DOCUMENT, *_extra("document")]


def asked_data() -> list[Requirement]:
    return [PERSONAL_INFORMATION, *_extra("data")]


def _extra(kind: str) -> list[Requirement]:
    return list(ExtraRequirement.objects.filter(kind=kind).values_list("body", flat=True))


def data_of_refused_key(key: str, reason: str) -> Requirement:
    field = {"key": key, "data_type": CLIENT_FIELD_TYPES.get(key, "STRING"), "required": True}
    name = key.replace("_", " ").capitalize()
    return {"id": key, "name": name, "description": reason, "required": True, "fields": [field]}


def value_of(client: Client, key: str) -> Any:
    """Return what the client has for a data key, None when nothing; a phone is its two numbers together."""
    if key == "phone":
        complete = client.phone_country_code is not None and client.phone_number is not None
        return [client.phone_country_code, client.phone_number] if complete else None
    if key == "birth_date":
        return client.birth_date.isoformat()
    if key in ("first_name", "second_name", "last_name", "email", "address"):
        return getattr(client, key)
    return client.answers.get(key)


def missing(request: EnablementRequest) -> dict[str, list[Requirement]]:
    if request.status != "pending_documentation":
        return {"documents": [], "data": []}
    accepted = {document.document_type for document in request.documents.all() if not document.rejection_reason}
    return {
        "documents": [asked for asked in _wanted(request.asked_documents) if not accepted & document_types(asked)],
        "data": [group for asked in _wanted(request.asked_data) if (group := _missing_fields(asked, request))],
    }


def _wanted(asked: list[Requirement]) -> list[Requirement]:
    return [item for item in asked if not item.get("withdrawn")]


def _missing_fields(asked: Requirement, request: EnablementRequest) -> Requirement | None:
    fields = [field for field in asked.get("fields", []) if not _is_satisfied(field["key"], request)]
    return {**asked, "fields": fields} if fields else None


def _is_satisfied(key: str, request: EnablementRequest) -> bool:
    value = value_of(request.client, key)
    return value is not None and not (key in request.refused_values and request.refused_values[key] == value)


def blocks_submission(request: EnablementRequest) -> bool:
    """Tell whether something required is missing; what is optional may stay so."""
    lists = missing(request)
    fields = (field for group in lists["data"] if group.get("required", True) for field in group["fields"])
    return any(document.get("required", True) for document in lists["documents"]) or any(
        field.get("required", True) for field in fields
    )


def document_types(asked: Requirement) -> set[str]:
    return {valid["id"] for valid in asked.get("valid_documents", [])}


def document_types_of(request: EnablementRequest, key: str) -> set[str]:
    """Name the document types an item speaks of: its key is a document type or the id of a requirement."""
    return {key}.union(*(document_types(asked) for asked in request.asked_documents if asked["id"] == key))


def valid_document(request: EnablementRequest, document_type: str) -> Requirement | None:
    valid = (valid for asked in request.asked_documents for valid in asked.get("valid_documents", []))
    return next((document for document in valid if document["id"] == document_type), None)


def fields_ever_asked(client: Client) -> dict[str, Requirement]:
    """Name the data keys this client's requests asked for so far: the only other keys an update may carry."""
    requests: Iterable[EnablementRequest] = client.requests.all()
    groups = (group for request in requests for group in request.asked_data)
    return {field["key"]: field for group in groups for field in group.get("fields", [])}


def outstanding_items(request: EnablementRequest) -> list[dict[str, str]]:
    """Keep the rejected items that are still missing; a document counts as settled once its requirement is."""
    if not switches.value_of("carry_rejected_items"):
        return []
    if request.status == "rejected":
        return list(request.rejected_items)
    lists = missing(request)
    open_keys = {field["key"] for group in lists["data"] for field in group["fields"]}
    for asked in lists["documents"]:
        open_keys |= document_types(asked) | {asked["id"]}
    return [item for item in request.rejected_items if item["key"] in open_keys]
