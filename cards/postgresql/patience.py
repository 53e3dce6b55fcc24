"""A deadline for a database that does not answer at all.

PostgreSQL keeps its own time limits only while it runs. A stopped one, or one behind a dead network, keeps a connection
waiting for ever: what waits here gives up at a moment set beforehand, and closes the connection, so that nothing sent
on it can be carried out later except a COMMIT that had left already.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeVar

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.abc import PQGen

RV = TypeVar("RV")

CHECK_EVERY = 0.1  # seconds; psycopg's own


class NoAnswer(psycopg.OperationalError):
    """The database did not answer by the moment it had to."""


@dataclass
class Patience:
    """By when the database has to answer, on the clock of `time.monotonic`; None for as long as it takes."""

    answer_by: float | None = None

    @property
    def left(self) -> float | None:
        return None if self.answer_by is None else max(0.0, self.answer_by - monotonic())


class PatientConnection(psycopg.Connection[Any]):
    patience: Patience

    def wait(self, gen: PQGen[RV], interval: float = CHECK_EVERY, timeout: float | None = None) -> RV:
        left = self.patience.left
        try:
            return super().wait(gen, interval, timeout if left is None else left)
        except psycopg.OperationalError as error:
            if left is None or self.patience.left:
                raise
            self.close()
            raise NoAnswer("the database did not answer in time") from error


@contextmanager
def answering_by(moment: float | None, *, connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Have whatever the connection waits for inside end by `moment`. Raises django.db.OperationalError otherwise."""
    patience: Patience = connection.patience  # type: ignore[attr-defined] # of the backend beside this module
    before, patience.answer_by = patience.answer_by, moment
    try:
        yield
    finally:
        patience.answer_by = before


def connect(parameters: dict[str, Any], patience: Patience) -> PatientConnection:
    """Open a connection that keeps to the deadline. Raises NoAnswer when that itself takes too long."""
    connection = _open(parameters) if patience.left is None else _open_within(patience.left, parameters)
    connection.patience = patience
    return connection


def _open(parameters: dict[str, Any]) -> PatientConnection:
    connection: PatientConnection = PatientConnection.connect(**parameters)
    return connection


@dataclass
class _Attempt:
    """One connection being opened. psycopg waits at least two seconds for one, so a thread of its own does."""

    parameters: dict[str, Any]
    lock: threading.Lock = field(default_factory=threading.Lock)
    finished: threading.Event = field(default_factory=threading.Event)
    connection: PatientConnection | None = None
    error: psycopg.Error | None = None
    is_given_up: bool = False

    def run(self) -> None:
        try:
            connection = _open(self.parameters)
        except psycopg.Error as error:
            self.error = error
        else:
            self._keep(connection)
        self.finished.set()

    def _keep(self, connection: PatientConnection) -> None:
        with self.lock:
            if not self.is_given_up:
                self.connection = connection
                return
        connection.close()

    def give_up(self) -> None:
        with self.lock:
            self.is_given_up = True
        if self.connection:
            self.connection.close()


def _open_within(seconds: float, parameters: dict[str, Any]) -> PatientConnection:
    attempt = _Attempt(parameters)
    threading.Thread(target=attempt.run, name="opening a connection", daemon=True).start()
    if not attempt.finished.wait(seconds):
        attempt.give_up()
        raise NoAnswer("the database did not open a connection in time")
    if attempt.connection is None:
        raise attempt.error or NoAnswer("the database did not open a connection")
    return attempt.connection
