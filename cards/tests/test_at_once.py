"""An event recorded in one statement, without the card's lock, ends in the books as one recorded under it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from cards import ledger
from cards.books import lock
from cards.ledger import Line, Told
from cards.models import Authorization, Card, CardClock, Deposit, Transaction, TransactionEvent
from cards.postgresql import writing
from cards.statuses import ApprovalMethod, EventKind
from cards.tests.making import NOON, make_card, make_purchase
from cards.tests.test_ledger_any_order import SETS, as_line, books, deliver
from cards.tests.test_ledger_any_order import Told as AnyTold
from provider.tests.racing import wait_for_a_lock

A, C, D = EventKind.AUTHORIZED, EventKind.CLEARED, EventKind.DECLINED


def brought(card: Card | None) -> Deposit:
    """Return some row that comes along."""
    return Deposit(card=card, transaction_hash=f"0x{timezone.now().timestamp()}", amount=1, net_amount=1, at=NOON)


def after(act: Callable[[], object]) -> Callable[[Card | None], Deposit]:
    """Return what brings that row when this was done; it is done once, however often the row is asked for."""
    acts = [act]

    def bring(card: Card | None) -> Deposit:
        if acts:
            acts.pop()()
        return brought(card)

    return bring


def tell(card: Card, told: AnyTold, *, bring: Callable[[Card | None], Any] = brought) -> bool:
    kind, operation_id, purchase = told
    said = Told(kind=kind, operation_id=operation_id, purchase=purchase, source="WEBHOOK")
    return ledger.record_at_once(card.api_id, said, brought_by=bring, patience="2s")


@pytest.mark.django_db
@settings(max_examples=40, deadline=None)
@given(SETS, st.integers(0, 3))
def test_at_once_or_under_the_lock_the_books_are_the_same(told: Sequence[AnyTold], later: int) -> None:
    cards = make_card(), make_card()
    lines = [as_line(each, number, later=later) for number, each in enumerate(told)]

    for each in told:
        assert tell(cards[0], each)
        deliver(cards[1], each)
    for card in cards:
        ledger.record_lines(card, lines)

    assert books(cards[0]) == books(cards[1])


@pytest.mark.django_db
def test_the_row_that_comes_along_is_written_with_it() -> None:
    card = make_card()

    assert tell(card, (A, "one", make_purchase()))

    assert (TransactionEvent.objects.get().card, Deposit.objects.get().card) == (card, card)
    assert CardClock.objects.get().moved_at is not None


@pytest.mark.django_db
def test_nothing_is_written_for_an_event_that_is_here_or_a_card_that_is_not() -> None:
    card = make_card()
    tell(card, (A, "one", make_purchase()))

    assert not tell(card, (A, "one", make_purchase()))
    assert not tell(Card(api_id="icard_unknown"), (A, "two", make_purchase()))

    assert (TransactionEvent.objects.count(), Deposit.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_nothing_is_written_where_the_row_that_comes_along_is_here() -> None:
    card = make_card()
    Deposit.objects.create(transaction_hash="0x1", amount=1, net_amount=1, at=NOON)

    def again(card: Card | None) -> Deposit:
        return Deposit(card=card, transaction_hash="0x1", amount=1, net_amount=1, at=NOON)

    assert not tell(card, (A, "one", make_purchase()), bring=again)

    assert (TransactionEvent.objects.count(), Transaction.objects.count()) == (0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["event", "list", "anew"])
def test_nothing_is_written_where_the_books_were_changed_meanwhile(how: str) -> None:
    card = make_card()
    tell(card, (A, "one", make_purchase()))
    changes: dict[str, Callable[[], object]] = {
        "event": lambda: deliver(card, (C, "two", make_purchase("12.00"))),
        "list": lambda: ledger.record_lines(card, [Line("movement", C, make_purchase("12.00"))]),
        "anew": lambda: ledger.recompute(card),
    }

    before = TransactionEvent.objects.count()
    assert not tell(card, (C, "three", make_purchase("3.00")), bring=after(changes[how]))

    assert TransactionEvent.objects.filter(operation_id="three").count() == 0
    assert TransactionEvent.objects.count() == before + (how != "anew")
    assert Deposit.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("settled_at", "held_at"),
    [
        ({"merchant_id": "mch_1"}, {"merchant_id": "mch_1", "merchant_name": "Another name"}),
        ({"merchant_name": "ACME COFFEE"}, {"merchant_name": "Acme Coffee"}),
        ({"merchant_name": "SHOP  12"}, {"merchant_name": "Shop  12"}),  # a character between that nobody can see
        ({"merchant_name": "Shop "}, {"merchant_name": "Shop"}),
        ({"merchant_name": "STRASSE 5"}, {"merchant_name": "Straße 5"}),
        ({"merchant_name": "Straße 5"}, {"merchant_name": "STRASSE 5"}),
        ({"merchant_name": "\u212aIOSK"}, {"merchant_name": "Kiosk"}),  # the sign for kelvin
    ],
)
def test_a_hold_that_comes_after_its_settlement_is_never_taken_for_a_purchase_of_its_own(
    settled_at: dict[str, str], held_at: dict[str, str]
) -> None:
    card, unnamed = make_card(), {"merchant_id": ""}
    later = NOON + timedelta(minutes=1)
    assert tell(card, (C, "settled", make_purchase(occurred_at=later, **{**unnamed, **settled_at})))

    assert tell(card, (A, "held", make_purchase(occurred_at=NOON, **{**unnamed, **held_at})))

    (purchase,) = Transaction.objects.all()
    assert (purchase.state, purchase.placements.count()) == ("CLEARED", 2)


@pytest.mark.django_db
def test_a_purchase_of_its_own_is_one_journey_to_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    execute = psycopg.RawCursor.execute

    def heard(cursor: Any, query: str, *values: Any) -> Any:
        said.append(query)
        return execute(cursor, query, *values)

    monkeypatch.setattr(psycopg.RawCursor, "execute", heard)
    card = make_card()

    tell(card, (A, "one", make_purchase()))
    tell(card, (D, "two", make_purchase(merchant_id="", merchant_name="Bakery")))

    assert len(said) == 2
    assert Transaction.objects.count() == 2


@pytest.mark.django_db
def test_what_does_not_go_into_one_statement_is_left_whole_to_the_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    card = make_card()
    monkeypatch.setattr(writing, "MOST_AT_ONCE", 3)

    assert not tell(card, (C, "one", make_purchase()))
    assert (TransactionEvent.objects.count(), Transaction.objects.count(), CardClock.objects.get().version) == (0, 0, 0)

    deliver(card, (C, "one", make_purchase()))
    assert (TransactionEvent.objects.count(), Transaction.objects.count()) == (1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("differing", [{}, {"operation_id": "one", "bill_amount": "41.00"}, {"merchant_id": ""}])
def test_what_was_answered_before_is_tied_to_it(differing: dict[str, str]) -> None:
    card = make_card(approval_method=ApprovalMethod.WEBHOOK)
    purchase = make_purchase(occurred_at=timezone.now())
    asked = {"operation_id": "another", "merchant_id": "mch_1", "bill_amount": purchase.bill_amount, **differing}
    question = Authorization.objects.create(
        card=card, delivery_key="one", card_api_id=card.api_id, response_code="00", reason="APPROVED",
        cost=purchase.bill_amount, merchant_name="Acme Coffee", bill_currency="USD",
        transaction_amount=purchase.transaction_amount, transaction_currency="USD",
        decided_at=timezone.now() - timedelta(seconds=2), **asked,
    )  # fmt: skip

    assert tell(card, (A, "one", purchase))

    question.refresh_from_db()
    assert (question.authorized_event, question.standing) == (TransactionEvent.objects.get(), "CONFIRMED")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize(("kind", "state"), [(C, "CLEARED"), (D, "CANCELLED")])
def test_events_at_the_same_moment_end_as_if_they_had_come_in_turn(kind: EventKind, state: str, is_first: bool) -> None:
    """A hold and its settlement, or its cancellation: each alone would be a purchase of its own."""
    card, ready = make_card(), Barrier(2)
    if is_first:
        CardClock.objects.all().delete()
    later = NOON + timedelta(minutes=1)
    both: list[AnyTold] = [(A, "", make_purchase()), (kind, "", make_purchase(occurred_at=later))]

    done = side_by_side(*(partial(tell, card, each, bring=after(partial(ready.wait, 10))) for each in both))
    for told in both:
        deliver(card, told)

    assert any(done)
    (purchase,) = Transaction.objects.all()
    assert purchase.state == state


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [A, C])
def test_what_was_worked_out_before_a_change_under_the_lock_waits_for_it_and_is_not_written(kind: EventKind) -> None:
    card, locked = make_card(), Barrier(2)

    def under_the_lock() -> bool:
        with transaction.atomic():
            lock(card.pk)
            locked.wait(10)
            wait_for_a_lock()
            ledger.recompute(card)
        return True

    at_once = partial(tell, card, (kind, "one", make_purchase()), bring=after(partial(locked.wait, 10)))

    assert side_by_side(under_the_lock, at_once) == [True, False]
    assert TransactionEvent.objects.count() == 0


def side_by_side(*acts: Callable[[], bool]) -> list[bool]:
    def run(act: Callable[[], bool]) -> bool:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
