"""Numbers, spans and days as a chart writes them: short, and never more than there is."""

from datetime import date, timedelta

from django.utils.dateformat import format as format_date

FEW = 10  # of which a share, or nine in ten, says too much


def percent(part: float, whole: float) -> str:
    """Return a share in whole percent. Only all of them are 100 %, and only none are 0 %."""
    if not whole:
        return "—"
    rounded = round(100 * part / whole)
    if rounded == 100 and part < whole:
        return "over 99%"
    return "under 1%" if rounded == 0 and part else f"{rounded}%"


def part_of(part: int, whole: int) -> str:
    """Say which share of how many; of few, only how many of them."""
    return f"{part} of {whole}" if whole < FEW else f"{percent(part, whole)} of {whole:,}"


def counted(count: int, whole: int) -> str:
    """Say how many, and which share of all that is; of few, only of how many."""
    return f"{count} of {whole}" if whole < FEW else f"{count:,} · {percent(count, whole)}"


def share(part: float, whole: float) -> float | None:
    """Return a share in percent for a table; None is no share of nothing."""
    return round(100 * part / whole, 1) if whole else None


def shortened(text: str, *, most: int) -> str:
    """Return as many whole words of it as fit."""
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def days_in_words(first: date, last: date) -> str:
    """Write a stretch of days: `3 Nov`, `3–9 Nov`, `27 Oct – 2 Nov`."""
    if first == last:
        return format_date(first, "j M")
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{format_date(last, 'j M')}"
    return f"{format_date(first, 'j M')} – {format_date(last, 'j M')}"


def span(hours: float) -> str:
    """Write a span as one reads it: `under 1 s`, `40 s`, `12 min`, `3.5 h`, `2.1 days`."""
    each = timedelta(hours=hours).total_seconds()
    if each < 0.5:
        return "under 1 s"
    for unit, seconds, most in (("s", 1, 60), ("min", 60, 60), ("h", 3600, 48)):
        if round(each / seconds) < most:
            return f"{_tenths(each / seconds) if unit == 'h' else round(each / seconds)} {unit}"
    days = _tenths(each / 86400)
    return f"{days} {'day' if days == '1' else 'days'}"


def _tenths(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value < 10 else f"{value:.0f}"
