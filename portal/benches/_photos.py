"""How many bad photos are caught, how many good ones pass, and how many documents can be read."""

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial

from imaging.child import answer
from imaging.damage import KINDS
from imaging.drawing import holder
from imaging.judging import Finding, judge, usual
from imaging.reading import READ, read
from imaging.specimens import PASSING, photograph, side_of
from portal.benches._report import Report, say

LEAST_CAUGHT, MOST_REFUSED = 95.0, 2.0  # %
TODAY = date(2026, 6, 1)
TYPES = {"passport": "passport", "front": "national_id", "back": "national_id"}
# What should be said of each kind. Where a cropped one fills the picture, none of its edge can be seen.
NAMES: dict[str, set[str]] = {
    "soft": {"blurred"}, "blurred": {"blurred"}, "shaken": {"blurred"}, "dark": {"dark"}, "small": {"small"},
    "overexposed": {"overexposed"}, "glare": {"glare"}, "cropped": {"cut", "unseen"}, "turned": {"sideways"},
    "tilted": {"tilted"}, "slanted": {"slanted"}, "off a screen": {"screen"}, "screenshot": {"screenshot"},
    "scanned": {"scan"}, "copied": {"colourless"},
}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What became of one photo. `was_read` is None where it was not tried, or there is no zone to read."""

    findings: list[Finding]
    was_read: bool | None

    @property
    def is_refused(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings)


def photos(asked: argparse.Namespace, report: Report) -> None:
    """Photograph, examine and judge specimens of each kind that no limit was chosen by."""
    last = asked.first + asked.photos - 1
    report.title(f"Photos: {asked.photos} of each kind, seeds {asked.first:,} to {last:,}; limits as they come")
    report.note("drawn documents, photographed by calculation: what real ones do is not known from this")
    say(f"    {'kind':<14}{'refused':>9}{'warned':>9}{'passed':>9}{'for that reason':>17}{'read':>9}   also said")
    with ProcessPoolExecutor() as pool:
        all_seen = {kind: _look_at(kind, asked, pool) for kind in KINDS}
    for kind, seen in all_seen.items():
        say(_row(kind, seen))
    _figures(report, all_seen)


def _look_at(kind: str, asked: argparse.Namespace, pool: ProcessPoolExecutor) -> list[Seen]:
    seeds = range(asked.first, asked.first + asked.photos)
    return list(pool.map(partial(_seen, kind, reading_before=asked.first + asked.read), seeds, chunksize=4))


def _seen(kind: str, seed: int, *, reading_before: int) -> Seen:
    side = side_of(kind, seed)
    photo = photograph(holder(seed), side, kind=kind, seed=seed)
    said, made = answer(photo, "JPEG")
    was_read = _is_read(made, seed) if seed < reading_before and side != "front" else None
    return Seen(judge(said["measures"], usual(TYPES[side])), was_read)


def _is_read(made: bytes, seed: int) -> bool:
    reading = read(made, today=TODAY)
    return reading.outcome == READ and reading.facts is not None and reading.facts.number == holder(seed).number


def _row(kind: str, seen: list[Seen]) -> str:
    refused = sum(one.is_refused for one in seen)
    passed = sum(not one.findings for one in seen)
    wanted = NAMES.get(kind, set())
    named = sum(any(finding.code in wanted for finding in one.findings) for one in seen)
    tried = [one.was_read for one in seen if one.was_read is not None]
    counts = (refused, len(seen) - refused - passed, passed)
    numbers = "".join(f"{count:>9}" for count in counts) + f"{named if wanted else '–':>17}"
    read_of = f"{sum(tried)}/{len(tried)}" if tried else "–"
    return f"    {kind:<14}{numbers}{read_of:>9}   {_others(seen, wanted)}".rstrip()


def _others(seen: list[Seen], wanted: set[str]) -> str:
    codes = Counter(finding.code for one in seen for finding in one.findings if finding.code not in wanted)
    return ", ".join(f"{code} {count}" for code, count in codes.most_common(4))


def _figures(report: Report, all_seen: dict[str, list[Seen]]) -> None:
    bad = [one for kind, seen in all_seen.items() if kind not in PASSING for one in seen]
    good = [one for kind in PASSING for one in all_seen[kind]]
    caught = _share([bool(one.findings) for one in bad])
    refused = _share([one.is_refused for one in good])
    report.figure(
        "bad photos caught", f"{caught:.1f} %", against=f"at least {LEAST_CAUGHT:g} %", met=caught >= LEAST_CAUGHT
    )
    for kind, seen in all_seen.items():
        share = _share([bool(one.findings) for one in seen])
        if kind not in PASSING and share < LEAST_CAUGHT:
            report.figure(f"  of them {kind}", f"{share:.1f} %", against=f"at least {LEAST_CAUGHT:g} %", met=False)
    report.at_most("good photos refused", refused, MOST_REFUSED, unit="%")
    warned = _share([bool(one.findings) and not one.is_refused for one in good])
    report.figure("good photos that need a reason", f"{warned:.1f} %", against="which an officer writes")


def _share(answers: list[bool]) -> float:
    return 100 * sum(answers) / max(len(answers), 1)
