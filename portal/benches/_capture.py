"""What the portal says to PostgreSQL for one authorization: every statement, with its transaction, as it leaves.

Run as a program it prints the statements of each transaction as JSON.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from django.db import connections
from django.test import RequestFactory
from django.urls import resolve
from psycopg.pq import TransactionStatus

from portal.benches._deliveries import PATH, authorization, new_run
from portal.benches._load import Request
from portal.env import DEMO_VALUES


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


def capture(number: int) -> tuple[Request, list[Step]]:
    """Ask the portal's own view to authorize a purchase on a card; return what was asked and what was said for it."""
    _ask(authorization(number, new_run(), Decimal("12.50")))  # what is only said once per process is said now
    request = authorization(number, new_run(), Decimal("12.50"))
    with _overheard() as steps:
        _ask(request)
    return request, steps


def _ask(request: Request) -> None:
    key = DEMO_VALUES["CRYPTOMATE_WEBHOOK_KEY"]
    asked = RequestFactory(headers={"X-Webhook-Key": key}).post(PATH, request.body, content_type="application/json")
    answer = resolve(PATH).func(asked)
    if b'"00"' not in answer.content:
        raise RuntimeError(f"A purchase that nothing speaks against was answered {answer.content!r}.")


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


if __name__ == "__main__":
    json.dump(transactions(capture(0)[1]), sys.stdout)
