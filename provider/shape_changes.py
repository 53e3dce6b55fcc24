"""What the provider said that its contract does not name."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

LONGEST_PLACE = 160
LONGEST_WHAT = 160
LONGEST_SAMPLE = 200


class ShapeChangeQuerySet(models.QuerySet["ShapeChange"]):
    def unacknowledged(self) -> Self:
        return self.filter(acknowledged_at=None)


class ShapeChange(models.Model):
    """One field, word, kind of delivery or error code that is new. The sample tells its type, never its value."""

    class Kind(models.TextChoices):
        FIELD = "FIELD", "Field"
        WORD = "WORD", "Status or other word"
        EVENT = "EVENT", "Kind of delivery"
        CODE = "CODE", "Error code"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    place = models.CharField(
        "where", max_length=LONGEST_PLACE, help_text="The call that was answered, or the delivery."
    )
    what = models.CharField(max_length=LONGEST_WHAT)
    sample = models.CharField("looks like", max_length=LONGEST_SAMPLE)
    times = models.PositiveBigIntegerField()
    first_seen_at = models.DateTimeField("first seen")
    last_seen_at = models.DateTimeField("last seen")
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    acknowledged_at = models.DateTimeField("acknowledged", null=True, blank=True)

    objects = ShapeChangeQuerySet.as_manager()

    class Meta:
        verbose_name = "change of shape"
        verbose_name_plural = "changes of shape"
        ordering = ["-last_seen_at"]
        default_permissions = ("view",)
        permissions = [("acknowledge_shapechange", "Can acknowledge a change of shape")]
        indexes = [
            models.Index(
                fields=["-last_seen_at"], condition=Q(acknowledged_at=None), name="shape_change_to_acknowledge"
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "place", "what"], name="one_row_per_change_of_shape"),
            models.CheckConstraint(
                condition=Q(kind__in=["FIELD", "WORD", "EVENT", "CODE"]), name="shape_change_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_by=None, acknowledged_at=None)
                | Q(acknowledged_by__isnull=False, acknowledged_at__isnull=False),
                name="acknowledgement_says_who_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} · {self.place}"
