"""Who held the ball for how long, as one bar. The reports and a customer's clocks draw it alike."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils.text import capfirst

from desk import drawing
from desk.drawing import LINE, Box, Shape, Words
from desk.statuses import WaitsFor
from desk.wording import percent, span

HOUR = timedelta(hours=1)
HEIGHT = 34  # pixels: the names and the bar under them
NAMED = 26  # percent of the width from which a part's name fits over it, on a phone too

# Each side that may hold it, in the order of the bar, with what its part is drawn as.
KINDS: dict[str, str] = {WaitsFor.US: "us", WaitsFor.PROVIDER: "provider", WaitsFor.CUSTOMER: "customer"}


def ball(lay: Mapping[str, timedelta]) -> list[Shape]:
    """Draw the bar; a part too small for its name says it when pointed at, and stands in the table."""
    hours = {side: lay[side] / HOUR for side in KINDS if side in lay}
    whole, shapes = sum(hours.values()), list[Shape]()
    for side, x, width in drawing.across(hours):
        name, share = capfirst(with_side(side)), percent(hours[side], whole)
        shapes.append(Box(KINDS[side], x, LINE + 5, width, HEIGHT - LINE - 5, f"{name}: {span(hours[side])}, {share}"))
        if width >= NAMED:
            shapes.append(Words(f"{name} {share}", x, LINE))
    return shapes


def with_side(side: str) -> str:
    return f"with {WaitsFor(side).label}"
