import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import repeat

import pytest

from portal.benches._load import NO_ANSWER, Request, arrivals, as_fast_as_it_goes, on_schedule, until_all_are_taken
from portal.benches._report import percentile

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
REQUEST = Request("/", b"", b"{}")

Answering = Callable[[asyncio.Transport], None]


class _Serving(asyncio.Protocol):
    """Answers each whole request as the test says."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._received.endswith(b"\r\n\r\n{}"):
            self._received = b""
            self._answering(self._transport)


@asynccontextmanager
async def serving(answering: Answering) -> AsyncIterator[str]:
    server = await asyncio.get_running_loop().create_server(lambda: _Serving(answering), "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def answer(transport: asyncio.Transport) -> None:
    transport.write(OK)


def test_a_request_that_came_during_a_stall_counts_the_wait_since_it_was_due() -> None:
    async def run() -> list[float]:
        loop, came = asyncio.get_running_loop(), list[float]()

        def answer_after_the_stall(transport: asyncio.Transport) -> None:
            came.append(loop.time())
            loop.call_at(came[0] + 0.3, transport.write, OK)

        async with serving(answer_after_the_stall) as address:
            answers = await on_schedule(address, [(due / 10, REQUEST) for due in range(3)])
        return [each.took for each in answers]

    first, second, third = asyncio.run(run())

    assert first > 0.28
    assert 0.18 < second < first
    assert 0.08 < third < second


def test_answers_are_read_whole_however_they_arrive() -> None:
    async def run() -> tuple[int, bytes]:
        def drip(transport: asyncio.Transport) -> None:
            for number, byte in enumerate(OK):
                asyncio.get_running_loop().call_later(number / 1000, transport.write, bytes([byte]))

        async with serving(drip) as address:
            (found,) = await on_schedule(address, [(0, REQUEST)])
        return found.status, found.body

    assert asyncio.run(run()) == (200, b"OK")


def test_a_connection_the_server_closed_is_replaced() -> None:
    async def run() -> list[int]:
        def answer_once(transport: asyncio.Transport) -> None:
            transport.write(OK)
            transport.close()

        async with serving(answer_once) as address:
            answers = await on_schedule(address, [(0, REQUEST), (0.1, REQUEST)])
        return [each.status for each in answers]

    assert asyncio.run(run()) == [200, 200]


def test_no_server_is_no_answer() -> None:
    async def run() -> int:
        async with serving(answer) as address:
            pass
        (found,) = await on_schedule(address, [(0, REQUEST)])
        return found.status

    assert asyncio.run(run()) == NO_ANSWER


def test_throughput_counts_answers() -> None:
    async def run() -> tuple[float, int]:
        async with serving(answer) as address:
            rate, answers = await as_fast_as_it_goes(address, repeat(REQUEST), clients=2, seconds=0.2)
        return rate, len(answers)

    rate, answers = asyncio.run(run())

    assert answers > 2
    assert rate == pytest.approx(answers / 0.2, rel=0.5)


def test_what_is_not_taken_is_sent_again() -> None:
    async def run() -> tuple[int, list[int]]:
        answers = iter([BUSY, BUSY])
        progress: list[int] = []

        def refuse_twice(transport: asyncio.Transport) -> None:
            transport.write(next(answers, OK))

        async def note(taken: int) -> None:
            progress.append(taken)

        async with serving(refuse_twice) as address:
            repeated = await until_all_are_taken(address, [REQUEST] * 3, clients=1, again_after=0, on_progress=note)
        return repeated, progress

    assert asyncio.run(run()) == (2, [1, 2, 3])


def test_arrivals_are_as_many_as_asked_for_and_the_same_each_time() -> None:
    moments = list(arrivals(rate=150, seconds=20))

    assert len(moments) == pytest.approx(3000, rel=0.1)
    assert moments == sorted(moments)
    assert moments[-1] < 20
    assert moments == list(arrivals(rate=150, seconds=20))


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (0.999, 100), (1, 100)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: int) -> None:
    assert percentile(range(1, 101), share) == value
