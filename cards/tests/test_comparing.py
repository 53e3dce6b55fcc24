from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from cards import ledger
from cards.comparing import compare, compare_again
from cards.decisions import decide
from cards.models import Authorization, Card, PortalMinute, TransactionEvent
from cards.postgresql.writing import Together
from cards.statuses import EventKind
from cards.tests.making import make_card, make_purchase, make_question
from cards.uptime import follow_up_decisions, note_running

pytestmark = pytest.mark.django_db


@pytest.fixture
def card() -> Card:
    return make_card(approval_method="WEBHOOK", daily_limit=Decimal(100))


def answer(card: Card, amount: str = "60", **changes: Any) -> Authorization:
    question = make_question(card, amount, **changes)
    decide(question)
    return Authorization.objects.get(delivery_key=question.delivery_key)


def tell(card: Card, kind: EventKind, amount: str = "60", **changes: Any) -> None:
    source, operation_id = changes.pop("source", "WEBHOOK"), changes.pop("operation_id", "")
    purchase = make_purchase(amount, **{"occurred_at": timezone.now(), **changes})
    ledger.record_event(
        card=card, kind=kind, operation_id=operation_id or str(purchase.digest), purchase=purchase, source=source
    )


def standings() -> list[str]:
    return [row.standing for row in Authorization.objects.order_by("decided_at")]


def code(card: Card, amount: str) -> str:
    return decide(make_question(card, amount)).response_code


def test_an_approval_the_provider_followed_is_confirmed_and_counts_once(card: Card) -> None:
    answer(card)
    tell(card, EventKind.AUTHORIZED)

    assert standings() == ["CONFIRMED"]
    assert (code(card, "41"), code(card, "40")) == ("61", "00")


def test_of_answers_alike_all_that_is_compared_is_read_at_once(card: Card, django_assert_num_queries: Any) -> None:
    """Each statement is a journey to the database while the provider waits."""
    for _ in range(3):
        answer(card, "10")
    purchase = make_purchase("10", occurred_at=timezone.now())
    event = TransactionEvent.objects.create(
        card=card, kind="AUTHORIZED", digest="1", source="WEBHOOK", **vars(purchase)
    )
    writing = Together()

    with django_assert_num_queries(0):  # but for the one in plain SQL, which Django does not count
        compare(card, [event], writing, beside=lambda _: set())

    writing.execute()
    assert sorted(standings()) == ["CONFIRMED", "WAITING", "WAITING"]


def test_an_approval_the_provider_declined_after_all_is_listed_and_counts_no_more(card: Card) -> None:
    answer(card)
    tell(card, EventKind.DECLINED, decline_code="M101")

    assert standings() == ["DECLINED_ANYWAY"]
    assert Authorization.objects.differing().count() == 1
    assert code(card, "100") == "00"


def test_an_approval_the_provider_did_not_wait_for_was_too_late(card: Card) -> None:
    answer(card)
    tell(card, EventKind.DECLINED, decline_code="C010")

    assert standings() == ["TOO_LATE"]


def test_a_purchase_that_passed_although_we_declined_is_listed_and_counts(card: Card) -> None:
    answer(card, "101")
    tell(card, EventKind.AUTHORIZED, "101")

    assert standings() == ["APPROVED_ANYWAY"]
    assert code(card, "1") == "61"


def test_a_decline_the_provider_tells_back_is_no_difference(card: Card) -> None:
    answer(card, "101")
    tell(card, EventKind.DECLINED, "101")

    assert standings() == ["CONFIRMED"]


@pytest.mark.parametrize("turned", [False, True])
def test_an_approval_cancelled_by_the_network_is_no_difference_whichever_event_comes_first(
    card: Card, turned: bool
) -> None:
    answer(card, "60")
    now = timezone.now()
    events = [(EventKind.AUTHORIZED, now), (EventKind.DECLINED, now + timedelta(seconds=5))]
    for kind, moment in reversed(events) if turned else events:
        tell(card, kind, occurred_at=moment)

    assert standings() == ["CONFIRMED"]
    assert code(card, "100") == "00"


