"""What the portal says to PostgreSQL for one delivery: every statement, with its transaction, as it leaves.

Run as a program it prints the statements of each transaction as JSON, for the kind of delivery it is told.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connections
from django.test import RequestFactory
from django.urls import resolve
from psycopg.pq import TransactionStatus

from portal.benches._deliveries import PATH, authorization, authorized, new_run
from portal.benches._load import Request
from portal.benches._processes import ROOT, portal_env
from portal.env import DEMO_VALUES

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


def capture(kind: Kind, number: int) -> tuple[Request, list[Step]]:
    """Give the portal's own view a delivery about a card; return the delivery and what was said for it."""
    _ask(kind(number, new_run()))  # what is only said once per process is said now
    request = kind(number, new_run())
    with _overheard() as steps:
        _ask(request)
    return request, steps


def _ask(request: Request) -> None:
    key = DEMO_VALUES["CRYPTOMATE_WEBHOOK_KEY"]
    asked = RequestFactory(headers={"X-Webhook-Key": key}).post(PATH, request.body, content_type="application/json")
    answer = resolve(PATH).func(asked)
    answer.close()  # as a server does when it has sent it; something may be left for then
    if answer.status_code != 200 or b'"05"' in answer.content:
        raise RuntimeError(f"A delivery that nothing speaks against was answered {answer.content!r}.")


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


def overheard(database: str, kind: str) -> list[list[str]]:
    """Return the transactions of one delivery, heard in a process of its own."""
    command = [sys.executable, "-m", __name__, kind]
    heard = subprocess.run(command, cwd=ROOT, env=portal_env(database), check=True, stdout=subprocess.PIPE)  # noqa: S603 - our own command
    found: list[list[str]] = json.loads(heard.stdout)
    return found


def in_all(transactions: list[list[str]]) -> str:
    return f"{len(transactions)}, {sum(map(len, transactions))}"


if __name__ == "__main__":
    json.dump(transactions(capture(KINDS[sys.argv[1]], 0)[1]), sys.stdout)
