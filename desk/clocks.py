"""How long a case has lain with whom, and whether it is about to be late or is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, DurationField, F, Sum
from django.db.models.functions import Coalesce, Greatest
from django.utils.text import capfirst

from desk import ball
from desk.ball import HOUR, KINDS, with_side
from desk.charts import Chart, Table
from desk.drawing import Picture, span
from desk.models import Case, Spell, Target
from desk.statuses import WaitsFor
from desk.targets import targets

HEADINGS = ("With whom", "Hours", "Stretches")
SHORTEST = timedelta(seconds=1)
UNITS = (("min", timedelta(minutes=1), 60), ("h", HOUR, 48))


@dataclass(frozen=True)
class Due:
    """By when the case should pass to another side. Drawn by `{% marked due.label due.meaning %}` where it is pressing.

    What is left is rounded down, and so is by how much it is late: neither is ever more than there is.
    """

    soon_at: datetime
    late_at: datetime
    now: datetime

    @property
    def is_late(self) -> bool:
        return self.now >= self.late_at

    @property
    def is_soon(self) -> bool:
        return self.soon_at <= self.now < self.late_at

    @property
    def is_pressing(self) -> bool:
        return self.is_late or self.is_soon

    @property
    def meaning(self) -> str:
        return "bad" if self.is_late else "waiting" if self.is_soon else "neutral"

    @property
    def label(self) -> str:
        left = in_whole_units(abs(self.late_at - self.now))
        return f"Late by {left}" if self.is_late else f"Due in {left}"


def due_of(case: Case, *, targets: Mapping[str, Target], now: datetime) -> Due | None:
    """Return when the present stage of a case is due; None where nobody is waited for. Asks the database nothing."""
    target = targets.get(case.waits_for)
    if target is None:
        return None
    return Due(
        soon_at=case.since + target.due_soon_after_hours * HOUR,
        late_at=case.since + target.late_after_hours * HOUR,
        now=now,
    )


def in_whole_units(span: timedelta) -> str:
    """Write a span in its largest unit, rounded down: `under a minute`, `40 min`, `3 h`, `2 days`."""
    if span < timedelta(minutes=1):
        return "under a minute"
    for word, unit, most in UNITS:
        if span < most * unit:
            return f"{span // unit} {word}"
    return f"{span.days} days"


@dataclass(frozen=True)
class Clocks:
    """Where the time of a case went so far, and by when its present stage is due."""

    case: Case
    stays: Mapping[str, tuple[timedelta, int]]  # with whom: how long in all, in how many stretches
    due: Due | None
    target: Target | None

    @property
    def chart(self) -> Chart:
        lay = {side: took for side, (took, _) in self.stays.items()}
        so_far = "" if self.case.waits_for == WaitsFor.NOBODY else " so far"
        answer = ", ".join(f"{with_side(side)} {span(took / HOUR)}" for side, took in lay.items())
        return Chart(
            slug="clocks",
            title="Clocks",
            answer=f"{capfirst(answer)}{so_far}.",
            table=Table("How long the case lay with whom", HEADINGS, [self._row(side) for side in lay]),
            picture=Picture("clocks", "How long the case lay with whom", answer, ball.HEIGHT, ball.ball(lay)),
        )

    def _row(self, side: str) -> tuple[str, float, int]:
        took, stretches = self.stays[side]
        return capfirst(with_side(side)), round(took / HOUR, 2), stretches


def _counts(took: timedelta, side: str, case: Case) -> bool:
    """Leave out a side that a case only passed through."""
    return took >= SHORTEST or side == case.waits_for


def clocks_of(case: Case, *, now: datetime) -> Clocks:
    """Return where the time of a case went. Two queries: its stretches, and the targets."""
    lay = Sum(Greatest(Coalesce("ended_at", now) - F("began_at"), timedelta()), output_field=DurationField())
    spells = Spell.objects.filter(customer=case.pk).order_by()
    rows = spells.values_list("waits_for").annotate(lay=lay, stretches=Count("pk"))
    found, limits = {side: (took, count) for side, took, count in rows}, targets()
    return Clocks(
        case=case,
        stays={side: found[side] for side in KINDS if side in found and _counts(found[side][0], side, case)},
        due=due_of(case, targets=limits, now=now),
        target=limits.get(case.waits_for),
    )
