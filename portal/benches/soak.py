"""Let everything go wrong by a seed while people work, then compare the portal and the sandbox row by row."""

import argparse
import random
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic, time_ns

from portal.benches._actors import Actor
from portal.benches._in_step import compare
from portal.benches._mischief import Mischief
from portal.benches._postgres import FOLDER, Server
from portal.benches._report import Report, describe_machine, say
from portal.specimens import specimen
from portal.testing import Stack, free_port

PHOTOS = 4
SHOWN = 40  # differences
SETTLING = 600.0  # seconds at most
# In a soak of minutes there is no time for hours: whatever would be due later is due now, and a person looks again.
TIME_PASSES = (
    "UPDATE provider_providercall SET next_attempt_at = now() WHERE state IN ('WANTED', 'SENT', 'UNKNOWN')",
    "UPDATE customers_enablementrequest SET next_sync_at = now() WHERE next_sync_at IS NOT NULL",
    "UPDATE cards_cardclock SET next_poll_at = now()",
)
BUSY = """
SELECT
    (SELECT count(*) FROM provider_providercall WHERE state IN ('WANTED', 'SENT', 'UNKNOWN')),
    (SELECT count(*) FROM webhooks_webhookevent WHERE next_attempt_at IS NOT NULL),
    (SELECT count(*) FROM cards_cardclock JOIN cards_card ON id = card_id
     WHERE issued_at < %s AND coalesce(polled_at, '-infinity') < %s),
    (SELECT count(*) FROM customers_enablementrequest
     WHERE next_sync_at IS NOT NULL AND coalesce(synced_at, '-infinity') < %s),
    (SELECT count(*) < %s FROM customers_comparison WHERE state = 'DONE')
"""


def main() -> None:
    asked = _parser().parse_args()
    report = Report()
    server, provider = Server("soak", ours=True), Server("soak-sandbox", ours=True)
    describe_machine(server.describe())
    say(f"Seed {asked.seed}: {asked.seconds:.0f} s, {asked.actors} actors, {asked.broker} as broker")
    with _stack(server, provider, asked.broker) as stack:
        mischief = _work(stack, server, asked, report)
        took = _settle(stack, mischief)
        report.figure("settled after", f"{took:.0f} s", against=f"at most {SETTLING:.0f} s", met=took < SETTLING)
        _compare(stack, report)
    report.end()


@contextmanager
def _stack(server: Server, provider: Server, broker: str) -> Iterator[Stack]:
    folder = FOLDER / "soak-run"
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("broker/queue", "broker/control"):
        (folder / part).mkdir(parents=True)
    databases = server.create("bench_soak"), provider.create("bench_soak_sandbox")
    stack = Stack(folder, database_url=databases[0], sandbox_database_url=databases[1])
    stack.env |= {"COMPARISON_HOURS": "never", "CELERY_BROKER_URL": "", "LOG_LEVEL": "WARNING"}
    if broker == "redis":
        port = free_port()
        stack.env["CELERY_BROKER_URL"] = f"redis://127.0.0.1:{port}/0"
        redis = [str(shutil.which("redis-server")), "--port", str(port), "--save", "", "--appendonly", "no"]
        stack.commands = {"broker": redis, **stack.commands}
    try:
        stack.start()
        yield stack
    finally:
        stack.stop_all()


def _work(stack: Stack, server: Server, asked: argparse.Namespace, report: Report) -> Mischief:
    did: Counter[str] = Counter()
    mischief = Mischief(stack, server, random.Random(f"{asked.seed} mischief"))  # noqa: S311 - the same each time
    photos = [
        specimen(title="PASSPORT", name="MARIA BARBER", number=f"AB{take:07}", take=take) for take in range(PHOTOS)
    ]
    stopping = threading.Event()
    works = [mischief.make_until]
    for number in range(asked.actors):
        chance = random.Random(f"{asked.seed} actor {number}")  # noqa: S311 - the same each time
        works.append(Actor(f"a{number}", stack, chance, photos, did, mischief.is_upset).act_until)
    threads = [threading.Thread(target=work, args=[stopping], daemon=True) for work in works]
    for thread in threads:
        thread.start()
    stopping.wait(asked.seconds)
    stopping.set()
    for thread in threads:
        thread.join(120)
    report.title("What people did, and what went wrong meanwhile")
    for counter in (did, mischief.done):
        for what, times in sorted(counter.items()):
            report.figure(what, str(times))
    failed = did["answered 500"]
    report.figure("answered 500 while all of ours was up", str(failed), against="none", met=not failed)
    return mischief


def _settle(stack: Stack, mischief: Mischief) -> float:
    """Mend everything and let time pass until nothing is under way; return how many seconds that took.

    Hours pass, then a night in which the portal compares itself with the provider: a word that it takes back, of which
    the webhook is lost, is found by nothing else. Then hours again, for what was carried out meanwhile.
    """
    began = monotonic()
    mischief.mend()
    stack.console("POST", "wait-idle", {"seconds": 60})
    for nights in (0, 1, 1):
        stack.stop("worker")  # while hours pass, nobody is in the middle of anything
        if nights:
            hour = datetime.now(UTC).hour
            stack.env["COMPARISON_HOURS"] = f"{hour}-{(hour + 2) % 24}"
        for statement in TIME_PASSES:
            stack.change(statement)
        (since,) = stack.rows("SELECT now()")[0]
        stack.run("worker")
        _wait_for_peace(stack, since, nights=nights, until=began + SETTLING)
    return monotonic() - began


def _wait_for_peace(stack: Stack, since: datetime, *, nights: int, until: float) -> None:
    pause = threading.Event()
    while monotonic() < until:
        if not any(stack.rows(BUSY, since, since, since, nights)[0]) and stack.console("POST", "wait-idle", {})["idle"]:
            return
        pause.wait(2)


def _compare(stack: Stack, report: Report) -> None:
    compared, differences = compare(stack.env)
    report.title("The portal and the sandbox, row by row")
    for what, number in compared.items():
        report.figure(what, f"{number:,}")
    report.figure("differences", str(len(differences)), against="none", met=not differences)
    for difference in differences[:SHOWN]:
        report.note(difference)


def _parser() -> argparse.ArgumentParser:
    brokers = ["redis", "folder"] if shutil.which("redis-server") else ["folder"]
    parser = argparse.ArgumentParser(prog="script/bench soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", default=f"{time_ns() % 1_000_000}", help="the same faults and choices again")
    parser.add_argument("--actors", type=int, default=4)
    parser.add_argument("--broker", choices=brokers, default=brokers[0])
    return parser


if __name__ == "__main__":
    main()