def test_the_operation_id_is_surer_than_the_nearest_time(card: Card) -> None:
    now = timezone.now()
    for name, seconds in (("first", 50), ("second", 10)):
        answer(card, "10", key=name, asked_at=now - timedelta(seconds=seconds))
    Authorization.objects.filter(delivery_key="first").update(operation_id="op_1")

    tell(card, EventKind.AUTHORIZED, "10", operation_id="op_1")

    assert standings() == ["CONFIRMED", "WAITING"]


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "61"},
        {"merchant_id": "mch_2", "merchant_name": "Sky Travel"},
        {"occurred_at": timedelta(minutes=11)},  # from when it is told
        {"transaction_currency": "EUR"},
    ],
)
def test_an_event_of_another_purchase_confirms_nothing(card: Card, other: dict[str, Any]) -> None:
    answer(card)
    told = {name: timezone.now() + value if name == "occurred_at" else value for name, value in other.items()}

    tell(card, EventKind.AUTHORIZED, **told)

    assert standings() == ["WAITING"]


def test_the_same_event_from_the_providers_list_and_by_webhook_confirms_one_approval_only(card: Card) -> None:
    answer(card, "10")
    answer(card, "10")
    moment = timezone.now()
    tell(card, EventKind.AUTHORIZED, "10", source="POLL", operation_id="movement", occurred_at=moment)
    tell(card, EventKind.AUTHORIZED, "10", source="WEBHOOK", operation_id="op", occurred_at=moment)

    assert sorted(standings()) == ["CONFIRMED", "WAITING"]


def test_a_part_reversed_counts_as_what_is_left(card: Card) -> None:
    answer(card, "60")
    tell(card, EventKind.AUTHORIZED, "60")
    tell(card, EventKind.REVERSAL, "20", occurred_at=timezone.now() + timedelta(seconds=5))

    assert (code(card, "61"), code(card, "60")) == ("61", "00")


def test_a_card_that_is_never_asked_about_is_not_compared() -> None:
    card = make_card(approval_method="TOPUP")
    answer(card)

    tell(card, EventKind.AUTHORIZED)

    assert standings() == ["WAITING"]


def test_what_was_written_down_late_is_compared_later(card: Card) -> None:
    tell(card, EventKind.AUTHORIZED)
    answer(card)
    Authorization.objects.update(response_code="05", reason="DATABASE_AWAY")

    compare_again(now=timezone.now())

    assert standings() == ["APPROVED_ANYWAY"]


# --- Nothing followed


def run_for(minutes: int, *, until: Any) -> None:
    for ago in range(minutes + 1):
        note_running(now=until - timedelta(minutes=ago))


def test_an_approval_that_nothing_followed_for_an_hour_stops_counting_and_is_listed(card: Card) -> None:
    now = timezone.now()
    answer(card, "100", asked_at=now - timedelta(minutes=62))
    run_for(61, until=now)

    follow_up_decisions(now=now)

    assert standings() == ["LAPSED"]
    assert Authorization.objects.differing().count() == 1
    assert code(card, "100") == "00"


def test_an_approval_of_less_than_an_hour_ago_still_counts(card: Card) -> None:
    now = timezone.now()
    answer(card, "100", asked_at=now - timedelta(minutes=58))
    run_for(120, until=now)

    follow_up_decisions(now=now)

    assert standings() == ["WAITING"]
    assert code(card, "1") == "61"


def test_time_in_which_no_delivery_could_come_in_does_not_count(card: Card) -> None:
    now = timezone.now()
    answer(card, "100", asked_at=now - timedelta(minutes=90))
    run_for(40, until=now)
    run_for(15, until=now - timedelta(minutes=75))

    follow_up_decisions(now=now)

    assert standings() == ["WAITING"]


def test_a_word_that_comes_after_all_is_still_heard(card: Card) -> None:
    now = timezone.now()
    answer(card, "60", asked_at=now - timedelta(minutes=62))
    Authorization.objects.update(standing="LAPSED")

    tell(card, EventKind.AUTHORIZED, "60", occurred_at=now - timedelta(minutes=62))

    assert standings() == ["CONFIRMED"]


def test_minutes_are_noted_once_and_forgotten_after_a_week() -> None:
    now = timezone.now()
    for moment in (now, now, now - timedelta(days=8)):
        note_running(now=moment)

    follow_up_decisions(now=now)

    assert PortalMinute.objects.count() == 1
