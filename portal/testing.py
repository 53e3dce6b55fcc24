"""Starts the whole portal for tests: real processes on free ports, with a database and a sandbox of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from portal.env import DEMO_VALUES

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PATIENCE = 30.0  # seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(check: Callable[[], Any], *, within: float = PATIENCE) -> Any:
    """Return the first true value of `check`; fail when none comes in time."""
    pause = threading.Event()
    give_up_at = time.monotonic() + within
    while not (value := check()):
        assert time.monotonic() < give_up_at, f"waited {within} s in vain"
        pause.wait(0.05)
    return value


class Stack:
    """Sandbox, web server, worker and beat on a database of their own."""

    def __init__(
        self, folder: Path, *, database_url: str, sandbox_database_url: str, is_migrated: bool = False
    ) -> None:
        self.folder = folder
        self.is_migrated = is_migrated
        self.database_url = database_url
        port, sandbox_port = free_port(), free_port()
        self.url, self.sandbox_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}"
        self.env = {
            **os.environ,
            "DEMO": "1",
            "VAR_DIR": str(folder),
            "DATABASE_URL": database_url,
            "SANDBOX_DATABASE_URL": sandbox_database_url,
            "PORT": str(port),
            "SANDBOX_PORT": str(sandbox_port),
            "PUBLIC_URL": self.url,
            "CRYPTOMATE_API_URL": self.sandbox_url,
            "WEB_PROCESSES": "1",
            "REVEAL_SECONDS": "5",
            "CELERY_BROKER_URL": _own_broker(),
        }
        self.commands = {
            "sandbox": [sys.executable, "-m", "sandbox", "--port", str(sandbox_port)],
            "web": [f"{BIN}/gunicorn", "portal.wsgi", "--config=python:portal.gunicorn", f"--bind=127.0.0.1:{port}"],
            "worker": [sys.executable, "-m", "portal.workers"],
            "beat": [f"{BIN}/celery", "--app", "portal", "beat", "--loglevel", "WARNING", "--pidfile="],
        }  # fmt: skip
        # What tests type and what opens doors. A test that makes another secret adds it.
        self.private = {"mjuliabarber", "Barber", "27123456", "AB1234567", "1168860622", "Florida 9860", "1984-11-21"}
        self.private |= {value for name, value in DEMO_VALUES.items() if name.endswith(("KEY", "KEYS"))}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        if not self.is_migrated:
            self.manage("migrate", "--verbosity", "0")
        self.manage("create_demo_people")
        for name in self.commands:
            self.run(name)
        eventually(lambda: answers(f"{self.sandbox_url}/health") and answers(f"{self.url}/healthz"))
        self.manage("prepare_demo")

    def run(self, name: str) -> None:
        self._begin(name, self.commands[name], self.env)

    def _begin(self, name: str, command: list[str], env: dict[str, str]) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        self.running[name] = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True
        )

    def run_web(self, name: str, **settings: str) -> str:
        """Start one more web server on the same data, with other settings; return its address once it answers."""
        port = free_port()
        command = [*self.commands["web"][:-1], f"--bind=127.0.0.1:{port}"]
        env = {**self.env, "PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}", **settings}
        self._begin(name, command, env)
        eventually(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        return env["PUBLIC_URL"]

    def leaks(self) -> list[tuple[str, str]]:
        """Return what of `private` stands in a log of ours: the sandbox is the provider's side."""
        logs = [path for path in self.folder.glob("*.log") if path.stem != "sandbox"]
        return [
            (log.name, word) for log in logs for word in sorted(self.private) if word in log.read_text(errors="replace")
        ]

    def stop(self, name: str, *, sign: signal.Signals = signal.SIGTERM) -> None:
        """Stop one process and its children and wait until it is gone; SIGKILL is how a machine fails."""
        process = self.running.pop(name)
        os.killpg(process.pid, sign)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def stop_all(self) -> None:
        for name in list(self.running):
            self.stop(name)

    def manage(self, *command: str, **settings: str) -> None:
        env = {**self.env, **settings}
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True, capture_output=True)

    def console(self, method: str, path: str, body: Any = None) -> Any:
        """Call the sandbox's console."""
        request = urllib.request.Request(
            f"{self.sandbox_url}/console/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=15) as answer:
            return json.loads(answer.read() or b"null")

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Read the portal's database as it stands."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query, parameters).fetchall()

    def change(self, query: str, *parameters: Any) -> None:
        """Change the portal's database, to let time pass."""
        with psycopg.connect(self.database_url) as connection:
            connection.execute(query, parameters)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


def _own_broker() -> str:
    """Give each xdist worker a Redis database of its own, where the run uses Redis."""
    broker = os.environ.get("CELERY_BROKER_URL", "")
    if not broker.startswith("redis"):
        return broker
    number = 10 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0) % 6
    return f"{broker.rpartition('/')[0]}/{number}"
