"""How long a case may lie with each side before it counts as late. Admins choose the hours in Django admin."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from audit.capture import Capture
from desk.statuses import WaitsFor

# With whom: hours until due soon, hours until late. A migration writes them down; an admin may change them.
FIRST_TARGETS = {WaitsFor.US: (4, 8), WaitsFor.PROVIDER: (24, 48), WaitsFor.CUSTOMER: (72, 168)}


class Target(models.Model):
    waits_for = models.CharField(
        max_length=8, primary_key=True, choices=[(side.value, side.label) for side in FIRST_TARGETS]
    )
    due_soon_after_hours = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    late_after_hours = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])

    class Meta:
        triggers = [Capture()]
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(condition=Q(waits_for__in=list(FIRST_TARGETS)), name="target_is_of_a_side"),
            models.CheckConstraint(
                condition=Q(due_soon_after_hours__gte=1, late_after_hours__gt=F("due_soon_after_hours")),
                name="target_is_late_after_due_soon",
                violation_error_message="Late has to come after due soon.",
            ),
        ]

    def __str__(self) -> str:
        return f"Waits for {self.get_waits_for_display()}"

    @property
    def due_soon_after(self) -> timedelta:
        return timedelta(hours=self.due_soon_after_hours)

    @property
    def late_after(self) -> timedelta:
        return timedelta(hours=self.late_after_hours)


def targets() -> dict[str, Target]:
    """Return the target of each side, as admins chose it or as it is at first."""
    first = [
        Target(waits_for=side, due_soon_after_hours=soon, late_after_hours=late)
        for side, (soon, late) in FIRST_TARGETS.items()
    ]
    return {each.waits_for: each for each in [*first, *Target.objects.all()]}


def is_late(targets: Iterable[Target], *, now: datetime) -> Q:
    """Return the condition of cases that have waited longer than the target of their side allows."""
    late = Q(pk__in=[])
    for target in targets:
        late |= Q(waits_for=target.waits_for, since__lte=now - target.late_after)
    return late
