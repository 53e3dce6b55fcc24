"""Measure how the portal keeps in step: calls per hour, how soon a verdict is seen, what asking costs the database."""

import argparse
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import psycopg

from portal.benches._hour import CALLS_PER_TICK, SAMPLE, TICK, run_ahead, verdicts
from portal.benches._population import customer_key
from portal.benches._postgres import Server
from portal.benches._report import Report, describe_machine, percentile, some_of
from portal.benches._reviews import database_with, longest_wait, request_key
from portal.benches._verdicts import BACKGROUND, live

OPEN, GROWN, CLOSED = 10_000, 10, 1_000_000
PIECES = 4  # the two databases are measured in turn
SAME = 1.25  # times: so far the very same work differs between two runs
PARTS = ("hour", "live")
SEEN = "SELECT object_id, min(at) FROM customers_statuschange WHERE to_status = 'ACTIVE' GROUP BY 1"
NEXT = (
    "SELECT customer_id, next_sync_at FROM customers_enablementrequest WHERE id = ANY(%s) AND next_sync_at IS NOT NULL"
)
WAITING = "SELECT count(*) FROM customers_enablementrequest WHERE next_sync_at <= %s"

Counted = dict[str, Any]


def main() -> None:
    asked = _parser().parse_args()
    server, report = Server(), Report()
    describe_machine(server.describe())
    for open_requests in asked.open, asked.open * GROWN:
        begins = datetime.now(UTC).replace(microsecond=0)
        database = database_with(server, open_requests=open_requests, closed=asked.closed, now=begins)
        if "hour" in (asked.only or PARTS):
            alone = database_with(server, open_requests=open_requests, closed=0, now=begins)
            _hour(database, alone, asked, open_requests, begins, report)
        if "live" in (asked.only or PARTS):
            live(server, database, open_requests=open_requests, seconds=asked.seconds, report=report)
    report.end()


def _hour(
    database: str, alone: str, asked: argparse.Namespace, open_requests: int, begins: datetime, report: Report
) -> None:
    report.title(
        f"{open_requests:,} open, {asked.closed:,} closed: {asked.minutes:g} minutes of a clock that runs ahead\n"
        "Simulated: the clock, the queue, the budget, CryptoMate. Real: beat's two seconds, the tasks, PostgreSQL"
    )
    theirs, without = _in_turn([database, alone], begins, asked.minutes)
    _say_calls(theirs, without, asked, open_requests, report)
    for name, what in (("find", "finding what is due"), ("claim", "claiming it")):
        _say_cost(what, theirs[name], [percentile(each[name], 0.1) for each in (theirs, without)], report)
    quickest = [median(each["quickest"]) for each in (theirs, without)]
    _say_cost("a look, all statements", theirs["look"], quickest, report)
    ends = begins + timedelta(minutes=asked.minutes)
    _say_verdicts(database, begins, ends, open_requests, report)
    _say_waiting(database, ends, theirs, report)


def _in_turn(databases: list[str], begins: datetime, minutes: float) -> list[Counted]:
    """Let the time pass in each database, piece by piece, so that a busy moment of the machine hits both."""
    wholes: list[Counted] = [
        {"find": [], "claim": [], "look": [], "calls": 0, "busiest": 0, "dropped": 0, "quickest": []} for _ in databases
    ]
    for piece in range(PIECES):
        now = begins + timedelta(minutes=minutes * piece / PIECES)
        for database, whole in zip(databases, wholes, strict=True):
            counted = run_ahead(database, begins=begins, now=now, minutes=minutes / PIECES)
            for name in ("find", "claim", "look", "calls", "dropped", "quickest"):
                whole[name] += counted[name]
            whole["busiest"] = max(whole["busiest"], counted["busiest"])
    return wholes


def _say_calls(
    theirs: Counted, without: Counted, asked: argparse.Namespace, open_requests: int, report: Report
) -> None:
    hourly, other = (counted["calls"] * 60 / asked.minutes for counted in (theirs, without))
    most = BACKGROUND * 3600
    wait = longest_wait(open_requests) / timedelta(hours=1)
    report.figure("calls, by the hour", f"{hourly:,.0f}", against=f"background may make {most:,}", met=hourly <= most)
    report.figure(
        "of them for the longest wait",
        f"{2 * open_requests / wait:,.0f}",
        against=f"each asked about every {wait:.1f} h",
    )
    report.figure(
        "the same, none closed", f"{other:,.0f}", against="the same", met=abs(hourly - other) <= 0.01 * hourly
    )
    name, busiest = f"calls in the busiest {TICK.total_seconds():.0f} s", theirs["busiest"]
    report.figure(name, str(busiest), against=f"at most {CALLS_PER_TICK}", met=busiest <= CALLS_PER_TICK)


def _say_cost(what: str, theirs: list[float], quickest: list[float], report: Report) -> None:
    """Compare the quickest tenth: what else the machine does slows the others by more than what is compared."""
    best, other = quickest
    ratio = best / other
    report.figure(
        f"{what}, median", f"{median(theirs):.2f} ms", against=f"95 of 100: {percentile(theirs, 0.95):.2f} ms"
    )
    told = f"{best:.2f}; {other:.2f} ms"
    report.figure(
        "  the quickest tenth; none closed", told, against=f"{ratio:.2f} times, at most {SAME}", met=ratio <= SAME
    )


def _say_verdicts(database: str, begins: datetime, ends: datetime, open_requests: int, report: Report) -> None:
    """Say how late a verdict is seen that no webhook tells of. One not seen yet counts as seen at its next look."""
    decided = {number: at for number, at in verdicts(begins).items() if at <= ends}
    with psycopg.connect(database) as connection:
        seen: dict[Any, datetime] = dict(
            connection.execute(NEXT, [[request_key(number) for number in decided]]).fetchall()
        )
        seen |= dict(connection.execute(SEEN).fetchall())
    late = {number: seen[customer_key(number)] - at for number, at in decided.items()}
    soon = [late[number] / (at - begins) for number, at in decided.items() if number < SAMPLE]
    long = [late[number] / timedelta(hours=1) for number in decided if number >= SAMPLE]
    report.figure(
        "verdict to page by poll, just submitted",
        f"{median(soon):.0%}; {max(soon):.0%}",
        against="of the time the review took: median; most",
    )
    report.figure(
        "the same, long in review", f"{median(long):.1f}; {max(long):.1f} h",
        against=f"promised: {longest_wait(open_requests) / timedelta(hours=1):.1f} h at most",
    )  # fmt: skip


def _say_waiting(database: str, ends: datetime, theirs: Counted, report: Report) -> None:
    with psycopg.connect(database) as connection:
        ((waiting,),) = connection.execute(WAITING, [ends]).fetchall()
    report.figure("due and not looked at in the end", f"{waiting:,}", against="what one tick finds, or fewer")
    report.figure("messages that grew too old", f"{theirs['dropped']:,}", against="none", met=theirs["dropped"] == 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="script/bench sync", description=__doc__)
    parser.add_argument("--open", type=int, default=OPEN, help=f"requests in review; then {GROWN} times as many")
    parser.add_argument("--closed", type=int, default=CLOSED, help="requests that are closed")
    parser.add_argument("--minutes", type=float, default=20, help="of the clock that runs ahead")
    parser.add_argument("--seconds", type=float, default=30, help="of each measure of the real processes")
    parser.add_argument("--only", type=some_of(PARTS), help=f"some of {','.join(PARTS)}")
    return parser


if __name__ == "__main__":
    main()
