"""What came in each hour of the last day, as columns with a table behind them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from desk import drawing
from desk.charts import Chart, Table
from webhooks.models import Outcome

HOURS = 24
TOP, HEIGHT, FOOT = 20, 96, 18  # pixels above the columns, of the fullest, and for the hours under them

# From the bottom up.
KINDS = {
    "good": (Outcome.HANDLED, Outcome.IGNORED),
    "waiting": (Outcome.RECEIVED,),
    "bad": (Outcome.FAILED, Outcome.REJECTED),
}
HEADINGS = ("Hour", "Handled or ignored", "Waiting", "Failed or rejected", "All")


def chart_of_hours(per_hour: Mapping[datetime, Mapping[str, int]], *, until: datetime) -> Chart:
    """Return the last day hour by hour; an hour in which nothing came is there too."""
    last = until.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    moments = [last - timedelta(hours=back) for back in reversed(range(HOURS))]
    counts = [_by_kind(per_hour.get(moment, {})) for moment in moments]
    answer = f"{sum(map(sum, map(dict.values, counts)))} deliveries came in {HOURS} hours."
    return Chart(
        slug="hours",
        title=f"Deliveries in the last {HOURS} hours",
        answer=answer,
        picture=_picture(moments, counts, answer=answer),
        table=_table(moments, counts),
    )


def _by_kind(outcomes: Mapping[str, int]) -> dict[str, int]:
    return {kind: sum(outcomes.get(outcome, 0) for outcome in members) for kind, members in KINDS.items()}


def _picture(moments: list[datetime], counts: list[dict[str, int]], *, answer: str) -> drawing.Picture:
    totals, labels = [sum(each.values()) for each in counts], [_clock(moment) for moment in moments]
    fullest = max(totals)
    tips = [f"{label}: {_in_words(each)}" for label, each in zip(labels, counts, strict=True)]
    return drawing.Picture(
        id="hours",
        title=f"Deliveries per hour, at most {fullest} in one",
        description=answer,
        height=TOP + HEIGHT + FOOT,
        shapes=[
            drawing.Words(f"{fullest} in an hour", 0, drawing.LINE),
            *drawing.columns(counts, tips=tips, top=TOP, height=HEIGHT, fullest=fullest),
            drawing.Line("axis", 0, TOP + HEIGHT + 0.5, 100, TOP + HEIGHT + 0.5),
            *drawing.under(labels, y=TOP + HEIGHT + drawing.LINE + 1),
        ],
    )


def _table(moments: list[datetime], counts: list[dict[str, int]]) -> Table:
    rows: list[tuple[str | int, ...]] = [
        (f"{moment:%Y-%m-%d} {_clock(moment)}", *each.values(), sum(each.values()))
        for moment, each in zip(moments, counts, strict=True)
    ]
    return Table("Deliveries by hour, the newest first", HEADINGS, rows[::-1])


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M}"


def _in_words(counts: Mapping[str, int]) -> str:
    words = zip(("handled or ignored", "waiting", "failed or rejected"), counts.values(), strict=True)
    return ", ".join(f"{count} {word}" for word, count in words if count) or "none"
