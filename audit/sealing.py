"""Seals what was recorded. Records are written unsealed, so that nobody who records waits for anybody."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import connection, transaction

from audit.contents import Row, content_of, rows_of
from audit.keys import AuditKey, newest_key
from audit.models import Event, Seal
from audit.stretches import Stretch, still_expected, without
from vault.cipher import CannotDecrypt

logger = logging.getLogger(__name__)

BATCH = 10_000  # rows in one seal, and as many again that came late
AT_MOST = 50  # seals in one run
SEALING = 0x5EA1  # the advisory lock of whoever seals


def seal_all() -> int:
    """Seal what waits for it and return how many rows that were; nothing while somebody else seals."""
    sealed = 0
    for _ in range(AT_MOST):
        count = seal_next()
        sealed += count
        if count < BATCH:
            break
    return sealed


@transaction.atomic
def seal_next(*, size: int = BATCH) -> int:
    """Make the next seal, where there is something to seal, and return of how many rows."""
    if not _is_alone():
        return 0
    drawn, now = last_drawn()  # before the rows: what is not visible below it is waited for
    last = Seal.objects.newest()
    late = _rows(last.waiting if last else [], size)
    fresh = _rows([(last.drawn + 1 if last else 1, drawn, now.isoformat())], size)
    drawn = fresh[-1]["seq"] if len(fresh) == size else drawn
    key = newest_key()
    digests = dict(_digests([*late, *fresh], key))
    if digests:
        waiting = _left_waiting(last, digests, drawn=drawn, now=now, is_all_read=len(late) < size)
        _append(digests, after=last, sealed_at=now, drawn=drawn, waiting=waiting, key=key)
    return len(digests)


def last_drawn() -> tuple[int, datetime]:
    """Return the highest number that any row was given, and PostgreSQL's time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END, clock_timestamp() FROM audit_event_seq")
        drawn, now = cursor.fetchone()
    return drawn, now


def _is_alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALING])
        (is_alone,) = cursor.fetchone()
    return bool(is_alone)


def _rows(stretches: Iterable[Stretch], size: int) -> list[Row]:
    events = Event.objects.numbered_within([(first, last) for first, last, _since in stretches])
    return list(rows_of(events[:size]))


def _digests(rows: Iterable[Row], key: AuditKey) -> Iterator[tuple[int, bytes]]:
    for row in rows:
        try:
            yield row["seq"], key.digest_of_row(content_of(row))
        except CannotDecrypt:  # it stays unsealed, and holds nobody up
            logger.warning("Event %s cannot be sealed: what it recorded cannot be opened", row["seq"])


def _left_waiting(
    last: Seal | None, digests: Iterable[int], *, drawn: int, now: datetime, is_all_read: bool
) -> list[Stretch]:
    waiting: list[Stretch] = last.waiting if last else []
    if is_all_read:
        waiting = still_expected(waiting, now=now)
    fresh = (last.drawn + 1 if last else 1, drawn, now.isoformat())
    return without([*waiting, fresh], sorted(digests))


def _append(digests: dict[int, bytes], *, after: Seal | None, key: AuditKey, **said: object) -> None:
    seqs = sorted(digests)
    seal = Seal(number=after.number + 1 if after else 1, key_id=key.id, seqs=seqs, **said)
    seal.digests = b"".join(digests[seq] for seq in seqs)
    seal.mac = seal.proof(after, key)
    seal.save(force_insert=True)
