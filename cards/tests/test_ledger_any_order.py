"""The books end the same whatever came first, twice, or only in the provider's list."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from cards import ledger
from cards.ledger import Line
from cards.models import Card, Placement, TransactionEvent
from cards.purchases import Purchase
from cards.statuses import EventKind, Match
from cards.tests.making import NOON, make_card, make_purchase

A, C, D, V, R = EventKind.AUTHORIZED, EventKind.CLEARED, EventKind.DECLINED, EventKind.REVERSAL, EventKind.REFUND

pytestmark = pytest.mark.django_db

Told = tuple[EventKind, str, Purchase]


def deliver(card: Card, told: Told) -> None:
    kind, operation_id, purchase = told
    ledger.record_event(card=card, kind=kind, operation_id=operation_id, purchase=purchase, source="WEBHOOK")


def as_line(told: Told, number: int, *, later: int = 3) -> Line:
    """Return the event as the provider's list names it: another id, another second, and of the merchant its name."""
    kind, _, purchase = told
    assert purchase.occurred_at is not None
    at = purchase.occurred_at + timedelta(seconds=later)
    return Line(f"movement-{number}", kind, replace(purchase, merchant_id="", mcc="", occurred_at=at))


def books(card: Card) -> list[tuple[object, ...]]:
    """Return the card's purchases without their addresses, which tell who was recorded first."""
    columns = ("state", "bill_amount", "authorized_total", "cleared_total", "reversed_total", "refunded_total")
    return sorted(
        (*values, *sorted(purchase.placements.values_list("event__kind", "event__digest", "how")))
        for purchase in card.transactions.all()
        for values in [tuple(getattr(purchase, name) for name in columns)]
    )


TOLD = st.builds(
    lambda kind, amount, after, op, other, code: (
        kind,
        op,
        make_purchase(
            amount,
            occurred_at=NOON + timedelta(minutes=after),
            decline_code=code if kind == D else "",
            **({"merchant_id": "mch_2", "merchant_name": "Bakery", "mcc": "5462"} if other else {}),
        ),
    ),
    st.sampled_from(list(EventKind)),
    st.sampled_from(["5.00", "10.00", "15.00"]),
    st.integers(0, 6),
    st.sampled_from(["", "", "one"]),
    st.booleans(),
    st.sampled_from(["", "M102"]),
)
SETS = st.lists(TOLD, min_size=1, max_size=7, unique_by=lambda told: (told[0], told[1], told[2].digest))


@settings(max_examples=40, deadline=None)
@given(
    SETS.flatmap(
        lambda told: st.tuples(
            st.permutations(told), st.permutations([*told, *told]), st.lists(st.sampled_from(told), max_size=4)
        )
    )
)
def test_every_order_with_any_repetition_ends_in_the_same_books(
    orders: tuple[Sequence[Told], Sequence[Told], Sequence[Told]],
) -> None:
    first, second, repeated = orders
    cards = make_card(), make_card()

    for told in [*first, *repeated]:
        deliver(cards[0], told)
    for told in second:
        deliver(cards[1], told)

    assert books(cards[0]) == books(cards[1])
    assert cards[0].events.count() == len(first)


@settings(max_examples=40, deadline=None)
@given(SETS, st.integers(0, 3))
def test_what_was_placed_step_by_step_stands_as_if_placed_at_once(told: list[Told], later: int) -> None:
    card = make_card()
    for each in told:
        deliver(card, each)
    ledger.record_lines(card, [as_line(each, number, later=later) for number, each in enumerate(told)])
    before = books(card), {purchase.pk: purchase.changed_at for purchase in card.transactions.all()}

    ledger.recompute(card)

    assert before == (books(card), {purchase.pk: purchase.changed_at for purchase in card.transactions.all()})


# --- Purchases whose truth is known


