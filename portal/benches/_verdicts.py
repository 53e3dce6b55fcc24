"""How long a verdict takes to the customer's page: the portal's processes, the sandbox's, and HTTP between them."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from statistics import median
from time import monotonic, sleep
from typing import Any

import psycopg

from portal.benches._population import customer_key
from portal.benches._postgres import Server
from portal.benches._processes import (
    ROOT,
    Processes,
    manage,
    portal_env,
    start_broker,
    start_portal,
    start_sandbox,
    start_worker,
    wait_until_ready,
)
from portal.benches._report import Report, percentile
from portal.benches._reviews import JUST_SUBMITTED, longest_wait, request_id
from provider import budget

FIRST_DECIDED = 2 * JUST_SUBMITTED  # its number; those below have their verdict in the hour that is played
EVERY = 1.0  # seconds between two verdicts
PATIENCE = 120.0  # seconds for the last of them to be seen
BACKGROUND = budget.TURNS - budget.KEPT_FOR_PEOPLE
MOST = 15  # calls in any second that the provider takes
# Nothing has been asked yet, whatever a clock that ran ahead left here.
DUE = """
UPDATE customers_enablementrequest SET next_sync_at = now() + %s * random(), synced_at = NULL
WHERE next_sync_at IS NOT NULL
"""
SEEN = """
SELECT object_id, at FROM customers_statuschange
WHERE machine = 'customer' AND to_status = 'ACTIVE' AND object_id = ANY(%s)
"""


class Sandbox:
    """The provider's stand-in, asked by its console, which counts nobody's calls."""

    def __init__(self, address: str) -> None:
        self._address = address

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own process
            f"{self._address}/console/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - our own process
            return json.load(answer)

    def busiest_second(self) -> int:
        """Return the most calls that came in one second, of the latest 500."""
        moments = sorted(datetime.fromisoformat(call["at"]).timestamp() for call in self.ask("calls"))
        return max((sum(0 <= other - at < 1 for other in moments) for at in moments), default=0)


def live(server: Server, database: str, *, open_requests: int, seconds: float, report: Report) -> None:
    """Give verdicts while the other requests are due as usual, and then while all of them are overdue."""
    report.title(
        f"{open_requests:,} open, for real: the portal's and the sandbox's processes, for {seconds:.0f} s each"
    )
    numbers = count(FIRST_DECIDED)
    usual = longest_wait(open_requests)
    with _running(server, database, open_requests) as sandbox:
        for name, interval in (("as usual", usual), ("all overdue", -usual)):
            _change(database, DUE, interval)
            report.note(f"{name}:")
            _decide(sandbox, database, seconds, numbers, report)
        limited = sandbox.ask("counts")["rate_limited"]
        report.figure("429", str(limited), against="none", met=limited == 0)


@contextmanager
def _running(server: Server, database: str, open_requests: int) -> Iterator[Sandbox]:
    name = "bench_sync_sandbox"
    # Plain HTTP is the demo's; the sandbox delivers webhooks without a proxy between.
    env = portal_env(database, DEMO="1", COMPARISON_HOURS="never", SANDBOX_DATABASE_URL=server.create(name))
    subprocess.run([sys.executable, "-m", "sandbox.crowd", str(open_requests)], cwd=ROOT, env=env, check=True)  # noqa: S603 - our own command
    with Processes() as processes:
        env["CRYPTOMATE_API_URL"] = address = start_sandbox(processes, env)
        env["CELERY_BROKER_URL"] = start_broker(processes)
        env["PUBLIC_URL"] = start_portal(processes, env)
        manage(env, "subscribe_webhook")
        start_worker(processes, env)
        wait_until_ready(env["PUBLIC_URL"])
        yield Sandbox(address)
    server.drop(name)


def _decide(sandbox: Sandbox, database: str, seconds: float, numbers: Iterator[int], report: Report) -> None:
    before, began = sandbox.ask("counts")["calls"], monotonic()
    said: dict[Any, datetime] = {}
    while monotonic() - began < seconds:
        number = next(numbers)
        said[customer_key(number)] = datetime.now(UTC)
        sandbox.ask(f"requests/{request_id(number)}/approve", {})
        sleep(EVERY)
    passed = monotonic() - began
    rate = (sandbox.ask("counts")["calls"] - before) / passed
    busiest = sandbox.busiest_second()
    took = _seen(database, said)
    missed = len(said) - len(took)
    report.figure("calls, by the hour", f"{rate * 3600:,.0f}", against=f"background may make {BACKGROUND * 3600:,}")
    report.figure("calls in the busiest second", str(busiest), against=f"at most {MOST}", met=busiest <= MOST)
    if took:
        report.figure(
            "verdict to page, by webhook, median",
            f"{median(took):.1f} s",
            against=f"{len(took)} verdicts, one a second",
        )
        report.figure(
            "95 of 100; the latest", f"{percentile(took, 0.95):.1f}; {max(took):.1f} s", against="beat looks every 2 s"
        )
    report.figure(f"not seen after {PATIENCE:.0f} s", str(missed), against="none", met=not missed)


def _seen(database: str, said: dict[Any, datetime]) -> list[float]:
    """Wait until each verdict stands here, and return after how many seconds it did."""
    give_up_at = monotonic() + PATIENCE
    with psycopg.connect(database, autocommit=True) as connection:
        while True:
            rows = connection.execute(SEEN, [list(said)]).fetchall()
            if len(rows) == len(said) or monotonic() > give_up_at:
                return [(at - said[customer]).total_seconds() for customer, at in rows]
            sleep(0.5)


def _change(database: str, statement: str, *parameters: Any) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(statement, parameters)
        connection.execute("VACUUM ANALYZE customers_enablementrequest")
