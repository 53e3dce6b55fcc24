"""Runs the whole portal on one machine: database, sandbox, web server, worker, beat. Ctrl-C stops them all."""

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import psycopg
from honcho.manager import Manager

from portal import embedded

PORTS = {"the portal": ("PORT", "8000"), "the sandbox": ("SANDBOX_PORT", "8001")}
READY_AFTER = 90  # seconds
BIN = Path(sys.executable).parent


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    _check_ports()
    _say("starting PostgreSQL" if not os.environ.get("DATABASE_URL") else "using the PostgreSQL of DATABASE_URL")
    embedded.start_if_needed(databases=("portal", "sandbox"))
    _check_database(os.environ["DATABASE_URL"])
    os.environ.setdefault("SANDBOX_DATABASE_URL", os.environ["DATABASE_URL"].rpartition("/")[0] + "/sandbox")
    _say("bringing the database up to date")
    _manage("migrate", "--verbosity", "0")
    _manage("create_demo_people")
    _say("starting the sandbox, the web server, the worker and beat")
    sys.exit(_run())


def _run() -> int:
    manager = Manager()
    for name, command in _processes().items():
        manager.add_process(name, command)
    threading.Thread(target=_greet, args=[manager], daemon=True).start()
    manager.loop()
    return 0 if manager.returncode in (None, 0, 130, 143, -signal.SIGINT, -signal.SIGTERM) else 1


def _processes() -> dict[str, str]:
    port, sandbox_port = (os.environ.get(variable, default) for variable, default in PORTS.values())
    return {
        "sandbox": f"{BIN}/python -m sandbox --port {sandbox_port}",
        "web": f"{BIN}/gunicorn portal.wsgi --config python:portal.gunicorn --bind 127.0.0.1:{port}",
        "worker": f"{BIN}/python -m portal.workers",
        "beat": f"{BIN}/celery --quiet --app portal beat --loglevel WARNING --pidfile=",
    }


def _greet(manager: Manager) -> None:
    """Wait until everything answers, fill in the sample customers, and say where to go."""
    port, sandbox_port = (os.environ.get(variable, default) for variable, default in PORTS.values())
    portal, sandbox = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}"
    if not (_answers(f"{sandbox}/health") and _answers(f"{portal}/healthz")):
        return
    try:
        _manage("seed_demo")
    except subprocess.CalledProcessError:
        _say("the sample customers could not be filled in: see above. The portal runs without them.")
    print(  # noqa: T201 - this is what the person waits for
        f"\n  Portal    {portal}\n  Sandbox   {sandbox}   (decide reviews, make purchases)\n\n"
        "  Sign in as officer, senior, support, auditor or admin; the password is demo.\n  Ctrl-C stops everything.\n",
        flush=True,
    )


def _answers(url: str) -> bool:
    pause = threading.Event()
    for _ in range(READY_AFTER * 5):
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own processes
                return True
        except (OSError, urllib.error.URLError):
            pause.wait(0.2)
    return False


def _check_ports() -> None:
    for what, (variable, default) in PORTS.items():
        port = int(os.environ.get(variable, default))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                sys.exit(
                    f"Port {port}, which {what} needs, is taken. Stop what uses it, or choose another: {variable}=…"
                )


def _check_database(address: str) -> None:
    try:
        psycopg.connect(address, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        sys.exit(f"The database of DATABASE_URL does not answer: {error}\nStart it, create it, or unset DATABASE_URL.")


def _manage(*command: str) -> None:
    subprocess.run([sys.executable, "manage.py", *command], check=True)  # noqa: S603 - our own command


def _say(text: str) -> None:
    print(f"• {text}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
