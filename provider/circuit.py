"""Whether the provider may be called, known to all processes through one row.

Opened after repeated failure, so that workers stop hammering and pages can say since when; closed by the first answer,
which a probe asks for at growing intervals. The clock is PostgreSQL's, the same for every machine.
"""

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest, Now

from cryptomate import Exchange
from provider.models import Circuit, Outage, Reason

logger = logging.getLogger(__name__)

FAILURES = 5  # in a row, then the provider counts as away
FEWER, LASTING = 3, timedelta(seconds=30)  # or so many, over so long: at night few calls are made
FIRST_PROBE, LONGEST_PROBE = timedelta(seconds=5), timedelta(minutes=1)
KEY_PROBE = timedelta(minutes=3)  # a key is renewed by a person, not by itself
LONGEST_BLOCK = timedelta(hours=1)
MARGIN = timedelta(milliseconds=250)  # the provider counts whole seconds
NOT_ABOUT_THE_KEY = "API_ERROR"  # a 401 that may be about this one operation
CLEAN_AFTER = timedelta(hours=1)  # after which the provider begins its blocks anew (contract section 1.5)
LET_BY = timedelta(milliseconds=300)  # how long background work waits for a person who is asking

LOOK = """
SELECT reason, failing_since, opened_at, blocked_until,
       -- A moment further off than any that is set here was set before the clock was put back.
       coalesce(blocked_until - clock_timestamp() BETWEEN interval '0' AND interval '61 minutes', false),
       coalesce(people_wait_until - clock_timestamp() BETWEEN interval '0' AND interval '1 second', false),
       extract(epoch FROM counted_here_until - clock_timestamp())
FROM provider_circuit WHERE id = 1
"""


class Held(Exception):  # noqa: N818 - it is a state, not a failure
    """No call may be made now, and none was. What is wanted stays wanted."""


class NotAnswering(Held):
    """The circuit is open."""


@dataclass(frozen=True)
class Gate:
    """What stands between a call and the provider at this moment."""

    reason: str = ""
    since: datetime | None = None
    opened_at: datetime | None = None
    blocked_until: datetime | None = None
    is_blocked: bool = False
    people_wait: bool = False
    counted_here_for: float | None = None  # seconds; below zero where Redis counts again

    @property
    def is_open(self) -> bool:
        return self.opened_at is not None

    @property
    def is_shut(self) -> bool:
        return self.is_open or self.is_blocked

    @property
    def refuses_our_key(self) -> bool:
        return self.is_open and self.reason == Reason.KEY


def look() -> Gate:
    with connection.cursor() as cursor:
        cursor.execute(LOOK)
        row = cursor.fetchone()
    if row is None:
        return Gate()
    here = row[6]
    return Gate(row[0], row[1], row[2], row[3], row[4], row[5], None if here is None else float(here))


# --- What an exchange says about the provider


def note(exchange: Exchange) -> None:
    """Count what the exchange says about the provider: open, block, or close."""
    if exchange.status == 429:
        _block(exchange)
        _answered()
    elif exchange.status in (401, 403):
        is_certain = exchange.status == 401 and exchange.code != NOT_ABOUT_THE_KEY
        _failed(Reason.KEY, exchange, weight=FAILURES if is_certain else 1)
    elif exchange.status is None or exchange.status >= 500:
        _failed(Reason.AWAY, exchange)
    else:
        _answered()


def _answered() -> None:
    failing = Circuit.objects.filter(Q(failures__gt=0) | Q(opened_at__isnull=False))
    if not failing.exists():  # nearly always: a look costs less than a lock
        return
    with transaction.atomic():
        circuit = _locked()
        if circuit.opened_at:
            _close(circuit)
        circuit.failures, circuit.failing_since, circuit.reason = 0, None, ""
        circuit.save(update_fields=["failures", "failing_since", "reason", "opened_at", "probe_at", "probes"])


def _failed(reason: Reason, exchange: Exchange, *, weight: int = 1) -> None:
    with transaction.atomic():
        circuit, now = _locked(), database_now()
        if circuit.reason != reason:
            if circuit.opened_at:
                _close(circuit)
            circuit.reason, circuit.failures, circuit.failing_since = reason, 0, now
        circuit.failures += weight
        if circuit.opened_at is None and _is_enough(circuit, now):
            _open(circuit, exchange, now)
        circuit.save()


