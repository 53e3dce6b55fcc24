"""Finds documents that show the same picture, among a million as quickly as among ten.

A picture's likeness has 64 bits; the same picture, saved or scaled anew, differs in a few. Cut into four parts, two
likenesses that differ in three bits at the most have one part in common: the index finds those, and the distance is
counted for the few rows it finds.
"""

from collections.abc import Iterable

from django.db import models
from django.db.models import Func, IntegerField, Q, Value

from customers.models import Document

PARTS = 4
BITS = 16  # of a part
SAME = PARTS - 1  # bits two likenesses of one picture may differ in: one part stays as it is


class BitsApart(Func):
    """In how many bits two likenesses differ."""

    template = "bit_count(('x' || %(expressions)s)::bit(64))"
    arg_joiner = ")::bit(64) # ('x' || "
    output_field: "models.Field[int, int]" = IntegerField()


def parts_of(likenesses: Iterable[str]) -> list[int]:
    """Return the parts of each likeness, numbered by where they stand: what the index holds."""
    return sorted({part for likeness in likenesses if likeness for part in _parts(int(likeness, 16))})


def _parts(bits: int) -> list[int]:
    return [at << BITS | (bits >> at * BITS & (1 << BITS) - 1) for at in range(PARTS)]


def sent_with(likeness: str) -> models.QuerySet[Document]:
    """Return documents that were sent to the provider and show this picture on either side."""
    if not likeness:
        return Document.objects.none()
    sent = Document.objects.filter(uploaded_at__isnull=False, likeness_parts__overlap=parts_of([likeness]))
    shown = [~Q(**{f"{side}_likeness": ""}) & Q(**{f"{side}_apart__lte": SAME}) for side in ("front", "back")]
    apart = {f"{side}_apart": BitsApart(f"{side}_likeness", Value(likeness)) for side in ("front", "back")}
    return sent.annotate(**apart).filter(shown[0] | shown[1])
