"""Keeping one image from the moment it is chosen."""

from django.contrib.auth.models import User
from django.db import transaction

from audit.actions import record
from audit.kinds import Kind
from customers.actions import Upload, keep_draft, recorded_document
from customers.images import CleanImage
from customers.models import Customer, Document
from customers.policies import NotAllowed, check_can_upload, check_person_may

CHOSEN_MEANWHILE = "Somebody chose another image here meanwhile. Open the page again to see it."


@transaction.atomic
def keep_image(
    *, customer: Customer, requirement_id: str, document_type: str, side: str, image: CleanImage, seen: str, by: User
) -> Document:
    """Put the image into the requirement's draft, in place of the one the person saw there.

    `seen` begins the digest of that one; it is empty where none was shown. Raises NotAllowed.
    """
    check_person_may(by, "customers.change_customer")
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    request = check_can_upload(customer, requirement_id)
    before = customer.documents.drafts().filter(requirement=requirement_id, document_type=document_type).first()
    if not _is_as_seen(before, side, seen):
        raise NotAllowed(CHOSEN_MEANWHILE)
    upload = Upload(
        document_type=document_type,
        metadata=before.metadata if before else {},
        front=image if side == "front" else None,
        back=image if side == "back" else None,
    )
    draft = keep_draft(request, requirement_id, upload, by=by)
    record(
        kind=Kind.DOCUMENT_KEPT, by=by, customer_id=customer.pk, subject=draft,
        after={**recorded_document(draft), "side": side},
    )  # fmt: skip
    return draft


def _is_as_seen(draft: Document | None, side: str, seen: str) -> bool:
    kept = draft.sha256(side) if draft else ""
    return kept.startswith(seen) if seen else not kept
