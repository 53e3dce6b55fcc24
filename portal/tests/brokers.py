"""The brokers a test can find on this machine, each with a way to make it stand still."""

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from kombu import Connection

from portal import folder_broker
from portal.testing import eventually, free_port

RABBITMQ = os.environ.get("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672")


@dataclass(frozen=True)
class Broker:
    url: str
    freeze: Callable[[], None]
    thaw: Callable[[], None]
    crash: Callable[[], None]  # connections break, messages may be gone
    come_back: Callable[[], None]


def nothing() -> None:
    """A folder does not stand still."""


@contextmanager
def folder() -> Iterator[Broker]:
    yield Broker("", nothing, nothing, nothing, nothing)


@contextmanager
def redis() -> Iterator[Broker]:
    """Start a Redis of the test's own."""
    executable = shutil.which("redis-server")
    if executable is None:
        pytest.skip("no redis-server is installed")
    command = [executable, "--port", str(port := free_port()), "--bind", "127.0.0.1", "--save", ""]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL)]

    def crash() -> None:
        running[0].kill()
        running[0].wait(10)

    def come_back() -> None:
        running[0] = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    eventually(lambda: _listens(port))
    try:
        yield Broker(
            f"redis://127.0.0.1:{port}/0",
            lambda: running[0].send_signal(signal.SIGSTOP),
            lambda: running[0].send_signal(signal.SIGCONT),
            crash,
            come_back,
        )
    finally:
        crash()


@contextmanager
def rabbitmq() -> Iterator[Broker]:
    """Use the RabbitMQ that runs: a virtual host of the test's own, through a wire that can be made to hold still."""
    parts = urlsplit(RABBITMQ)
    control = shutil.which("rabbitmqctl")
    if control is None or not _listens(parts.port or 5672, parts.hostname or "127.0.0.1"):
        pytest.skip(f"no RabbitMQ listens at {parts.hostname}:{parts.port}, or rabbitmqctl is not there")
    place = f"test-{uuid4().hex}"
    _run(control, "add_vhost", place)
    try:
        _run(control, "set_permissions", "-p", place, parts.username or "guest", ".*", ".*", ".*")
        with Wire((parts.hostname or "127.0.0.1", parts.port or 5672)) as wire:
            url = f"amqp://{parts.username}:{parts.password}@127.0.0.1:{wire.port}/{place}"
            yield Broker(url, wire.hold, wire.let_go, wire.cut, nothing)
    finally:
        _run(control, "delete_vhost", place)


def purge(url: str, folder: Path, queues: tuple[str, ...]) -> None:
    """Lose every message that waits."""
    if not url:
        for message in (folder / "broker" / "queue").glob("*.msg"):
            message.unlink(missing_ok=True)
        return
    folder_broker.register()
    with Connection(url) as connection:
        for queue in queues:
            connection.SimpleQueue(queue).clear()


class Wire:
    """Passes bytes on between a port of its own and another, until it is told to hold them."""

    def __init__(self, end: tuple[str, int]) -> None:
        self._end = end
        self._flows = threading.Event()
        self._flows.set()
        self._sockets: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]

    def __enter__(self) -> "Wire":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()
        self._door.close()
        self.cut()

    def hold(self) -> None:
        self._flows.clear()

    def let_go(self) -> None:
        self._flows.set()

    def cut(self) -> None:
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._door.accept()
                there = socket.create_connection(self._end)
                self._sockets += [here, there]
                for pair in ((here, there), (there, here)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(65536):
                self._flows.wait()
                target.sendall(content)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def _listens(port: int, host: str = "127.0.0.1") -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=30)
