import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
import requests
from psycopg import sql

from sandbox.testing import ROOT, SandboxProcess
from sandbox.tests.making import CLIENTS, MARIA, Provider
from sandbox.tests.receiver import Receiver

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def own_database(database_url_for: Callable[[str], str]) -> str:
    return database_url_for("sandbox_process")


@pytest.fixture
def own_process(own_database: str) -> Iterator[SandboxProcess]:
    """A sandbox that the test may end."""
    with SandboxProcess(own_database) as process:
        process.console("POST", "/console/reset")
        yield process


def start(port: int, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", str(port)],
        cwd=ROOT,
        env={name: value for name, value in (os.environ | environment).items() if value},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_it_stops_at_once_and_cleanly(own_process: SandboxProcess) -> None:
    requests.get(f"{own_process.url}/health", timeout=5)
    started = time.monotonic()

    code = own_process.stop()

    assert code == 0
    assert time.monotonic() - started < 3
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{own_process.url}/health", timeout=1)


def test_a_hanging_call_does_not_keep_it_from_stopping(own_process: SandboxProcess) -> None:
    own_process.console("POST", "/console/faults", {"kind": "hang", "path": CLIENTS, "seconds": 60})
    with pytest.raises(requests.ReadTimeout):
        requests.get(own_process.url + CLIENTS, headers={"x-api-key": "demo-api-key"}, timeout=0.2)
    started = time.monotonic()

    own_process.stop()

    assert time.monotonic() - started < 4


def test_what_was_not_delivered_before_a_crash_is_delivered_after_it(
    own_process: SandboxProcess, receiver: Receiver
) -> None:
    provider = Provider(own_process)
    provider.subscribe(receiver.url)
    provider.settings(pause_deliveries=True)
    client_id = provider.active_client()

    own_process.kill()
    own_process.start()
    provider.settings(pause_deliveries=False)

    [webhook] = receiver.wait_for(1)
    assert webhook.body["operation_id"] == client_id
    assert provider.api("GET", f"{CLIENTS}/{client_id}").json()["status"] == "active"


def test_a_crash_in_the_middle_of_a_delivery_repeats_it(own_process: SandboxProcess, receiver: Receiver) -> None:
    provider = Provider(own_process)
    provider.subscribe(receiver.url)
    receiver.is_stalling = True
    provider.active_client()
    assert receiver.stalled.wait(5)

    own_process.kill()
    receiver.is_stalling = False
    own_process.start()

    first, second = receiver.wait_for(2)
    assert first.body == second.body


def test_a_busy_port_is_named(own_process: SandboxProcess) -> None:
    refused = start(own_process.port, SANDBOX_DATABASE_URL=own_process.database_url)

    assert refused.returncode == 1
    assert f"Port {own_process.port} is in use" in refused.stderr
    assert requests.get(f"{own_process.url}/health", timeout=5).ok


def test_a_missing_database_address_is_named() -> None:
    refused = start(0, SANDBOX_DATABASE_URL="")

    assert refused.returncode == 1
    assert "Set SANDBOX_DATABASE_URL" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_server_that_is_not_there_is_named() -> None:
    refused = start(0, SANDBOX_DATABASE_URL="postgres://nobody@127.0.0.1:1/sandbox")

    assert refused.returncode == 1
    assert "PostgreSQL says" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_it_makes_its_own_database(database_url_for: Callable[[str], str]) -> None:
    address = database_url_for("sandbox_missing")
    server, _, name = address.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))

    with SandboxProcess(address) as process:
        assert process.api("POST", CLIENTS, json=MARIA).status_code == 201


def test_another_key_can_be_demanded(own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.testing.API_KEY", "another-key")
    with SandboxProcess(own_database) as process:
        answers = [
            requests.get(f"{process.url}{CLIENTS}", headers={"x-api-key": key}, timeout=5).status_code
            for key in ("demo-api-key", "another-key")
        ]

    assert answers == [401, 200]
