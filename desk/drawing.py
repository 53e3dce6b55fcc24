"""Small pictures of numbers: numbers in, SVG out.

Places across are percent of the picture's width, places down are pixels: letters keep their size on a phone and on a
wide screen alike. Whatever counts at all is drawn at least a pixel long, so that one of a thousand is still seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

GAP = 0.2  # of a column's width
LINE = 13  # pixels from the top of a line of letters to its foot
THINNEST = 1.0  # pixels down
NARROWEST = 0.3  # percent across: a pixel of the narrowest chart


@dataclass(frozen=True)
class Box:
    """A part of a bar. `kind` says what it means (see portal.css), `tip` what it stands for."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    tip: str = ""

    def __html__(self) -> SafeString:
        return format_html(
            '<rect class="bar bar--{}" x="{}%" y="{}" width="{}%" height="{}"><title>{}</title></rect>',
            self.kind, _short(self.x), _short(self.y), _short(self.width), _short(self.height), self.tip,
        )  # fmt: skip


@dataclass(frozen=True)
class Words:
    """A label. `y` is the foot of its letters, `anchor` which end of it stands at `x`: start, middle or end."""

    text: str
    x: float
    y: float
    anchor: str = "start"
    is_strong: bool = False

    def __html__(self) -> SafeString:
        return format_html(
            '<text class="{}" x="{}%" y="{}" text-anchor="{}">{}</text>',
            "strong" if self.is_strong else "", _short(self.x), _short(self.y), self.anchor, self.text,
        )  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line: an `axis`, or a `target` to hold a bar against."""

    kind: str
    x1: float
    y1: float
    x2: float
    y2: float

    def __html__(self) -> SafeString:
        return format_html(
            '<line class="{}" x1="{}%" y1="{}" x2="{}%" y2="{}"/>',
            self.kind, _short(self.x1), _short(self.y1), _short(self.x2), _short(self.y2),
        )  # fmt: skip


Shape = Box | Words | Line


@dataclass(frozen=True)
class Picture:
    """A chart. `title` says what it shows, `description` what one reads from it; both are for those who hear it."""

    id: str
    title: str
    description: str
    height: float
    shapes: Sequence[Shape]

    def __html__(self) -> SafeString:
        return format_html(
            '<svg class="chart" width="100%" height="{}" role="img" aria-labelledby="{}-title {}-text">'
            '<title id="{}-title">{}</title><desc id="{}-text">{}</desc>{}</svg>',
            _short(self.height), self.id, self.id, self.id, self.title, self.id, self.description,
            format_html_join("", "{}", ((shape,) for shape in self.shapes)),
        )  # fmt: skip

    __str__ = __html__


# --- Columns, one for each stretch of time


def column(counts: Mapping[str, int], *, fullest: int, height: float) -> list[tuple[str, float]]:
    """Return how tall each kind stands, from the bottom up, where a column of `fullest` is `height` pixels tall."""
    tall = {kind: max(THINNEST, count * height / fullest) for kind, count in counts.items() if count}
    if tall:  # what was lengthened to be seen is taken off what is longest, so that nothing stands out at the top
        longest = max(tall, key=lambda kind: tall[kind])
        tall[longest] -= max(0.0, sum(tall.values()) - height)
    return list(tall.items())


def columns(
    stacks: Sequence[Mapping[str, int]], *, tips: Sequence[str], top: float, height: float, fullest: int
) -> list[Box]:
    """Return columns side by side over the whole width, each a stack of its kinds."""
    boxes = []
    for number, (counts, tip) in enumerate(zip(stacks, tips, strict=True)):
        foot = top + height
        for kind, tall in column(counts, fullest=fullest, height=height):
            foot -= tall
            boxes.append(Box(kind, left(number, len(stacks)), foot, (1 - GAP) * 100 / len(stacks), tall, tip))
    return boxes


def left(number: int, of: int) -> float:
    """Return where a column begins, in percent of the width."""
    return (number + GAP / 2) * 100 / of


def under(labels: Sequence[str], *, y: float) -> list[Words]:
    """Return a label for the first column and for the last, and one for that in the middle."""
    last = len(labels) - 1
    words = [Words(labels[0], 0, y)]
    if last >= 2:  # there is a middle
        words.append(Words(labels[last // 2], (last // 2 + 0.5) * 100 / len(labels), y, "middle"))
    return [*words, Words(labels[last], 100, y, "end")] if last else words


# --- Bars from left to right


def across(parts: Mapping[str, float], *, x: float = 0, width: float = 100) -> list[tuple[str, float, float]]:
    """Return where each part of one bar begins and how wide it is: together they fill `width` percent."""
    whole = sum(parts.values())
    placed = []
    for kind, value in parts.items():
        if value:
            share = width * value / whole
            placed.append((kind, x, share))
            x += share
    return placed


def wide(value: float, *, of: float, width: float = 100) -> float:
    """Return how wide a bar is, in percent, where `of` is `width` percent wide."""
    return max(NARROWEST, width * value / of) if value and of else 0.0


def _short(number: float) -> str:
    """Write a place as precisely as a screen can show it."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
