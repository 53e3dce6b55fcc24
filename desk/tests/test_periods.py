"""The days a report is about: none is lost, none counts twice, and what an address asks for in error is said."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.periods import DAY, MONTH, WEEK, Period, PeriodForm, Stretch

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(DAYS, st.integers(0, 400), st.sampled_from([DAY, WEEK, MONTH]))
def test_each_day_of_a_period_lies_in_exactly_one_stretch(first: date, more: int, by: str) -> None:
    period = Period(first, first + timedelta(days=more), by)

    stretches = period.stretches()

    days = [each.first + timedelta(days=n) for each in stretches for n in range((each.last - each.first).days + 1)]
    assert days == [first + timedelta(days=n) for n in range(period.days)]
    assert all(each.first.day == 1 or by != MONTH for each in stretches[1:])
    assert all(each.first.isoweekday() == 1 or by != WEEK for each in stretches[1:])


def test_the_first_and_last_week_are_those_of_their_days_that_were_asked_for() -> None:
    period = Period(date(2025, 3, 6), date(2025, 3, 18), WEEK)  # a Thursday to a Tuesday

    assert [str(each) for each in period.stretches()] == ["6–9 Mar", "10–16 Mar", "17–18 Mar"]
    assert period.stretches()[0] == Stretch(date(2025, 3, 6), date(2025, 3, 9))


@pytest.mark.parametrize(
    ("asked", "first", "last", "by"),
    [
        ({"since": "2025-03-01", "until": "2025-03-31"}, date(2025, 3, 1), date(2025, 3, 31), DAY),
        ({"since": "2025-03-01", "until": "2025-04-30"}, date(2025, 3, 1), date(2025, 4, 30), WEEK),
        ({"since": "2024-04-01", "until": "2025-03-31"}, date(2024, 4, 1), date(2025, 3, 31), MONTH),
        ({"until": "2025-03-31"}, date(2025, 3, 2), date(2025, 3, 31), DAY),
        ({"since": "2025-03-01", "until": "2025-03-31", "by": "week"}, date(2025, 3, 1), date(2025, 3, 31), WEEK),
        ({"since": "2025-03-01", "until": "2025-03-31", "days": "7"}, date(2025, 3, 1), date(2025, 3, 31), DAY),
    ],
)  # fmt: skip
def test_an_address_says_which_days(asked: dict[str, str], first: date, last: date, by: str) -> None:
    form = PeriodForm(asked)

    assert form.is_valid()
    assert form.period() == Period(first, last, by)


@pytest.mark.parametrize(("asked", "days", "by"), [({}, 30, DAY), ({"days": "7"}, 7, DAY), ({"days": "90"}, 90, WEEK)])
def test_without_days_it_is_the_last_ones_up_to_today(asked: dict[str, str], days: int, by: str) -> None:
    form = PeriodForm(asked)

    assert form.is_valid()
    period = form.period()
    assert (period.days, period.by, period.is_to_today) == (days, by, True)


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"since": "yesterday"}, "since", "Enter a valid date."),
        ({"since": "2025-03-02", "until": "2025-03-01"}, "until", "This day is before the first one."),
        ({"until": "9999-12-31"}, "until", "This day is yet to come."),
        ({"since": "2024-01-01", "until": "2025-03-01"}, "since", "Choose at most a year"),
        ({"since": "0001-01-01"}, "since", "Choose a later day."),
        ({"until": "0001-01-02"}, "until", "Choose a later day."),
        ({"since": "2024-10-01", "until": "2025-03-01", "by": "day"}, "by", "Choose week or month"),
        ({"by": "hour"}, "by", "Select a valid choice."),
        ({"days": "8"}, "days", "Select a valid choice."),
    ],
)
def test_what_cannot_be_drawn_is_refused_where_it_was_typed(asked: dict[str, str], field: str, words: str) -> None:
    form = PeriodForm(asked)

    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert words in str(form.errors[field])
