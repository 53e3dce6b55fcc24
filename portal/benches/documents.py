"""Measure what the checks of a photo catch and let pass, what hostile files cost, and how long a large photo takes."""

import argparse
import sys
from collections.abc import Callable

from portal.benches._hostile import hostile
from portal.benches._photos import photos
from portal.benches._postgres import Server
from portal.benches._report import Report, describe_machine, say
from portal.benches._uploads import uploads

PARTS: dict[str, Callable[[argparse.Namespace, Report], None]] = {
    "photos": photos,
    "hostile": hostile,
    "uploads": uploads,
}


def main() -> None:
    asked = _parser().parse_args()
    report = Report()
    asked.server = Server()
    describe_machine(asked.server.describe())
    for name in asked.only or PARTS:
        PARTS[name](asked, report)
    say(f"\nMissed: {', '.join(report.missed)}" if report.missed else "\nEverything was met.")
    sys.exit(1 if report.missed else 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="script/bench documents", description=__doc__)
    parser.add_argument("--photos", type=int, default=100, help="of each kind")
    parser.add_argument("--read", type=int, default=10, help="of each kind, whose zone is read as well")
    parser.add_argument("--first", type=int, default=1_000_000, help="seed; those below 1,000 are for choosing limits")
    parser.add_argument("--uploads", type=int, default=40, help="photos of 12 megapixels sent to the portal")
    parser.add_argument("--only", type=_parts, help=f"some of {','.join(PARTS)}")
    return parser


def _parts(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return names


if __name__ == "__main__":
    main()
