"""What officers do to a customer. Each act commits what is wanted, with its record; the worker tells the provider."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from customers import following
from customers.differences import data_key, document_key
from customers.findings import check_may_go
from customers.images import CleanImage
from customers.models import Customer, Document, EnablementRequest
from customers.pictures import parts_of
from customers.policies import (
    NotAllowed,
    check_can_answer,
    check_can_edit,
    check_can_submit,
    check_can_upload,
    check_not_expired,
    check_person_may,
    is_refused_for_good,
)
from customers.reading_actions import want_reading
from customers.recording import before_and_after, values_in
from customers.statuses import DocumentStatus, RequestStatus, Source
from people.approvals import Act, Approval
from people.four_eyes import Wish, approver, hold, needs_two, wish_about
from provider import circuit
from provider.actions import want
from provider.models import CallKind, ProviderCall

# Columns whose values stand in the record of a registration; the others are named there, without a value.
RECORDED = ("individual_cards", "country", "state", "id_type", "occupation", "annual_salary", "account_purpose",
            "expected_monthly_volume")  # fmt: skip

LONGEST_NAME = 80  # of a requirement or a document type, as our columns hold them


@dataclass(frozen=True)
class Upload:
    """A document as the officer chose it: its type, what is written on it, and its checked images."""

    document_type: str
    metadata: Mapping[str, str]
    front: CleanImage | None
    back: CleanImage | None
    override_reason: str = ""


@transaction.atomic
def register_customer(*, data: Mapping[str, Any], by: User) -> Customer:
    """Keep a new customer and want it registered at the provider.

    `data` is the registration form's cleaned data. Raises NotAllowed.
    """
    check_person_may(by, "customers.add_customer")
    customer = Customer(created_by=by)
    _fill(customer, data)
    customer.save()
    record(
        kind=Kind.CUSTOMER_REGISTERED, by=by, customer_id=customer.pk, subject=customer, after=_recorded(customer, data)
    )
    want(kind=CallKind.REGISTER_CLIENT, target=customer, customer_id=customer.pk, by=by)
    return customer


@transaction.atomic
def update_customer(*, customer: Customer, data: Mapping[str, Any], by: User, seen: str = "") -> None:
    """Keep changed data and want it saved at the provider; a rejected customer gets a new request with it.

    `data` holds any of the customer's fields, and `answers`: the provider's keys that have no field of ours. `seen` is
    the version that the person edited, where the whole of it was shown. Raises NotAllowed.
    """
    check_person_may(by, "customers.change_customer")
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    check_can_edit(customer)
    if seen and seen != customer.version:
        raise NotAllowed(_changed_meanwhile(customer, data))
    stood = values_in(customer, data)
    _fill(customer, data)
    customer.save(update_fields=_columns(data))
    before, after = before_and_after(stood, values_in(customer, data))
    record(
        kind=Kind.CUSTOMER_UPDATED, by=by, customer_id=customer.pk, subject=customer, before=before, after=after
    )  # fmt: skip
    _want_saved(customer, by=by)


@transaction.atomic
def answer_requirement(*, customer: Customer, requirement_id: str, data: Mapping[str, Any], by: User) -> None:
    """Keep the answer to one data requirement, as `update_customer` does. Raises NotAllowed where it is closed."""
    check_person_may(by, "customers.change_customer")
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    check_can_edit(customer)
    check_can_answer(customer, requirement_id)
    customer.unsaved_answers.on(data_key(requirement_id)).delete()
    update_customer(customer=customer, data=data, by=by)


@transaction.atomic
def upload_document(
    *, customer: Customer, requirement_id: str, upload: Upload, by: User, approval: Approval | None = None
) -> Document | Approval:
    """Keep the document and want it uploaded. After a rejection a new request is wanted first, which then takes it.

    Where two people are needed to send it in spite of warnings, and this is not the approval, it is kept as a draft;
    return what waits for the second one. Raises NotAllowed.
    """
    check_person_may(by, "customers.change_customer")
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    request = check_can_upload(customer, requirement_id)
    document = _put_together(request, requirement_id, upload, by=by)
    check_not_expired(document, today=timezone.localdate())
    overridden = check_may_go(document, reason=upload.override_reason)
    asked, is_needed = _wish_to_send(document, upload, overridden), bool(overridden) and needs_two(Act.SEND_DOCUMENT)
    if held := hold(asked, by=by, approval=approval, is_needed=is_needed):
        document.save()
        return held
    _release(document, overridden, reason=upload.override_reason, by=by, approval=approval)
    customer.unsaved_answers.on(document_key(requirement_id)).delete()
    record(
        kind=Kind.DOCUMENT_UPLOADED, by=by, customer_id=customer.pk, subject=document,
        after=recorded_document(document),
    )  # fmt: skip
    if request.status == RequestStatus.REJECTED:
        want(kind=CallKind.REQUEST_PRODUCT, target=customer, customer_id=customer.pk, by=by)
    else:
        want(kind=CallKind.UPLOAD_DOCUMENT, target=document, customer_id=customer.pk, by=by)
    return document


@transaction.atomic
def save_draft(*, customer: Customer, requirement_id: str, upload: Upload, by: User) -> Document:
    """Keep what was chosen so far, so that nothing needs choosing twice. Raises NotAllowed."""
    check_person_may(by, "customers.change_customer")
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    draft = keep_draft(check_can_upload(customer, requirement_id), requirement_id, upload, by=by)
    record(
        kind=Kind.DOCUMENT_KEPT, by=by, customer_id=customer.pk, subject=draft, after=recorded_document(draft)
    )  # fmt: skip
    return draft


@transaction.atomic
def submit_request(*, customer: Customer, by: User) -> ProviderCall:
    """Want the customer's request reviewed. Raises NotAllowed."""
    check_person_may(by, "customers.submit_customer")
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    submitting = customer.open_calls().filter(kind=CallKind.SUBMIT_REQUEST).first()
    if submitting:
        return submitting
    check_can_submit(customer)
    request = customer.newest_request
    assert request is not None  # noqa: S101 - check_can_submit asked
    record(kind=Kind.REQUEST_SUBMITTED, by=by, customer_id=customer.pk, subject=request)
    return want(kind=CallKind.SUBMIT_REQUEST, target=request, customer_id=customer.pk, by=by)


