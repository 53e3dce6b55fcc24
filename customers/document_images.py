"""Opens a stored document image for a person, and records that they saw it.

A look is what one person sees of one document within ten minutes: the record says once which sides those were, however
often a page draws them in between. A picture that came in place of another is a look of its own.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from audit.actions import record
from audit.kinds import Kind
from audit.models import Event
from customers.models import Document
from customers.policies import check_person_may

PNG = b"\x89PNG"
ONE_LOOK = timedelta(minutes=10)


@dataclass(frozen=True)
class StoredImage:
    content: bytes
    content_type: str
    name: str


@transaction.atomic
def open_image(*, document: Document, side: str, by: User) -> StoredImage | None:
    """Return one side of a document, or None where there is none. Raises NotAllowed."""
    check_person_may(by, "customers.view_document_image")
    if document.image(side) is None:
        return None
    look_at(document=document, sides=[side], by=by)
    return _read(document, side)


def describe_image(*, document: Document, side: str, by: User) -> StoredImage | None:
    """Return what `open_image` would, to be told about and not shown: nobody has seen it. Raises NotAllowed."""
    check_person_may(by, "customers.view_document_image")
    return None if document.image(side) is None else _read(document, side)


@transaction.atomic
def look_at(*, document: Document, sides: Collection[str], by: User) -> None:
    """Record that a person is shown these sides, unless that is part of a look on record. Raises NotAllowed."""
    check_person_may(by, "customers.view_document_image")
    shown = [(side, _fingerprint(document, side)) for side in sides]
    if set(shown) <= _seen_lately(document, by):
        return
    record(
        kind=Kind.DOCUMENT_VIEWED, by=by, customer_id=document.customer_id, subject=document,
        after={
            "document_type": document.document_type,
            "sides": [side for side, _ in shown],
            "sha256": [fingerprint for _, fingerprint in shown],
        },
    )  # fmt: skip


def _seen_lately(document: Document, by: User) -> set[tuple[str, str]]:
    looks = Event.objects.about_customer(document.customer_id).of_kind(Kind.DOCUMENT_VIEWED)
    looks = looks.since(timezone.now() - ONE_LOOK).filter(actor_id=by.pk, object_id=str(document.pk))
    shown = [(look.detail or {}).get("after", {}) for look in looks]
    return {pair for each in shown for pair in zip(each.get("sides", []), each.get("sha256", []), strict=False)}


def _fingerprint(document: Document, side: str) -> str:
    return document.front_sha256 if side == "front" else document.back_sha256


def _read(document: Document, side: str) -> StoredImage:
    file = document.image(side)
    assert file is not None  # noqa: S101 - the caller looked
    with file.open("rb") as opened:
        content = opened.read()
    kind = "png" if content.startswith(PNG) else "jpeg"
    return StoredImage(content, f"image/{kind}", f"{slugify(document.document_type) or 'document'}-{side}.{kind}")
