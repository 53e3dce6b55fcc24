"""What it costs to be given a hostile file."""

import argparse

from imaging.costs import Cost, cost_of
from imaging.hostile import HOSTILE
from portal.benches._report import Report

MOST_MEGABYTES, LONGEST = 300.0, 2.0


def hostile(asked: argparse.Namespace, report: Report) -> None:
    """Give each file of the corpus to the intake, one after the other, each in a process of its own."""
    report.title(f"Hostile files: {len(HOSTILE)} kinds, examined as an upload is")
    costs = {each.name: cost_of(each.name) for each in HOSTILE}
    taken = [name for name, cost in costs.items() if not cost.code]
    report.figure("taken", str(len(taken)), against=", ".join(taken) or "none may be", met=not taken)
    _worst(report, "most memory", {name: cost.megabytes for name, cost in costs.items()}, MOST_MEGABYTES, "MB")
    _worst(report, "longest", _seconds(costs), LONGEST, "s")


def _seconds(costs: dict[str, Cost]) -> dict[str, float]:
    return {name: cost.seconds for name, cost in costs.items()}


def _worst(report: Report, label: str, values: dict[str, float], most: float, unit: str) -> None:
    worst = sorted(values, key=lambda name: -values[name])
    report.at_most(label, values[worst[0]], most, unit=unit)
    for name in worst[:3]:
        report.note(f"    {name}: {values[name]:.1f} {unit}")