@transaction.atomic
def refresh_customer(*, customer: Customer, by: User) -> None:
    """Look at the provider now. Raises NotAllowed where there is nothing to look at."""
    check_person_may(by, "customers.refresh_customer")
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    request = customer.newest_request
    if request is None:
        raise NotAllowed("There is nothing to ask CryptoMate about yet: it follows by itself once there is.")
    record(kind=Kind.CUSTOMER_REFRESHED, by=by, customer_id=customer.pk, subject=customer)
    following.hasten_sync(request, now=timezone.now())
    circuit.hasten_probe()


def _changed_meanwhile(customer: Customer, data: Mapping[str, Any]) -> str:
    differing = [name for name in data if getattr(customer, name) != data[name]]
    labels = [str(getattr(Customer._meta.get_field(name), "verbose_name", name)) for name in differing]
    where = f" What stands now differs from what you typed in: {', '.join(labels)}." if labels else ""
    return f"Somebody changed this customer while you were editing.{where} Save again to put your entries in place."


def _want_saved(customer: Customer, *, by: User) -> None:
    if customer.api_id is None:
        want(kind=CallKind.REGISTER_CLIENT, target=customer, customer_id=customer.pk, by=by)
        return
    want(kind=CallKind.UPDATE_CLIENT, target=customer, customer_id=customer.pk, by=by)
    newest = customer.newest_request
    is_over = newest is None or newest.status == RequestStatus.REJECTED
    if customer.individual_cards and is_over and not is_refused_for_good(customer):
        want(kind=CallKind.REQUEST_PRODUCT, target=customer, customer_id=customer.pk, by=by)


def _fill(customer: Customer, data: Mapping[str, Any]) -> None:
    for name, value in data.items():
        if name == "answers":
            customer.answers = {**customer.answers, **value}
        else:
            setattr(customer, name, value)


