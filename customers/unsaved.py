"""What a person typed on a requirement's card and has not sent, kept so that leaving the page loses nothing."""

import uuid
from collections.abc import Mapping
from typing import Self

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from vault.fields import EncryptedJSONField

LONGEST_CARD = 200
MOST_VALUES = 100
LONGEST_VALUE = 2000


class UnsavedAnswersQuerySet(models.QuerySet["UnsavedAnswers"]):
    def of(self, person: User) -> Self:
        return self.filter(person=person)

    def on(self, card: str) -> Self:
        return self.filter(card=card)


class UnsavedAnswers(models.Model):
    """One person's unfinished form. It is nobody else's, goes nowhere, and is gone once the form is sent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="unsaved_answers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    card = models.CharField(max_length=LONGEST_CARD, help_text="Which requirement the form is on.")
    typed = EncryptedJSONField(default=dict)
    kept_at = models.DateTimeField(default=timezone.now)

    objects = UnsavedAnswersQuerySet.as_manager()

    class Meta:
        ordering = ["-kept_at"]
        verbose_name_plural = "unsaved answers"
        constraints = [
            models.UniqueConstraint(fields=["customer", "person", "card"], name="one_unsaved_form_per_person_and_card")
        ]

    def __str__(self) -> str:
        return self.card


def bounded(typed: Mapping[str, str]) -> dict[str, str]:
    """Return what is typed, cut to what a form can ask for."""
    return {name: value[:LONGEST_VALUE] for name, value in list(typed.items())[:MOST_VALUES]}
