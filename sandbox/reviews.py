"""The provider's side of a request: opening it, reviewing it, deciding it, changing its mind."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from sandbox import events, requirements, switches
from sandbox.errors import StepError
from sandbox.models import Client, EnablementRequest


def open_request(client: Client) -> EnablementRequest:
    """Open a request; after a rejection it starts with what was rejected and keeps what was accepted."""
    last = client.requests.first()
    request = EnablementRequest(
        client=client,
        status="requested" if switches.value_of("start_as_requested") else "pending_documentation",
        asked_documents=requirements.asked_documents(),
        asked_data=requirements.asked_data(),
    )
    if last is not None and last.status == "rejected":
        _carry_over(last, request)
    request.save(force_insert=True)
    if last is not None and last.rejected_items and switches.value_of("carry_accepted_documents"):
        _carry_documents(last, request)
    if client.status != "pending":
        _set_client_status(client, "pending")
    return request


def _carry_over(last: EnablementRequest, request: EnablementRequest) -> None:
    request.refused_values = last.refused_values
    if switches.value_of("carry_rejected_items"):
        request.rejected_items = last.rejected_items
    _ask_for_refused_data(request, last.rejected_items)


def _ask_for_refused_data(request: EnablementRequest, items: Iterable[Mapping[str, str]]) -> None:
    asked = {field["key"] for group in request.asked_data for field in group.get("fields", [])}
    for item in items:
        if item["type"] == "data" and item["key"] not in asked:
            request.asked_data.append(requirements.data_of_refused_key(item["key"], item["reason"]))


def _carry_documents(last: EnablementRequest, request: EnablementRequest) -> None:
    for document in last.documents.filter(rejection_reason=""):
        request.documents.create(
            document_type=document.document_type,
            metadata=document.metadata,
            front=document.front,
            back=document.back,
        )


def submit(request: EnablementRequest) -> None:
    request.status = "in_kyc"
    request.submitted_at = request.updated_at = timezone.now()
    request.save(update_fields=["status", "submitted_at", "updated_at"])


@transaction.atomic
def approve(request_id: str) -> EnablementRequest:
    request = _locked(request_id, "in_kyc")
    _move(request, "enabled")
    _set_client_status(request.client, "active")
    events.client_status(request.client)
    return request


@transaction.atomic
def reject(request_id: str, *, code: str, description: str, items: list[dict[str, str]]) -> EnablementRequest:
    """Reject what is in review, or take back what was enabled; each item names a document type or a data key."""
    request = _locked(request_id, "in_kyc", "enabled")
    request.rejection_code, request.rejection_description = code, description
    request.rejected_items = items
    for item in items:
        _refuse_item(request, item)
    _move(request, "rejected")
    _set_client_status(request.client, "rejected", code=code, description=description)
    events.client_status(request.client)
    return request


def _refuse_item(request: EnablementRequest, item: Mapping[str, str]) -> None:
    if item["type"] == "document":
        types = requirements.document_types_of(request, item["key"])
        request.documents.filter(document_type__in=types).update(rejection_reason=item["reason"])
    else:
        request.refused_values[item["key"]] = requirements.value_of(request.client, item["key"])


@transaction.atomic
def ask_for_more(request_id: str, *, data: list[dict[str, Any]], documents: list[dict[str, Any]]) -> EnablementRequest:
    """Ask for more, which sends a request back; what is asked under an id already asked takes its place."""
    request = _locked(request_id, "in_kyc", "requested", "pending_documentation")
    request.asked_data = _merged(request.asked_data, data)
    request.asked_documents = _merged(request.asked_documents, documents)
    _move(request, "pending_documentation")
    return request


@transaction.atomic
def withdraw(request_id: str, requirement: str) -> EnablementRequest:
    """Stop asking for one requirement, supplied or not."""
    request = _locked(request_id, "in_kyc", "requested", "pending_documentation")
    asked = [item for item in [*request.asked_data, *request.asked_documents] if item.get("id") == requirement]
    if not asked:
        raise StepError(f"This request does not ask for {requirement}.")
    for item in asked:
        item["withdrawn"] = True  # it stays, since an update may go on carrying what was once asked for
    _move(request, request.status)
    return request


def _merged(asked: list[dict[str, Any]], more: list[dict[str, Any]]) -> list[dict[str, Any]]:
    replaced = {item.get("id") for item in more}
    return [item for item in asked if item.get("id") not in replaced] + more


def approve_due() -> None:
    """Approve what was submitted long enough ago, when the console asked for that."""
    seconds = switches.value_of("auto_approve_seconds")
    if seconds is None:
        return
    before = timezone.now() - timedelta(seconds=seconds)
    for request in EnablementRequest.objects.filter(status="in_kyc", submitted_at__lte=before):
        approve(request.id)


@transaction.atomic
def force_client_status(client_id: str, status: str) -> Client:
    """Give a client any status, known or not, and tell so."""
    client = Client.objects.select_for_update().get(id=client_id)
    _set_client_status(client, status)
    events.client_status(client)
    return client


def _locked(request_id: str, *statuses: str) -> EnablementRequest:
    request = EnablementRequest.objects.select_for_update(of=("self",)).select_related("client").get(id=request_id)
    if request.status not in statuses:
        raise StepError(f"This request is {request.status}; it would have to be {' or '.join(statuses)}.")
    return request


def _move(request: EnablementRequest, status: str) -> None:
    request.status = status
    request.updated_at = timezone.now()
    request.save()


def _set_client_status(client: Client, status: str, *, code: str = "", description: str = "") -> None:
    client.status = status
    client.rejection_code, client.rejection_description = code, description
    client.updated_at = timezone.now()
    client.save(update_fields=["status", "rejection_code", "rejection_description", "updated_at"])
