"""Merchants that charge a card again and again. Pure: the contract has no field for it, so the distances tell."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from cards.pairing import folded

LOOK_BACK = timedelta(days=110)  # three monthly charges, each late


@dataclass(frozen=True)
class Charge:
    merchant: str
    at: datetime
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Rhythm:
    name: str
    length: timedelta
    slack: timedelta

    def fits(self, gap: timedelta) -> bool:
        return abs(gap - self.length) <= self.slack


RHYTHMS = (Rhythm("week", timedelta(days=7), timedelta(days=1)), Rhythm("month", timedelta(days=30), timedelta(days=4)))


@dataclass(frozen=True)
class Recurring:
    """What is charged regularly: as much as the last time, and when it is expected next."""

    last: Charge
    rhythm: Rhythm

    @property
    def next_at(self) -> datetime:
        return self.last.at + self.rhythm.length


def recurring(charges: Iterable[Charge], *, now: datetime) -> list[Recurring]:
    """Return the merchants whose three newest charges, or the three newest of one amount, lie one rhythm apart.

    One that is overdue by more than twice the slack has ended.
    """
    alike: dict[tuple[str, Decimal | None], list[Charge]] = defaultdict(list)
    for charge in sorted(charges, key=lambda charge: charge.at, reverse=True):
        for amount in (None, charge.amount):
            alike[folded(charge.merchant), amount].append(charge)
    found: dict[str, Recurring] = {}
    for (merchant, _), group in alike.items():
        rhythm = _rhythm(group[:3], now) if merchant else None
        if rhythm:
            found.setdefault(merchant, Recurring(group[0], rhythm))
    return list(found.values())


def _rhythm(newest: Sequence[Charge], now: datetime) -> Rhythm | None:
    if len(newest) < 3:
        return None
    last, before, first = (charge.at for charge in newest)
    for rhythm in RHYTHMS:
        goes_on = now - last <= rhythm.length + 2 * rhythm.slack
        if goes_on and rhythm.fits(last - before) and rhythm.fits(before - first):
            return rhythm
    return None
