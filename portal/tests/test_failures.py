"""When processes die and answers get lost: real processes, real HTTP, and exactly one client at the provider."""

import re
import signal
from collections.abc import Iterator

import pytest

from portal.testing import Stack, eventually
from portal.tests.visitor import MARIA, Visitor

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("stack")]

REGISTRATION = {"method": "POST", "path": "/management/clients/individuals", "times": 1}


@pytest.fixture
def officer_at_work(stack: Stack) -> Iterator[Visitor]:
    yield Visitor(stack.url, name="officer")
    stack.console("DELETE", "faults")
    for name in stack.commands:
        if name not in stack.running:
            stack.run(name)


def register(visitor: Visitor, email: str) -> str:
    """Register a customer and return the path of the page that follows."""
    answer = visitor.send("/customers/new/", {**MARIA, "email": email})
    assert answer.ok
    path = answer.url.removeprefix(visitor.url)
    assert re.fullmatch(r"/customers/[0-9a-f-]{36}/", path), answer.text
    return path


def clients(stack: Stack, email: str) -> int:
    return sum(client["email"] == email for client in stack.console("GET", "state")["clients"])


def call_state(stack: Stack, path: str) -> str:
    found = stack.rows(
        "SELECT state FROM provider_providercall WHERE kind = 'REGISTER_CLIENT' AND customer_id = %s",
        path.split("/")[2],
    )
    return str(found[0][0])


def is_registered(stack: Stack, path: str) -> bool:
    return bool(stack.rows("SELECT 1 FROM customers_customer WHERE id = %s AND api_id IS NOT NULL", path.split("/")[2]))


def let_the_lease_run_out(stack: Stack) -> None:
    stack.change("UPDATE provider_providercall SET next_attempt_at = now() WHERE state IN ('SENT', 'UNKNOWN')")


def test_an_answer_that_never_comes_is_looked_up_and_the_page_says_so(stack: Stack, officer_at_work: Visitor) -> None:
    stack.console("POST", "faults", {**REGISTRATION, "kind": "drop_after"})
    stack.console(
        "POST",
        "faults",
        {"method": "GET", "path": "/management/clients/individuals", "kind": "drop_before", "times": 1},
    )

    path = register(officer_at_work, "dropped@example.com")
    eventually(lambda: call_state(stack, path) == "UNKNOWN")
    page = officer_at_work.see(path)
    eventually(lambda: is_registered(stack, path))

    assert "No answer yet" in page
    assert "No answer yet" not in officer_at_work.see(path)
    assert clients(stack, "dropped@example.com") == 1


def test_a_worker_killed_in_mid_registration_loses_and_repeats_nothing(stack: Stack, officer_at_work: Visitor) -> None:
    stack.console("POST", "faults", {**REGISTRATION, "kind": "slow", "seconds": 2})

    path = register(officer_at_work, "killed@example.com")
    eventually(lambda: [fault["times"] for fault in stack.console("GET", "faults")] == [0])  # it has arrived
    stack.stop("worker", sign=signal.SIGKILL)
    eventually(lambda: clients(stack, "killed@example.com") == 1)
    page = officer_at_work.see(path)
    let_the_lease_run_out(stack)
    stack.run("worker")
    eventually(lambda: is_registered(stack, path))

    assert "waiting for the answer" in page
    assert clients(stack, "killed@example.com") == 1


def test_while_the_provider_is_down_work_is_kept_and_sent_later(stack: Stack, officer_at_work: Visitor) -> None:
    stack.stop("sandbox")

    path = register(officer_at_work, "down@example.com")
    eventually(lambda: stack.rows(
        "SELECT 1 FROM provider_providercall WHERE customer_id = %s AND attempts > 0 AND state = 'WANTED'",
        path.split("/")[2],
    ))  # fmt: skip
    page = officer_at_work.see(path)
    stack.run("sandbox")
    stack.change("UPDATE provider_providercall SET next_attempt_at = now() WHERE state = 'WANTED'")
    eventually(lambda: is_registered(stack, path))

    # By then so many calls may have failed that nobody calls any more.
    assert "CryptoMate cannot be reached" in page or "CryptoMate is not answering" in page
    assert "Everything is kept" in page or "Your work is saved" in page
    assert clients(stack, "down@example.com") == 1


def test_work_done_while_the_worker_is_down_is_carried_out_when_it_is_back(
    stack: Stack, officer_at_work: Visitor
) -> None:
    stack.stop("worker")

    path = register(officer_at_work, "later@example.com")
    page = officer_at_work.see(path)
    stack.run("worker")
    eventually(lambda: is_registered(stack, path))

    assert "Registering the customer at CryptoMate" in page
    assert clients(stack, "later@example.com") == 1
