"""What came in each hour, as bars: counted and measured here, drawn by the template."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from webhooks.models import Outcome

HOURS = 24
WIDTH, HEIGHT = 24, 96  # of one hour with its gap; of the fullest
GAP = 4
LABELLED = 6  # hours between two labels

# From the bottom up.
KINDS = {
    "good": (Outcome.HANDLED, Outcome.IGNORED),
    "waiting": (Outcome.RECEIVED,),
    "bad": (Outcome.FAILED, Outcome.REJECTED),
}


@dataclass(frozen=True)
class Bar:
    kind: str
    y: int
    height: int


@dataclass(frozen=True)
class Hour:
    """One hour's deliveries, and the bars that stand for them."""

    at: datetime
    counts: Mapping[str, int]
    x: int
    bars: list[Bar]
    is_labelled: bool

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def width(self) -> int:
        return WIDTH - GAP


def hours_of(per_hour: Mapping[datetime, Mapping[str, int]], *, until: datetime) -> list[Hour]:
    """Return the last day hour by hour, the oldest first; an hour in which nothing came is there too."""
    last = until.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    moments = [last - timedelta(hours=back) for back in reversed(range(HOURS))]
    counts = [_by_kind(per_hour.get(moment, {})) for moment in moments]
    fullest = max(sum(each.values()) for each in counts) or 1
    return [
        Hour(moment, each, number * WIDTH, _bars(each, fullest), is_labelled=number % LABELLED == LABELLED - 1)
        for number, (moment, each) in enumerate(zip(moments, counts, strict=True))
    ]


def _by_kind(outcomes: Mapping[str, int]) -> dict[str, int]:
    return {kind: sum(outcomes.get(outcome, 0) for outcome in members) for kind, members in KINDS.items()}


def _bars(counts: Mapping[str, int], fullest: int) -> list[Bar]:
    bars, top = [], HEIGHT
    for kind, count in counts.items():
        if count:
            height = max(1, round(count * HEIGHT / fullest))  # one of a thousand is still seen
            top -= height
            bars.append(Bar(kind, top, height))
    return bars
