"""How often a card may be used: the company's rules, as the provider holds them."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q

from audit.capture import Capture

MOST_RULES = 5
LONGEST_WINDOW = 365 * 24 * 60 * 60  # seconds; ours, so that a rule can be counted


class VelocityRuleSetQuerySet(models.QuerySet["VelocityRuleSet"]):
    def current(self) -> "VelocityRuleSet":
        """Return the one row; it is made when it is first asked for."""
        found, _ = self.get_or_create(pk=VelocityRuleSet.THE_ONE)
        return found


class VelocityRuleSet(models.Model):
    """One row: when the rules were read at the provider. It is what a call that replaces them is about."""

    THE_ONE = uuid.UUID("7e10c17e-0000-4000-8000-000000000001")

    id = models.UUIDField(primary_key=True, default=THE_ONE, editable=False)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = VelocityRuleSetQuerySet.as_manager()

    class Meta:
        verbose_name = "set of velocity rules"
        verbose_name_plural = "set of velocity rules"
        constraints = [
            models.CheckConstraint(
                condition=Q(id="7e10c17e-0000-4000-8000-000000000001"), name="there_is_one_velocity_rule_set"
            )
        ]

    def __str__(self) -> str:
        return "Velocity rules"


class VelocityRuleQuerySet(models.QuerySet["VelocityRule"]):
    def shortest_first(self) -> Self:
        return self.order_by("time_window_seconds")


class VelocityRule(models.Model):
    """At most so many approved authorizations of one card within a sliding window."""

    max_authorizations = models.PositiveIntegerField()
    time_window_seconds = models.PositiveIntegerField()

    objects = VelocityRuleQuerySet.as_manager()

    class Meta:
        triggers = [Capture()]
        constraints = [
            models.UniqueConstraint(fields=["time_window_seconds"], name="velocity_windows_are_unique"),
            models.CheckConstraint(
                condition=Q(max_authorizations__gte=1, time_window_seconds__gte=1), name="velocity_rule_counts_from_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.max_authorizations} in {self.time_window_seconds} s"

    @property
    def window(self) -> timedelta:
        return timedelta(seconds=self.time_window_seconds)


class PortalMinute(models.Model):
    """A minute in which a web process ran, so that deliveries could come in."""

    minute = models.DateTimeField(primary_key=True)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M}"

    @classmethod
    def note(cls, *, at: datetime) -> None:
        """Note the minute once, whichever process is first."""
        PortalMinute.objects.bulk_create(
            [PortalMinute(minute=at.replace(second=0, microsecond=0))], ignore_conflicts=True
        )

    @classmethod
    def ago(cls, minutes: int) -> datetime | None:
        """Return the moment since which deliveries could come in for so many minutes; None when they could not yet."""
        return cls.objects.order_by("-minute").values_list("minute", flat=True)[minutes : minutes + 1].first()

    @classmethod
    def forget(cls, *, before: datetime) -> None:
        cls.objects.filter(minute__lt=before).delete()
