"""How late an authorization is answered while something is broken, and whether anything is approved wrongly then."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from heapq import merge

import psycopg

from portal.benches._authorization import describe_codes, warm_up
from portal.benches._deliveries import authorization, authorizations, new_run
from portal.benches._load import Answer, Request, arrivals, on_schedule
from portal.benches._population import card_key, may_spend
from portal.benches._processes import Processes, portal_env, start_broker, start_portal, start_worker
from portal.benches._report import Report
from portal.benches._run import Run
from portal.benches._truth import check_approvals

BEFORE, DURING, AFTER = 2.0, 5.0, 3.0  # seconds
LATEST, LATEST_WITHOUT_DATABASE = 800, 1200  # milliseconds
AT_REST, MOST_PROBES = 100, 200  # milliseconds; tries
LOCKED = next(number for number in range(100, 200) if may_spend(number))
LOCKED_SHARE = 0.05  # of the purchases are on the card whose row is locked

Fault = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class Case:
    """What is broken, how late an answer may be then, and how many purchases a second come on top."""

    name: str
    fault: Fault = contextlib.nullcontext
    latest: float = LATEST
    more: float = 0


def faults(run: Run, report: Report) -> None:
    """The latest answer under each fault, while purchases keep coming."""
    database = run.large()
    report.title(f"Faults of {DURING:g} s at {run.rate:g}/s: the latest answer before, during and after")
    everything: list[Answer] = []
    with Processes() as processes:
        broker = start_broker(processes)
        env = portal_env(database, CELERY_BROKER_URL=broker)
        address = start_portal(processes, env)
        start_worker(processes, env)
        warm_up(address, run)
        for case in _cases(run, processes, database, report, has_broker=bool(broker)):
            answers = asyncio.run(_offer(address, _schedule(run, more=case.more), case.fault))
            report.at_most(case.name, max(answer.milliseconds for answer in answers), case.latest)
            report.figure("  answered", describe_codes(answers))
            everything += answers
            asyncio.run(_come_to_rest(address))
    check_approvals(database, everything, report)


def _cases(run: Run, processes: Processes, database: str, report: Report, *, has_broker: bool) -> Iterator[Case]:
    yield Case("nothing broken")
    yield Case("a card's row locked elsewhere", lambda: _locked_row(database))
    yield Case("three times the load", more=2 * run.rate)
    if has_broker:
        yield Case("broker frozen", lambda: _frozen(processes, "broker"))
    else:
        report.note("broker frozen: left out, because redis-server is not installed and a folder cannot freeze")
    if run.server.is_ours:
        yield Case("database stopped", run.server.stalled, latest=LATEST_WITHOUT_DATABASE)
    else:
        report.note("database stopped: left out, because the PostgreSQL of DATABASE_URL is not ours to stop")


async def _offer(address: str, schedule: Iterator[tuple[float, Request]], fault: Fault) -> list[Answer]:
    answers, _ = await asyncio.gather(on_schedule(address, schedule), _break_for_a_while(fault))
    return answers


async def _come_to_rest(address: str) -> None:
    """Let what one fault left undone be done before the next."""
    for number in range(MOST_PROBES):
        answer, *_ = await on_schedule(address, [(0, authorization(LOCKED, f"{new_run()}-{number}"))])
        if answer.milliseconds < AT_REST:
            return


async def _break_for_a_while(fault: Fault) -> None:
    await asyncio.sleep(BEFORE)
    with fault():
        await asyncio.sleep(DURING)


def _schedule(run: Run, *, more: float) -> Iterator[tuple[float, Request]]:
    """Return the usual purchases, some on the card whose row may be locked, and `more` a second while it is broken."""
    moments = arrivals(rate=run.rate, seconds=BEFORE + DURING + AFTER)
    extra = arrivals(rate=more, seconds=DURING, seed=2) if more else iter(())
    mark, others = new_run(), authorizations(run.cards)
    every = round(1 / LOCKED_SHARE)
    for number, moment in enumerate(merge(moments, (BEFORE + each for each in extra))):
        on_locked = number % every == 0
        yield moment, authorization(LOCKED, f"{mark}-{number}", Decimal(5)) if on_locked else next(others)


@contextlib.contextmanager
def _locked_row(database: str) -> Iterator[None]:
    with psycopg.connect(database) as connection:
        connection.execute("SELECT 1 FROM cards_card WHERE id = %s FOR UPDATE", [card_key(LOCKED)])
        yield


@contextlib.contextmanager
def _frozen(processes: Processes, name: str) -> Iterator[None]:
    processes.freeze(name)
    try:
        yield
    finally:
        processes.thaw(name)
