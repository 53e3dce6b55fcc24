"""Kinds of value the provider asks for that the portal has no field for: typed as text, and counted for an admin."""

from typing import Self

from django.db import models
from django.utils import timezone

from customers.answer_fields import BY_TYPE

LONGEST_WORD = 80
LONGEST_EXAMPLE = 200


class NewKindQuerySet(models.QuerySet["NewKind"]):
    def unlearned(self) -> Self:
        """Leave out what a later version of the portal has a field for."""
        return self.exclude(word__in=BY_TYPE)


class NewKind(models.Model):
    """A `data_type` nobody has seen. The example names what was asked for, never what was answered."""

    word = models.CharField("data type", max_length=LONGEST_WORD, unique=True)
    example = models.CharField("asked for", max_length=LONGEST_EXAMPLE)
    times = models.PositiveIntegerField("asked", default=0)
    first_seen_at = models.DateTimeField("first asked", default=timezone.now)
    last_seen_at = models.DateTimeField("last asked", default=timezone.now)

    objects = NewKindQuerySet.as_manager()

    class Meta:
        ordering = ["-last_seen_at"]
        verbose_name = "new kind of requirement"
        verbose_name_plural = "new kinds of requirement"

    def __str__(self) -> str:
        return self.word
