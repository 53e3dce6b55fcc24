"""A web server that keeps what it is sent and answers what it is told to."""

import json
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Self

WAIT_SECONDS = 10


@dataclass(frozen=True)
class Received:
    headers: Message
    body: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.body["event_type"])


class Receiver:
    def __init__(self) -> None:
        self.received: list[Received] = []
        self.statuses: deque[int] = deque()
        self.answer: Any = {"response_code": "OK"}
        self.stalled = Event()
        self.released = Event()
        self.is_stalling = False

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/webhooks/"

    def kinds(self) -> list[str]:
        return [received.kind for received in self.received]

    def wait_for(self, count: int) -> list[Received]:
        deadline = time.monotonic() + WAIT_SECONDS
        while len(self.received) < count and time.monotonic() < deadline:
            time.sleep(0.005)
        assert len(self.received) >= count, f"{len(self.received)} webhooks came: {self.kinds()}"
        return self.received

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(Received(self.headers, json.loads(body)))
                if receiver.is_stalling:
                    receiver.stalled.set()
                    receiver.released.wait(WAIT_SECONDS)
                with suppress(ConnectionError):  # whoever was stalled has left
                    self._answer(receiver.statuses.popleft() if receiver.statuses else 200)

            def _answer(self, status: int) -> None:
                content = json.dumps(receiver.answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Keep the test output clean."""

        return Handler
