"""Which of a card's events belong to one purchase. Pure: the same set of events always gives the same purchases.

The contract names no correlation id and no order (section 12.2), so nothing here may depend on the order of arrival.
Amounts are compared in the merchant's currency, which no exchange rate moves between the hold and its settlement.
"""

import heapq
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from cards.models import TransactionEvent
from cards.pairing import folded, pair
from cards.statuses import EventKind, Match

K = EventKind

# What happens first when two events bear the same time.
RANK: Mapping[str, int] = {K.AUTHORIZED: 0, K.DECLINED: 1, K.REVERSAL: 2, K.CLEARED: 3, K.REFUND: 4}
TIP = Decimal("1.25")  # a restaurant settles up to a quarter more than it had authorized
ROUNDING = Decimal("0.02")  # what parts converted one by one may differ by from the whole

Order = tuple[datetime, int, str, str]
Key = tuple[str, str, str]


def in_order(event: TransactionEvent) -> Order:
    """Sort by time; the digest makes the order total, whatever order the events came in."""
    return (event.occurred_at, RANK[event.kind], event.operation_id, event.digest)


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
        """Add it to the most recent purchase that the surest rule finds fitting."""
        rules, best = FITTING[event.kind], None
        for group in self._candidates(event):
            rank = _first_that_fits(rules, group, event)
            if rank is not None:
                rules, best = rules[:rank], group
            if not rules:
                break
        if best:
            self._add(event, Match.MERCHANT_AND_AMOUNT, best)
        return best is not None

    def _candidates(self, event: TransactionEvent) -> Iterator[Group]:
        """Return the earlier purchases with the same merchant and something left, the most recent first."""
        shelves = self._settled if event.kind == K.REFUND else self._held
        before = in_order(event)
        found = [shelves[key].before(before) for key in _merchant_keys(event) if key in shelves]
        previous = None
        for group in heapq.merge(*found, key=lambda group: group.order, reverse=True):
            if group is not previous and _same_merchant(group.opening, event):
                yield group
            previous = group

    def _add(self, event: TransactionEvent, how: Match, group: Group) -> None:
        group.take(event, how)
        self._by_event[id(event)] = group
        if event.operation_id:
            self._by_operation.setdefault(event.operation_id, group)
        for key in _merchant_keys(group.opening):
            self._held[key].keep(group, on=group.is_held)
            self._settled[key].keep(group, on=group.refundable > 0)


class _Shelf:
    """Purchases in the order in which they opened; what is finished leaves, so that a long history stays quick."""

    def __init__(self) -> None:
        self._orders: list[Order] = []
        self._groups: list[Group] = []

    def keep(self, group: Group, *, on: bool) -> None:
        at = bisect_left(self._orders, group.order)
        is_on = at < len(self._groups) and self._groups[at] is group
        if on and not is_on:
            self._orders.insert(at, group.order)
            self._groups.insert(at, group)
        elif is_on and not on:
            del self._orders[at], self._groups[at]

    def before(self, order: Order) -> Iterator[Group]:
        for at in range(bisect_left(self._orders, order) - 1, -1, -1):
            yield self._groups[at]


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


def _is_the_whole_hold(group: Group, amount: Decimal, _: TransactionEvent) -> bool:
    return group.has(K.AUTHORIZED) and not group.has(K.CLEARED) and group.held == amount


def _is_the_rest_of_the_hold(group: Group, amount: Decimal, _: TransactionEvent) -> bool:
    return group.held > 0 and abs(group.held - amount) <= ROUNDING


def _is_part_of_the_hold(group: Group, amount: Decimal, _: TransactionEvent) -> bool:
    return 0 < amount < group.held


def _is_the_hold_with_a_tip(group: Group, amount: Decimal, _: TransactionEvent) -> bool:
    return 0 < group.held < amount <= group.held * TIP


def _cancels_the_hold(group: Group, amount: Decimal, event: TransactionEvent) -> bool:
    # A decline with a reason is a purchase that was tried again; the network's cancellation of a hold gives none.
    return not event.decline_code and group.held == amount > 0


def _refunds_all(group: Group, amount: Decimal, _: TransactionEvent) -> bool:
    return group.refundable > 0 and abs(group.refundable - amount) <= ROUNDING


def _refunds_a_part(group: Group, amount: Decimal, _: TransactionEvent) -> bool:
    return 0 < amount < group.refundable


Fits = Callable[[Group, Decimal, TransactionEvent], bool]


def _first_that_fits(rules: tuple[Fits, ...], group: Group, event: TransactionEvent) -> int | None:
    for rank, fits in enumerate(rules):
        if fits(group, event.transaction_amount, event):
            return rank
    return None


FITTING: Mapping[str, tuple[Fits, ...]] = {
    K.AUTHORIZED: (),
    K.DECLINED: (_cancels_the_hold,),
    K.CLEARED: (_is_the_whole_hold, _is_the_rest_of_the_hold, _is_part_of_the_hold, _is_the_hold_with_a_tip),
    K.REVERSAL: (_is_the_whole_hold, _is_the_rest_of_the_hold, _is_part_of_the_hold),
    K.REFUND: (_refunds_all, _refunds_a_part),
}