def _columns(data: Mapping[str, Any]) -> list[str]:
    return [*data, *(["id_number_hash"] if "id_number" in data else [])]


def _recorded(customer: Customer, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values an auditor may read; personal data are named, not shown."""
    shown = {name: getattr(customer, name) for name in RECORDED if name in data}
    return {**shown, "fields": sorted(data)}


def keep_draft(request: EnablementRequest, requirement_id: str, upload: Upload, *, by: User) -> Document:
    draft = _put_together(request, requirement_id, upload, by=by)
    draft.save()
    return draft


def _put_together(request: EnablementRequest, requirement_id: str, upload: Upload, *, by: User) -> Document:
    """Put the upload into the requirement's draft, which is not saved yet. Images not given stay as they were.

    A draft of another type is put aside: a photo of another document is no start for this one.
    """
    if max(len(requirement_id), len(upload.document_type)) > LONGEST_NAME:
        raise NotAllowed(
            "CryptoMate's name for this document is too long to be kept. Write to support to have it sent."
        )
    draft = request.customer.documents.drafts().filter(requirement=requirement_id).first()
    if draft and draft.document_type != upload.document_type:
        discard_draft(document=draft, by=by)
        draft = None
    if draft is None:
        draft = Document(customer=request.customer, requirement=requirement_id)
    draft.request, draft.document_type, draft.uploaded_by = request, upload.document_type, by
    draft.metadata, draft.created_at = dict(upload.metadata), timezone.now()
    draft.released_at = None
    for side, image in (("front", upload.front), ("back", upload.back)):
        if image:
            _put_image(draft, side, image)
    return draft


def _wish_to_send(document: Document, upload: Upload, overridden: list[str]) -> Wish:
    """Bind the very images, what is written on them, and what is wrong with them."""
    payload = {
        **recorded_document(document),
        "metadata": dict(upload.metadata),
        "warnings": overridden,
        "reason": upload.override_reason,
    }
    name, warnings = document.document_type.replace("_", " "), ", ".join(overridden).replace("_", " ")
    return wish_about(
        document, act=Act.SEND_DOCUMENT, payload=payload, customer_id=document.customer_id,
        words=f"Send the {name} in spite of warnings ({warnings}), because: “{upload.override_reason}”.",
    )  # fmt: skip


def _release(
    document: Document, overridden: list[str], *, reason: str, by: User, approval: Approval | None = None
) -> None:
    """Save the document and let it go to the provider, in spite of warnings where there is a reason."""
    document.overridden = overridden
    document.override_reason = reason if document.overridden else None
    document.released_at = timezone.now()
    document.save()
    if document.overridden:
        record(
            kind=Kind.WARNINGS_OVERRIDDEN, by=by, customer_id=document.customer_id, subject=document,
            after={"warnings": document.overridden, "reason": reason, **approver(approval)},
        )  # fmt: skip


def _put_image(draft: Document, side: str, image: CleanImage) -> None:
    """Take the image for that side; the one it replaces was never sent and is deleted."""
    replaced = draft.image(side)
    if replaced:
        storage, name = replaced.storage, str(replaced.name)
        transaction.on_commit(lambda: storage.delete(name), robust=True)
    setattr(draft, side, image.file)
    setattr(draft, f"{side}_sha256", image.sha256)
    setattr(draft, f"{side}_source_sha256", image.source_sha256)
    setattr(draft, f"{side}_likeness", image.likeness)
    draft.likeness_parts = parts_of([draft.front_likeness, draft.back_likeness])
    draft.measurements = {**draft.measurements, side: image.measurements}
    want_reading(draft, side, image.sha256)


def recorded_document(document: Document) -> dict[str, Any]:
    return {
        "requirement": document.requirement,
        "document_type": document.document_type,
        "sha256": [document.front_sha256, document.back_sha256],
    }


def discard_draft(*, document: Document, by: User) -> None:
    """Put a chosen document aside. The row stays."""
    check_person_may(by, "customers.change_customer")
    document.change_status(DocumentStatus.SUPERSEDED, source=Source.OFFICER, by=by)
