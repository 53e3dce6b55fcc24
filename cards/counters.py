"""Where a card stands, as the rules ask: two statements of plain SQL, because the issuer waits for them.

What counts as spent: an approval of ours, at what it may cost, until the provider speaks of it; from then on the
purchase in the ledger, at what it really costs. So a purchase that the provider let pass without us counts as well, one
that was cancelled or reversed stops counting, and none counts twice. How often the card was approved is counted in our
own answers: those that were cancelled, or that nothing followed, do not count.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from cards.rules import Frequency, Spending, State

# The provider's limits are sliding windows.
WINDOWS = (("daily", timedelta(hours=24)), ("weekly", timedelta(days=7)), ("monthly", timedelta(days=30)))
HOLDING_IS_KNOWN_FOR = timedelta(minutes=10)

CARD = """
SELECT id, customer_id, status, approval_method, per_transaction_limit, daily_limit, weekly_limit, monthly_limit,
       balance, balance_at, velocity_reset_at
FROM cards_card WHERE api_id = %(api_id)s
"""

LOCKED_CARD = f"{CARD} FOR NO KEY UPDATE"

SPENT = """
    SELECT decided_at AS at, cost FROM cards_authorization
    WHERE card_id = %(card)s AND decided_at > %(monthly)s AND response_code = '00' AND standing = 'WAITING'
    UNION ALL
    SELECT first_at, greatest(authorized_total - reversed_total, cleared_total) + fees_total FROM cards_transaction
    WHERE card_id = %(card)s AND first_at > %(monthly)s AND state NOT IN ('DECLINED', 'CANCELLED')
      AND greatest(authorized_total - reversed_total, cleared_total) > 0
"""

# A statement of its own: under READ COMMITTED the locking one sees what was there before it waited. Of the approvals
# that a velocity rule counts as many are read as it allows: one more changes nothing.
COUNTERS = f"""
WITH spent AS ({SPENT}), frequency AS (
    SELECT most, seconds, used, CASE WHEN used = most THEN oldest END AS last_that_fits
    FROM (SELECT max_authorizations AS most, time_window_seconds AS seconds FROM cards_velocityrule LIMIT 5) AS rule
    CROSS JOIN LATERAL (
        SELECT count(decided_at) AS used, min(decided_at) AS oldest
        FROM (
            SELECT decided_at FROM cards_authorization
            WHERE card_id = %(card)s AND response_code = '00' AND standing IN ('WAITING', 'CONFIRMED')
            ORDER BY decided_at DESC LIMIT most
        ) AS newest
        WHERE decided_at > greatest(%(now)s - make_interval(secs => seconds), %(reset_at)s)
    ) AS given
)
SELECT
    (SELECT status FROM customers_customer WHERE id = %(customer)s),
    (SELECT response_code FROM cards_authorization WHERE delivery_key = %(key)s),
    (SELECT balance FROM cards_holding WHERE read_at > %(holding_since)s),
    coalesce(sum(cost) FILTER (WHERE at > %(daily)s), 0), min(at) FILTER (WHERE at > %(daily)s),
    coalesce(sum(cost) FILTER (WHERE at > %(weekly)s), 0), min(at) FILTER (WHERE at > %(weekly)s),
    coalesce(sum(cost), 0), min(at),
    coalesce(sum(cost) FILTER (WHERE at > %(balance_at)s), 0),
    (SELECT array_agg(most ORDER BY seconds) FROM frequency),
    (SELECT array_agg(seconds ORDER BY seconds) FROM frequency),
    (SELECT array_agg(used ORDER BY seconds) FROM frequency),
    (SELECT array_agg(last_that_fits ORDER BY seconds) FROM frequency)
FROM spent
"""  # noqa: S608 - of two constants


# What is counted, one by one: only who has time asks for that.
EACH_SPENT = f"SELECT at, cost FROM ({SPENT}) AS spent ORDER BY at"  # noqa: S608 - of a constant


@dataclass(frozen=True)
class CardRow:
    """The columns of a card that a decision needs."""

    pk: UUID
    customer_id: UUID
    status: str
    approval_method: str
    transaction_limit: Decimal | None
    daily_limit: Decimal | None
    weekly_limit: Decimal | None
    monthly_limit: Decimal | None
    balance: Decimal | None
    balance_at: datetime | None
    velocity_reset_at: datetime | None


@dataclass(frozen=True)
class Counted:
    """What the counters say, and the answer that this very delivery got before, if any."""

    state: State
    earlier_answer: str | None


def read_card(cursor: CursorWrapper, api_id: str, *, lock: bool) -> CardRow | None:
    cursor.execute(LOCKED_CARD if lock else CARD, {"api_id": api_id})
    row = cursor.fetchone()
    return CardRow(*row) if row else None


def count(cursor: CursorWrapper, card: CardRow, *, key: str, now: datetime) -> Counted:
    """Read everything the rules ask about the card."""
    cursor.execute(COUNTERS, parameters(card, key=key, now=now))
    row = cursor.fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has its row
    customer_status, earlier_answer, holding, *sums = row[:9]
    state = State(
        card_status=card.status,
        customer_status=customer_status,
        approval_method=card.approval_method,
        transaction_limit=card.transaction_limit,
        spendings=_spendings(card, sums),
        frequencies=_frequencies(row[10:]),
        balance=None if card.balance is None else card.balance - row[9],
        holding=holding,
    )
    return Counted(state, earlier_answer)


def each_spent(cursor: CursorWrapper, card: CardRow, *, now: datetime) -> list[tuple[datetime, Decimal]]:
    """Return when and how much was spent within the longest window, the oldest first."""
    cursor.execute(EACH_SPENT, parameters(card, key="", now=now))
    rows: list[tuple[datetime, Decimal]] = cursor.fetchall()
    return rows


def parameters(card: CardRow, *, key: str, now: datetime) -> dict[str, Any]:
    """Return what the counters are asked with."""
    return {
        "card": card.pk,
        "customer": card.customer_id,
        "key": key,
        "now": now,
        "reset_at": card.velocity_reset_at or datetime.min.replace(year=1970, tzinfo=now.tzinfo),
        "balance_at": card.balance_at or now,
        "holding_since": now - HOLDING_IS_KNOWN_FOR,
        **{name: now - length for name, length in WINDOWS},
    }


def _spendings(card: CardRow, sums: list[Any]) -> tuple[Spending, ...]:
    limits = (card.daily_limit, card.weekly_limit, card.monthly_limit)
    return tuple(
        Spending(name=name, length=length, limit=limit, used=used, since=since)
        for (name, length), limit, used, since in zip(WINDOWS, limits, sums[::2], sums[1::2], strict=True)
    )


def _frequencies(columns: tuple[Any, ...]) -> tuple[Frequency, ...]:
    if columns[0] is None:
        return ()
    return tuple(
        Frequency(most=most, seconds=seconds, used=used, frees_at=last and last + timedelta(seconds=seconds))
        for most, seconds, used, last in zip(*columns, strict=True)
    )
