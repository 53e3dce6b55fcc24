"""Counts the requests that were turned away and of which nothing is stored, so that an admin sees that they came.

A process adds up in memory and writes its sums at most once in ten seconds: a flood of wrong keys costs few writes and
few log lines, and a database that is away costs none of the count. A process that is killed forgets its last seconds.
"""

import logging
from collections import Counter
from datetime import datetime
from threading import Lock, Timer
from time import monotonic

from django.db import Error, connection

from webhooks.models import Refusal

logger = logging.getLogger(__name__)

BETWEEN_WRITES = 10.0  # seconds
ADD = """
INSERT INTO webhooks_refusal (hour, kind, count, last_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (hour, kind) DO UPDATE SET
    count = webhooks_refusal.count + EXCLUDED.count, last_at = greatest(webhooks_refusal.last_at, EXCLUDED.last_at)
"""


class Tally:
    """What one process has turned away and not written yet."""

    def __init__(self, *, reminds: bool = True) -> None:
        self._reminds = reminds
        self._reminder: Timer | None = None
        self._lock = Lock()
        self._counts: Counter[tuple[datetime, str]] = Counter()
        self._last: dict[tuple[datetime, str], datetime] = {}
        self._next_write = monotonic()

    def add(self, kind: str, *, at: datetime, times: int = 1) -> None:
        key = (at.replace(minute=0, second=0, microsecond=0), str(kind))
        with self._lock:
            self._counts[key] += times
            self._last[key] = at

    def write_if_due(self) -> None:
        """Add what was counted to the rows of its hours, now or when ten seconds have passed since the last time."""
        if not self._counts:
            return
        if monotonic() < self._next_write:
            self._remind()
            return
        taken = self._take()
        try:
            with connection.cursor() as cursor:
                cursor.executemany(ADD, [(*key, count, at) for key, count, at in taken])
        except Error:
            for (hour, kind), count, at in taken:
                self._put_back((hour, kind), count, at)
        else:
            _tell(taken)

    def _take(self) -> list[tuple[tuple[datetime, str], int, datetime]]:
        with self._lock:
            self._next_write = monotonic() + BETWEEN_WRITES
            taken = [(key, count, self._last[key]) for key, count in sorted(self._counts.items())]
            self._counts.clear()
            self._last.clear()
        return taken

    def _remind(self) -> None:
        """Have the rest of a flood written when nothing comes after it."""
        with self._lock:
            if not self._reminds or self._reminder:
                return
            self._reminder = Timer(BETWEEN_WRITES, self._write_alone)
            self._reminder.daemon = True
            self._reminder.start()

    def _write_alone(self) -> None:
        self._reminder = None
        try:
            self.write_if_due()
        finally:
            connection.close()  # it belongs to this thread, which ends here

    def _put_back(self, key: tuple[datetime, str], count: int, at: datetime) -> None:
        with self._lock:
            self._counts[key] += count
            self._last[key] = max(at, self._last.get(key, at))


def _tell(written: list[tuple[tuple[datetime, str], int, datetime]]) -> None:
    for (_, kind), count, _ in written:
        logger.warning("Turned away %s requests to the webhook address: %s", count, Refusal.Kind(kind).label)


tally = Tally()
