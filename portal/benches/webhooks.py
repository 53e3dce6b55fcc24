"""Measure intake and authorization against their targets, a bare view on the same SQL, and dj-stripe."""

import argparse
from collections.abc import Callable

from portal.benches import _authorization, _chaos, _events, _faults
from portal.benches._postgres import Server
from portal.benches._report import Report, describe_machine, some_of
from portal.benches._run import Run
from portal.benches.generate import CARDS, EVENTS

PARTS: dict[str, Callable[[Run, Report], None]] = {
    "authorization": _authorization.answer_times,
    "floor": _authorization.floor,
    "growth": _authorization.growth,
    "faults": _faults.faults,
    "events": _events.events,
    "chaos": _chaos.chaos,
}


def main() -> None:
    asked = _parser().parse_args()
    server = Server()
    run = Run(server, asked.cards, asked.events, asked.rate, asked.seconds, asked.deliveries)
    report = Report()
    describe_machine(server.describe())
    for name in asked.only or PARTS:
        PARTS[name](run, report)
    report.end()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="script/bench webhooks", description=__doc__)
    parser.add_argument("--cards", type=int, default=CARDS)
    parser.add_argument("--events", type=int, default=EVENTS, help="transaction events in the database")
    parser.add_argument("--rate", type=float, default=150, help="authorizations a second")
    parser.add_argument("--seconds", type=float, default=60, help="of the longest measure; others take a part of it")
    parser.add_argument("--deliveries", type=int, default=20_000, help="of the run in which everything is killed")
    parser.add_argument("--only", type=some_of(PARTS), help=f"some of {','.join(PARTS)}")
    return parser


if __name__ == "__main__":
    main()
