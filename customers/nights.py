"""The hours of the night in which the portal compares itself with the provider."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils import timezone


@dataclass(frozen=True)
class Night:
    start: datetime
    end: datetime


def night_at(now: datetime, hours: tuple[int, int] | None) -> Night | None:
    """Return the night that `now` lies in. `hours` is its first and last hour by the portal's clock; None is never."""
    if hours is None:
        return None
    today = timezone.localtime(now).date()
    for day in (today, today - timedelta(days=1)):  # a night may have begun before midnight
        start = timezone.make_aware(datetime.combine(day, time(hours[0])))
        ends_on = day if hours[0] < hours[1] else day + timedelta(days=1)
        end = timezone.make_aware(datetime.combine(ends_on, time(hours[1])))
        if start <= now < end:
            return Night(start, end)
    return None
