"""Opens a stored document image for a person, and records that they saw it."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify

from audit.actions import record
from audit.kinds import Kind
from customers.models import Document
from customers.policies import check_person_may

PNG = b"\x89PNG"


@dataclass(frozen=True)
class StoredImage:
    content: bytes
    content_type: str
    name: str


@transaction.atomic
def open_image(*, document: Document, side: str, by: User) -> StoredImage | None:
    """Return one side of a document, or None where there is none. Raises NotAllowed."""
    check_person_may(by, "customers.view_document_image")
    file = document.image(side)
    if file is None:
        return None
    record(
        kind=Kind.DOCUMENT_VIEWED, by=by, customer_id=document.customer_id, subject=document,
        after={"document_type": document.document_type, "side": side},
    )  # fmt: skip
    with file.open("rb") as opened:
        content = opened.read()
    kind = "png" if content.startswith(PNG) else "jpeg"
    return StoredImage(content, f"image/{kind}", f"{slugify(document.document_type) or 'document'}-{side}.{kind}")
