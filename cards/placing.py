"""Which of a card's events belong to one purchase. Pure: the same set of events always gives the same purchases.

The contract names no correlation id and no order (section 12.2), so nothing here may depend on the order of arrival.
Amounts are compared in the merchant's currency, which no exchange rate moves between the hold and its settlement.
"""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from cards.models import TransactionEvent
from cards.pairing import folded, pair
from cards.statuses import EventKind, Match

K = EventKind

# What happens first in one second: webhooks tell fractions of it, and the provider's list does not.
RANK: Mapping[str, int] = {K.AUTHORIZED: 0, K.DECLINED: 1, K.REVERSAL: 2, K.CLEARED: 3, K.REFUND: 4}
TIP = Decimal("1.25")  # a restaurant settles up to a quarter more than it had authorized
ROUNDING = Decimal("0.02")  # what parts converted one by one may differ by from the whole
FEW = 64  # purchases among which the most recent is found by sorting

Order = tuple[datetime, int, datetime, str, str]
Key = tuple[str, str, str]


def in_order(event: TransactionEvent) -> Order:
    """Sort by time; the digest makes the order total, whatever order the events came in."""
    second = event.occurred_at.replace(microsecond=0)
    return (second, RANK[event.kind], event.occurred_at, event.operation_id, event.digest)


@dataclass
class Group:
    """One purchase, as far as its events tell: each with how it was found to belong here."""

    opening: TransactionEvent
    order: Order
    matches: list[tuple[TransactionEvent, Match]] = field(default_factory=list)
    listed: list[TransactionEvent] = field(default_factory=list)  # lines of the provider's list that say the same
    totals: dict[str, Decimal] = field(default_factory=dict)
    held: Decimal = Decimal(0)  # authorized, and neither settled nor released

    def take(self, event: TransactionEvent, how: Match) -> None:
        self.matches.append((event, how))
        self.totals[event.kind] = self.total(event.kind) + event.transaction_amount
        self.held = self.total(K.AUTHORIZED) - self.total(K.REVERSAL) - self.total(K.CLEARED)
        if self.has(K.DECLINED):
            self.held = Decimal(0)

    @property
    def events(self) -> list[TransactionEvent]:
        """Return the events that count, as they happened."""
        return sorted((event for event, _ in self.matches), key=in_order)

    @property
    def placed(self) -> list[tuple[TransactionEvent, Match]]:
        return [*self.matches, *((line, Match.LISTED) for line in self.listed)]

    @cached_property
    def address(self) -> UUID:
        """Return that of the event recorded first: what comes later moves no purchase that people have seen."""
        return min((event for event, _ in self.placed), key=lambda event: event.pk).address

    def has(self, kind: str) -> bool:
        return kind in self.totals

    def total(self, kind: str) -> Decimal:
        return self.totals.get(kind, Decimal(0))

    @property
    def refundable(self) -> Decimal:
        return self.total(K.CLEARED) - self.total(K.REFUND)

    @property
    def is_held(self) -> bool:
        """Answer whether a settlement or a release may still be about it."""
        is_untouched = self.has(K.AUTHORIZED) and self.totals.keys() <= {K.AUTHORIZED, K.REFUND}
        return self.held > 0 or is_untouched


def place(events: Iterable[TransactionEvent]) -> list[Group]:
    """Return the purchases these events of one card make up, oldest first."""
    ordered = sorted(events, key=in_order)
    pairs = pair(ordered)
    set_aside = {id(line) for line, _ in pairs}
    ledger = _Ledger()
    ledger.add_all([event for event in ordered if id(event) not in set_aside])
    for line, told in pairs:
        ledger.group_of(told).listed.append(line)
    return sorted(ledger.groups, key=lambda group: in_order(group.events[0]))


class _Ledger:
    """The purchases found so far, by what an event may name."""

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self._by_event: dict[int, Group] = {}
        self._by_operation: dict[str, Group] = {}
        self._held: dict[Key, _Shelf] = defaultdict(_Shelf)
        self._settled: dict[Key, _Shelf] = defaultdict(_Shelf)

    def add_all(self, ordered: list[TransactionEvent]) -> None:
        for event in ordered:
            if event.kind == K.AUTHORIZED and not self._add_by_operation(event):
                self._open(event, Match.OPENS)
        # An operation id is certain whatever the clocks say, so it goes before any guess.
        others = [event for event in ordered if event.kind != K.AUTHORIZED and not self._add_by_operation(event)]
        for event in others:
            if not (self._add_by_operation(event) or self._add_by_merchant(event)):
                self._open(event, Match.OPENS if event.kind == K.DECLINED else Match.ALONE)

    def group_of(self, event: TransactionEvent) -> Group:
        return self._by_event[id(event)]

    def _open(self, event: TransactionEvent, how: Match) -> None:
        group = Group(event, in_order(event))
        self.groups.append(group)
        self._add(event, how, group)

    def _add_by_operation(self, event: TransactionEvent) -> bool:
        group = self._by_operation.get(event.operation_id)
        if group:
            self._add(event, Match.OPERATION_ID, group)
        return group is not None

    def _add_by_merchant(self, event: TransactionEvent) -> bool:
        """Add it to the most recent earlier purchase that the surest rule finds fitting."""
        if event.kind == K.DECLINED and event.decline_code:
            return False  # a purchase that was tried again; the network's cancellation of a hold gives no reason
        shelves = self._settled if event.kind == K.REFUND else self._held
        near = [shelves[key] for key in _merchant_keys(event) if key in shelves]
        for rule in FITTING[event.kind]:
            found = [group for shelf in near if (group := shelf.latest(event, rule))]
            if found:
                self._add(event, Match.MERCHANT_AND_AMOUNT, max(found, key=lambda group: group.order))
                return True
        return False

    def _add(self, event: TransactionEvent, how: Match, group: Group) -> None:
        group.take(event, how)
        self._by_event[id(event)] = group
        if event.operation_id:
            self._by_operation.setdefault(event.operation_id, group)
        for key in _merchant_keys(group.opening):
            self._held[key].keep(group, left=group.held if group.is_held else None)
            self._settled[key].keep(group, left=group.refundable if group.refundable > 0 else None)