def _is_enough(circuit: Circuit, now: datetime) -> bool:
    lasts = circuit.failing_since is not None and now - circuit.failing_since >= LASTING
    return circuit.failures >= FAILURES or (lasts and circuit.failures >= FEWER)


def _open(circuit: Circuit, exchange: Exchange, now: datetime) -> None:
    circuit.opened_at, circuit.probes = now, 0
    circuit.probe_at = now + max(_until_probe(circuit), _asked_to_wait(exchange))
    said = " ".join(part for part in (str(exchange.status or ""), exchange.code, exchange.error) if part)
    Outage.objects.create(
        reason=circuit.reason,
        since=circuit.failing_since or now,
        opened_at=now,
        error=f"{exchange.method} {exchange.endpoint}: {said}"[:200],
        trace_id=exchange.trace_id[:80],
    )
    logger.error(
        "CryptoMate is not called any more: %s %s: %s (trace %s)",
        exchange.method, exchange.endpoint, said, exchange.trace_id or "none",
    )  # fmt: skip


def _close(circuit: Circuit) -> None:
    circuit.opened_at, circuit.probe_at, circuit.probes = None, None, 0
    Outage.objects.filter(closed_at=None).update(closed_at=Greatest(Now(), F("opened_at")))
    logger.warning("CryptoMate is called again")


def _asked_to_wait(exchange: Exchange) -> timedelta:
    return min(timedelta(seconds=exchange.retry_after or 0), LONGEST_BLOCK)


def _block(exchange: Exchange) -> None:
    """Stop all calls until the provider takes them again. Where it does not say when, its own blocks are the guide."""
    with transaction.atomic():
        circuit, now = _locked(), database_now()
        until = circuit.blocked_until
        if until is None or until <= now:  # the others that were on their way with the first count with it
            circuit.blocks = 1 if until is None or now - until >= CLEAN_AFTER else circuit.blocks + 1
        doubling = timedelta(seconds=2 ** min(circuit.blocks - 1, 12))
        wait = _asked_to_wait(exchange) if exchange.retry_after else min(doubling, LONGEST_BLOCK)
        circuit.blocked_until = max(until or now, now + wait + MARGIN)
        circuit.save(update_fields=["blocks", "blocked_until"])
    logger.warning(
        "CryptoMate blocks us for %s s: %s %s", round(wait.total_seconds()), exchange.method, exchange.endpoint
    )


# --- Probing, and who goes first


def claim_probe() -> bool:
    """Answer whether the caller is the one to ask whether the provider is back, and put the next time off."""
    with transaction.atomic():
        is_due = Q(probe_at__lte=Now()) | Q(probe_at__gt=Now() + LONGEST_BLOCK * 1.1)  # the clock was put back
        opened = Circuit.objects.filter(is_due, opened_at__isnull=False)
        circuit = opened.select_for_update(skip_locked=True).first()
        if circuit is None:
            return False
        circuit.probes += 1
        circuit.probe_at = database_now() + _until_probe(circuit)
        circuit.save(update_fields=["probes", "probe_at"])
    return True


def _until_probe(circuit: Circuit) -> timedelta:
    if circuit.reason == Reason.KEY:
        return KEY_PROBE
    growing = min(FIRST_PROBE * (1 << min(circuit.probes, 10)), LONGEST_PROBE)
    return growing * random.uniform(0.8, 1.2)  # noqa: S311 - spreads probes, hides nothing


def hasten_probe() -> None:
    """Ask at the next sweep whether the provider is back, because a person wants to know; not more often than usual."""
    soon = Now() + FIRST_PROBE
    Circuit.objects.filter(opened_at__isnull=False, probe_at__gt=soon).update(probe_at=soon)


def let_people_by() -> None:
    """Keep background work from taking a turn for a moment, because a person's call waits for one."""
    _there_is_one()
    Circuit.objects.update(people_wait_until=Now() + LET_BY)


def count_here(*, seconds: float, pause: float) -> bool:
    """Have all processes count calls in PostgreSQL for a while. Answers whether this one began it."""
    _there_is_one()
    over = Q(counted_here_until=None) | Q(counted_here_until__lt=Now() - timedelta(seconds=pause))
    return bool(Circuit.objects.filter(over).update(counted_here_until=Now() + timedelta(seconds=seconds)))


def _locked() -> Circuit:
    _there_is_one()
    return Circuit.objects.select_for_update().get(pk=1)


def _there_is_one() -> None:
    Circuit.objects.bulk_create([Circuit()], ignore_conflicts=True)


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now
