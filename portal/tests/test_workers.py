from itertools import pairwise
from uuid import uuid4

import psutil
import pytest

from portal import workers
from portal.models import QUEUES
from portal.testing import Stack, eventually
from portal.tests.registering import is_registered, register
from portal.tests.visitor import Visitor
from portal.workers import WORKERS, Supervisor


def test_each_queue_has_one_worker() -> None:
    served = [queue for arguments in WORKERS.values() for queue in arguments[1].split(",")]

    assert sorted(served) == sorted(QUEUES)


def test_a_worker_that_keeps_ending_is_started_ever_more_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    started: list[float] = []

    def start(_: str) -> int:
        started.append(now)
        return len(started)

    supervisor = Supervisor({"people": ()})
    monkeypatch.setattr(workers, "monotonic", lambda: now)
    monkeypatch.setattr(workers, "_has_ended", lambda pid: True)
    monkeypatch.setattr(supervisor, "_fork", start)

    for _ in range(200):
        for child in supervisor._children:
            supervisor._look_after(child)
        now += 0.5

    pauses = [later - earlier for earlier, later in pairwise(started)]
    assert pauses[:3] == sorted(pauses[:3])
    assert pauses[0] < 2
    assert max(pauses) <= 31


@pytest.mark.processes
@pytest.mark.xdist_group("workers")
def test_workers_that_were_killed_are_started_again_and_do_what_waits(stack: Stack) -> None:
    supervisor = psutil.Process(stack.running["worker"].pid)
    killed = eventually(lambda: len(supervisor.children()) == len(WORKERS) and supervisor.children())

    for child in killed:
        child.kill()
    path = register(Visitor(stack.url, name="officer"), f"{uuid4().hex}@example.com")

    eventually(lambda: is_registered(stack, path))
    assert not {child.pid for child in killed} & {child.pid for child in supervisor.children()}
