"""Which of a card's events belong to one purchase. Pure: the same set of events always gives the same purchases.

The contract names no correlation id and no order (section 12.2), so nothing here may depend on the order of arrival.
Amounts are compared in the merchant's currency, which no exchange rate moves between the hold and its settlement.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from cards.models import TransactionEvent
from cards.statuses import EventKind, Match

K = EventKind

# What happens first when two events bear the same time.
RANK: Mapping[str, int] = {K.AUTHORIZED: 0, K.DECLINED: 1, K.REVERSAL: 2, K.CLEARED: 3, K.REFUND: 4}
TIP = Decimal("1.25")  # a restaurant settles up to a quarter more than it had authorized
ROUNDING = Decimal("0.02")  # what parts converted one by one may differ by from the whole


@dataclass
class Group:
    """One purchase, as far as its events tell: each with how it was found to belong here."""

    matches: list[tuple[TransactionEvent, Match]] = field(default_factory=list)
    totals: dict[str, Decimal] = field(default_factory=dict)

    def take(self, event: TransactionEvent, how: Match) -> None:
        self.matches.append((event, how))
        self.totals[event.kind] = self.total(event.kind) + event.transaction_amount

    @property
    def events(self) -> list[TransactionEvent]:
        return sorted((event for event, _ in self.matches), key=in_order)

    @property
    def opening(self) -> TransactionEvent:
        return self.matches[0][0]

    def has(self, kind: str) -> bool:
        return kind in self.totals

    def total(self, kind: str) -> Decimal:
        return self.totals.get(kind, Decimal(0))

    @property
    def held(self) -> Decimal:
        """Return what is authorized and neither settled nor released."""
        if self.has(K.DECLINED):
            return Decimal(0)
        return self.total(K.AUTHORIZED) - self.total(K.REVERSAL) - self.total(K.CLEARED)

    def may_take(self, event: TransactionEvent) -> bool:
        """Answer whether the event comes later and something is left that it could be about."""
        is_open = self.has(K.CLEARED) if event.kind == K.REFUND else not self.has(K.CLEARED) or self.held > 0
        return is_open and in_order(self.opening) < in_order(event)

    @property
    def refundable(self) -> Decimal:
        return self.total(K.CLEARED) - self.total(K.REFUND)


def place(events: Iterable[TransactionEvent]) -> list[Group]:
    """Return the purchases these events of one card make up, oldest first."""
    ordered = sorted(events, key=in_order)
    ledger = _Ledger()
    for event in ordered:
        if event.kind == K.AUTHORIZED and not ledger.add_by_operation(event):
            ledger.open(event, Match.OPENS)
    # An operation id is certain whatever the clocks say, so it goes before any guess.
    others = [event for event in ordered if event.kind != K.AUTHORIZED and not ledger.add_by_operation(event)]
    for event in others:
        if not (ledger.add_by_operation(event) or ledger.add_by_merchant(event)):
            ledger.open(event, Match.OPENS if event.kind == K.DECLINED else Match.ALONE)
    return sorted(ledger.groups, key=lambda group: in_order(group.events[0]))


def in_order(event: TransactionEvent) -> tuple[datetime, int, str, str]:
    """Sort by time; the digest makes the order total, whatever order the events came in."""
    return (event.occurred_at, RANK[event.kind], event.operation_id, event.digest)


class _Ledger:
    """The purchases found so far, by what an event may name."""

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self._by_operation: dict[str, Group] = {}
        self._by_merchant: dict[tuple[str, str, str], list[Group]] = defaultdict(list)

    def open(self, event: TransactionEvent, how: Match) -> None:
        group = Group()
        self.groups.append(group)
        for key in _merchant_keys(event):
            self._by_merchant[key].append(group)
        self._add(event, how, group)

    def add_by_operation(self, event: TransactionEvent) -> bool:
        group = self._by_operation.get(event.operation_id)
        if group:
            self._add(event, Match.OPERATION_ID, group)
        return group is not None

    def add_by_merchant(self, event: TransactionEvent) -> bool:
        candidates = self._candidates(event)
        for fits in FITTING[event.kind]:
            for group in candidates:
                if fits(group, event.transaction_amount, event):
                    self._add(event, Match.MERCHANT_AND_AMOUNT, group)
                    return True
        return False

    def _add(self, event: TransactionEvent, how: Match, group: Group) -> None:
        group.take(event, how)
        if event.operation_id:
            self._by_operation.setdefault(event.operation_id, group)

    def _candidates(self, event: TransactionEvent) -> list[Group]:
        """Return the earlier purchases at the same merchant in the same currency, the most recent first."""
        found = {id(group): group for key in _merchant_keys(event) for group in self._by_merchant[key]}
        earlier = [group for group in found.values() if group.may_take(event) and _same_merchant(group.opening, event)]
        return sorted(earlier, key=lambda group: in_order(group.opening), reverse=True)


def _merchant_keys(event: TransactionEvent) -> list[tuple[str, str, str]]:
    named = (("id", event.merchant_id), ("name", _folded(event.merchant_name)))
    return [(event.transaction_currency, kind, value) for kind, value in named if value]


def _same_merchant(one: TransactionEvent, other: TransactionEvent) -> bool:
    """Answer for two events that share the merchant's id or its name: a name needs the same line of business too."""
    if one.merchant_id and one.merchant_id == other.merchant_id:
        return True
    return one.mcc == other.mcc or not (one.mcc and other.mcc)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


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

FITTING: Mapping[str, tuple[Fits, ...]] = {
    K.AUTHORIZED: (),
    K.DECLINED: (_cancels_the_hold,),
    K.CLEARED: (_is_the_whole_hold, _is_the_rest_of_the_hold, _is_part_of_the_hold, _is_the_hold_with_a_tip),
    K.REVERSAL: (_is_the_whole_hold, _is_the_rest_of_the_hold, _is_part_of_the_hold),
    K.REFUND: (_refunds_all, _refunds_a_part),
}
