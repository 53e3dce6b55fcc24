"""Says what measurements mean: what the provider would refuse, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Thresholds:
    """Limits for one type of document. `least_…` must be reached, `most_…` must not be exceeded.

    `…_refused` is an error, `…_doubtful` a warning.
    """

    least_width_refused: float = 500
    least_width_doubtful: float = 700
    least_sharpness_refused: float = 30
    least_sharpness_doubtful: float = 45
    least_brightness_refused: float = 60
    least_brightness_doubtful: float = 90
    most_blown_refused: float = 50
    most_glare_doubtful: float = 1
    most_cut_refused: float = 5
    most_tilt_doubtful: float = 12
    most_keystone_doubtful: float = 15
    most_screenshot_doubtful: float = 50
    most_scan_doubtful: float = 50
    most_screen_doubtful: float = 50


@dataclass(frozen=True)
class Finding:
    code: str
    severity: Severity
    sentence: str
    measured: float
    limit: float


def judge(measures: Mapping[str, float], thresholds: Thresholds) -> list[Finding]:
    """Return what is wrong with a photo, errors first. A measure that is missing says nothing."""
    width = measures.get("width", thresholds.least_width_doubtful)
    if width >= thresholds.least_width_refused:
        return []
    limit = thresholds.least_width_refused
    sentence = f"The document is {width:.0f} pixels wide, {limit:.0f} are needed. Take the photo from closer."
    return [Finding("too_small", "error", sentence, width, limit)]
