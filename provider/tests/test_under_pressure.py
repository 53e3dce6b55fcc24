"""Twenty workers and one click against the sandbox, which refuses the sixteenth call of a second."""

import threading

import pytest
from django.db import connection

from cryptomate import Client
from provider import budget
from provider.client import hear
from provider.tests.racing import in_a_thread
from sandbox.testing import API_KEY, SandboxProcess

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("sandbox")]

WORKERS, CALLS = 20, 40


def test_twenty_workers_meet_no_429_and_a_click_goes_first(empty_sandbox: SandboxProcess) -> None:
    left, order = list(range(CALLS)), []

    def work(name: str, *, background: bool) -> None:
        client = Client(url=empty_sandbox.url, api_key=API_KEY, observe=hear)
        connection.ensure_connection()
        order.append(f"{name} asks")
        budget.take(background=background)
        order.append(name)
        client.list_identifications("AR")

    def work_off() -> None:
        while left:
            left.pop()
            work("background", background=True)

    workers = [in_a_thread(work_off) for _ in range(WORKERS)]
    while order.count("background") < budget.TURNS - budget.KEPT_FOR_PEOPLE:  # all that background work may have
        threading.Event().wait(0.01)
    clicks = [in_a_thread(lambda: work("click", background=False)) for _ in range(4)]
    for thread in [*workers, *clicks]:
        thread.join()

    state = empty_sandbox.console("GET", "/console/state")
    assert (state["rate_limited"], state["calls"]) == (0, CALLS + 4)
    last_asked, last_went = (len(order) - 1 - order[::-1].index(words) for words in ("click asks", "click"))
    overtaken_by = order[last_asked:last_went].count("background")
    assert overtaken_by < 5, f"a click waited for {overtaken_by} calls of background work"
