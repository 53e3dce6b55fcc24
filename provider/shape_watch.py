"""Counts what the provider says that its contract does not name: a change is noticed before an officer meets it.

A process adds up in memory, which fails no call and makes no delivery wait, and writes its sums from a thread or a task
that nobody waits for. A process that is killed forgets its last seconds.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from time import monotonic

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import Error, connection, transaction
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from cryptomate import Exchange, Novelty
from provider.shape_changes import LONGEST_PLACE, ShapeChange

logger = logging.getLogger(__name__)

MOST_KNOWN = 500  # kinds of news that one process tells apart: a provider that sends ids for names must not fill it
BETWEEN_WRITES = 10.0  # seconds
ADD = """
INSERT INTO provider_shapechange (kind, place, what, sample, times, first_seen_at, last_seen_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (kind, place, what) DO UPDATE SET
    times = provider_shapechange.times + EXCLUDED.times,
    sample = EXCLUDED.sample,
    last_seen_at = greatest(provider_shapechange.last_seen_at, EXCLUDED.last_seen_at)
"""

Name = tuple[str, str, str]


@dataclass
class Count:
    """How often one thing was seen since the last write."""

    sample: str
    first_at: datetime
    last_at: datetime
    times: int = 0


class ShapeWatch:
    """What one process has seen and not written yet."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: set[Name] = set()
        self._counts: dict[Name, Count] = {}
        self._next_write = monotonic()

    def hear(self, exchange: Exchange) -> None:
        if exchange.novelties:
            self.note(f"{exchange.method} {exchange.endpoint}", exchange.novelties)

    def note(self, place: str, novelties: Iterable[Novelty]) -> None:
        """Count what an answer or a delivery had that is new. Touches no database."""
        for novelty in novelties:
            self._add((novelty.kind.value, place[:LONGEST_PLACE], novelty.what), novelty.sample, at=timezone.now())

    def _add(self, name: Name, sample: str, *, at: datetime) -> None:
        with self._lock:
            if name not in self._known and len(self._known) >= MOST_KNOWN:
                return
            self._known.add(name)
            count = self._counts.setdefault(name, Count(sample, at, at))
            count.times, count.last_at, count.sample = count.times + 1, at, sample

    def write_if_due(self) -> None:
        """Add what was counted to its rows, unless that was done a moment ago. What cannot be written stays counted."""
        if not self._counts or monotonic() < self._next_write:
            return
        taken = self._take()
        try:
            with connection.cursor() as cursor:
                cursor.executemany(ADD, [_row(name, count) for name, count in taken])
        except Error as error:
            logger.warning("Changes of shape wait to be written: %s", type(error).__name__)
            self._put_back(taken)

    def _take(self) -> list[tuple[Name, Count]]:
        """Take the counts in one order, so that two processes never wait for each other."""
        with self._lock:
            self._next_write = monotonic() + BETWEEN_WRITES
            taken = sorted(self._counts.items(), key=lambda each: each[0])
            self._counts.clear()
        return taken

    def _put_back(self, taken: Iterable[tuple[Name, Count]]) -> None:
        with self._lock:
            for name, count in taken:
                newer = self._counts.get(name)
                if newer:
                    newer.times, newer.first_at = newer.times + count.times, count.first_at
                else:
                    self._counts[name] = count


def _row(name: Name, count: Count) -> tuple[str | int | datetime, ...]:
    return (*name, count.sample, count.times, count.first_at, count.last_at)


watch = ShapeWatch()


@transaction.atomic
def acknowledge(*, changes: Sequence[ShapeChange], by: User, now: datetime) -> int:
    """Note that somebody has seen these and knows what to do about them; return how many were open.

    Raises PermissionDenied.
    """
    if not by.has_perm("provider.acknowledge_shapechange"):
        raise PermissionDenied
    names = [change.pk for change in changes]
    still_open = list(ShapeChange.objects.unacknowledged().filter(pk__in=names).select_for_update(no_key=True))
    for change in still_open:
        change.acknowledged_by, change.acknowledged_at = by, now
        change.save(update_fields=["acknowledged_by", "acknowledged_at"])
        record(kind=Kind.SHAPE_ACKNOWLEDGED, by=by, subject=change, after={"what": str(change)})
    return len(still_open)
