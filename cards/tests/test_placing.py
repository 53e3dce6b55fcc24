from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cards.ledger import fold
from cards.models import TransactionEvent
from cards.placing import links, neighbourhood, place
from cards.statuses import EventKind, Match
from cards.tests.making import NOON, event

A, C, D, V, R = EventKind.AUTHORIZED, EventKind.CLEARED, EventKind.DECLINED, EventKind.REVERSAL, EventKind.REFUND


def states(events: Sequence[TransactionEvent]) -> list[str]:
    return [fold(group.events).state for group in place(events)]


def sizes(events: Sequence[TransactionEvent]) -> list[int]:
    return [len(group.events) for group in place(events)]


def picture(events: Sequence[TransactionEvent]) -> set[tuple[object, ...]]:
    """Return the purchases without regard to their order: which events, each found how, adding up to what."""
    return {
        (frozenset((each.kind, each.digest, how) for each, how in group.matches), fold(group.events))
        for group in place(events)
    }


def test_a_settlement_joins_the_authorization_of_its_amount() -> None:
    (purchase,) = place([event(A), event(C, after=60)])

    assert [how for _, how in purchase.matches] == [Match.OPENS, Match.MERCHANT_AND_AMOUNT]
    assert fold(purchase.events).state == "CLEARED"


def test_an_operation_id_wins_over_amounts_and_clocks() -> None:
    purchases = place([event(A, op="one"), event(C, "99.00", op="one", after=-5)])

    assert [how for _, how in purchases[0].matches] == [Match.OPENS, Match.OPERATION_ID]


def test_a_settlement_known_to_the_second_joins_the_authorization_within_it() -> None:
    (purchase,) = place([event(A, after=0.01), event(C, after=0)])

    assert [each.kind for each in purchase.events] == [A, C]
    assert fold(purchase.events).last_at == purchase.events[0].occurred_at


def test_a_settlement_goes_to_the_most_recent_of_equal_authorizations() -> None:
    events = [event(A, after=0), event(A, after=10), event(C, after=60)]

    assert states(events) == ["AUTHORIZED", "CLEARED"]


def test_a_settlement_of_the_exact_amount_passes_over_a_larger_hold() -> None:
    assert states([event(A, "20.00"), event(A, "80.00", after=5), event(C, "20.00", after=60)]) == [
        "CLEARED",
        "AUTHORIZED",
    ]


def test_several_settlements_add_up_to_one_purchase() -> None:
    (purchase,) = place([event(A, "30.00"), event(C, "10.00", after=60), event(C, "20.00", after=90)])

    assert fold(purchase.events).cleared_total == Decimal("30.00")


def test_parts_that_were_rounded_one_by_one_still_make_the_whole() -> None:
    parts = [event(C, "3.34", after=60), event(C, "3.34", after=61), event(C, "3.34", after=62)]

    assert sizes([event(A, "10.00"), *parts]) == [4]
    assert states([event(A, "10.00"), event(C, "10.00", after=5), event(R, "10.01", after=9)]) == ["REFUNDED"]


def test_a_tip_is_part_of_the_meal_and_a_far_larger_amount_is_not() -> None:
    assert sizes([event(A, "40.00"), event(C, "48.00", after=60)]) == [2]
    assert sizes([event(A, "40.00"), event(C, "80.00", after=60)]) == [1, 1]


def test_another_merchant_or_currency_never_matches() -> None:
    elsewhere = {"merchant_id": "mch_2", "merchant_name": "Other"}

    assert sizes([event(A), event(C, after=60, **elsewhere)]) == [1, 1]
    assert sizes([event(A), event(C, after=60, transaction_currency="EUR")]) == [1, 1]


def test_a_merchant_is_known_by_its_name_and_line_of_business_when_it_sends_no_id() -> None:
    hold = event(A, merchant_id="")

    assert sizes([hold, event(C, after=60, merchant_id="", merchant_name="ACME  coffee")]) == [2]
    assert sizes([hold, event(C, after=60, merchant_id="", mcc="7995")]) == [1, 1]
    assert sizes(
        [event(A, merchant_id="", merchant_name=""), event(C, after=60, merchant_id="", merchant_name="")]
    ) == [
        1,
        1,
    ]


