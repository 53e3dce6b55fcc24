"""The charts of the reports page: numbers in, and out come a sentence, a picture and a table that say the same."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.utils.text import capfirst

from customers.statuses import CustomerStatus
from desk import ball, drawing
from desk.ball import HOUR, KINDS, with_side
from desk.charts import Chart, Table
from desk.drawing import LINE, Box, Line, Picture, Shape, Words, percent, span
from desk.periods import MONTH, WEEK, Period, Stretch, start_of
from desk.report_numbers import (
    CAME_IN,
    Decisions,
    Stay,
    came_and_decided,
    first_decisions,
    refusals,
    stays,
)
from desk.statuses import WaitsFor
from desk.targets import Target, targets

MOST_WEEKS = 16  # rows one under the other
MOST_REASONS = 8
FEW = 10  # of which nine in ten would be all or all but one
AXIS = 18  # pixels for what is written under columns
COLUMNS = 44  # pixels of the tallest column
ROW, TALL_ROW, BAR = 24, 36, 9
FROM, WIDE = 27, 38  # percent: where bars begin that have words on both sides, and how wide the longest is

FLOW = {
    CAME_IN: ("Came in", "us"),
    CustomerStatus.ACTIVE: ("Active", "good"),
    CustomerStatus.REJECTED: ("Rejected", "bad"),
}


# --- What came in and what was decided


def throughput(period: Period, *, now: datetime) -> Chart:
    per_day, stretches = came_and_decided(period), period.stretches()
    flow = {label: [_count(per_day[what], each) for each in stretches] for what, (label, _) in FLOW.items()}
    came, active, rejected = (sum(counts) for counts in flow.values())
    is_something = came or active or rejected
    answer = f"{came:,} came in; {active:,} became Active and {rejected:,} Rejected."
    return Chart(
        slug="throughput",
        title=f"Came in and decided, by {period.by}",
        answer=answer if is_something else "Nobody came in and nobody was decided in this period.",
        definition=(
            "Came in: customers whose case began. Active, Rejected: each time a customer became so. Whoever is still"
            " open counts under Came in alone."
        ),
        table=_flow_table(period, stretches, flow),
        picture=_flow_picture(stretches, flow, by=period.by, answer=answer) if is_something else None,
    )


def _count(per_day: Mapping[date, int], stretch: Stretch) -> int:
    return sum(count for day, count in per_day.items() if stretch.first <= day <= stretch.last)


def _flow_table(period: Period, stretches: Sequence[Stretch], flow: Mapping[str, list[int]]) -> Table:
    rows = [(_name(stretch), *counts) for stretch, *counts in zip(stretches, *flow.values(), strict=True)]
    return Table(f"Came in and decided, by {period.by}", (period.by.capitalize(), *flow), rows)


def _flow_picture(stretches: Sequence[Stretch], flow: Mapping[str, list[int]], *, by: str, answer: str) -> Picture:
    fullest, top = max(max(counts) for counts in flow.values()), 0.0
    shapes: list[Shape] = []
    for (label, kind), counts in zip(FLOW.values(), flow.values(), strict=True):
        shapes += [
            Words(label, 0, top + LINE, is_strong=True),
            Words(f"{sum(counts):,} in all, at most {max(counts):,} a {by}", 100, top + LINE, "end"),
            *drawing.columns(
                [{kind: count} for count in counts],
                tips=[f"{stretch}: {count} {label.lower()}" for stretch, count in zip(stretches, counts, strict=True)],
                top=top + AXIS, height=COLUMNS, fullest=fullest,
            ),
            Line("axis", 0, top + AXIS + COLUMNS + 0.5, 100, top + AXIS + COLUMNS + 0.5),
        ]  # fmt: skip
        top += AXIS + COLUMNS + BAR
    shapes += drawing.under([str(stretch) for stretch in stretches], y=top + LINE - BAR / 2)
    return Picture("throughput", f"Came in and decided, by {by}", answer, top + AXIS, shapes)


# --- First submissions


def first_time_approval(period: Period, *, now: datetime) -> Chart:
    by = WEEK if len(period.stretches(WEEK)) <= MOST_WEEKS else MONTH
    found, stretches = first_decisions(period, by=by), period.stretches(by)
    weeks = [found.get(start_of(each.first, by), Decisions()) for each in stretches]
    approved, decided = sum(each.approved for each in weeks), sum(each.decided for each in weeks)
    answer = f"{_of(approved, decided)} first submissions approved."
    return Chart(
        slug="first-time-approval",
        title=f"Approved at the first submission, by {by}",
        answer=answer if decided else "No first submission was decided in this period.",
        definition=(
            "First submissions that were decided in the period: enabled, refused or sent back for more. Open ones and"
            " later submissions do not count."
        ),
        table=Table(
            f"First submissions, by {by}", (by.capitalize(), "Decided", "Approved", "Approved, %"),
            [(_name(s), each.decided, each.approved, _share(each.approved, each.decided))
             for s, each in zip(stretches, weeks, strict=True)],
        ),
        picture=_approval_picture(stretches, weeks, by=by, answer=answer) if decided else None,
    )  # fmt: skip


def _approval_picture(stretches: Sequence[Stretch], weeks: Sequence[Decisions], *, by: str, answer: str) -> Picture:
    shapes: list[Shape] = []
    for number, (stretch, each) in enumerate(zip(stretches, weeks, strict=True)):
        foot = number * ROW + LINE + 3
        shapes.append(Words(str(stretch), 0, foot))
        if each.decided:
            wide = drawing.wide(each.approved, of=each.decided, width=WIDE)
            said = _of(each.approved, each.decided)
            shapes += [
                Box("track", FROM, foot - BAR, WIDE, BAR, f"{stretch}: {said}"),
                *([Box("good", FROM, foot - BAR, wide, BAR, f"{stretch}: {said}")] if each.approved else []),
                Words(said, 100, foot, "end"),
            ]
        else:
            shapes.append(Words("no decision", 100, foot, "end"))
    return Picture(
        "first-time-approval", f"Share approved at the first submission, by {by}", answer, len(weeks) * ROW, shapes
    )


# --- Refusals


def refused(period: Period, *, now: datetime) -> Chart:
    found = refusals(period)
    total = sum(count for _, count in found)
    answer = f"{total:,} requests were refused." if total != 1 else "One request was refused."
    return Chart(
        slug="rejections",
        title="Refused for what reason",
        answer=f"{answer} Most often: {_lower(found[0][0])}." if found else "No request was refused in this period.",
        definition=(
            "Requests refused in the period that still stand refused, by CryptoMate’s reason in the words of our table."
            " Documents sent back do not count."
        ),
        table=Table(
            "Refused requests by reason, the commonest first", ("Reason", "Requests", "Share, %"),
            [(reason, count, _share(count, total)) for reason, count in found],
        ),
        picture=_refusals_picture(_commonest(found), total, answer=answer) if found else None,
    )  # fmt: skip


def _commonest(found: list[tuple[str, int]]) -> list[tuple[str, int]]:
    shown, others = found[:MOST_REASONS], found[MOST_REASONS:]
    return [*shown, (f"{len(others)} other reasons", sum(count for _, count in others))] if others else shown


def _refusals_picture(rows: Sequence[tuple[str, int]], total: int, *, answer: str) -> Picture:
    most, shapes = max(count for _, count in rows), list[Shape]()
    for number, (reason, count) in enumerate(rows):
        top, said = number * TALL_ROW, f"{count:,} · {percent(count, total)}"
        shapes += [
            Words(drawing.shortened(reason, most=42), 0, top + LINE),
            Words(said, 100, top + LINE, "end", is_strong=True),
            Box("bad", 0, top + AXIS, drawing.wide(count, of=most), BAR, f"{reason}: {said}"),
        ]
    return Picture("rejections", "Refused requests by reason", answer, len(rows) * TALL_ROW, shapes)


# --- Time with each side


def time_in_stages(period: Period, *, now: datetime) -> Chart:
    limits = targets()
    found = stays(period, targets=limits, now=now)
    whole = sum((each.lay for each in found.values()), timedelta())
    longest = max(found, key=lambda side: found[side].lay)
    answer = (
        f"Cases lay longest {with_side(longest)}: {percent(found[longest].lay / HOUR, whole / HOUR)} of all waiting."
    )
    return Chart(
        slug="stages",
        title="Time with each side, against its target",
        answer=answer if whole else "No case was open in this period.",
        definition=(
            "On top, all waiting that fell in the period, that of open cases too. Below, each wait that ended in it,"
            " whenever it began; open ones stand in the table. The line across a bar is the target."
        ),
        table=_stages_table(found, limits, until=min(period.until, now)),
        picture=_stages_picture(found, limits, answer=answer) if whole else None,
    )


STAGES = (
    "Waited for", "Hours in all", "Share of all, %", "Ended", "Half took at most, h", "Nine in ten took at most, h",
    "Target, h", "Within target", "Within target, %", "Still open", "Open and late", "Open longest, h",
)  # fmt: skip


def _stages_table(found: Mapping[str, Stay], limits: Mapping[str, Target], *, until: datetime) -> Table:
    whole = sum((each.lay for each in found.values()), timedelta())
    rows = [
        (
            WaitsFor(side).label, _hours(each.lay), _share(each.lay / HOUR, whole / HOUR), each.ended,
            _hours(each.half), _hours(each.most if each.ended >= FEW else None),
            limits[side].late_after_hours, each.in_time, _share(each.in_time, each.ended),
            each.still, each.late, _hours(until - each.longest_since if each.longest_since else None),
        )
        for side, each in found.items()
    ]  # fmt: skip
    return Table("How long cases lay with each side", STAGES, rows)


def _stages_picture(found: Mapping[str, Stay], limits: Mapping[str, Target], *, answer: str) -> Picture:
    shapes: list[Shape] = ball.ball({side: each.lay for side, each in found.items()})
    top, reach = ball.HEIGHT + AXIS, max(_reach(each, limits[side]) for side, each in found.items())
    for side, each in found.items():
        shapes += _stage(side, each, limits[side], top=top, reach=reach)
        top += TALL_ROW + AXIS + BAR
    return Picture("stages", "Time with each side, against its target", answer, top - BAR, shapes)


def _reach(stay: Stay, target: Target) -> float:
    """Return how many times the target the longest bar of a side is."""
    longest = stay.most if stay.ended >= FEW else stay.half
    return max(1.25, (longest or timedelta()) / (target.late_after_hours * HOUR))


def _stage(side: str, stay: Stay, target: Target, *, top: float, reach: float) -> list[Shape]:
    hours, allowed = target.late_after_hours, target.late_after_hours * HOUR
    label = capfirst(with_side(side))
    name = Words(label, 0, top + LINE, is_strong=True)
    if not stay.ended:
        return [name, Words("no wait ended in this period", 100, top + LINE, "end")]
    took, line = _took(stay), drawing.wide(1, of=reach)
    bars = [(stay.most, f"{KINDS[side]}-soft")] if stay.ended >= FEW else []
    return [
        name,
        Words(f"{_of(stay.in_time, stay.ended)} within {span(hours)}", 100, top + LINE, "end"),
        *(
            Box(kind, 0, top + AXIS, drawing.wide((long or timedelta()) / allowed, of=reach), BAR, f"{label}: {took}")
            for long, kind in [*bars, (stay.half, KINDS[side])]
        ),
        Line("target", line, top + AXIS - 3, line, top + AXIS + BAR + 3),
        Words(took, 0, top + AXIS + BAR + LINE + 3),
    ]


def _took(stay: Stay) -> str:
    half = f"half within {span((stay.half or timedelta()) / HOUR)}"
    return f"{half}, nine in ten within {span((stay.most or timedelta()) / HOUR)}" if stay.ended >= FEW else half


# --- Words and numbers


CHARTS: dict[str, Callable[..., Chart]] = {
    "throughput": throughput,
    "first-time-approval": first_time_approval,
    "rejections": refused,
    "stages": time_in_stages,
}


def _of(part: int, whole: int) -> str:
    """Say a share, and of how many; of few, only that."""
    return f"{part} of {whole}" if whole < FEW else f"{percent(part, whole)} of {whole:,}"


def _share(part: float, whole: float) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _hours(took: timedelta | None) -> float | None:
    return None if took is None else round(took / HOUR, 2)


def _name(stretch: Stretch) -> str:
    same = stretch.first == stretch.last
    return stretch.first.isoformat() if same else f"{stretch.first.isoformat()} to {stretch.last.isoformat()}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