class _Shelf:
    """Purchases by when they opened and by what is left of them. Finished ones leave: a long history stays quick."""

    def __init__(self) -> None:
        self._groups: dict[Order, Group] = {}
        self._left: dict[Order, Decimal] = {}
        self._by_order: list[Order] = []
        self._by_left: list[tuple[Decimal, Order]] = []

    def keep(self, group: Group, *, left: Decimal | None) -> None:
        """Note how much of the purchase is left; None takes it off."""
        order = group.order
        if order in self._left:
            del self._by_left[bisect_left(self._by_left, (self._left.pop(order), order))]
            if left is None:
                del self._by_order[bisect_left(self._by_order, order)]
        elif left is not None:
            insort(self._by_order, order)
        if left is not None:
            self._groups[order], self._left[order] = group, left
            insort(self._by_left, (left, order))

    def latest(self, event: TransactionEvent, rule: "Rule") -> Group | None:
        before, amount = in_order(event), event.transaction_amount
        low, high = rule.left(amount)
        orders = self._earlier(before, low, high)
        fitting = (self._groups[order] for order in orders if rule.fits(self._groups[order], amount))
        return next((group for group in fitting if _same_merchant(group.opening, event)), None)

    def _earlier(self, before: Order, low: Decimal, high: Decimal) -> Iterable[Order]:
        """Return those that opened before and have between `low` and `high` left, the most recent first."""
        start = bisect_left(self._by_left, low, key=_first)
        end = bisect_right(self._by_left, high, lo=start, key=_first)
        if end - start <= FEW:
            return sorted((order for _, order in self._by_left[start:end] if order < before), reverse=True)
        recent = reversed(self._by_order[: bisect_left(self._by_order, before)])
        return (order for order in recent if low <= self._left[order] <= high)


def _first(pair: tuple[Decimal, Order]) -> Decimal:
    return pair[0]


def _merchant_keys(event: TransactionEvent) -> list[Key]:
    named = (("id", event.merchant_id), ("name", folded(event.merchant_name)))
    return [(event.transaction_currency, kind, value) for kind, value in named if value]


def _same_merchant(one: TransactionEvent, other: TransactionEvent) -> bool:
    """Answer for two events that share the merchant's id or its name: a name needs the same line of business too."""
    if one.merchant_id and one.merchant_id == other.merchant_id:
        return True
    return one.mcc == other.mcc or not (one.mcc and other.mcc)


# --- What an event can touch at all


def links(operation_id: str, currency: str, merchant_id: str, merchant_name: str) -> list[Key]:
    """Return what ties an event to others: events without a link in common never change each other's place."""
    found: list[Key] = [(currency, "name", folded(merchant_name))]
    if merchant_id:
        found.append((currency, "id", merchant_id))
    if operation_id:
        found.append(("", "operation", operation_id))
    return found


def links_of_event(event: TransactionEvent) -> list[Key]:
    return links(event.operation_id, event.transaction_currency, event.merchant_id, event.merchant_name)


def neighbourhood(links_of: Mapping[int, Iterable[Key]], start: int) -> set[int]:
    """Return every event that a chain of links connects with the one to start from."""
    events_of = defaultdict(list)
    for event, keys in links_of.items():
        for key in keys:
            events_of[key].append(event)
    found, to_visit = {start}, [start]
    while to_visit:
        for key in links_of[to_visit.pop()]:
            new = [event for event in events_of.pop(key, ()) if event not in found]
            found.update(new)
            to_visit += new
    return found


# --- Which purchases an event fits, by kind: the surest rule first


@dataclass(frozen=True)
class Rule:
    """Fits a purchase of which so much is left, and that fulfils a condition besides."""

    left: Callable[[Decimal], tuple[Decimal, Decimal]]
    fits: Callable[[Group, Decimal], bool] = lambda _, amount: amount > 0


def _is_unsettled(group: Group, _: Decimal) -> bool:
    return group.has(K.AUTHORIZED) and not group.has(K.CLEARED)


def _has_something_left(group: Group, _: Decimal) -> bool:
    return group.held > 0 or group.refundable > 0


WHOLE_HOLD = Rule(lambda amount: (amount, amount), _is_unsettled)
CANCELLED_HOLD = Rule(lambda amount: (amount, amount))
REST = Rule(lambda amount: (amount - ROUNDING, amount + ROUNDING), _has_something_left)
PART = Rule(lambda amount: (amount, Decimal("Infinity")))
TIPPED_HOLD = Rule(lambda amount: (amount / TIP, amount))

FITTING: Mapping[str, tuple[Rule, ...]] = {
    K.AUTHORIZED: (),
    K.DECLINED: (CANCELLED_HOLD,),
    K.CLEARED: (WHOLE_HOLD, REST, PART, TIPPED_HOLD),
    K.REVERSAL: (WHOLE_HOLD, REST, PART),
    K.REFUND: (REST, PART),
}
