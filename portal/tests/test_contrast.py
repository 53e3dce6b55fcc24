import re
from itertools import product

import pytest
from django.conf import settings

CSS = (settings.BASE_DIR / "static" / "portal.css").read_text()
TOKENS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", CSS)
}
GROUNDS = ["surface", "ground", "sunken", "hover", "changed"]
MEANINGS = ["waiting", "good", "bad", "unknown", "neutral"]

READ = [
    *product(["text", "text-soft", "text-faint", "link"], GROUNDS),
    *product(["text", "link"], ["selected"]),
    *product(MEANINGS, ["surface", "ground", "hover"]),
    *((meaning, f"{meaning}-tint") for meaning in MEANINGS),
    *product(["text", "text-soft", "link"], [f"{meaning}-tint" for meaning in MEANINGS]),
    *product(["on-accent"], ["accent", "accent-hover"]),
    *product(["on-danger"], ["danger", "danger-hover"]),
]
SEEN = list(product(["edge", "focus", "accent", "danger"], ["surface", "ground", "sunken"]))


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str, theme: str) -> float:
    darker, lighter = sorted(luminance(TOKENS[name][theme]) for name in (first, second))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_on_everything_it_stands_on(theme: str) -> None:
    assert [pair for pair in READ if contrast(*pair, theme) < 4.5] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_controls_and_the_focus_ring_can_be_seen(theme: str) -> None:
    assert [pair for pair in SEEN if contrast(*pair, theme) < 3] == []
