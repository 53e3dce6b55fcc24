"""What tests let the provider say, over a socket or as if it had been heard."""

import http.server
from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils import timezone

from cryptomate import Client, Exchange
from provider import circuit
from provider.client import hear
from provider.models import Circuit


class Provider(http.server.BaseHTTPRequestHandler):
    """Answers every call with the status that was set."""

    status, asked, port = 200, 0, 0
    headers_sent: ClassVar[Mapping[str, str]] = {}

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(self.status)
        for name, value in self.headers_sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"[]" if self.status == 200 else b'{"code": "SOME", "message": "No", "trace_id": "trace-5"}')

    do_POST = do_GET  # noqa: N815 - the name is the library's

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def client_at(port: int) -> Client:
    return Client(url=f"http://127.0.0.1:{port}", api_key="k", observe=hear, timeout=(1, 1))


def said(status: int | None, *, code: str = "", retry_after: float | None = None) -> None:
    """Let an exchange be heard that ended so."""
    hear(
        Exchange(
            method="GET", endpoint="/x", path="/x", status=status, code=code, trace_id="trace-5", duration_ms=1,
            error="", retry_after=retry_after, shape=frozenset(),
        )
    )  # fmt: skip


def open_circuit(status: int | None = None) -> None:
    for _ in range(circuit.FAILURES):
        said(status)


def seconds_until(column: str) -> float:
    moment = getattr(Circuit.objects.get(), column)
    return float((moment - timezone.now()).total_seconds())


def make_probe_due() -> None:
    Circuit.objects.update(probe_at=timezone.now())