@dataclass
class Truth:
    """One purchase as its merchant made it, each at a merchant of its own: nothing about it is a guess."""

    number: int
    has_operation_id: bool
    totals: dict[EventKind, Decimal] = field(default_factory=dict)

    def total(self, kind: EventKind) -> Decimal:
        return self.totals.get(kind, Decimal(0))

    @property
    def held(self) -> Decimal:
        return Decimal(0) if D in self.totals else self.total(A) - self.total(V) - self.total(C)

    @property
    def steps(self) -> list[tuple[EventKind, Decimal, Decimal]]:
        """Return what may happen next, with the least and the most it may be about."""
        steps, one = [], Decimal(1)
        if self.held > 0:
            steps += [(C, one, self.held), (C, self.held, self.held), (C, self.held, self.held * Decimal("1.25") // 1)]
            steps += [(V, one, self.held), (V, self.held, self.held), (D, self.held, self.held)]
        refundable = self.total(C) - self.total(R)
        if refundable > 0:
            steps += [(R, one, refundable), (R, refundable, refundable)]
        return steps

    @property
    def state(self) -> str:
        if D in self.totals and A not in self.totals:
            return "DECLINED"
        if C in self.totals:
            return self._settled
        if D in self.totals:
            return "CANCELLED"
        if V in self.totals:
            return "PARTLY_REVERSED" if self.held else "REVERSED"
        return "AUTHORIZED"

    @property
    def _settled(self) -> str:
        if R in self.totals:
            return "REFUNDED" if self.total(R) == self.total(C) else "PARTLY_REFUNDED"
        if self.held < 0:
            return "OVER_CAPTURED"
        return "PARTLY_CLEARED" if self.held else "CLEARED"

    @property
    def row(self) -> tuple[Any, ...]:
        return (f"Merchant {self.number}", self.state, *(self.total(kind) for kind in (A, C, V, R)))


class Ledger(RuleBasedStateMachine):
    """Purchases are made, and heard of in any order, twice, late, only in the list, or by webhook and list."""

    @initialize()
    def start(self) -> None:
        self.card = make_card()
        self.truths: list[Truth] = []
        self.happened: list[Told] = []
        self.unheard: list[Told] = []
        self.clock = count()

    def _tell(self, truth: Truth, kind: EventKind, amount: Decimal) -> None:
        truth.totals[kind] = truth.total(kind) + amount
        purchase = make_purchase(
            str(amount),
            merchant_id=f"mch_{truth.number}",
            merchant_name=f"Merchant {truth.number}",
            occurred_at=NOON + timedelta(minutes=next(self.clock)),
            decline_code="M102" if truth.state == "DECLINED" else "",
        )
        told = (kind, f"op-{truth.number}" if truth.has_operation_id else "", purchase)
        self.happened.append(told)
        self.unheard.append(told)

    @rule(amount=st.integers(4, 40), has_operation_id=st.booleans(), kind=st.sampled_from([A, A, A, D]))
    def begin(self, amount: int, has_operation_id: bool, kind: EventKind) -> None:
        truth = Truth(len(self.truths), has_operation_id)
        self.truths.append(truth)
        self._tell(truth, kind, Decimal(amount))

    @precondition(lambda self: any(truth.steps for truth in self.truths))
    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        truth = data.draw(st.sampled_from([truth for truth in self.truths if truth.steps]))
        kind, least, most = data.draw(st.sampled_from(truth.steps))
        self._tell(truth, kind, Decimal(data.draw(st.integers(int(least), int(most)))))

    @precondition(lambda self: self.unheard)
    @rule(data=st.data())
    def hear(self, data: st.DataObject) -> None:
        told = data.draw(st.sampled_from(self.unheard))
        self.unheard.remove(told)
        deliver(self.card, told)

    @precondition(lambda self: len(self.unheard) < len(self.happened))
    @rule(data=st.data())
    def hear_again(self, data: st.DataObject) -> None:
        heard = [told for told in self.happened if told not in self.unheard]
        deliver(self.card, data.draw(st.sampled_from(heard)))

    @rule(data=st.data())
    def poll(self, data: st.DataObject) -> None:
        known = data.draw(st.integers(0, len(self.happened)))
        self._poll(known)

    def _poll(self, known: int) -> None:
        ledger.record_lines(self.card, [as_line(told, number) for number, told in enumerate(self.happened[:known])])

    def teardown(self) -> None:
        if not hasattr(self, "card"):
            return
        self._poll(len(self.happened))  # what no webhook told by now, none ever will
        assert sorted(truth.row for truth in self.truths) == sorted(
            self.card.transactions.values_list(
                "merchant_name", "state", "authorized_total", "cleared_total", "reversed_total", "refunded_total"
            )
        )
        events = TransactionEvent.objects.filter(card=self.card)
        counted = Placement.objects.filter(event__card=self.card).exclude(how=Match.LISTED)
        assert Placement.objects.filter(event__card=self.card).count() == events.count()
        assert counted.count() == len(self.happened)


def test_the_books_tell_the_truth_whatever_was_heard_in_whatever_order() -> None:
    run_state_machine_as_test(Ledger, settings=settings(max_examples=50, stateful_step_count=30, deadline=None))
