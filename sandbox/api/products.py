"""Requests for a product: /management/clients/individuals/{clientId}/products."""

import re
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from sandbox import images, reference, requirements, reviews, switches
from sandbox.api.clients import find_client
from sandbox.errors import bad_request, business_rule, conflict, missing_value, not_found, respond
from sandbox.models import EnablementRequest, UploadedDocument
from sandbox.payloads import Fields, read, read_day
from sandbox.records import product_answer, request_record

REJECTED_NUMBER = "REJECT-ME"
ALREADY_ACTIVE = "An enablement request is already active for this product"
MASK_LEAVES = 4


def list_products(request: HttpRequest, client_id: str) -> HttpResponse:
    found = find_client(client_id).requests.select_related("client").prefetch_related("documents")
    return respond([request_record(enablement) for enablement in found])


def request_product(request: HttpRequest, client_id: str) -> HttpResponse:
    client = find_client(client_id)
    if read(request, known=("subproduct",)).text("subproduct") != "cards_individuals":
        raise business_rule("Invalid product")
    if client.requests.filter(status="enabled").exists():
        raise conflict(ALREADY_ACTIVE)
    try:
        with transaction.atomic():
            enablement = reviews.open_request(client)
    except IntegrityError:
        raise conflict(ALREADY_ACTIVE) from None
    return respond(request_record(enablement), status=201)


def upload_document(request: HttpRequest, client_id: str, request_id: str) -> HttpResponse:
    enablement = _pending_request(client_id, request_id)
    document = read(request, known=("document",)).child("document")
    document.refuse_others(("document_type", "image_front", "image_back", "replace", "metadata"))
    valid = requirements.valid_document(enablement, document.text("document_type"))
    if valid is None:
        raise bad_request(f"document_type {document.text('document_type')} is not accepted for this request")
    metadata = _metadata(document, valid)
    front, back = _images(document, valid)
    _make_room(enablement, valid["id"], replace=bool(document.optional_flag("replace")))
    reason = _reason_to_reject(metadata)
    enablement.documents.create(
        document_type=valid["id"], metadata=_masked(metadata), front=front, back=back, rejection_reason=reason
    )
    return respond(product_answer(_touched(enablement), rejected_now=_rejected_items(valid["id"], reason)))


def submit_request(request: HttpRequest, client_id: str, request_id: str) -> HttpResponse:
    enablement = _pending_request(client_id, request_id)
    if not requirements.blocks_submission(enablement):
        reviews.submit(enablement)
    return respond(product_answer(enablement))


def _pending_request(client_id: str, request_id: str) -> EnablementRequest:
    client = find_client(client_id)
    found = client.requests.select_for_update(of=("self",)).filter(id=request_id).first()
    if found is None:
        raise not_found(f"Enablement request not found with id: {request_id}")
    if found.status != "pending_documentation":
        raise conflict("The enablement request is not pending documentation")
    return found


def _metadata(document: Fields, valid: dict[str, Any]) -> dict[str, str]:
    known = {field["id"]: field for field in valid.get("metadata", [])}
    given = (
        document.child("metadata")
        if document.values.get("metadata") is not None
        else Fields({}, inside="document.metadata")
    )
    given.refuse_others(known)
    values = {name: _metadata_value(given, name, field) for name, field in known.items()}
    return {name: value for name, value in values.items() if value is not None}


def _metadata_value(given: Fields, name: str, field: dict[str, Any]) -> str | None:
    value = given.text(name) if field.get("required", True) else given.optional_text(name)
    if value is None:
        return None
    if field.get("data_type") == "DATE" and read_day(value) is None:
        raise bad_request(f"document.metadata.{name} must be a date as yyyy-mm-dd")
    if field.get("data_type") == "COUNTRY" and value not in reference.COUNTRIES:
        raise bad_request(f"document.metadata.{name} must be an ISO 3166-1 alpha-3 country")
    return value


def _images(document: Fields, valid: dict[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    longest = 2 * images.LARGEST_BYTES
    front = document.optional_text("image_front", longest=longest)
    back = document.optional_text("image_back", longest=longest)
    if front is None and valid.get("require_image", True):
        raise missing_value("document.image_front must not be null")
    if back is None and valid.get("require_back_image"):
        raise missing_value("document.image_back must not be null")
    return (
        images.measure(front, "image_front") if front is not None else None,
        images.measure(back, "image_back") if back is not None else None,
    )


def _make_room(enablement: EnablementRequest, document_type: str, *, replace: bool) -> None:
    present = UploadedDocument.objects.filter(request=enablement, document_type=document_type)
    if not replace and present.exists():
        raise business_rule(f"A document of type {document_type} is already present. Send replace to replace it.")
    present.delete()


def _reason_to_reject(metadata: dict[str, str]) -> str:
    if metadata.get("number") == REJECTED_NUMBER:
        return "The document could not be read"
    return str(switches.value_of("reject_documents"))


def _rejected_items(document_type: str, reason: str) -> list[dict[str, str]]:
    return [{"type": "document", "key": document_type, "reason": reason}] if reason else []


def _masked(metadata: dict[str, str]) -> dict[str, str]:
    # A document's number proves itself by its end; the rest of it has no business in a test database.
    number = metadata.get("number")
    return metadata if number is None else {**metadata, "number": re.sub(rf".(?=.{{{MASK_LEAVES}}})", "*", number)}


def _touched(enablement: EnablementRequest) -> EnablementRequest:
    enablement.updated_at = timezone.now()
    enablement.save(update_fields=["updated_at"])
    return enablement
