"""How long cases lay with each side, who held the ball, and how that stands against the targets."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.utils.text import capfirst

from desk import ball, drawing
from desk.ball import HOUR, KINDS, with_side
from desk.charts import Cell, Chart, Table
from desk.drawing import LINE, Box, Line, Picture, Shape, Words
from desk.periods import Period
from desk.report_numbers import Stay, stays
from desk.statuses import WaitsFor
from desk.targets import Target, targets
from desk.wording import FEW, part_of, percent, share, span

TITLE = "Time with each side, against its target"
BARS_AT, BAR, EMPTY, FULL = 18, 9, 30, 60  # pixels: under a side's name, thick, of a side without and with bars
OVERSHOOT = 3  # of the line across a bar, on either side
ROOM = 1.25  # targets that there is room for at least


def time_in_stages(period: Period, *, now: datetime) -> Chart:
    limits = targets()
    found = stays(period, targets=limits, now=now)
    whole = _sum(found)
    longest = max(found, key=lambda side: found[side].lay)
    held = percent(found[longest].lay / HOUR, whole / HOUR)
    answer = f"Cases lay longest {with_side(longest)}: {held} of all waiting."
    return Chart(
        slug="stages",
        title=TITLE,
        answer=answer if whole else "No case was open in this period.",
        definition=(
            "On top, all waiting that fell in the period, that of open cases too. Below, each wait that ended in it,"
            " whenever it began; open ones stand in the table. The line across a bar is the target."
        ),
        table=_table(found, limits, until=min(period.until, now)),
        picture=_picture(found, limits, answer=answer) if whole else None,
    )


def _sum(found: Mapping[str, Stay]) -> timedelta:
    return sum((each.lay for each in found.values()), timedelta())


def _table(found: Mapping[str, Stay], limits: Mapping[str, Target], *, until: datetime) -> Table:
    whole = _sum(found) / HOUR
    measures: dict[str, Callable[[str, Stay], Cell]] = {
        "Hours in all": lambda _, stay: _hours(stay.lay),
        "Share of all, %": lambda _, stay: share(stay.lay / HOUR, whole),
        "Waits ended": lambda _, stay: stay.ended,
        "Half took at most, h": lambda _, stay: _hours(stay.half),
        "Nine in ten took at most, h": lambda _, stay: _hours(_nine_in_ten(stay)),
        "Target, h": lambda side, _: limits[side].late_after_hours,
        "Within target": lambda _, stay: stay.in_time,
        "Within target, %": lambda _, stay: share(stay.in_time, stay.ended),
        "Still open": lambda _, stay: stay.still,
        "Open and late": lambda _, stay: stay.late,
        "Open longest, h": lambda _, stay: _hours(until - stay.longest_since if stay.longest_since else None),
    }
    rows = [(name, *(read(*each) for each in found.items())) for name, read in measures.items()]
    sides = [capfirst(WaitsFor(side).label) for side in found]
    return Table("How long cases lay with each side", ("With", *sides), rows)


def _hours(took: timedelta | None) -> float | None:
    return None if took is None else round(took / HOUR, 2)


def _nine_in_ten(stay: Stay) -> timedelta | None:
    """Return how long nine in ten took at most; of few, that would be all or all but one."""
    return stay.most if stay.ended >= FEW else None


def _picture(found: Mapping[str, Stay], limits: Mapping[str, Target], *, answer: str) -> Picture:
    shapes = ball.ball({side: each.lay for side, each in found.items()})
    top, reach = float(ball.HEIGHT + BARS_AT), max(_reach(each, limits[side]) for side, each in found.items())
    for side, each in found.items():
        shapes += _side(side, each, limits[side], top=top, reach=reach)
        top += FULL if each.ended else EMPTY
    return Picture("stages", TITLE, answer, top, shapes)


def _reach(stay: Stay, target: Target) -> float:
    """Return how many targets long the longest bar of a side is: drawn by that, all targets stand in line."""
    longest = _nine_in_ten(stay) or stay.half or timedelta()
    return max(ROOM, longest / target.late_after)


def _side(side: str, stay: Stay, target: Target, *, top: float, reach: float) -> list[Shape]:
    name = capfirst(with_side(side))
    head = Words(name, 0, top + LINE, is_strong=True)
    if not stay.ended:
        return [head, Words("no wait ended in this period", 100, top + LINE, "end")]
    said, bars = _in_words(stay), top + BARS_AT
    lengths = {f"{KINDS[side]}-soft": _nine_in_ten(stay), KINDS[side]: stay.half}
    at = drawing.wide(1, of=reach)
    return [
        head,
        Words(f"{part_of(stay.in_time, stay.ended)} within {span(target.late_after_hours)}", 100, top + LINE, "end"),
        *(
            Box(kind, 0, bars, drawing.wide(took / target.late_after, of=reach), BAR, f"{name}: {said}")
            for kind, took in lengths.items()
            if took is not None
        ),
        Line("target", at, bars - OVERSHOOT, at, bars + BAR + OVERSHOOT),
        Words(said, 0, bars + BAR + OVERSHOOT + LINE),
    ]


def _in_words(stay: Stay) -> str:
    half, most = stay.half or timedelta(), _nine_in_ten(stay)
    said = f"half within {_at_least_a_second(half)}"
    return said if most is None else f"{said}, nine in ten within {_at_least_a_second(most)}"


def _at_least_a_second(took: timedelta) -> str:
    return span(max(took, timedelta(seconds=1)) / HOUR)
