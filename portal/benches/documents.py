"""Measure what the checks of a photo catch and let pass, what hostile files cost, and how long a large photo takes."""

import argparse
from collections.abc import Callable

from portal.benches._hostile import hostile
from portal.benches._photos import photos
from portal.benches._postgres import Server
from portal.benches._report import Report, describe_machine, some_of
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
    report.end()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="script/bench documents", description=__doc__)
    parser.add_argument("--photos", type=int, default=100, help="of each kind")
    parser.add_argument("--read", type=int, default=10, help="of each kind, whose zone is read as well")
    parser.add_argument("--first", type=int, default=3_000_000, help="seed; those below 1,000 are for choosing limits")
    parser.add_argument("--uploads", type=int, default=40, help="photos of 12 megapixels sent to the portal")
    parser.add_argument("--only", type=some_of(PARTS), help=f"some of {','.join(PARTS)}")
    return parser


if __name__ == "__main__":
    main()
