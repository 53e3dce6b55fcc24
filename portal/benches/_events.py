"""How many events a second are stored and recorded, beside what dj-stripe's endpoint merely stores."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

import psycopg

from portal.benches import _dj_stripe
from portal.benches._capture import in_all, overheard
from portal.benches._deliveries import purchase_events, purchases_and_settlements
from portal.benches._load import Answer, Request, as_fast_as_it_goes
from portal.benches._processes import Processes, portal_env, start_portal
from portal.benches._report import Report
from portal.benches._run import Run

PROCESSES, CLIENTS, REPEATS = 4, 8, 5
MOST_REFUSED = 0.01  # of the events: more, and it is not the endpoint that is measured


@dataclass
class Contender:
    """Somebody who takes events, what is sent to it, and what came of it."""

    address: str
    requests: Iterator[Request]
    rates: list[float] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def measure(self, seconds: float) -> None:
        load = as_fast_as_it_goes(self.address, self.requests, clients=CLIENTS, seconds=seconds)
        rate, answers = asyncio.run(load)
        self.rates.append(rate)
        self.answers += answers
        refused = sum(answer.status != 200 for answer in answers)
        if refused > len(answers) * MOST_REFUSED:
            raise RuntimeError(f"{self.address} refused {refused} of {len(answers)} events: its log says why.")

    @property
    def rate(self) -> float:
        return median(self.rates[1:])  # the first warms up

    @property
    def taken(self) -> list[str]:
        return [answer.request.mark for answer in self.answers if answer.status == 200]


def events(run: Run, report: Report) -> None:
    """Purchase events a second through intake, each recorded in the books before its 200."""
    database = run.large()
    report.title(f"Events a second: {PROCESSES} processes, {CLIENTS} clients, {REPEATS} runs each in turn, medians")
    with Processes() as processes:
        env = portal_env(database, WEB_PROCESSES=str(PROCESSES))
        address = start_portal(processes, env)
        portal = Contender(address, purchase_events(run.cards))
        settled = Contender(address, purchases_and_settlements(run.cards))
        contenders = [portal, settled]
        if other := _dj_stripe.start(processes, run.server, workers=PROCESSES):
            contenders.append(Contender(other, _dj_stripe.events()))
        for contender in contenders * (REPEATS + 1):
            contender.measure(run.seconds / 10)
    _compare(portal, contenders[2:], report)
    report.figure("the same, half of them settlements", f"{settled.rate:.0f}/s")
    _check_recorded(database, [portal, settled], report)
    report.figure("transactions, statements: before + after it", in_all(*overheard(database, "authorized")))


def _compare(portal: Contender, others: list[Contender], report: Report) -> None:
    figure = f"{portal.rate:.0f}/s"
    for other in others:
        refused = len(other.answers) - len(other.taken)
        against = f"dj-stripe, stored only: {other.rate:.0f}/s" + (f", {refused} refused" if refused else "")
        report.figure("portal, stored and recorded", figure, against=against, met=portal.rate >= other.rate)
    if not others:
        report.figure("portal, stored and recorded", figure)
        report.note("dj-stripe: left out, because it could not be installed")


def _check_recorded(database: str, contenders: list[Contender], report: Report) -> None:
    """Report whether each event that was answered 200 stands in the log and in the books, once."""
    taken = [mark for each in contenders for mark in each.taken]
    sent = sum(len(each.answers) for each in contenders)
    with psycopg.connect(database) as connection:
        stored, recorded = (
            connection.execute(query, [taken]).fetchall()
            for query in (
                "SELECT operation_id FROM webhooks_webhookevent WHERE operation_id = ANY(%s) AND outcome = 'HANDLED'",
                "SELECT operation_id FROM cards_transactionevent WHERE operation_id = ANY(%s)",
            )
        )
    whole = sorted(stored) == sorted(recorded) == sorted((mark,) for mark in taken)
    report.figure(
        "answered 200; in the log; in the books",
        f"{len(taken):,}",
        against=f"{len(stored):,}; {len(recorded):,}",
        met=whole and len(taken) == sent,
    )
