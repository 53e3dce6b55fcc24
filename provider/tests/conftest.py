import http.server
import threading
from collections.abc import Iterator

import pytest

from provider import tasks
from provider.tests.talking import Provider, client_at


@pytest.fixture
def provider_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Provider]]:
    class handler(Provider):  # noqa: N801 - one of its own for each test
        """Starts from zero."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    handler.port = server.server_port
    client = client_at(handler.port)
    monkeypatch.setattr(tasks, "provider_client", lambda: client)
    yield handler
    server.shutdown()
    server.server_close()


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that a sweep hands to a worker."""
    woken: list[str] = []
    for name in ("probe", "carry_out"):
        monkeypatch.setattr(getattr(tasks, name), "apply_async", lambda *_, name=name, **__: woken.append(name))
    return woken
