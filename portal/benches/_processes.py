"""The processes a bench starts, as production has them: no DEBUG, no DEMO, gunicorn, a worker and beat."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep

from portal import gunicorn
from portal.benches._postgres import FOLDER
from portal.env import DEMO_VALUES
from portal.testing import free_port

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PATIENCE = 60.0  # seconds
NOBODY = "http://127.0.0.1:9"  # the provider of a bench: nothing leaves this machine


class Processes:
    """Starts processes under names, and ends them all when the block ends."""

    def __init__(self) -> None:
        self._commands: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._running):
            self.end(name, signal.SIGTERM)

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._commands[name] = (command, env)
        self._run(name)

    def end(self, name: str, sign: signal.Signals) -> None:
        process = self._running.pop(name)
        _signal_group(process, sign)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            _signal_group(process, signal.SIGKILL)
            process.wait(10)

    def kill(self, name: str) -> None:
        """End a process as a failing machine does, and start it again as a supervisor does."""
        self.end(name, signal.SIGKILL)
        self._run(name)

    def freeze(self, name: str) -> None:
        _signal_group(self._running[name], signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        _signal_group(self._running[name], signal.SIGCONT)

    def revive(self) -> list[str]:
        """Start again what has ended by itself, as a supervisor does; return its names."""
        ended = [name for name, process in self._running.items() if process.poll() is not None]
        for name in ended:
            self._run(name)
        return ended

    def _run(self, name: str) -> None:
        command, env = self._commands[name]
        FOLDER.mkdir(parents=True, exist_ok=True)
        with (FOLDER / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own commands
                command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True
            )


def portal_env(database_url: str, **more: str) -> dict[str, str]:
    """Return the environment of a portal in production, with keys that open what the generator sealed."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"DEBUG", "DEMO"}}
    folder = FOLDER / "run"
    for part in ("static", "broker/queue", "broker/control"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    own = {
        "DATABASE_URL": database_url,
        "VAR_DIR": str(folder),
        "CRYPTOMATE_API_URL": NOBODY,
        "PUBLIC_URL": "https://portal.example.com",
        "TRUST_FORWARDED_PROTO": "1",
        "CELERY_BROKER_URL": "",
        "LOG_LEVEL": "ERROR",
    }
    return inherited | DEMO_VALUES | own | more


def start_portal(processes: Processes, env: Mapping[str, str], *, name: str = "web") -> str:
    """Start the portal's web server and return its address once each of its processes has the application ready."""
    address = _start_gunicorn(processes, name, env, BIN, "portal.wsgi", "--config=python:portal.gunicorn")
    for _ in range(8):
        _answer(f"{address}/healthz")
    return address


def start_other(
    processes: Processes,
    name: str,
    env: Mapping[str, str],
    application: str,
    *,
    workers: int = gunicorn.workers,
    bin_dir: Path = BIN,
) -> str:
    """Start another application on the server that the portal has, without what the portal adds to it."""
    alike = [
        f"--workers={workers}",
        f"--threads={gunicorn.threads}",
        f"--worker-class={gunicorn.worker_class}",
        f"--timeout={gunicorn.timeout}",
        f"--log-level={gunicorn.loglevel}",
        "--no-control-socket",
    ]
    if gunicorn.worker_tmp_dir:
        alike.append(f"--worker-tmp-dir={gunicorn.worker_tmp_dir}")
    return _start_gunicorn(processes, name, env, bin_dir, application, *alike)


def _start_gunicorn(processes: Processes, name: str, env: Mapping[str, str], bin_dir: Path, *arguments: str) -> str:
    port = free_port()
    processes.start(name, [f"{bin_dir}/gunicorn", *arguments, f"--bind=127.0.0.1:{port}"], env)
    _wait_for_port(port)
    return f"http://127.0.0.1:{port}"


def start_worker(processes: Processes, env: Mapping[str, str]) -> None:
    processes.start("worker", [f"{BIN}/python", "-m", "portal.workers"], env)
    beat = [f"{BIN}/celery", "--quiet", "--app", "portal", "beat", "--loglevel", "WARNING", "--pidfile="]
    processes.start("beat", beat, env)


def start_sandbox(processes: Processes, env: Mapping[str, str]) -> str:
    """Start the provider's stand-in on the database of `SANDBOX_DATABASE_URL`; return its address once it answers."""
    port = free_port()
    processes.start("sandbox", [sys.executable, "-m", "sandbox", "--port", str(port)], env)
    _wait_for_port(port)
    return f"http://127.0.0.1:{port}"


def wait_until_ready(address: str) -> None:
    """Wait until workers, beat, broker and database do their work, by the portal's own word."""
    give_up_at = monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=PATIENCE).close()  # noqa: S310 - our own process
        except urllib.error.HTTPError:
            if monotonic() > give_up_at:
                raise
            sleep(0.5)
        else:
            return


def start_broker(processes: Processes) -> str:
    """Start a Redis that keeps nothing and return its address; an empty one, so the folder, where there is none."""
    redis = shutil.which("redis-server")
    if redis is None:
        return ""
    port = free_port()
    processes.start("broker", [redis, "--port", str(port), "--save", "", "--appendonly", "no"], os.environ)
    _wait_for_port(port)
    return f"redis://127.0.0.1:{port}/0"


def manage(env: Mapping[str, str], *command: str) -> None:
    subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True)  # noqa: S603 - our own command


def _wait_for_port(port: int) -> None:
    give_up_at = monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if monotonic() > give_up_at:
                raise
            sleep(0.05)
        else:
            return


def _answer(url: str) -> None:
    try:
        urllib.request.urlopen(url, timeout=PATIENCE).close()  # noqa: S310 - our own processes
    except urllib.error.HTTPError as error:
        error.close()


def _signal_group(process: subprocess.Popen[bytes], sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, sign)