def test_a_settlement_before_its_authorization_stands_alone() -> None:
    events = [event(C, after=-60), event(A)]

    assert states(events) == ["CLEARED", "AUTHORIZED"]
    assert [how for group in place(events) for _, how in group.matches] == [Match.ALONE, Match.OPENS]


def test_a_decline_that_gives_a_reason_is_a_purchase_of_its_own() -> None:
    assert states([event(A), event(D, after=5, decline_code="M102")]) == ["AUTHORIZED", "DECLINED"]


def test_a_decline_without_a_reason_cancels_the_hold_of_its_amount() -> None:
    assert states([event(A), event(D, after=5)]) == ["CANCELLED"]


def test_a_decline_under_the_authorizations_id_cancels_it_whatever_it_says() -> None:
    assert states([event(A, op="one"), event(D, op="one", after=5, decline_code="M102")]) == ["CANCELLED"]


def test_a_reversal_releases_the_hold_whole_or_in_part() -> None:
    assert states([event(A), event(V, after=5)]) == ["REVERSED"]
    assert states([event(A), event(V, "10.00", after=5)]) == ["PARTLY_REVERSED"]


def test_a_refund_goes_to_a_settled_purchase_and_never_to_a_hold() -> None:
    assert states([event(A), event(C, after=5), event(R, after=60)]) == ["REFUNDED"]
    assert states([event(A), event(C, after=5), event(R, "2.50", after=60)]) == ["PARTLY_REFUNDED"]
    assert states([event(A), event(R, after=60)]) == ["AUTHORIZED", "REFUNDED"]


def test_a_refund_larger_than_what_is_left_stands_alone() -> None:
    events = [event(A), event(C, after=5), event(R, after=60), event(R, "1.00", after=61)]

    assert states(events) == ["REFUNDED", "REFUNDED"]


def test_amounts_match_in_the_merchants_currency_when_the_rate_has_moved() -> None:
    hold = event(A, "40.00", transaction_currency="EUR", transaction_amount=Decimal("36.00"))
    settled = event(C, "41.20", after=60, transaction_currency="EUR", transaction_amount=Decimal("36.00"))

    (purchase,) = place([hold, settled])

    assert fold(purchase.events).bill_amount == Decimal("41.20")


def test_the_cost_is_the_settlement_with_its_own_fees() -> None:
    (purchase,) = place([event(A, fx_fees=Decimal("0.42")), event(C, after=60, fx_fees=Decimal("0.40"))])

    totals = fold(purchase.events)
    assert (totals.fees_total, totals.authorized_total, totals.cleared_total) == (
        Decimal("0.40"),
        Decimal("42.50"),
        Decimal("42.50"),
    )


def test_a_purchase_of_which_something_is_still_held_is_partly_cleared() -> None:
    assert states([event(A, "30.00"), event(C, "10.00", after=5)]) == ["PARTLY_CLEARED"]
    assert states([event(A, "30.00"), event(C, "10.00", after=5), event(C, "20.00", after=9)]) == ["CLEARED"]
    assert states([event(A, "30.00"), event(C, "10.00", after=5), event(V, "20.00", after=9)]) == ["CLEARED"]
    assert states([event(A, "30.00"), event(C, "10.00", after=5), event(D, "20.00", after=9)]) == ["CLEARED"]


def test_a_purchase_that_settled_above_its_hold_says_so() -> None:
    assert states([event(A, "40.00"), event(C, "48.00", after=60)]) == ["OVER_CAPTURED"]
    assert states([event(A, op="one"), event(C, "99.00", op="one", after=60)]) == ["OVER_CAPTURED"]


def test_a_settlement_after_the_cancellation_stands_alone() -> None:
    events = [event(A, "30.00"), event(D, "30.00", after=5), event(C, "20.00", after=9)]

    assert states(events) == ["CANCELLED", "CLEARED"]


