"""Keeps all processes together under the provider's 15 calls per second (contract section 1.5).

A token bucket in one row: PostgreSQL adds up for everyone. In any second it lets through at most BURST + RATE calls.
"""

import time

from django.db import connection

RATE = 11.0  # calls per second
BURST = 3.0  # calls that may go at once after a pause
KEPT_FOR_PEOPLE = 1.0  # tokens that background work leaves alone
PATIENCE = 20.0  # seconds


class BudgetSpent(Exception):  # noqa: N818 - it is a state, not a failure
    """No call was free in time; try again later."""


def take(*, background: bool = False, patience: float = PATIENCE) -> None:
    """Wait until a call may be made, at most `patience` seconds.

    Raises BudgetSpent when none came free.
    """
    give_up_at = time.monotonic() + patience
    while not _take_one(keep=KEPT_FOR_PEOPLE if background else 0.0):
        if time.monotonic() > give_up_at:
            raise BudgetSpent
        time.sleep(1 / RATE)


def _take_one(*, keep: float) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO provider_budget AS budget (id, tokens, counted_at) VALUES (1, %(burst)s - 1, clock_timestamp())
            ON CONFLICT (id) DO UPDATE SET
                tokens = least(
                    %(burst)s, budget.tokens + %(rate)s * extract(epoch FROM clock_timestamp() - budget.counted_at)
                ) - 1,
                counted_at = clock_timestamp()
            WHERE least(
                %(burst)s, budget.tokens + %(rate)s * extract(epoch FROM clock_timestamp() - budget.counted_at)
            ) >= 1 + %(keep)s
            """,
            {"burst": BURST, "rate": RATE, "keep": keep},
        )
        return bool(cursor.rowcount == 1)
