"""What the portal says to PostgreSQL for one delivery: every statement, with its transaction, as it leaves.

Run as a program it prints the statements of each transaction as JSON, for the kind of delivery it is told.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import sleep
from typing import Any

import psycopg
from django.db import connections
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import resolve
from psycopg.pq import TransactionStatus

from portal.benches._deliveries import PATH, authorization, authorized, new_run
from portal.benches._load import Request
from portal.benches._processes import ROOT, portal_env
from portal.env import DEMO_VALUES

QUIET = 1.0  # seconds without a statement: nothing more is to come
Kind = Callable[[int, str], Request]
KINDS: dict[str, Kind] = {"authorization": authorization, "authorized": authorized}


@dataclass
class Step:
    """One statement, or the end of a transaction."""

    alias: str
    sql: str
    params: Any = None
    begins: bool = False

    @property
    def ends(self) -> bool:
        return self.sql in {"COMMIT", "ROLLBACK"}


@dataclass
class Heard:
    """What was said for one delivery before its answer, and what was left for after it."""

    request: Request
    before: list[Step]
    after: list[Step]


def capture(kind: Kind, number: int) -> Heard:
    """Give the portal's own view a delivery about a card, and listen."""
    _ask(kind(number, new_run())).close()  # what is only said once per process is said now
    sleep(QUIET)
    request = kind(number, new_run())
    with _overheard() as steps:
        answer = _ask(request)
        before = len(steps)
        answer.close()  # as a server does when it has sent it: something may be left for then
        _wait_for_silence(steps)
    return Heard(request, steps[:before], steps[before:])


def _wait_for_silence(steps: list[Step]) -> None:
    heard = -1
    while heard < len(steps):
        heard = len(steps)
        sleep(QUIET)


def _ask(request: Request) -> HttpResponse:
    key = DEMO_VALUES["CRYPTOMATE_WEBHOOK_KEY"]
    asked = RequestFactory(headers={"X-Webhook-Key": key}).post(PATH, request.body, content_type="application/json")
    answer: HttpResponse = resolve(PATH).func(asked)
    if answer.status_code != 200 or b'"05"' in answer.content:
        raise RuntimeError(f"A delivery that nothing speaks against was answered {answer.content!r}.")
    return answer


@contextmanager
def _overheard() -> Iterator[list[Step]]:
    """Listen to every cursor of this process, whichever thread and connection it belongs to."""
    steps: list[Step] = []
    execute, commit, rollback = psycopg.Cursor.execute, psycopg.Connection.commit, psycopg.Connection.rollback

    def heard_execute(self: Any, query: Any, params: Any = None, **options: Any) -> Any:
        at_rest = self.connection.info.transaction_status == TransactionStatus.IDLE
        begins = at_rest and not self.connection.autocommit
        steps.append(Step(_alias(self.connection), str(query), params, begins))
        return execute(self, query, params, **options)

    def heard_end(word: str, end: Any) -> Any:
        def ended(self: Any) -> None:
            if self.info.transaction_status != TransactionStatus.IDLE:
                steps.append(Step(_alias(self), word))
            end(self)

        return ended

    replaced: list[tuple[Any, str, Any, Any]] = [
        (psycopg.Cursor, "execute", execute, heard_execute),
        (psycopg.Connection, "commit", commit, heard_end("COMMIT", commit)),
        (psycopg.Connection, "rollback", rollback, heard_end("ROLLBACK", rollback)),
    ]
    for owner, name, _, heard in replaced:
        setattr(owner, name, heard)
    try:
        yield steps
    finally:
        for owner, name, original, _ in replaced:
            setattr(owner, name, original)


def _alias(raw: Any) -> str:
    found = (each.alias for each in connections.all(initialized_only=True) if each.connection is raw)
    return next(found, "default")


def transactions(steps: list[Step]) -> list[list[str]]:
    """Return the statements between each BEGIN and its end; a statement outside any is one of its own."""
    found: list[list[str]] = []
    is_open: dict[str, list[str]] = {}
    for step in steps:
        if step.ends:
            found.append(is_open.pop(step.alias))
        elif step.begins or step.alias in is_open:
            is_open.setdefault(step.alias, []).append(step.sql)
        else:
            found.append([step.sql])
    return found


def overheard(database: str, kind: str) -> tuple[list[list[str]], list[list[str]]]:
    """Return the transactions before and after the answer to one delivery, heard in a process of its own."""
    command = [sys.executable, "-m", __name__, kind]
    heard = subprocess.run(command, cwd=ROOT, env=portal_env(database), check=True, stdout=subprocess.PIPE)  # noqa: S603 - our own command
    before, after = json.loads(heard.stdout)
    return before, after


def in_all(*found: list[list[str]]) -> str:
    return " + ".join(f"{len(each)}, {sum(map(len, each))}" for each in found)


def main() -> None:
    heard = capture(KINDS[sys.argv[1]], 0)
    json.dump([transactions(heard.before), transactions(heard.after)], sys.stdout)


if __name__ == "__main__":
    main()
