"""How often people had masked personal data shown to them: per person and day, as the audit log has it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

from audit.kinds import Kind
from audit.models import Event

DAYS_SHOWN = 30


@dataclass(frozen=True)
class PersonsDay:
    """What one person had shown on one day."""

    day: date
    person: str
    reveals: int
    customers: int

    @property
    def log_url(self) -> str:
        """Return where the audit log tells of each, with its reason."""
        edges = {"since": self.day, "until": self.day + timedelta(days=1)}
        query = {name: f"{day.isoformat()}T00:00" for name, day in edges.items()}
        return reverse("audit:index", query={"person": self.person, "kind": Kind.CUSTOMER_REVEALED.value, **query})


def reveals_until(last: date) -> list[PersonsDay]:
    """Return who had data shown in the month that ends with this day, the newest day first."""
    begins, ends = _midnight(last - timedelta(days=DAYS_SHOWN - 1)), _midnight(last + timedelta(days=1))
    events = Event.objects.of_kind(Kind.CUSTOMER_REVEALED).since(begins).until(ends)
    per_day = (
        events.annotate(day=TruncDate("at"))
        .values("day", "actor_name")
        .annotate(reveals=Count("pk"), customers=Count("customer_id", distinct=True))
        .order_by("-day", "-reveals", "actor_name")
    )
    return [PersonsDay(row["day"], row["actor_name"], row["reveals"], row["customers"]) for row in per_day]


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
