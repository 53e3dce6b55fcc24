"""Limits of quality for photos of documents: those in the code, and the ones that an admin chose instead."""

from collections.abc import Iterable
from dataclasses import fields, replace

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from audit.capture import Capture
from imaging.judging import Thresholds, usual

MOST = 1_000_000


def names() -> list[tuple[str, str]]:
    """Return each limit with its words: `least_width_refused` is "least width, refused"."""
    return [(each.name, _in_words(each.name)) for each in fields(Thresholds)]


def _in_words(name: str) -> str:
    words, _, degree = name.rpartition("_")
    return f"{words.replace('_', ' ')}, {degree}"


class QualityThreshold(models.Model):
    """One limit that an admin chose. What has no row here is as the code has it."""

    document_type = models.CharField(
        max_length=80, blank=True, help_text="As CryptoMate names it, for example passport. Empty: every type."
    )
    name = models.CharField("limit", max_length=60, choices=names)
    value = models.FloatField(
        help_text="Beyond a limit “refused” the photo is not sent; beyond “doubtful” with a reason."
    )

    class Meta:
        triggers = [Capture()]
        ordering = ["document_type", "name"]
        constraints = [
            models.UniqueConstraint(fields=["document_type", "name"], name="one_threshold_per_type_and_limit"),
            models.CheckConstraint(condition=Q(value__gte=0), name="threshold_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.document_type or 'every type'}: {_in_words(self.name)}"

    def clean(self) -> None:
        value: float | None = self.value  # none where what was typed is no number
        if value is not None and not 0 <= value < MOST:
            raise ValidationError({"value": "Enter a number from 0 to 999,999."})

    @property
    def usual(self) -> float | None:
        """Return what counts where nobody chose anything."""
        return getattr(usual(self.document_type), self.name, None)


def thresholds_for(document_type: str) -> Thresholds:
    """Return the limits that count for a type: its own rows before those for every type, and both before the code's."""
    rows = QualityThreshold.objects.filter(document_type__in=["", document_type])
    return chosen(document_type, rows)


def chosen(document_type: str, rows: Iterable[QualityThreshold]) -> Thresholds:
    known = dict(names())
    values = {row.name: row.value for row in sorted(rows, key=lambda row: row.document_type) if row.name in known}
    return replace(usual(document_type), **values)
