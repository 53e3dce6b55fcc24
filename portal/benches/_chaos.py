"""Events through intake and worker while worker, broker and PostgreSQL are killed again and again."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic, sleep

import psycopg

from portal.benches import generate
from portal.benches._deliveries import authorized, new_run
from portal.benches._load import Request, until_all_are_taken
from portal.benches._population import CARDS, CUSTOMERS, card_row, customer_row
from portal.benches._postgres import Server
from portal.benches._processes import Processes, portal_env, start_broker, start_portal, start_worker
from portal.benches._report import Report
from portal.benches._run import EVENTS_PER_CARD, Run

KNOWN, LATE = 2000, 200  # cards: a late one becomes known half-way, so that the worker has events to make up for
LATE_SHARE = 10  # every tenth event is for a late card
CLIENTS = 8
SENT_TWICE = 20  # every twentieth event
AGAIN_AFTER = 0.5  # seconds
PATIENCE = 600.0  # seconds for the worker to make up for everything
WHEN = {"worker": (0.1, 0.25, 0.4, 0.6, 0.8), "broker": (0.2, 0.45, 0.7), "PostgreSQL": (0.55,)}
LATE_CARDS_AT = 0.5


def chaos(run: Run, report: Report) -> None:
    """Every event recorded exactly once, whatever is killed meanwhile."""
    server = Server("chaos", ours=True)  # a server of its own: nobody else's may be killed
    database = generate.anew(server, cards=KNOWN, events=KNOWN * EVENTS_PER_CARD)
    mark = new_run()
    deliveries = [authorized(_card_of(number), f"{mark}-{number}") for number in range(run.deliveries)]
    report.title(
        f"Chaos: {run.deliveries:,} events, SIGKILL for the worker five times, the broker three, PostgreSQL once"
    )
    with Processes() as processes:
        broker = start_broker(processes)
        env = portal_env(database, CELERY_BROKER_URL=broker)
        address = start_portal(processes, env)
        start_worker(processes, env)
        trouble = Trouble(processes, server, database, has_broker=bool(broker), total=run.deliveries)
        began = monotonic()
        repeated = asyncio.run(_deliver(address, deliveries, trouble))
        report.figure("all answered 200 after", f"{monotonic() - began:.0f} s", against=f"{repeated:,} sent again")
        _wait_for_the_worker(database, processes, trouble)
        report.figure("all handled after", f"{monotonic() - began:.0f} s")
    report.figure("killed", ", ".join(f"{name} {count}" for name, count in trouble.killed.items()))
    if not broker:
        report.note("broker: not killed, because redis-server is not installed and a folder has no process")
    if trouble.revived:
        report.figure("ended by themselves, started again", ", ".join(trouble.revived))
    _check_once(database, deliveries, report)


def _card_of(number: int) -> int:
    others, turn = divmod(number, LATE_SHARE)
    return KNOWN + others % LATE if turn == 0 else number % KNOWN


class Trouble:
    """Kills what is due once so many events were taken."""

    def __init__(self, processes: Processes, server: Server, database: str, *, has_broker: bool, total: int) -> None:
        self._processes, self._server, self._database = processes, server, database
        self.killed: Counter[str] = Counter()
        self.revived: list[str] = []
        self._due: list[tuple[int, Callable[[], None]]] = [(int(total * LATE_CARDS_AT), self._make_late_cards_known)]
        for name, moments in WHEN.items():
            if name != "broker" or has_broker:
                self._due += [(int(total * moment), partial(self._kill, name)) for moment in moments]
        self._due.sort(key=lambda each: each[0])

    async def after(self, taken: int) -> None:
        while self._due and taken >= self._due[0][0]:
            _, strike = self._due.pop(0)
            await asyncio.to_thread(strike)

    def revive(self) -> None:
        self.revived += self._processes.revive()

    def _kill(self, name: str) -> None:
        self.revive()
        self.killed[name] += 1
        if name == "PostgreSQL":
            self._server.kill()
            self._server.start_again()
        else:
            self._processes.kill(name)

    def _make_late_cards_known(self) -> None:
        numbers = range(KNOWN, KNOWN + LATE)
        with psycopg.connect(self._database, autocommit=True) as connection:
            for table, row in ((CUSTOMERS, customer_row), (CARDS, card_row)):
                list(table.load(connection, map(row, numbers)))


async def _deliver(address: str, deliveries: list[Request], trouble: Trouble) -> int:
    return await until_all_are_taken(
        address,
        _with_repeats(deliveries),
        clients=CLIENTS,
        again_after=AGAIN_AFTER,
        on_progress=trouble.after,
    )


def _with_repeats(deliveries: list[Request]) -> Iterable[Request]:
    for number, request in enumerate(deliveries):
        yield request
        if number % SENT_TWICE == 0:
            yield request


def _wait_for_the_worker(database: str, processes: Processes, trouble: Trouble) -> None:
    give_up_at = monotonic() + PATIENCE
    with psycopg.connect(database, autocommit=True) as connection:
        while monotonic() < give_up_at:
            trouble.revive()
            waiting = connection.execute("SELECT count(*) FROM webhooks_webhookevent WHERE next_attempt_at IS NOT NULL")
            if waiting.fetchone() == (0,):
                return
            sleep(0.5)


def _check_once(database: str, deliveries: list[Request], report: Report) -> None:
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT operation_id FROM cards_transactionevent").fetchall()
        (row,) = connection.execute(
            "SELECT count(*) FILTER (WHERE outcome <> 'HANDLED'), count(*) FILTER (WHERE attempts > 1) "
            "FROM webhooks_webhookevent"
        ).fetchall()
    times = Counter(str(operation) for (operation,) in found)
    counts = [times[request.mark] for request in deliveries]
    total = len(counts)
    report.figure("recorded exactly once", f"{counts.count(1):,}", against=f"{total:,}", met=counts.count(1) == total)
    report.figure("lost; recorded twice", f"{counts.count(0)}; {sum(count > 1 for count in counts)}", against="0; 0")
    report.figure("deliveries not handled", str(row[0]), against="0", met=row[0] == 0)
    report.figure("stored first, handled by the worker", f"{row[1]:,}")
