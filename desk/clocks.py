"""How long a case has lain with whom, and whether it is about to be late or is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, DurationField, F, Sum
from django.db.models.functions import Coalesce, Greatest

from desk import ball
from desk.ball import HOUR, KINDS, with_side
from desk.drawing import Picture
from desk.models import Case, Spell, Target
from desk.statuses import WaitsFor
from desk.targets import targets
from desk.wording import span

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
        soon_at=case.since + target.due_soon_after,
        late_at=case.since + target.late_after,
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
class Stay:
    """The time a case lay with one side, in how many stretches."""

    side: str
    lay: timedelta
    stretches: int

    @property
    def name(self) -> str:
        return with_side(self.side)

    @property
    def took(self) -> str:
        return span(self.lay / HOUR)


@dataclass(frozen=True)
class Clocks:
    """Where the time of a case went so far, and by when its present stage is due."""

    case: Case
    stays: list[Stay]
    due: Due | None
    target: Target | None

    @property
    def is_over(self) -> bool:
        return self.case.waits_for == WaitsFor.NOBODY

    @property
    def now_with(self) -> str:
        return with_side(self.case.waits_for)

    @property
    def picture(self) -> Picture:
        said = ", ".join(f"{stay.name} {stay.took}" for stay in self.stays)
        shapes = ball.ball({stay.side: stay.lay for stay in self.stays})
        return Picture("clocks", "How long the case lay with whom", said, ball.HEIGHT, shapes)


def clocks_of(case: Case, *, now: datetime) -> Clocks:
    """Return where the time of a case went. Two queries: its stretches, and the targets."""
    lay = Sum(Greatest(Coalesce("ended_at", now) - F("began_at"), timedelta()), output_field=DurationField())
    spells = Spell.objects.filter(customer=case.pk).order_by()
    rows = spells.values_list("waits_for").annotate(lay=lay, stretches=Count("pk"))
    found, limits = {side: Stay(side, *numbers) for side, *numbers in rows}, targets()
    return Clocks(
        case=case,
        stays=[found[side] for side in KINDS if side in found and _counts(found[side], case)],
        due=due_of(case, targets=limits, now=now),
        target=limits.get(case.waits_for),
    )


def _counts(stay: Stay, case: Case) -> bool:
    """Leave out a side that a case only passed through."""
    return stay.lay >= SHORTEST or stay.side == case.waits_for
