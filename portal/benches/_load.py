"""An HTTP load generator: requests leave on a schedule, whether or not earlier ones were answered.

A request's time runs from the moment it was due, so that a stall is counted for everybody who came during it.
"""

import asyncio
import gc
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import time
from urllib.parse import urlsplit

PATIENCE = 10.0  # seconds; an issuer has long gone by then
NO_ANSWER = 0


@dataclass(frozen=True, slots=True)
class Request:
    """A POST: `head` is its header lines, `mark` what the bench knows it by."""

    path: str
    head: bytes
    body: bytes
    mark: str = ""
    card: int = -1


@dataclass(frozen=True, slots=True)
class Answer:
    request: Request
    due: float  # seconds after the load began
    took: float  # seconds
    status: int
    body: bytes

    @property
    def milliseconds(self) -> float:
        return self.took * 1000


class _Connection(asyncio.Protocol):
    """One connection kept open, one exchange at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport, self.is_open = transport, True

    def data_received(self, data: bytes) -> None:
        self._received += data
        answer = _parse(self._received)
        if answer and self._answer and not self._answer.done():
            self._answer.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if self._answer and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError())

    async def exchange(self, raw: bytes) -> tuple[int, bytes]:
        if self._transport is None or not self.is_open:
            raise ConnectionResetError
        self._received.clear()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(raw)
        return await self._answer

    def close(self) -> None:
        self.is_open = False
        if self._transport:
            self._transport.abort()


def _parse(received: bytearray) -> tuple[int, bytes] | None:
    head, found, body = bytes(received).partition(b"\r\n\r\n")
    if not found:
        return None
    lines = head.lower().split(b"\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
    return (int(lines[0][9:12]), body) if len(body) >= length else None


class Target:
    """A web server, and the connections to it that are open."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._idle: deque[_Connection] = deque()

    async def send(self, request: Request) -> tuple[int, bytes]:
        """Send and return status and body; status 0 where no answer came."""
        raw = self._raw(request)
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._send(raw)
        except (TimeoutError, OSError):
            return NO_ANSWER, b""

    async def _send(self, raw: bytes) -> tuple[int, bytes]:
        while self._idle:
            connection = self._idle.popleft()
            if connection.is_open:
                try:
                    return await self._exchange(connection, raw)
                except ConnectionError:
                    continue  # the server closed it for being idle, in the moment it was used
        _, connection = await asyncio.get_running_loop().create_connection(_Connection, self._host, self._port)
        return await self._exchange(connection, raw)

    async def _exchange(self, connection: _Connection, raw: bytes) -> tuple[int, bytes]:
        try:
            answer = await connection.exchange(raw)
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return answer

    def _raw(self, request: Request) -> bytes:
        return (
            f"POST {request.path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nX-Forwarded-Proto: https\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(request.body)}\r\n"
            f"X-Request-Timestamp: {int(time() * 1000)}\r\n"
        ).encode() + b"%b\r\n%b" % (request.head, request.body)

    def close(self) -> None:
        for connection in self._idle:
            connection.close()
        self._idle.clear()


def arrivals(*, rate: float, seconds: float, seed: int = 1) -> Iterator[float]:
    """Return moments as independent customers choose them: on average `rate` a second, now and then several at once."""
    chance = random.Random(seed)  # noqa: S311 - the same moments in every run
    moment = 0.0
    while (moment := moment + chance.expovariate(rate)) < seconds:
        yield moment


@contextmanager
def on_time() -> Iterator[None]:
    """Put off looking for garbage: it stops the generator for 90 ms now and then, which would count as the server's."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def on_schedule(address: str, schedule: Iterable[tuple[float, Request]]) -> list[Answer]:
    """Send each request at its moment and wait for the last answer only."""
    target = Target(address)
    loop = asyncio.get_running_loop()

    async def one(due: float, request: Request) -> Answer:
        status, body = await target.send(request)
        return Answer(request, due, loop.time() - began - due, status, body)

    tasks = []
    with on_time():
        began = loop.time()
        for due, request in schedule:
            if (early := began + due - loop.time()) > 0:
                await asyncio.sleep(early)
            tasks.append(asyncio.create_task(one(due, request)))
        answers = await asyncio.gather(*tasks)
    target.close()
    return answers


async def as_fast_as_it_goes(
    address: str, requests: Iterator[Request], *, clients: int, seconds: float
) -> tuple[float, list[Answer]]:
    """Let each client send its next request as soon as it has its answer; return answers a second, and the answers."""
    target = Target(address)
    loop = asyncio.get_running_loop()
    answers: list[Answer] = []

    async def client() -> None:
        while (sent := loop.time()) - began < seconds:
            request = next(requests)
            status, body = await target.send(request)
            answers.append(Answer(request, sent - began, loop.time() - sent, status, body))

    with on_time():
        began = loop.time()
        await asyncio.gather(*(client() for _ in range(clients)))
        took = loop.time() - began
    target.close()
    return len(answers) / took, answers


async def until_all_are_taken(
    address: str,
    requests: Iterable[Request],
    *,
    clients: int,
    again_after: float,
    on_progress: Callable[[int], Awaitable[None]],
) -> int:
    """Deliver each request until it is answered 200, as the provider does; return how many had to be sent again."""
    target = Target(address)
    waiting = deque(requests)
    taken = repeated = 0

    async def client() -> None:
        nonlocal taken, repeated
        while waiting:
            request = waiting.popleft()
            status, _ = await target.send(request)
            if status == 200:
                taken += 1
                await on_progress(taken)
            else:
                repeated += 1
                waiting.append(request)
                await asyncio.sleep(again_after)

    await asyncio.gather(*(client() for _ in range(clients)))
    target.close()
    return repeated
