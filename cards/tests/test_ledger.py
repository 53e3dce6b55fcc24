import itertools
import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from cards import ledger
from cards.models import Card, Placement, Transaction, TransactionEvent
from cards.purchases import Purchase
from cards.statuses import EventKind, Match
from cards.tests.making import NOON, make_card, make_purchase

A, C, D, R = EventKind.AUTHORIZED, EventKind.CLEARED, EventKind.DECLINED, EventKind.REFUND

pytestmark = pytest.mark.django_db


def tell(card: Card, kind: EventKind, amount: str = "42.50", *, after: int = 0, op: str = "") -> TransactionEvent:
    purchase = make_purchase(amount, occurred_at=NOON + timedelta(minutes=after))
    return ledger.record_event(card=card, kind=kind, operation_id=op, purchase=purchase, source="WEBHOOK")


def test_one_purchase_is_made_of_its_events() -> None:
    card = make_card()

    tell(card, A, op="one")
    tell(card, C, after=60, op="two")

    purchase = Transaction.objects.get()
    assert (purchase.state, purchase.bill_amount, purchase.merchant_name) == (
        "CLEARED",
        Decimal("42.50"),
        "Acme Coffee",
    )
    assert list(purchase.placements.order_by("event_id").values_list("how", flat=True)) == [
        Match.OPENS,
        Match.MERCHANT_AND_AMOUNT,
    ]


def test_the_same_event_again_is_recorded_once() -> None:
    card = make_card()

    first = tell(card, A, op="one")
    again = tell(card, A, op="one")

    assert first == again
    assert TransactionEvent.objects.count() == 1
    assert Transaction.objects.get().authorized_total == Decimal("42.50")


def test_a_kind_is_understood_in_any_case() -> None:
    recorded = ledger.record_event(
        card=make_card(), kind="authorized", operation_id="", purchase=make_purchase(), source="WEBHOOK"
    )

    assert recorded.kind == A


def test_an_event_without_a_time_counts_as_happening_now() -> None:
    purchase = make_purchase(occurred_at=None)
    card = make_card()

    first = ledger.record_event(card=card, kind=A, operation_id="one", purchase=purchase, source="WEBHOOK")
    again = ledger.record_event(card=card, kind=A, operation_id="one", purchase=purchase, source="WEBHOOK")

    assert first.occurred_at == first.received_at
    assert first == again


def test_every_order_of_arrival_ends_in_the_same_purchases() -> None:
    told = [(A, "30.00", 0, "a"), (C, "10.00", 60, "b"), (C, "20.00", 70, "c"), (R, "20.00", 90, "d")]
    seen = set()
    for order in itertools.permutations(told):
        card = make_card()
        for kind, amount, after, op in order:
            tell(card, kind, amount, after=after, op=op)
        seen.add(
            tuple(
                card.transactions.values_list(
                    "state", "authorized_total", "cleared_total", "refunded_total", "first_at"
                )
            )
        )

    assert len(seen) == 1
    assert len(seen.pop()) == 1


def test_a_purchase_keeps_its_address_when_its_authorization_comes_late() -> None:
    card = make_card()
    tell(card, C, after=60)
    address = Transaction.objects.get().pk

    tell(card, A)

    purchase = Transaction.objects.get()
    assert purchase.pk == address
    assert purchase.placements.count() == 2


def test_a_purchase_that_turns_out_to_be_part_of_another_goes() -> None:
    card = make_card()
    tell(card, C, "10.00", after=60, op="b")
    tell(card, R, "20.00", after=90, op="d")
    assert Transaction.objects.count() == 2

    tell(card, C, "20.00", after=70, op="c")

    assert sorted(Transaction.objects.values_list("state", flat=True)) == ["CLEARED", "REFUNDED"]
    assert not Placement.objects.exclude(transaction__in=Transaction.objects.all()).exists()


def test_a_purchase_that_turns_out_to_be_two_is_taken_apart() -> None:
    card = make_card()
    tell(card, A, op="one")
    tell(card, C, after=60, op="two")

    tell(card, A, after=30, op="three")

    assert list(card.transactions.order_by("first_at").values_list("state", flat=True)) == ["AUTHORIZED", "CLEARED"]
    assert [purchase.placements.count() for purchase in card.transactions.order_by("first_at")] == [1, 2]


def test_the_events_of_another_card_are_left_alone() -> None:
    mine, other = make_card(), make_card()
    tell(other, A)

    tell(mine, C, after=60)

    assert [card.transactions.get().state for card in (mine, other)] == ["CLEARED", "AUTHORIZED"]


def test_a_decline_says_why_on_the_purchase() -> None:
    purchase = make_purchase(decline_code="M102", decline_description="Balance too low")

    ledger.record_event(card=make_card(), kind=D, operation_id="one", purchase=purchase, source="WEBHOOK")

    declined = Transaction.objects.get()
    assert (declined.state, declined.decline_code, declined.decline_description) == (
        "DECLINED",
        "M102",
        "Balance too low",
    )


def test_placing_again_writes_nothing_when_nothing_changed() -> None:
    card = make_card()
    tell(card, A)
    before = Transaction.objects.get().changed_at

    ledger.recompute(card)

    assert Transaction.objects.get().changed_at == before


@pytest.mark.parametrize(
    "change", ["UPDATE cards_transactionevent SET bill_amount = 1", "DELETE FROM cards_transactionevent"]
)
def test_the_database_refuses_to_change_or_remove_an_event(change: str) -> None:
    tell(make_card(), A)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


@pytest.mark.django_db(transaction=True)
def test_five_deliveries_of_one_event_at_once_record_it_once() -> None:
    card, purchase = make_card(), make_purchase()
    start = threading.Barrier(5)

    def deliver(purchase: Purchase) -> None:
        start.wait(timeout=10)
        try:
            ledger.record_event(card=card, kind=A, operation_id="one", purchase=purchase, source="WEBHOOK")
        finally:
            connection.close()

    threads = [threading.Thread(target=deliver, args=(purchase,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert TransactionEvent.objects.count() == 1
    assert Transaction.objects.get().authorized_total == Decimal("42.50")
