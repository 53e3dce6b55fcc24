"""Keeps all processes together under the provider's 15 calls in any second (contract section 1.5).

A call takes one of a few turns, and the turn is free again a second after its answer came. Whenever the call reached
the provider in between, it is counted in the second in which the provider counts it: no delay on the way, in a
process or at the provider can bring fifteen together. PostgreSQL hands the turns out, or the broker's Redis.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from celery import current_task
from django.db import connection

from provider import budget_in_redis, circuit
from provider.circuit import Gate, Held, NotAnswering
from provider.models import ProviderCall
from provider.waking import PEOPLE

TURNS = 14
KEPT_FOR_PEOPLE = 2  # turns that background work never takes
WINDOW = 1.0  # seconds the provider looks back on
HOLD = 5.0  # seconds after which a call that has no answer yet must have reached the provider
PATIENCE = 20.0  # seconds
COUNT_HERE = 60.0  # seconds until Redis is tried again
CHANGE_OVER = 2.0  # seconds in which the calls of whoever counted before reach the provider

TAKE = """
UPDATE provider_turn SET
    free_at = clock_timestamp() + make_interval(secs => %(hold)s),
    taken = (array_prepend(clock_timestamp(), taken))[1:60]
WHERE number = (
    SELECT number FROM provider_turn
    WHERE number > %(kept)s
      AND (free_at <= clock_timestamp() OR free_at > clock_timestamp() + make_interval(secs => 2 * %(hold)s))
    ORDER BY number DESC LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING number, taken[1]
"""
GIVE_BACK = """
UPDATE provider_turn SET free_at = least(free_at, clock_timestamp() + make_interval(secs => %s))
WHERE number = %s AND taken[1] = %s
"""
LAY_OUT = """
INSERT INTO provider_turn (number, free_at, taken) SELECT number, 'epoch', '{}' FROM generate_series(1, %s) number
ON CONFLICT DO NOTHING
"""
HOLD_ALL = "UPDATE provider_turn SET free_at = greatest(free_at, clock_timestamp() + make_interval(secs => %s))"
COUNT = """
SELECT count(*) FILTER (WHERE at > clock_timestamp() - interval '1 second'), count(*)
FROM provider_turn, unnest(taken) at WHERE at > clock_timestamp() - interval '1 minute'
"""

GiveBack = Callable[[], object]
_mine = threading.local()


class BudgetSpent(Held):
    """No call was free in time; try again later."""


@dataclass(frozen=True)
class Usage:
    last_second: int
    last_minute: int
    waiting: int  # calls that people want and that have not left yet
    blocked_until: datetime | None
    counted_in: str


def take(*, background: bool = False, patience: float = PATIENCE) -> None:
    """Wait until a call may be made, at most `patience` seconds.

    Background work goes before other background work where a person handed it over, with a *Refresh* or by opening a
    page.

    Raises NotAnswering at once while the provider is not called, and BudgetSpent when no turn came free, or none will.
    """
    give_back()
    background = background and not _was_handed_over_by_a_person()
    give_up_at = time.monotonic() + patience
    while not _goes(circuit.look(), background=background):
        if time.monotonic() > give_up_at:
            raise BudgetSpent
        if not background:
            circuit.let_people_by()
        time.sleep(random.uniform(0.03, 0.1))  # noqa: S311 - spreads those who wait, hides nothing


def take_for_probe() -> None:
    """Wait for the turn of the one call that asks whether the provider is back. Raises BudgetSpent."""
    give_back()
    if not _take_turn(circuit.look(), background=False):
        raise BudgetSpent


def give_back() -> None:
    """Say that this thread's last call was answered, or will not be."""
    mine: GiveBack | None = getattr(_mine, "turn", None)
    if mine:
        _mine.turn = None
        mine()


def _was_handed_over_by_a_person() -> bool:
    task: Any = current_task  # nothing, where no task is being carried out
    message = task.request.delivery_info if task else None
    return (message or {}).get("routing_key") == PEOPLE


def _goes(gate: Gate, *, background: bool) -> bool:
    if gate.is_open:
        raise NotAnswering
    if gate.is_blocked:
        raise BudgetSpent
    lets_people_by = background and gate.people_wait
    return not lets_people_by and _take_turn(gate, background=background)


def _take_turn(gate: Gate, *, background: bool) -> bool:
    kept = KEPT_FOR_PEOPLE if background else 0
    here = gate.counted_here_for
    if not budget_in_redis.is_configured() or (here is not None and here > 0):
        return _take_here(kept)
    if here is not None and here > -CHANGE_OVER:
        return False
    try:
        _mine.turn = budget_in_redis.take(TURNS - kept, hold=HOLD, window=WINDOW)
    except budget_in_redis.Unreachable:
        _change_over()
    return getattr(_mine, "turn", None) is not None


def _take_here(kept: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"hold": HOLD, "kept": kept})
        row = cursor.fetchone()
        if row is None:
            cursor.execute(LAY_OUT, [TURNS])
            return bool(cursor.rowcount) and _take_here(kept)
    _mine.turn = lambda: _give_back_here(*row)
    return True


def _give_back_here(number: int, taken_at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, [WINDOW, number, taken_at])


def _change_over() -> None:
    """Count in PostgreSQL for a while. What Redis has let through may still be on its way."""
    if circuit.count_here(seconds=COUNT_HERE, pause=CHANGE_OVER):
        with connection.cursor() as cursor:
            cursor.execute(LAY_OUT, [TURNS])
            cursor.execute(HOLD_ALL, [CHANGE_OVER])


def usage(gate: Gate) -> Usage:
    """Return how much of the budget is used now, for whoever looks after the portal."""
    in_redis = None if (gate.counted_here_for or 0) > 0 else budget_in_redis.counts()
    second, minute = in_redis or _counts_here()
    return Usage(
        last_second=second,
        last_minute=minute,
        waiting=ProviderCall.objects.due().count(),
        blocked_until=gate.blocked_until if gate.is_blocked else None,
        counted_in="Redis" if in_redis else "PostgreSQL",
    )


def _counts_here() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(COUNT)
        second, minute = cursor.fetchone()
        return second, minute
