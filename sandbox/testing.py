"""A sandbox of one's own, as a process, for tests."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import requests

ROOT = Path(__file__).resolve().parent.parent
API_KEY = "demo-api-key"
START_SECONDS = 30
STOP_SECONDS = 10


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class SandboxProcess:
    """`python -m sandbox` on a free port. Starting again after `kill` finds the port and the data again."""

    def __init__(self, database_url: str, port: int | None = None) -> None:
        self.database_url = database_url
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        # A group of its own, so that `kill` reaches the worker too.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--port", str(self.port)],
            cwd=ROOT,
            env={**os.environ, "SANDBOX_DATABASE_URL": self.database_url, "CRYPTOMATE_API_KEY": API_KEY},
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_healthy():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"The sandbox did not start on port {self.port}")
            time.sleep(0.05)

    def _is_healthy(self) -> bool:
        try:
            return self._session().get(f"{self.url}/health", timeout=2).ok
        except requests.RequestException:
            return False

    def stop(self) -> int:
        """Ask it to end and return its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """End it as a power cut would."""
        return self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        self._process = None
        if how == signal.SIGKILL:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, how)
        else:
            process.send_signal(how)
        return process.wait(STOP_SECONDS)

    def console(self, method: str, path: str, json: dict[str, Any] | None = None) -> Any:
        """Call the console, as in `console("POST", "/console/requests/<id>/approve")`, and return its JSON."""
        answer = self._session().request(method, self.url + path, json=json or {}, timeout=90)
        if not answer.ok:
            raise RuntimeError(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    def api(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Call the provider's API with the right key."""
        headers = {"x-api-key": API_KEY, **kwargs.pop("headers", {})}
        return self._session().request(method, self.url + path, headers=headers, timeout=30, **kwargs)

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        return session
