"""Says what measurements mean: what the provider would refuse, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Thresholds:
    """Limits for one type of document: `least_…` must be reached, `most_…` must not be exceeded.

    Beyond `…_refused` is an error, beyond `…_doubtful` a warning. `script/bench documents` says what they catch.
    """

    least_width_refused: float = 500  # pixels of the document's longer side
    least_width_doubtful: float = 700
    least_sharpness_refused: float = 30  # 100 divided by the blur's radius, where the document is 1,000 pixels wide
    least_sharpness_doubtful: float = 65
    least_brightness_refused: float = 70  # of the document's paper, of 255
    least_brightness_doubtful: float = 110
    most_blown_refused: float = 60  # % of the document that is burnt out
    most_blown_doubtful: float = 25
    most_glare_doubtful: float = 1.5  # % of the document: the largest burnt-out patch
    most_cut_refused: float = 3  # % of the document's edge that lies on the picture's border
    most_page_cut_doubtful: float = 3  # the same, where all of an open passport's page may yet be there
    least_edges_doubtful: float = 60  # % of its weakest side that can be told from what it lies on
    most_tilt_doubtful: float = 12  # degrees
    most_sideways_doubtful: float = 1  # decibels by which columns rather than rows look like lines of writing
    most_keystone_doubtful: float = 15  # % by which opposite sides differ
    least_colour_doubtful: float = 1.5  # distance from grey, of 128
    most_screen_doubtful: float = 38  # decibels by which a screen's rhythm stands out
    most_screenshot_doubtful: float = 40  # % of the picture's border that is perfectly even
    most_scan_doubtful: float = 60  # % of it that is perfectly even and white


USUAL = Thresholds()
BY_TYPE = {"passport": replace(USUAL, most_page_cut_doubtful=100)}  # the page above may be cut off as it likes


def usual(document_type: str) -> Thresholds:
    """Return the limits for a type of document where nobody chose others."""
    return BY_TYPE.get(document_type, USUAL)


@dataclass(frozen=True)
class Finding:
    code: str
    severity: Severity
    sentence: str
    measured: float
    limit: float


@dataclass(frozen=True)
class _Rule:
    """One thing that may be wrong. Limits are looked up by the measure's name; an error comes before its warning."""

    code: str
    measure: str
    sentence: str
    hides: tuple[str, ...] = ()  # what need not be said as well, because it follows from this


_RULES = (
    _Rule(
        "dark",
        "least_brightness",
        "The photo is too dark (brightness {measured}, needs {limit}). Take it again in better light.",
        ("blurred", "unseen", "colourless"),
    ),
    _Rule(
        "overexposed",
        "most_blown",
        "{measured} % of the document is burnt out to white, {limit} % is the most. Take the photo with less light.",
        ("glare", "blurred", "unseen", "colourless", "scan", "screenshot", "cut", "page_cut"),
    ),
    _Rule(
        "small",
        "least_width",
        "The document is {measured} pixels wide, {limit} are needed. Take the photo from closer.",
        ("blurred",),
    ),
    _Rule(
        "cut",
        "most_cut",
        "The document is cut off at the picture's border. Take the photo so that all four corners can be seen.",
        ("unseen",),
    ),
    _Rule(
        "page_cut",
        "most_page_cut",
        "Part of this lies outside the picture. Make sure that all of the page with the portrait can be seen.",
    ),
    _Rule(
        "blurred",
        "least_sharpness",
        "The photo is blurred (sharpness {measured}, needs {limit}). Take it again in better light, holding still.",
    ),
    _Rule(
        "glare",
        "most_glare",
        "Light is reflected from {measured} % of the document. Tilt it or turn off the flash, and take it again.",
    ),
    _Rule(
        "unseen",
        "least_edges",
        "The document's edges cannot be made out. Lay it on a plain, darker surface, all four corners in view.",
    ),
    _Rule("tilted", "most_tilt", "The document is tilted by {measured}°. Take the photo with its edges level."),
    _Rule("sideways", "most_sideways", "The document lies on its side. Turn the picture before you choose it."),
    _Rule(
        "slanted",
        "most_keystone",
        "The photo was taken at an angle (sides differ by {measured} %). Hold the camera straight above the document.",
    ),
    _Rule(
        "screen",
        "most_screen",
        "This looks like a photo of a screen. Photograph the document itself.",
        ("sideways",),
    ),
    _Rule(
        "screenshot",
        "most_screenshot",
        "This looks like a screenshot: {measured} % of its border is perfectly even. Photograph the document itself.",
        ("cut", "page_cut", "unseen"),
    ),
    _Rule(
        "scan",
        "most_scan",
        "This looks like a scan: {measured} % of its border is perfectly white. Photograph the document itself.",
        ("cut", "page_cut", "unseen"),
    ),
    _Rule(
        "colourless",
        "least_colour",
        "This looks like a black-and-white copy. Photograph the document itself, in colour.",
    ),
)


def judge(measures: Mapping[str, float], thresholds: Thresholds) -> list[Finding]:
    """Return what is wrong with a photo, errors first. A measure that is missing says nothing."""
    found = {rule: finding for rule in _RULES if (finding := _apply(rule, measures, thresholds))}
    hidden = {code for rule in found for code in rule.hides}
    said = [finding for rule, finding in found.items() if rule.code not in hidden]
    return sorted(said, key=lambda finding: finding.severity != "error")


def _apply(rule: _Rule, measures: Mapping[str, float], thresholds: Thresholds) -> Finding | None:
    way, _, name = rule.measure.partition("_")
    measured = measures.get(name)
    if measured is None:
        return None
    degrees: tuple[tuple[str, Severity], ...] = (("refused", "error"), ("doubtful", "warning"))
    for degree, severity in degrees:
        limit: float | None = getattr(thresholds, f"{rule.measure}_{degree}", None)
        if limit is not None and (measured < limit if way == "least" else measured > limit):
            sentence = rule.sentence.format(measured=_shown(measured), limit=_shown(limit))
            return Finding(rule.code, severity, sentence, measured, limit)
    return None


def _shown(number: float) -> str:
    """Return a number as people read it: a decimal place only where it says something."""
    return f"{number:.1f}" if number < 10 and number % 1 else f"{number:.0f}"