def test_whether_all_was_settled_is_told_in_the_merchants_currency() -> None:
    hold = event(A, "40.00", transaction_currency="EUR", transaction_amount=Decimal("36.00"))
    settled = event(C, "41.20", after=60, transaction_currency="EUR", transaction_amount=Decimal("36.00"))

    assert states([hold, settled]) == ["CLEARED"]


# --- The provider's list


def line(
    kind: EventKind, amount: str = "42.50", *, after: float = 0, op: str = "m1", **changes: Any
) -> TransactionEvent:
    listed = event(kind, amount, op=op, merchant_id="", mcc="", **changes)
    listed.source, listed.occurred_at = "POLL", NOON + timedelta(minutes=after)
    return listed


def test_a_line_of_the_list_that_a_webhook_covers_counts_once() -> None:
    (purchase,) = place([event(A), line(A, after=9.9), event(C, after=60)])

    assert [how for _, how in purchase.placed] == [Match.OPENS, Match.MERCHANT_AND_AMOUNT, Match.LISTED]
    assert fold(purchase.events).authorized_total == Decimal("42.50")


def test_a_line_more_than_ten_minutes_away_is_another_purchase() -> None:
    assert states([event(A), line(A, after=10.1)]) == ["AUTHORIZED", "AUTHORIZED"]


def test_each_webhook_covers_one_line() -> None:
    purchases = place([event(A), line(A, op="m1", after=1), line(A, op="m2", after=2)])

    assert sorted(len(purchase.listed) for purchase in purchases) == [0, 1]


def test_a_line_that_no_webhook_covers_is_placed_like_any_event() -> None:
    (purchase,) = place([line(A), event(C, after=60), line(R, "2.50", op="m3", after=90)])

    assert fold(purchase.events).state == "PARTLY_REFUNDED"


@pytest.mark.parametrize("kind", [C, V, R])
def test_an_event_that_fits_nothing_still_makes_a_purchase(kind: EventKind) -> None:
    assert sizes([event(kind)]) == [1]


MERCHANTS = st.sampled_from(
    [{}, {"merchant_id": ""}, {"merchant_id": "mch_2", "merchant_name": "Bakery", "mcc": "5462"}]
)
EVENTS = st.builds(
    lambda kind, amount, after, op, merchant, code: event(
        kind, amount, after=after, op=op, decline_code=code if kind == D else "", **merchant
    ),
    st.sampled_from(list(EventKind)),
    st.sampled_from(["5.00", "10.00", "15.00", "12.00"]),
    st.integers(0, 6),
    st.sampled_from(["", "one", "two"]),
    MERCHANTS,
    st.sampled_from(["", "M102"]),
)
SETS = st.lists(EVENTS, min_size=1, max_size=9, unique_by=lambda each: (each.kind, each.operation_id, each.digest))


@settings(max_examples=300, deadline=None)
@given(SETS.flatmap(lambda events: st.tuples(st.just(events), st.permutations(events))))
def test_the_order_of_arrival_changes_nothing(orders: tuple[list[TransactionEvent], list[TransactionEvent]]) -> None:
    first, second = orders

    assert picture(first) == picture(second)


@settings(max_examples=200, deadline=None)
@given(SETS)
def test_what_no_chain_of_links_connects_never_changes_anothers_place(events: list[TransactionEvent]) -> None:
    links_of = {
        number: links(each.operation_id, each.transaction_currency, each.merchant_id, each.merchant_name)
        for number, each in enumerate(events)
    }
    near = [events[number] for number in sorted(neighbourhood(links_of, 0))]
    far = [each for each in events if each not in near]

    assert picture(near) | picture(far) == picture(events)


@settings(max_examples=200, deadline=None)
@given(SETS)
def test_every_event_is_in_exactly_one_purchase(events: list[TransactionEvent]) -> None:
    placed = [id(each) for group in place(events) for each, _ in group.matches]

    assert sorted(placed) == sorted(id(each) for each in events)
