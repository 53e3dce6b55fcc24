"""Measures of the answer to an authorization: how soon it comes, what it costs, and how it grows with the data."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from portal.benches._capture import in_all, overheard
from portal.benches._deliveries import DECISION_PATH, PATH, authorizations
from portal.benches._load import Answer, arrivals, as_fast_as_it_goes, on_schedule
from portal.benches._processes import (
    Processes,
    portal_env,
    start_broker,
    start_other,
    start_portal,
    start_worker,
)
from portal.benches._report import Report, percentile
from portal.benches._run import Run
from portal.benches._truth import check_approvals

TARGETS = ((0.50, 10), (0.99, 50), (0.999, 150))  # share of the answers, milliseconds
LATEST = 600  # milliseconds
MOST_STATEMENTS = 3
SHARE_OF_FLOOR = 0.7
MOST_GROWTH = 1.3
SMALL = 10_000  # cards
REPEATS = 5
CLIENTS = 8  # for throughput
WARM_UP = 3.0  # seconds


def answer_times(run: Run, report: Report) -> None:
    """How soon an authorization is answered, with a worker and beat at work beside it."""
    database = run.large()
    report.title(f"Authorization: {run.rate}/s for {run.seconds} s, {run.cards:,} cards, {run.events:,} events")
    with Processes() as processes:
        env = portal_env(database, CELERY_BROKER_URL=start_broker(processes))
        address = start_portal(processes, env)
        start_worker(processes, env)
        warm_up(address, run)
        answers = offered(address, run, seconds=run.seconds)
    times = [answer.milliseconds for answer in answers]
    for share, most in TARGETS:
        report.at_most(f"p{share * 100:g}", percentile(times, share), most)
    report.figure("p95", f"{percentile(times, 0.95):.1f} ms")
    report.figure("latest", f"{max(times):.1f} ms")
    late = sum(time > LATEST for time in times)
    report.figure(f"answers after {LATEST} ms", f"{late} of {len(times):,}", against="none", met=late == 0)
    report.figure("answered", describe_codes(answers))
    check_approvals(database, answers, report)
    _count_statements(database, report)


def floor(run: Run, report: Report) -> None:
    """Authorizations a second, beside a bare view that says the same SQL."""
    database = run.large()
    report.title(f"Throughput beside the floor: {CLIENTS} clients, {REPEATS} runs each in turn, medians")
    env = portal_env(database)
    with Processes() as processes:
        portal = start_portal(processes, env)
        bare = start_other(processes, "floor", env, "portal.benches._floor:application")
        contenders = {"portal": (portal, PATH), "floor": (bare, PATH), "decision": (bare, DECISION_PATH)}
        rates: dict[str, list[float]] = {name: [] for name in contenders}
        for name, (address, path) in [*contenders.items()] * (REPEATS + 1):
            rates[name].append(_rate(address, path, run))
    found = {name: median(each[1:]) for name, each in rates.items()}  # the first of each warms up
    ratio, strict = (found["portal"] / found[name] for name in ("floor", "decision"))
    least = SHARE_OF_FLOOR
    report.figure("portal", f"{found['portal']:.0f}/s", against=f"the floor: {found['floor']:.0f}/s")
    report.figure("portal beside the floor", f"{ratio:.2f}", against=f"at least {least}", met=ratio >= least)
    report.figure("beside a floor that only decides", f"{strict:.2f}", against=f"{found['decision']:.0f}/s")


def growth(run: Run, report: Report) -> None:
    """How the p95 grows from ten thousand cards to all of them."""
    small = min(SMALL, run.cards // 10)
    databases = {small: run.small(small), run.cards: run.large()}
    report.title(f"Growth of p95 at {run.rate}/s: {REPEATS} runs each in turn, medians")
    found: dict[int, list[float]] = {cards: [] for cards in databases}
    with Processes() as processes:
        addresses = {
            cards: start_portal(processes, portal_env(database), name=f"web-{cards}")
            for cards, database in databases.items()
        }
        for cards, address in [*addresses.items()] * (REPEATS + 1):
            answers = offered(address, run, seconds=run.seconds / 4, cards=cards)
            found[cards].append(percentile([answer.milliseconds for answer in answers], 0.95))
    few, many = (median(found[cards][1:]) for cards in (small, run.cards))
    report.figure(f"p95 at {small:,} cards", f"{few:.1f} ms")
    report.figure(f"p95 at {run.cards:,} cards", f"{many:.1f} ms")
    report.figure("growth of p95", f"{many / few:.2f}", against=f"at most {MOST_GROWTH}", met=many / few <= MOST_GROWTH)


def offered(address: str, run: Run, *, seconds: float, rate: float = 0, cards: int = 0) -> list[Answer]:
    moments = arrivals(rate=rate or run.rate, seconds=seconds)
    return asyncio.run(on_schedule(address, zip(moments, authorizations(cards or run.cards), strict=False)))


def warm_up(address: str, run: Run) -> None:
    """Let every process and thread open its connection and read what it reads once."""
    asyncio.run(as_fast_as_it_goes(address, authorizations(run.cards), clients=16, seconds=WARM_UP))


def describe_codes(answers: Sequence[Answer]) -> str:
    counts = Counter(code_of(answer) for answer in answers)
    return ", ".join(f"{code} {count:,}" for code, count in counts.most_common())


def code_of(answer: Answer) -> str:
    if answer.status != 200:
        return f"HTTP {answer.status}" if answer.status else "no answer"
    return str(json.loads(answer.body)["response_code"])


def _rate(address: str, path: str, run: Run) -> float:
    # The floor says what was said about a card of ours: for a card that nobody knows, other rows are written.
    ours = (request for request in authorizations(run.cards) if request.card < run.cards)
    requests = (replace(request, path=path) for request in ours)
    rate, answers = asyncio.run(as_fast_as_it_goes(address, requests, clients=CLIENTS, seconds=run.seconds / 6))
    if refused := sum(answer.status != 200 for answer in answers):
        raise RuntimeError(f"{address} refused {refused} of {len(answers)} purchases: its log says why.")
    return rate


def _count_statements(database: str, report: Report) -> None:
    before, after = overheard(database, "authorization")
    decision = next(each for each in before if any("FOR NO KEY UPDATE" in statement for statement in each))
    most, count = MOST_STATEMENTS, len(decision)
    report.figure("statements between BEGIN and COMMIT", str(count), against=f"at most {most}", met=count <= most)
    report.figure("transactions, statements: before + after it", in_all(before, after))
