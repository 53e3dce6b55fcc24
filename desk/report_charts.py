"""The charts of the reports page: numbers in, and out come a sentence, a picture and a table that say the same."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from customers.statuses import CustomerStatus
from desk import drawing
from desk.charts import Chart, Table
from desk.drawing import LINE, Box, Line, Picture, Shape, Words
from desk.periods import MONTH, WEEK, Period, Stretch, start_of
from desk.report_numbers import CAME_IN, Decisions, came_and_decided, first_decisions, refusals
from desk.stage_chart import time_in_stages
from desk.wording import counted, part_of, share, shortened

MOST_WEEKS = 16  # rows one under the other
MOST_REASONS = 8
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
    answer = f"{part_of(approved, decided)} first submissions approved."
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
            [(_name(s), each.decided, each.approved, share(each.approved, each.decided))
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
            said = part_of(each.approved, each.decided)
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
            [(reason, count, share(count, total)) for reason, count in found],
        ),
        picture=_refusals_picture(_commonest(found), total, answer=answer) if found else None,
    )  # fmt: skip


def _commonest(found: list[tuple[str, int]]) -> list[tuple[str, int]]:
    shown, others = found[:MOST_REASONS], found[MOST_REASONS:]
    return [*shown, (f"{len(others)} other reasons", sum(count for _, count in others))] if others else shown


def _refusals_picture(rows: Sequence[tuple[str, int]], total: int, *, answer: str) -> Picture:
    most, shapes = max(count for _, count in rows), list[Shape]()
    for number, (reason, count) in enumerate(rows):
        top, said = number * TALL_ROW, counted(count, total)
        shapes += [
            Words(shortened(reason, most=42), 0, top + LINE),
            Words(said, 100, top + LINE, "end", is_strong=True),
            Box("bad", 0, top + AXIS, drawing.wide(count, of=most), BAR, f"{reason}: {said}"),
        ]
    return Picture("rejections", "Refused requests by reason", answer, len(rows) * TALL_ROW, shapes)


# --- Words


def _name(stretch: Stretch) -> str:
    same = stretch.first == stretch.last
    return stretch.first.isoformat() if same else f"{stretch.first.isoformat()} to {stretch.last.isoformat()}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


CHARTS: dict[str, Callable[..., Chart]] = {
    "throughput": throughput,
    "first-time-approval": first_time_approval,
    "rejections": refused,
    "stages": time_in_stages,
}
