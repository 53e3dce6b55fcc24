"""What the reports say, counted by PostgreSQL: one query for each chart, each by an index on time."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import (
    Aggregate,
    Case,
    Count,
    DurationField,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least, TruncDate

from customers.models import EnablementRequest, StatusChange
from customers.reasons import ReasonTable
from customers.statuses import CustomerStatus, RequestStatus
from desk.models import Spell, Target
from desk.periods import Period, start_of

CAME_IN = "CAME_IN"
DECIDED = (CustomerStatus.ACTIVE, CustomerStatus.REJECTED)
NO_REASON, NOT_WRITTEN_UP = "No reason given", "A reason that nobody has written up"


# --- What came in and what was decided


def came_and_decided(period: Period) -> dict[str, Counter[date]]:
    """Return for CAME_IN and each decision how many there were on which day."""
    decided = (
        StatusChange.objects.filter(machine="customer", to_status__in=DECIDED, **_within("at", period))
        .values_list(TruncDate("at"), "to_status")
        .annotate(count=Count("pk"))
        .order_by()
    )
    earlier = Spell.objects.filter(customer=OuterRef("customer"), began_at__lt=OuterRef("began_at"))
    came = (
        Spell.objects.filter(~Exists(earlier), **_within("began_at", period))
        .values_list(TruncDate("began_at"), Value(CAME_IN))
        .annotate(count=Count("pk"))
        .order_by()
    )
    found: dict[str, Counter[date]] = {what: Counter() for what in (CAME_IN, *DECIDED)}
    for day, what, count in decided.union(came, all=True):
        found[what][day] = count
    return found


# --- First submissions


@dataclass(frozen=True)
class Decisions:
    approved: int = 0
    decided: int = 0


def first_decisions(period: Period, *, by: str) -> dict[date, Decisions]:
    """Return how first submissions were decided, by the first day of the week or month they were decided in."""
    decisions = StatusChange.objects.filter(_is_decision(), machine="request")
    earlier = decisions.filter(customer=OuterRef("customer"), at__lt=OuterRef("at"))
    rows = (
        decisions.filter(~Exists(earlier), **_within("at", period))
        .values_list(TruncDate("at"))
        .annotate(approved=Count("pk", filter=Q(to_status=RequestStatus.ENABLED)), decided=Count("pk"))
        .order_by()
    )
    found: dict[date, Decisions] = {}
    for day, approved, decided in rows:
        so_far = found.get(start_of(day, by), Decisions())
        found[start_of(day, by)] = Decisions(so_far.approved + approved, so_far.decided + decided)
    return found


def _is_decision() -> Q:
    """Tell what ends a review: a verdict, or that more is wanted. A verdict counts also where no review was seen."""
    verdicts = (RequestStatus.ENABLED, RequestStatus.REJECTED)
    return Q(from_status=RequestStatus.IN_KYC) | Q(to_status__in=verdicts)


# --- Refusals


def refusals(period: Period) -> list[tuple[str, int]]:
    """Return each reason in our words with how many requests were refused for it, the commonest first."""
    rows = (
        EnablementRequest.objects.filter(status=RequestStatus.REJECTED, **_within("decided_at", period))
        .values_list("rejection_code", "rejection_description")
        .annotate(count=Count("pk"))
        .order_by()
    )
    table, found = ReasonTable(), Counter[str]()
    for code, words, count in rows:
        found[_in_our_words(code, words, table)] += count
    return sorted(found.items(), key=lambda each: (-each[1], each[0]))


def _in_our_words(code: str, words: str, table: ReasonTable) -> str:
    """Return what the table of reasons tells staff, up to its first full stop: the provider's words may name people."""
    if not (code or words):
        return NO_REASON
    reason = table.explain(words, code=code).reason
    return reason.staff_text.partition(". ")[0].rstrip(".") if reason else NOT_WRITTEN_UP


# --- Time with each side


@dataclass(frozen=True)
class Stay:
    """How long cases lay with one side: those that moved on within the period, those that had not at its end."""

    lay: timedelta = timedelta()
    ended: int = 0
    half: timedelta | None = None  # half of those that moved on took at most this long
    most: timedelta | None = None  # nine in ten
    in_time: int = 0
    still: int = 0
    late: int = 0
    longest_since: datetime | None = None


class Percentile(Aggregate):
    """The span that this share of all does not exceed, as one of them took it or between two."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()

    def __init__(self, expression: Any, *, share: float, **extra: Any) -> None:
        super().__init__(expression, share=share, **extra)


def stays(period: Period, *, targets: Mapping[str, Target], now: datetime) -> dict[str, Stay]:
    """Return how long cases lay with each side. Of what lay there longer than the period, `lay` has what fell in it."""
    until = min(period.until, now)
    took, ended = F("ended_at") - F("began_at"), Q(ended_at__lt=until)
    lay = Least(Coalesce("ended_at", until), until) - Greatest("began_at", period.since)
    rows = (
        _lay_within(period.since, until)
        .values_list("waits_for")
        .annotate(
            lay=Sum(lay, output_field=DurationField()),
            ended=Count("pk", filter=ended),
            half=Percentile(took, share=0.5, filter=ended),
            most=Percentile(took, share=0.9, filter=ended),
            in_time=Count("pk", filter=ended & Q(ended_at__lt=F("began_at") + _allowed(targets))),
            still=Count("pk", filter=~ended),
            late=Count("pk", filter=~ended & Q(began_at__lte=Value(until) - _allowed(targets))),
            longest_since=Min("began_at", filter=~ended),
        )
        .order_by()
    )
    found = {side: Stay(*numbers) for side, *numbers in rows}
    return {side: found.get(side, Stay()) for side in targets}


def _lay_within(since: datetime, until: datetime) -> QuerySet[Spell]:
    return Spell.objects.filter(Q(ended_at=None) | Q(ended_at__gte=since), began_at__lt=until)


def _allowed(targets: Mapping[str, Target]) -> Case:
    """Return the span after which a wait is late, by the side it is with."""
    spans = {side: Value(each.late_after, DurationField()) for side, each in targets.items()}
    return Case(*[When(waits_for=side, then=span) for side, span in spans.items()], output_field=DurationField())


def _within(column: str, period: Period) -> dict[str, datetime]:
    return {f"{column}__gte": period.since, f"{column}__lt": period.until}
