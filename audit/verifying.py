"""Holds the log against its seals. Reads both some at a time, so that the length of the log does not matter."""

import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from audit.contents import Row, content_of, rows_of
from audit.heads import Head
from audit.keys import AuditKey, keys_by_id
from audit.models import Event
from audit.sealing import last_drawn
from audit.seals import Seal
from audit.stretches import LONGEST_TRANSACTION
from vault.cipher import CannotDecrypt

TOGETHER = 10_000  # rows held in memory
COMPARED = 100  # other places at which a row that changed is looked for

UNSEALED = """
SELECT seq, at FROM audit_event e
WHERE NOT EXISTS (SELECT FROM (SELECT unnest(seqs) AS seq FROM audit_seal) s WHERE s.seq = e.seq) ORDER BY seq
"""
SEALED_TWICE = "SELECT seq FROM (SELECT unnest(seqs) AS seq FROM audit_seal) s GROUP BY seq HAVING count(*) > 1"


@dataclass
class Verification:
    """What was found: go through `faults` first, then the rest is known."""

    heads: Sequence[Head] = ()
    seals: int = 0
    sealed: int = 0
    unsealed: int = 0
    unsealed_since: datetime | None = None
    last: Seal | None = None
    keys: dict[str, AuditKey] = field(default_factory=keys_by_id)

    def faults(self) -> Iterator[str]:
        """Say of each row, seal and head that is not as it was what is wrong with it."""
        for seals in _together(Seal.objects.order_by("number").iterator(chunk_size=10)):
            sealed: list[_Sealed] = []
            for seal in seals:
                yield from self._faults_of_seal(seal)
                sealed += self._rows_in(seal)
                self.last, self.seals, self.sealed = seal, self.seals + 1, self.sealed + len(seal.seqs)
            yield from _faults_of_rows(sealed)
        yield from self._faults_of_the_tail()
        yield from self._faults_outside_the_seals()

    def _faults_of_seal(self, seal: Seal) -> Iterator[str]:
        expected = self.last.number + 1 if self.last else 1
        if seal.number != expected:
            yield f"Seals {expected} to {seal.number - 1} were removed."
        key = self.keys.get(seal.key_id)
        if key is None:
            yield f"Seal {seal.number} cannot be verified: its key ({seal.key_id}) is not in AUDIT_KEY_PREVIOUS."
        elif seal.proof(self.last, key) != bytes(seal.mac):
            yield f"Seal {seal.number} was changed, or does not follow the seal before it."
        for head in self.heads:
            if head.number == seal.number and head.mac != bytes(seal.mac).hex():
                yield f"Seal {seal.number} is not the one that {head} names: the log was sealed anew."

    def _rows_in(self, seal: Seal) -> Iterator["_Sealed"]:
        if key := self.keys.get(seal.key_id):
            for position, seq in enumerate(seal.seqs):
                is_new = self.last is not None and seq > self.last.drawn
                earliest = self.last.sealed_at - LONGEST_TRANSACTION if self.last and is_new else None
                yield _Sealed(seq, seal.digest_of(position), key, earliest)

    def _faults_of_the_tail(self) -> Iterator[str]:
        for head in self.heads:
            if self.last is None or head.number > self.last.number:
                end = f"ends with seal {self.last.number}" if self.last else "has no seal"
                yield f"The tail was cut off: {head} names seal {head.number}, and the log {end}."

    def _faults_outside_the_seals(self) -> Iterator[str]:
        drawn = 0
        for seq, at in _each(UNSEALED):
            if seq > drawn:  # asked after the rows: people go on recording while we read
                drawn, _now = last_drawn()
            if seq > drawn or (self.last and not self.last.waits_for(seq)):
                yield f"Event {seq} was inserted: no seal holds it, and none is still to come."
            else:
                self.unsealed += 1
                self.unsealed_since = min(self.unsealed_since or at, at)
        for (seq,) in _each(SEALED_TWICE):
            yield f"Event {seq} is in two seals."


@dataclass(frozen=True)
class _Sealed:
    """A row as its seal knows it, and the time before which it cannot have been recorded."""

    seq: int
    digest: bytes
    key: AuditKey
    earliest: datetime | None

    def is_of(self, row: Row) -> bool:
        """Raises CannotDecrypt."""
        return hmac.compare_digest(self.digest, self.key.digest_of_row(content_of(row)))


def _faults_of_rows(sealed: Sequence[_Sealed]) -> Iterator[str]:
    rows = {row["seq"]: row for row in rows_of(Event.objects.filter(seq__in=[one.seq for one in sealed]))}
    differing = []
    for one in sealed:
        row = rows.get(one.seq)
        try:
            if row is None:
                yield f"Event {one.seq} was removed."
            elif not one.is_of(row):
                differing.append(one)
            elif one.earliest and row["at"] < one.earliest:
                yield f"Event {one.seq} was inserted: it claims to be of {row['at']:%Y-%m-%d %H:%M}, before its time."
        except CannotDecrypt:
            yield f"Event {one.seq} was changed, or its key is not in DATA_KEYS: it cannot be opened."
    for one in differing:
        yield _changed_or_moved(one.seq, rows[one.seq], differing[:COMPARED])


def _changed_or_moved(seq: int, row: Row, others: Iterable[_Sealed]) -> str:
    for other in others:
        if other.is_of({**row, "seq": other.seq}):
            return f"Event {seq} was moved: it was recorded as event {other.seq}."
    return f"Event {seq} was changed."


def _together(seals: Iterable[Seal]) -> Iterator[list[Seal]]:
    """Group seals, which may be of a single row, so that the rows are read many at a time."""
    group: list[Seal] = []
    for seal in seals:
        group.append(seal)
        if sum(len(each.seqs) for each in group) >= TOGETHER:
            yield group
            group = []
    if group:
        yield group


def _each(query: str) -> Iterator[tuple[Any, ...]]:
    """Read a long answer of PostgreSQL's some rows at a time."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(1000):
            yield from rows
