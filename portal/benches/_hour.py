"""Looks at open requests while a clock runs ahead: the portal's own tasks on a real database, CryptoMate played here.

A program, so that it works in the database its environment names. It takes what its clock says at the beginning, for
how many minutes, and for how many open requests; it prints what it counted as JSON.

Real are beat's two seconds, the tasks, their rows and their statements. Simulated are the clock of the tasks, the
queue (in order; what is older than a lease is dropped) and the budget: so many calls a second as background work gets.
"""

import json
import subprocess
import sys
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.db import connection

from cryptomate import ProductRequest, RemoteClient
from cryptomate.testing import client_json, request_json
from customers import tasks
from portal.benches._processes import ROOT, portal_env
from portal.benches._report import percentile
from portal.benches._reviews import JUST_SUBMITTED, client_id, request_id
from provider import budget

SWEEP: dict[str, Any] = settings.CELERY_BEAT_SCHEDULE["ask about the requests that are due"]
TICK = timedelta(seconds=SWEEP["schedule"])
CALLS_PER_TICK = int((budget.TURNS - budget.KEPT_FOR_PEOPLE) * TICK.total_seconds())
NOTHING_MISSING: dict[str, Any] = {"documents": [], "data": []}
SAMPLE = JUST_SUBMITTED  # and as many that have long been open: each of them gets its verdict
FIRST_VERDICT, LAST_VERDICT = timedelta(seconds=20), timedelta(minutes=50)


def verdicts(begins: datetime) -> dict[int, datetime]:
    """Return when CryptoMate decides, by number: on the first half of the sample sooner or later after the submit."""
    growth = (LAST_VERDICT / FIRST_VERDICT) ** (1 / (SAMPLE - 1))
    soon = {number: begins + FIRST_VERDICT * growth**number for number in range(SAMPLE)}
    return soon | {SAMPLE + number: begins + LAST_VERDICT * number / SAMPLE for number in range(SAMPLE)}


def run_ahead(database: str, *, begins: datetime, now: datetime, minutes: float) -> dict[str, Any]:
    """Let so much time pass in this database, in a process of its own; return what it counted."""
    command = [sys.executable, "-m", __name__, begins.isoformat(), now.isoformat(), str(minutes)]
    said = subprocess.run(command, cwd=ROOT, env=portal_env(database), check=True, stdout=subprocess.PIPE)  # noqa: S603 - ourselves
    counted: dict[str, Any] = json.loads(said.stdout)
    return counted


class Provider:
    """CryptoMate as it answers to looks: all are in review until their verdict."""

    def __init__(self, hour: "Hour", decided: Mapping[str, datetime]) -> None:
        self._hour, self._decided = hour, decided
        self.calls = 0

    def get_client(self, api_id: str) -> RemoteClient:
        self.calls += 1
        status = "active" if self._is_decided(api_id) else "pending"
        return RemoteClient.from_json(client_json(id=api_id, status=status))

    def list_products(self, api_id: str) -> list[ProductRequest]:
        self.calls += 1
        status = "enabled" if self._is_decided(api_id) else "in_kyc"
        told = request_json(
            id=request_id(int(api_id[-20:])), client_id=api_id, status=status, missing_requirements=NOTHING_MISSING
        )
        return [ProductRequest.from_json(told)]

    def _is_decided(self, api_id: str) -> bool:
        decided_at = self._decided.get(api_id)
        return decided_at is not None and decided_at <= self._hour.now


class Hour:
    """Time that passes as fast as the work in it can be done."""

    def __init__(self, *, begins: datetime, now: datetime) -> None:
        self.now = now
        decided = {client_id(number): at for number, at in verdicts(begins).items()}
        self._provider = Provider(self, decided)
        self._queue: deque[tuple[datetime, str]] = deque()
        self._counted: dict[str, Any] = {"find": [], "claim": [], "look": [], "busiest": 0, "dropped": 0}
        self._by_statement: defaultdict[str, list[float]] = defaultdict(list)

    def pass_by(self, minutes: float) -> dict[str, Any]:
        with (
            patch("django.utils.timezone.now", lambda: self.now),
            patch("provider.budget.take", lambda **_: None),
            patch("customers.tasks.provider_client", lambda: self._provider),
            patch.object(tasks.sync_request, "apply_async", self._hand_over),
        ):
            for _ in range(round(minutes * 60 / TICK.total_seconds())):
                self._tick(sweep=True)
            calls = self._provider.calls
            while self._queue:  # what was claimed in this time is looked at, or would come back a lease later
                self._tick(sweep=False)
        return {**self._counted, "calls": calls, "quickest": self._quickest_look()}

    def _quickest_look(self) -> list[float]:
        """Return what a look takes where each of its statements is as quick as its quickest tenth; [] without looks."""
        looks = len(self._counted["look"])
        each = (percentile(times, 0.1) * len(times) for times in self._by_statement.values())
        return [sum(each) / looks] if looks else []

    def _hand_over(self, *, kwargs: Mapping[str, str], **_: Any) -> None:
        self._queue.append((self.now, kwargs["request_id"]))

    def _tick(self, *, sweep: bool) -> None:
        self.now += TICK
        before = self._provider.calls
        if sweep:
            with _timed(self._note_sweep):
                tasks.sync_due_requests()
        while self._queue and self._provider.calls + 2 <= before + CALLS_PER_TICK:
            handed_at, request = self._queue.popleft()
            if self.now - handed_at > tasks.LEASE:
                self._counted["dropped"] += 1
                continue
            self._look(request)
        self._counted["busiest"] = max(self._counted["busiest"], self._provider.calls - before)

    def _look(self, request: str) -> None:
        spent: list[tuple[str, float]] = []
        with _timed(lambda statement, took: spent.append((statement, took))):
            tasks.sync_request(request_id=request)
        self._counted["look"].append(sum(took for _, took in spent))
        for statement, took in spent:
            self._by_statement[statement].append(took)

    def _note_sweep(self, statement: str, took: float) -> None:
        if "SKIP LOCKED" in statement:
            self._counted["find"].append(took)
        elif statement.startswith("UPDATE"):
            self._counted["claim"].append(took)


@contextmanager
def _timed(note: Callable[[str, float], object]) -> Iterator[None]:
    """Note each statement with the milliseconds that PostgreSQL took to answer it."""

    def timed(execute: Any, statement: str, *rest: Any) -> Any:
        began = perf_counter()
        try:
            return execute(statement, *rest)
        finally:
            note(statement, 1000 * (perf_counter() - began))

    with connection.execute_wrapper(timed):
        yield


def main() -> None:
    begins, now = map(datetime.fromisoformat, sys.argv[1:3])
    json.dump(Hour(begins=begins, now=now).pass_by(float(sys.argv[3])), sys.stdout)


if __name__ == "__main__":
    main()
