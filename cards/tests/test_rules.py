from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cards.rules import Asked, Frequency, Spending, State, judge
from cards.tests.making import NOON

DAY, WEEK, MONTH = timedelta(days=1), timedelta(days=7), timedelta(days=30)


def state(**changes: Any) -> State:
    """Return the state of an active card of an active customer without limits."""
    return State(**{"card_status": "ACTIVE", "customer_status": "ACTIVE", "approval_method": "WEBHOOK", **changes})


def asked(cost: str = "10.00", **changes: Any) -> Asked:
    return Asked(cost=Decimal(cost), **changes)


def spent(name: str, length: timedelta, limit: str | None, used: str) -> Spending:
    most = None if limit is None else Decimal(limit)
    return Spending(name=name, length=length, limit=most, used=Decimal(used), since=NOON)


@pytest.mark.parametrize(
    ("card", "customer", "code", "reason"),
    [
        ("ACTIVE", "ACTIVE", "00", "APPROVED"),
        ("FROZEN", "ACTIVE", "62", "CARD_NOT_ACTIVE"),
        ("BLOCKED", "ACTIVE", "62", "CARD_NOT_ACTIVE"),
        ("INACTIVE", "ACTIVE", "62", "CARD_NOT_ACTIVE"),
        ("EXPIRED", "ACTIVE", "62", "CARD_NOT_ACTIVE"),
        ("DELETED", "ACTIVE", "62", "CARD_NOT_ACTIVE"),
        ("ACTIVE", "PENDING", "62", "CUSTOMER_NOT_ACTIVE"),
        ("ACTIVE", "REJECTED", "62", "CUSTOMER_NOT_ACTIVE"),
        (None, None, "05", "CARD_UNKNOWN"),
    ],
)
def test_a_purchase_passes_on_an_active_card_of_an_active_customer_only(
    card: str | None, customer: str | None, code: str, reason: str
) -> None:
    decision = judge(asked(), State(card_status=card, customer_status=customer))

    assert (decision.response_code, decision.reason) == (code, reason)


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"transaction_limit": Decimal("9.99")}, "61", "TRANSACTION_LIMIT"),
        ({"transaction_limit": Decimal("10.00")}, "00", "APPROVED"),
        ({"spendings": [spent("daily", DAY, "100", "90.01")]}, "61", "DAILY_LIMIT"),
        ({"spendings": [spent("daily", DAY, "100", "90")]}, "00", "APPROVED"),
        ({"spendings": [spent("weekly", WEEK, "100", "90.01")]}, "61", "WEEKLY_LIMIT"),
        ({"spendings": [spent("monthly", MONTH, "100", "90.01")]}, "61", "MONTHLY_LIMIT"),
        ({"spendings": [spent("monthly", MONTH, None, "1000000")]}, "00", "APPROVED"),
        ({"spendings": [spent("daily", DAY, "0", "0")]}, "61", "DAILY_LIMIT"),
        ({"approval_method": "TOPUP", "balance": Decimal("9.99")}, "51", "CARD_SHORT"),
        ({"approval_method": "TOPUP", "balance": Decimal(10)}, "00", "APPROVED"),
        ({"approval_method": "TOPUP", "balance": None}, "00", "APPROVED"),
        ({"approval_method": "WEBHOOK", "balance": Decimal(0)}, "00", "APPROVED"),
        ({"holding": Decimal("9.99")}, "51", "HOLDING_SHORT"),
        ({"holding": Decimal(10)}, "00", "APPROVED"),
        ({"frequencies": [Frequency(most=3, seconds=60, used=3)]}, "65", "TOO_FREQUENT"),
        ({"frequencies": [Frequency(most=3, seconds=60, used=2)]}, "00", "APPROVED"),
        (
            {"frequencies": [Frequency(most=3, seconds=60, used=2), Frequency(most=9, seconds=3600, used=9)]},
            "65",
            "TOO_FREQUENT",
        ),
    ],
)
def test_each_limit_lets_pass_what_fits_and_nothing_more(changes: dict[str, Any], code: str, reason: str) -> None:
    decision = judge(asked("10.00"), state(**changes))

    assert (decision.response_code, decision.reason) == (code, reason)


def test_cash_is_not_held_to_the_limit_per_transaction() -> None:
    assert judge(asked(channel="ATM"), state(transaction_limit=Decimal(1))).reason == "APPROVED"


def test_a_bill_in_another_currency_cannot_be_compared_and_is_declined() -> None:
    assert judge(asked(currency="EUR"), state()).response_code == "05"


def test_a_limit_is_broken_before_the_velocity_rule_is_so_that_the_card_stays_usable() -> None:
    broken = state(transaction_limit=Decimal(1), frequencies=[Frequency(most=1, seconds=60, used=1)])

    assert judge(asked(), broken).reason == "TRANSACTION_LIMIT"


def test_every_rule_gives_its_verdict_also_where_another_one_decides() -> None:
    verdicts = judge(asked(), state(card_status="FROZEN", spendings=[spent("daily", DAY, "100", "20")])).verdicts

    assert [(verdict.rule, verdict.passed) for verdict in verdicts] == [
        ("card_active", False), ("customer_active", True), ("daily_limit", True),
    ]  # fmt: skip


def test_a_verdict_says_how_much_room_there_is_and_when_there_is_more() -> None:
    (*_, verdict) = judge(asked("15"), state(spendings=[spent("daily", DAY, "100", "90")])).verdicts

    assert verdict.sentence == "90.00 USD spent in 24 hours; with this 105.00 USD of 100.00 USD."
    assert verdict.as_json() == {
        "rule": "daily_limit",
        "passed": False,
        "sentence": verdict.sentence,
        "used": "90",
        "limit": "100",
        "frees_at": (NOON + DAY).isoformat(),
    }
