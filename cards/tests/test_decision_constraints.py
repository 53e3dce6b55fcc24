"""PostgreSQL says no to decisions and rules that cannot be, whatever the code above it says."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from cards import ledger
from cards.models import Authorization, Card, TransactionEvent, VelocityRule, VelocityRuleSet
from cards.tests.making import NOON, make_card, make_purchase

pytestmark = pytest.mark.django_db


def decided(card: Card, **changes: Any) -> Authorization:
    values = {
        "delivery_key": uuid.uuid4().hex,
        "response_code": "00",
        "reason": "APPROVED",
        "bill_amount": 5,
        "transaction_amount": 5,
        "cost": 5,
        "decided_at": NOON,
        **changes,
    }
    return Authorization.objects.create(card=card, **values)


def authorized(card: Card) -> TransactionEvent:
    return ledger.record_event(
        card=card, kind="AUTHORIZED", operation_id="op", purchase=make_purchase(), source="WEBHOOK"
    )


def refused_by(name: str) -> Any:
    return pytest.raises(IntegrityError, match=name)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"reason": "A_WHIM", "response_code": "05"}, "authorization_reason_is_known"),
        ({"standing": "SOMEWHERE"}, "authorization_standing_is_known"),
        ({"bill_amount": None, "transaction_amount": None, "cost": None}, "approved_authorization_has_amounts"),
        ({"cost": 4}, "approved_authorization_has_amounts"),
    ],
)
def test_a_decision_that_cannot_be(changes: dict[str, Any], constraint: str) -> None:
    with refused_by(constraint), transaction.atomic():
        decided(make_card(), **changes)


def test_a_decline_may_be_without_an_amount() -> None:
    nothing = {"bill_amount": None, "transaction_amount": None, "cost": None}

    decision = decided(make_card(), response_code="05", reason="BAD_AMOUNT", **nothing)

    decision.refresh_from_db()
    assert decision.bill_amount is None


@pytest.mark.parametrize("kind", ["authorized", "declined"])
def test_an_event_answers_one_question(kind: str) -> None:
    card = make_card()
    event = authorized(card)
    decided(card, **{f"{kind}_event": event})

    with refused_by(f"{kind}_event_answers_one_question"), transaction.atomic():
        decided(card, **{f"{kind}_event": event})


@pytest.mark.parametrize(("most", "seconds"), [(0, 60), (1, 0)])
def test_a_velocity_rule_counts_from_one(most: int, seconds: int) -> None:
    with refused_by("velocity_rule_counts_from_one"), transaction.atomic():
        VelocityRule.objects.create(max_authorizations=most, time_window_seconds=seconds)


def test_two_velocity_rules_have_two_windows() -> None:
    VelocityRule.objects.create(max_authorizations=1, time_window_seconds=60)

    with refused_by("velocity_windows_are_unique"), transaction.atomic():
        VelocityRule.objects.create(max_authorizations=2, time_window_seconds=60)


def test_there_is_one_set_of_velocity_rules() -> None:
    with refused_by("there_is_one_velocity_rule_set"), transaction.atomic():
        VelocityRuleSet.objects.create(pk=uuid.uuid4())
