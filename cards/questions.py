"""Would a purchase pass now: the rules of the decision itself, over where the card stands today. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection

from cards.counters import WINDOWS, count, each_spent, read_card
from cards.rules import Asked, Decision, State, Verdict, judge
from cards.statuses import CardStatus

Spent = Sequence[tuple[datetime, Decimal]]  # when and how much, the oldest first


@dataclass(frozen=True)
class Standing:
    """What the rules are asked about a card, and behind its sums each amount."""

    state: State
    spent: Spent = ()


def stand(card_api_id: str, *, now: datetime, released: bool = False) -> Standing:
    """Read where the card stands; `released`, as it would if it were unfrozen now, which resets the velocity count."""
    with connection.cursor() as cursor:
        card = read_card(cursor, card_api_id, lock=False)
        if card is None:
            return Standing(State())
        if released:
            card = replace(card, status=CardStatus.ACTIVE, velocity_reset_at=now)
        return Standing(count(cursor, card, key="", now=now).state, each_spent(cursor, card, now=now))


def would_pass(card_api_id: str, asked: Asked, *, now: datetime) -> Decision:
    """Apply the rules without a lock and without a trace. What is over a limit says when it would fit, if ever."""
    standing = stand(card_api_id, now=now)
    decision = judge(asked, standing.state)
    verdicts = tuple(_when_it_fits(verdict, standing.spent, asked.cost, now) for verdict in decision.verdicts)
    return replace(decision, verdicts=verdicts)


def passes_at(decision: Decision) -> datetime | None:
    """Return when nothing of what is broken now would be any more, as far as waiting helps; otherwise None."""
    times = [verdict.frees_at for verdict in decision.broken]
    known = [time for time in times if time is not None]
    return max(known) if known and len(known) == len(times) else None


def _when_it_fits(verdict: Verdict, spent: Spent, cost: Decimal, now: datetime) -> Verdict:
    length = LENGTHS.get(verdict.rule)
    if length is None or verdict.limit is None or verdict.passed:
        return verdict
    return replace(verdict, frees_at=fits_at(spent, length=length, limit=verdict.limit, cost=cost, now=now))


LENGTHS = {f"{name}_limit": length for name, length in WINDOWS}


def fits_at(spent: Spent, *, length: timedelta, limit: Decimal, cost: Decimal, now: datetime) -> datetime | None:
    """Return when so much has left the sliding window that the cost fits within the limit; None where it never does."""
    counted = [(at, amount) for at, amount in spent if at > now - length]
    total = sum((amount for _, amount in counted), cost)
    for at, amount in counted:
        total -= amount
        if total <= limit:
            return at + length
    return None
