"""Real workers on each broker that can be found: what a click wants is done, whatever becomes of the messages."""

import signal
from collections.abc import Iterator
from time import time
from uuid import uuid4

import psutil
import pytest
import requests

from portal.models import QUEUES
from portal.testing import Stack, eventually
from portal.tests import brokers
from portal.tests.brokers import Broker
from portal.tests.registering import REGISTRATION, clients, is_registered, let_the_lease_run_out, register
from portal.tests.visitor import Visitor
from portal.workers import WORKERS

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("workers")]

ON_THE_BROKER = ("web", "worker", "beat")
AT_ONCE = 2  # seconds; a page that waited for a broker would take longer


@pytest.fixture(scope="module", params=["folder", "redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest, stack: Stack) -> Iterator[Broker]:
    """The stack, moved to this broker."""
    before = stack.env["CELERY_BROKER_URL"]
    with getattr(brokers, request.param)() as broker:
        move(stack, broker.url)
        try:
            yield broker
        finally:
            broker.thaw()
            move(stack, before)


def move(stack: Stack, url: str) -> None:
    if stack.env["CELERY_BROKER_URL"] != url:
        for name in ON_THE_BROKER:
            if name in stack.running:
                stack.stop(name, sign=signal.SIGKILL)
        stack.env["CELERY_BROKER_URL"] = url
    for name in stack.commands:
        if name not in stack.running:
            stack.run(name)


@pytest.fixture
def officer(broker: Broker, stack: Stack) -> Iterator[Visitor]:
    eventually(lambda: is_up(stack))
    yield Visitor(stack.url, name="officer")
    stack.console("DELETE", "faults")
    broker.thaw()
    for name in stack.commands:
        if name not in stack.running:
            stack.run(name)


def is_up(stack: Stack) -> bool:
    try:
        return requests.get(f"{stack.url}/healthz", timeout=5).ok
    except requests.RequestException:
        return False


def workers(stack: Stack) -> set[int]:
    return {child.pid for child in psutil.Process(stack.running["worker"].pid).children()}


def arrives(stack: Stack) -> bool:
    """Say whether the registration has come to the provider, which takes its time to answer."""
    return [fault["times"] for fault in stack.console("GET", "faults")] == [0]


def test_a_click_needs_no_beat(stack: Stack, officer: Visitor) -> None:
    stack.stop("beat")
    email = f"{uuid4().hex}@example.com"

    path = register(officer, email)

    eventually(lambda: is_registered(stack, path), within=10)
    assert clients(stack, email) == 1


def test_a_killed_workers_call_is_found_again_though_all_messages_are_lost(
    stack: Stack, broker: Broker, officer: Visitor
) -> None:
    email = f"{uuid4().hex}@example.com"
    stack.console("POST", "faults", {**REGISTRATION, "kind": "slow", "seconds": 1})

    path = register(officer, email)
    eventually(lambda: arrives(stack))
    stack.stop("worker", sign=signal.SIGKILL)
    brokers.purge(broker.url, stack.folder, QUEUES)
    let_the_lease_run_out(stack)
    stack.run("worker")

    eventually(lambda: is_registered(stack, path))
    assert clients(stack, email) == 1


def test_a_frozen_broker_keeps_neither_a_page_nor_a_delivery_waiting(
    stack: Stack, broker: Broker, officer: Visitor
) -> None:
    email = f"{uuid4().hex}@example.com"
    officer.see("/customers/new/")

    broker.freeze()
    started = time()
    path = register(officer, email)
    delivered = requests.post(
        f"{stack.url}/webhooks/cryptomate/",
        json={"product": "cards", "event_type": "x", "operation_id": uuid4().hex, "status": "success", "data": {}},
        headers={"X-Webhook-Key": "demo-webhook-key"},
        timeout=30,
    )
    took = time() - started
    broker.thaw()

    assert delivered.status_code == 200
    assert took < AT_ONCE
    eventually(lambda: is_registered(stack, path))
    assert clients(stack, email) == 1


def test_workers_outlast_a_broker_that_crashes_in_mid_task(stack: Stack, broker: Broker, officer: Visitor) -> None:
    stack.console("POST", "faults", {**REGISTRATION, "kind": "slow", "seconds": 1})

    before = eventually(lambda: len(found := workers(stack)) == len(WORKERS) and found)
    paths = [register(officer, f"{uuid4().hex}@example.com")]
    eventually(lambda: arrives(stack))
    broker.crash()
    paths.append(register(officer, f"{uuid4().hex}@example.com"))
    broker.come_back()

    eventually(lambda: all(is_registered(stack, path) for path in paths))
    assert workers(stack) == before
