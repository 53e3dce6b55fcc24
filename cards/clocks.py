"""When a card's money moved and when its list is read: apart from the card, because every purchase writes it.

A card's row is wide and has many indexes, all of which PostgreSQL writes anew when an indexed column changes.
"""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q

POLL_AFTER = timedelta(minutes=2)  # when the provider's list is read after something happened


class CardClockQuerySet(models.QuerySet["CardClock"]):
    def due(self, *, now: datetime) -> Self:
        return self.filter(next_poll_at__lte=now).order_by("next_poll_at")


class CardClock(models.Model):
    card = models.OneToOneField("cards.Card", primary_key=True, on_delete=models.CASCADE, related_name="clock")
    moved_at = models.DateTimeField(null=True, blank=True, help_text="When we last heard of money moving.")
    polled_at = models.DateTimeField(null=True, blank=True, help_text="When the provider's list was read.")
    next_poll_at = models.DateTimeField(null=True, blank=True, help_text="When it is read again.")
    version = models.BigIntegerField(db_default=0, editable=False, help_text="How often the card's books were changed.")

    objects = CardClockQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["next_poll_at"], condition=Q(next_poll_at__isnull=False), name="card_poll_due"),
        ]

    def __str__(self) -> str:
        return f"{self.card_id}: moved {self.moved_at}, read {self.polled_at}"
