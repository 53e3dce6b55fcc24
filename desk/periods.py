"""The days a report is about and how they are grouped, as an address asks for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils import timezone

from desk.wording import days_in_words

LAST = (7, 30, 90)  # days that one click chooses
USUAL = 30
LONGEST = 366  # days
EARLIEST = MinValueValidator(date(2000, 1, 1), "Nothing is on record from before 2000. Choose a later day.")
MOST_BARS = 100  # side by side; more cannot be told apart on a phone
DAY, WEEK, MONTH = "day", "week", "month"
FITS_UP_TO = ((31, DAY), (183, WEEK))  # days, and what they are grouped by where nobody says


@dataclass(frozen=True)
class Stretch:
    """Some days that are counted together: those of one day, week or month that lie within the period."""

    first: date
    last: date

    def __str__(self) -> str:
        return days_in_words(self.first, self.last)


@dataclass(frozen=True)
class Period:
    """Whole days, from `first` to `last`, by the clock of TIME_ZONE."""

    first: date
    last: date
    by: str

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_to_today(self) -> bool:
        return self.last == timezone.localdate()

    @property
    def since(self) -> datetime:
        return _midnight(self.first)

    @property
    def until(self) -> datetime:
        return _midnight(self.last + timedelta(days=1))

    def stretches(self, by: str = "") -> list[Stretch]:
        """Return the days of the period in order, as `by` or as the period groups them: empty ones are there too."""
        return list(self._stretches(by or self.by))

    def _stretches(self, by: str) -> Iterator[Stretch]:
        first = self.first
        while first <= self.last:
            following = start_of_next(first, by)
            yield Stretch(first, min(following - timedelta(days=1), self.last))
            first = following


def last_days(days: int, *, today: date, by: str = "") -> Period:
    return Period(today - timedelta(days=days - 1), today, by or fitting(days))


def fitting(days: int) -> str:
    return next((by for most, by in FITS_UP_TO if days <= most), MONTH)


def start_of(day: date, by: str) -> date:
    """Return the first day of the week (a Monday) or month that the day lies in."""
    if by == WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if by == MONTH else day


def start_of_next(day: date, by: str) -> date:
    longest = {DAY: 1, WEEK: 7, MONTH: 31}[by]
    return start_of(start_of(day, by) + timedelta(days=longest), by)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


class Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PeriodForm(forms.Form):
    """`days` counts back from today, and is what links ask for; who types chooses `since` and `until`."""

    days = forms.TypedChoiceField(choices=[(str(days), f"{days} days") for days in LAST], coerce=int, required=False)
    since = forms.DateField(label="From", required=False, widget=Day, validators=[EARLIEST])
    until = forms.DateField(label="To", required=False, widget=Day, validators=[EARLIEST])
    by = forms.ChoiceField(
        label="Group by", required=False, choices=[("", "As it fits"), (DAY, "Day"), (WEEK, "Week"), (MONTH, "Month")]
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if not self.errors:
            self._check(self.period())
        return found

    def _check(self, period: Period) -> None:
        if period.last < period.first:
            self.add_error("until", "This day is before the first one. Choose a later day.")
        elif period.last > timezone.localdate():
            self.add_error("until", "This day is yet to come. Choose today or an earlier day.")
        elif period.days > LONGEST:
            self.add_error("since", f"Choose at most a year: {LONGEST} days.")
        elif period.by == DAY and period.days > MOST_BARS:
            self.add_error("by", f"Choose week or month: more than {MOST_BARS} bars cannot be told apart.")

    def period(self) -> Period:
        """Return what was asked for; one end alone means the usual number of days from or up to it."""
        chosen, today = self.cleaned_data, timezone.localdate()
        first, last = chosen.get("since"), chosen.get("until")
        if not (first or last):
            return last_days(chosen.get("days") or USUAL, today=today, by=chosen.get("by", ""))
        last = last or today
        first = first or last - timedelta(days=USUAL - 1)
        return Period(first, last, chosen.get("by") or fitting((last - first).days + 1))
