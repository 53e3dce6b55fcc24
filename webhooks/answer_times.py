"""How long answers took, as bars: counted and measured here, drawn by the template."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from cards.models import Authorization

SHOWN = timedelta(hours=24)
MOST = 10_000  # the newest; more say nothing more
PATIENCE = 1200  # ms; then the provider decides without us (contract section 12)

EDGES = (5, 10, 20, 50, 100, 200, 400, 800, PATIENCE)  # ms
WIDTH, GAP, HEIGHT = 64, 6, 96  # of one bar with its gap; of the highest


@dataclass(frozen=True)
class Bar:
    label: str
    count: int
    kind: str
    x: int
    y: int
    height: int

    @property
    def width(self) -> int:
        return WIDTH - GAP

    @property
    def middle(self) -> int:
        return self.x + self.width // 2


@dataclass(frozen=True)
class AnswerTimes:
    bars: list[Bar]
    count: int
    median: float
    slowest: float

    @property
    def patience_x(self) -> int:
        """Return where the provider's patience ends."""
        return len(EDGES) * WIDTH - GAP // 2

    @property
    def most(self) -> int:
        return max(bar.count for bar in self.bars)


def answer_times(*, now: datetime) -> AnswerTimes | None:
    """Return how long the newest answers of the last day took; None where there are none."""
    recent = Authorization.objects.timed_since(now - SHOWN).order_by("-decided_at", "-pk")
    times = recent.values_list("answer_ms", flat=True)[:MOST]
    known = sorted(time for time in times if time is not None)
    if not known:
        return None
    return AnswerTimes(_bars(known), len(known), known[len(known) // 2], known[-1])


def _bars(times: Iterable[float]) -> list[Bar]:
    counts = Counter(bisect_right(EDGES, time) for time in times)
    highest = max(counts.values())
    return [_bar(number, label, counts[number], highest) for number, label in enumerate(_labels())]


def _bar(number: int, label: str, count: int, highest: int) -> Bar:
    height = max(1, round(count * HEIGHT / highest)) if count else 0  # one of a thousand is still seen
    kind = "bad" if number == len(EDGES) else "good"
    return Bar(label, count, kind, number * WIDTH, HEIGHT - height, height)


def _labels() -> list[str]:
    return [*(f"{low}–{high}" for low, high in pairwise((0, *EDGES))), "later"]
