"""The checklist of one request, put together from its snapshots and documents."""

from dataclasses import dataclass, replace

from cryptomate import DocumentRequirement, ValidDocument
from customers.models import Document, EnablementRequest
from customers.requirements import Checklist, Wanted, checklist
from customers.statuses import DocumentStatus
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


def checklist_of(request: EnablementRequest) -> Checklist:
    """Return what the provider asked for in this request, with the reasons it gave for what it refused."""
    asked = [snapshot.missing_requirements for snapshot in request.snapshots.order_by("taken_at")]
    found = checklist(asked=asked, missing=request.missing_requirements, rejected=request.rejected_items)
    return replace(found, wanted=tuple(_with_document_reason(item, request) for item in found.wanted))


def document_card(request: EnablementRequest, wanted: Wanted) -> DocumentCard:
    assert isinstance(wanted.requirement, DocumentRequirement)  # noqa: S101 - the caller chose a document requirement
    document = _newest(request, wanted.id)
    call = (
        ProviderCall.objects.filter(kind=CallKind.UPLOAD_DOCUMENT, target_id=document.pk).order_by("-wanted_at").first()
        if document
        else None
    )
    return DocumentCard(wanted=wanted, requirement=wanted.requirement, document=document, call=call)


def is_complete(document: Document, request: EnablementRequest) -> bool:
    """Answer whether a draft holds what its type asks for: one that is not finished waits for the person."""
    wanted = checklist_of(request).find_document(document.requirement)
    option = document_card(request, wanted).option(document.document_type) if wanted else None
    if option is None:
        return bool(document.front)
    has_images = bool(document.front) and (bool(document.back) or not option.require_back_image)
    return has_images and all(document.metadata.get(each.key) is not None for each in option.metadata if each.required)


def _newest(request: EnablementRequest, requirement_id: str) -> Document | None:
    standing = request.customer.documents.standing().filter(requirement=requirement_id)
    return standing.order_by("-created_at").first()


def _with_document_reason(wanted: Wanted, request: EnablementRequest) -> Wanted:
    if not wanted.is_document or wanted.reasons:
        return wanted
    document = _newest(request, wanted.id)
    if document and document.status == DocumentStatus.REJECTED and document.reason:
        return replace(wanted, reasons=(document.reason,))
    return wanted


def is_uploading(call: ProviderCall | None) -> bool:
    return call is not None and call.state in OPEN_STATES
