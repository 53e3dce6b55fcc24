"""What a bench prints: each figure beside what it is compared with, and the machine it was taken on."""

import argparse
import os
import platform
import sys
from collections.abc import Callable, Collection, Sequence
from math import ceil
from pathlib import Path
from typing import NoReturn

import psutil

QUIET = 0.7  # runnable processes per core before the bench itself adds any


class Report:
    """Prints as it goes, so that a run that is cut short has said what it knew."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def title(self, text: str) -> None:
        say(f"\n{text}")

    def figure(self, name: str, value: str, *, against: str = "", met: bool | None = None) -> None:
        verdict = {True: "met", False: "MISSED", None: ""}[met]
        say(f"  {name:<46} {value:>14}   {against:<44} {verdict}".rstrip())
        if met is False:
            self.missed.append(name)

    def at_most(self, name: str, value: float, most: float, *, unit: str = "ms") -> None:
        self.figure(name, f"{value:.1f} {unit}", against=f"at most {most:g} {unit}", met=value <= most)

    def note(self, text: str) -> None:
        say(f"  {text}")

    def end(self) -> NoReturn:
        """Say what was missed, and end the program with status 1 where anything was."""
        say(f"\nMissed: {', '.join(self.missed)}" if self.missed else "\nEverything was met.")
        sys.exit(1 if self.missed else 0)


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is what a bench is for


def some_of(parts: Collection[str]) -> Callable[[str], list[str]]:
    """Return what reads the names of some parts of a bench, with commas between them, for argparse."""

    def names_in(text: str) -> list[str]:
        names = text.split(",")
        unknown = [name for name in names if name not in parts]
        if unknown:
            raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}; there are {', '.join(parts)}")
        return names

    return names_in


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * share) - 1)]


def describe_machine(database: str) -> None:
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    memory = psutil.virtual_memory().total / 2**30
    say(f"Machine: {os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, {platform.system()} {platform.release()}")
    say(f"         Python {platform.python_version()}, {database}")
    say("         the load generator, the portal and PostgreSQL share this machine")
    if busy > QUIET:
        say(f"         BUSY: {busy:.1f} processes per core were running before the bench began, so times say little")


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
