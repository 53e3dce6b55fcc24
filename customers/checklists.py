"""The checklist of one request, put together from its snapshots and documents."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import F

from cryptomate import DocumentRequirement, ValidDocument
from customers.columns import is_answered
from customers.models import Document, EnablementRequest, RequirementSnapshot
from customers.requirements import Checklist, Wanted, checklist
from customers.statuses import DocumentStatus, RequestStatus
from provider.models import OPEN_STATES, CallKind, ProviderCall


@dataclass(frozen=True)
class DocumentCard:
    """A document requirement with what stands for it: the newest document and its call, if any."""

    wanted: Wanted
    requirement: DocumentRequirement
    document: Document | None
    call: ProviderCall | None

    def option(self, document_type: str) -> ValidDocument | None:
        return next((each for each in self.requirement.valid_documents if each.id == document_type), None)


@dataclass(frozen=True)
class Held:
    """What a customer handed over: the newest document of each requirement, and the newest call about each.

    `earlier` are the requirement's other documents, newest first.
    """

    documents: Mapping[str, Document]
    calls: Mapping[uuid.UUID, ProviderCall]
    earlier: Mapping[str, list[Document]] = field(default_factory=dict)


def checklist_of(request: EnablementRequest) -> Checklist:
    """Return what the provider ever asked of the request's customer, with the reasons it gave for what it refused."""
    return checklists_of([request])[request.pk]


def checklists_of(requests: Collection[EnablementRequest]) -> dict[uuid.UUID, Checklist]:
    """Return the checklist of each request, by its id: many cost as many queries as one.

    What was accepted in a request that was refused stays on the list of the next one, which may not ask for it again.
    """
    customers = [request.customer_id for request in requests]
    asked: dict[uuid.UUID, list[dict[str, Any]]] = {customer: [] for customer in customers}
    snapshots = RequirementSnapshot.objects.filter(request__customer__in=customers)
    for snapshot in snapshots.annotate(customer=F("request__customer")).order_by("taken_at"):
        asked[snapshot.customer].append(snapshot.missing_requirements)
    documents = _newest_documents(customers)
    return {request.pk: _checklist(request, asked[request.customer_id], documents) for request in requests}


def _checklist(
    request: EnablementRequest, asked: list[dict[str, Any]], documents: Mapping[tuple[uuid.UUID, str], Document]
) -> Checklist:
    found = checklist(asked=asked, missing=request.missing_requirements, rejected=request.rejected_items)
    held = [documents.get((request.customer_id, item.id)) for item in found.wanted]
    return replace(found, wanted=tuple(_as_held(request, *pair) for pair in zip(found.wanted, held, strict=True)))


def _as_held(request: EnablementRequest, wanted: Wanted, document: Document | None) -> Wanted:
    """Add what our own rows know: why a document was refused, and whether anything stands for what is not missing."""
    wanted = _with_document_reason(request, wanted, document)
    if wanted.is_open:
        return wanted
    if wanted.is_document:
        return replace(wanted, is_supplied=document is not None and document.status == DocumentStatus.UPLOADED)
    return replace(wanted, is_supplied=is_answered(request.customer, wanted.requirement))


def held_for(request: EnablementRequest) -> Held:
    rows = list(Document.objects.filter(customer=request.customer_id).select_related("uploaded_by"))
    documents = {each.requirement: each for each in reversed(rows) if each.status != DocumentStatus.SUPERSEDED}
    earlier: dict[str, list[Document]] = defaultdict(list)
    for each in rows:
        if each is not documents.get(each.requirement):
            earlier[each.requirement].append(each)
    calls = ProviderCall.objects.filter(
        kind=CallKind.UPLOAD_DOCUMENT, target_id__in=[document.pk for document in documents.values()]
    )
    newest_calls = {call.target_id: call for call in calls.order_by("wanted_at")} if documents else {}
    return Held(documents, newest_calls, earlier)


def document_card(request: EnablementRequest, wanted: Wanted, held: Held | None = None) -> DocumentCard:
    assert isinstance(wanted.requirement, DocumentRequirement)  # noqa: S101 - the caller chose a document requirement
    held = held or held_for(request)
    document = held.documents.get(wanted.id)
    call = held.calls.get(document.pk) if document else None
    return DocumentCard(wanted=wanted, requirement=wanted.requirement, document=document, call=call)


def is_complete(document: Document, request: EnablementRequest) -> bool:
    """Answer whether a draft holds what its type asks for: one that is not finished waits for the person."""
    wanted = checklist_of(request).find_document(document.requirement)
    option = document_card(request, wanted).option(document.document_type) if wanted else None
    if option is None:
        return bool(document.front)
    has_images = bool(document.front) and (bool(document.back) or not option.require_back_image)
    return has_images and all(document.metadata.get(each.key) is not None for each in option.metadata if each.required)


def _newest_documents(customers: Collection[uuid.UUID]) -> dict[tuple[uuid.UUID, str], Document]:
    standing = Document.objects.standing().filter(customer__in=customers).select_related("uploaded_by")
    return {(each.customer_id, each.requirement): each for each in standing.order_by("created_at")}


def takes_answers(request: EnablementRequest, found: Checklist, wanted: Wanted) -> bool:
    """Answer whether the requirement is open to people: what was accepted is closed, and so is all that is in review.

    A refusal that flags nothing in particular opens everything.
    """
    if request.status in (RequestStatus.IN_KYC, RequestStatus.ENABLED):
        return False
    return wanted.is_open or (request.status == RequestStatus.REJECTED and found.names_nothing)


def _with_document_reason(request: EnablementRequest, wanted: Wanted, document: Document | None) -> Wanted:
    """A refused document keeps its reason until another takes its place or the provider stops asking for one."""
    is_withdrawn = request.status not in (RequestStatus.REQUESTED, RequestStatus.REJECTED) and not wanted.is_missing
    if not wanted.is_document or wanted.reasons or is_withdrawn:
        return wanted
    if document and document.status == DocumentStatus.REJECTED and document.reason:
        return replace(wanted, reasons=(document.reason,))
    return wanted


def is_uploading(call: ProviderCall | None) -> bool:
    return call is not None and call.state in OPEN_STATES
