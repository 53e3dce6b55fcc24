"""dj-stripe's webhook endpoint, from PyPI, on the same server and the same PostgreSQL."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from time import time

from portal.benches._deliveries import new_run, purchase_data
from portal.benches._load import Request
from portal.benches._postgres import FOLDER, Server
from portal.benches._processes import Processes, start_other

SITE = Path(__file__).parent / "dj_stripe"
ENVIRONMENT = FOLDER / "dj-stripe"
SECRET = "whsec_for_a_bench_alone"  # noqa: S105 - it guards nothing
PATH = "/stripe/webhook/5f0d9f0e-0d0b-4c57-9d5c-3d4a1b0d7c11/"


def start(processes: Processes, server: Server, *, workers: int) -> str:
    """Serve dj-stripe's endpoint with an empty database and return its address, or "" where it cannot be installed."""
    if not _is_installed():
        return ""
    env = {
        **os.environ,
        "DATABASE_URL": server.create("bench_dj_stripe"),
        "BENCH_STRIPE_SECRET": SECRET,
        "PYTHONPATH": str(SITE),
    }
    _run(f"{ENVIRONMENT}/bin/python", str(SITE / "stripe_site.py"), env=env)
    bin_dir = ENVIRONMENT / "bin"
    return start_other(processes, "dj-stripe", env, "stripe_site:application", workers=workers, bin_dir=bin_dir)


def events() -> Iterator[Request]:
    """Return signed Stripe events without end; the same data as the portal gets, in Stripe's envelope."""
    run = new_run()
    for number in count():
        mark = f"evt_{run}_{number}"
        event = {
            "id": mark,
            "object": "event",
            "api_version": "2026-05-27.dahlia",
            "created": int(time()),
            "livemode": False,
            "type": "issuing_authorization.created",
            "data": {"object": purchase_data(number, mark)},
        }
        body = json.dumps(event).encode()
        yield Request(PATH, _signature(body), body, mark=mark)


def _signature(body: bytes) -> bytes:
    moment = int(time())
    signed = hmac.new(SECRET.encode(), b"%d.%b" % (moment, body), hashlib.sha256).hexdigest()
    return f"Stripe-Signature: t={moment},v1={signed}\r\n".encode()


def _is_installed() -> bool:
    wanted = (SITE / "requirements.txt").read_text()
    note = ENVIRONMENT / ".installed"
    if note.exists() and note.read_text() == wanted:
        return True
    wanted_from = ["-r", str(SITE / "requirements.txt")]
    try:
        _run(sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT))
        _run(f"{ENVIRONMENT}/bin/pip", "install", "--quiet", "--quiet", "--disable-pip-version-check", *wanted_from)
    except subprocess.CalledProcessError:
        return False
    note.write_text(wanted)
    return True


def _run(*command: str, env: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, env=env)  # noqa: S603 - our own commands
