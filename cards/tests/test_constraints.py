"""PostgreSQL says no, whatever the code above it says."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from cards.models import Authorization, Card, Challenge, Deposit, Holding, Notice, Placement, Transaction, Withdrawal
from cards.statuses import EventKind, Match
from cards.tests.making import NOON, event, make_card

pytestmark = pytest.mark.django_db

MONEY = {"bill_amount": 1, "bill_currency": "USD", "transaction_amount": 1, "transaction_currency": "USD"}
TOTALS = dict.fromkeys(["authorized_total", "cleared_total", "reversed_total", "refunded_total", "fees_total"], 0)
ANSWERED = {**MONEY, "cost": 1, "decided_at": NOON}
TIMES = {"first_at": NOON, "last_at": NOON, "changed_at": NOON}


def refused_by(name: str) -> Any:
    return pytest.raises(IntegrityError, match=name)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"status": "SLEEPING"}, "card_status_is_known"),
        ({"last4": "424"}, "card_last4_is_four_digits"),
        ({"last4": "42a2"}, "card_last4_is_four_digits"),
        ({"expiration_month": 13}, "card_month_is_a_month"),
        ({"hold_reason": "OFFICER"}, "card_hold_reason_only_while_held"),
        ({"status": "FROZEN", "hold_reason": "BOREDOM"}, "card_hold_reason_only_while_held"),
        ({"approval_method": "NONE"}, "card_approval_method_is_known"),
        ({"daily_limit": Decimal(-1)}, "card_limits_are_not_negative"),
        ({"per_transaction_limit": Decimal("-0.01")}, "card_limits_are_not_negative"),
        ({"balance": Decimal(5)}, "card_balance_says_when"),
    ],
)
def test_a_card_that_cannot_be_is_refused(change: dict[str, Any], constraint: str) -> None:
    card = make_card()

    with refused_by(constraint), transaction.atomic():
        Card.objects.filter(pk=card.pk).update(**change)


def test_two_cards_never_bear_one_provider_id() -> None:
    make_card(api_id="icard_1")

    with refused_by("api_id"), transaction.atomic():
        make_card(api_id="icard_1")


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"kind": "GUESSED"}, "transaction_event_kind_is_known"),
        ({"bill_amount": Decimal(-1)}, "transaction_event_is_not_negative"),
        ({"digest": ""}, "transaction_event_has_a_digest"),
    ],
)
def test_an_event_that_cannot_be_is_refused(change: dict[str, Any], constraint: str) -> None:
    row = event(EventKind.AUTHORIZED)
    row.card = make_card()
    for name, value in change.items():
        setattr(row, name, value)

    with refused_by(constraint), transaction.atomic():
        row.save()


def test_one_event_is_kept_once() -> None:
    card = make_card()
    first, again = event(EventKind.AUTHORIZED, op="one"), event(EventKind.AUTHORIZED, op="one")
    first.card = again.card = card
    first.save()

    with refused_by("transaction_event_is_unique"), transaction.atomic():
        again.save()


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"state": "LOST"}, "transaction_state_is_known"),
        ({"last_at": NOON.replace(year=2025)}, "transaction_starts_before_it_ends"),
        ({"bill_currency": ""}, "transaction_names_its_currency"),
    ],
)
def test_a_purchase_that_cannot_be_is_refused(change: dict[str, Any], constraint: str) -> None:
    with refused_by(constraint), transaction.atomic():
        Transaction.objects.create(card=make_card(), **{**MONEY, **TOTALS, **TIMES, "state": "CLEARED", **change})


def test_a_placement_says_how_it_was_found() -> None:
    row = event(EventKind.AUTHORIZED)
    row.card = make_card()
    row.save()
    purchase = Transaction.objects.create(card=row.card, state="CLEARED", **MONEY, **TOTALS, **TIMES)
    Placement.objects.create(event=row, transaction=purchase, how=Match.OPENS)

    with refused_by("placement_says_how"), transaction.atomic():
        Placement.objects.update(how="GUESS")


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"response_code": "", "reason": "CARD_UNKNOWN"}, "authorization_is_answered"),
        ({"response_code": "05"}, "authorization_code_fits_its_reason"),
        ({"reason": "CARD_UNKNOWN"}, "authorization_code_fits_its_reason"),
    ],
)
def test_an_answer_that_contradicts_its_reason_is_refused(change: dict[str, Any], constraint: str) -> None:
    values = {"delivery_key": "one", "response_code": "00", "reason": "APPROVED", **ANSWERED, **change}

    with refused_by(constraint), transaction.atomic():
        Authorization.objects.create(**values)


def test_a_delivery_is_answered_once() -> None:
    values = {"delivery_key": "one", "response_code": "00", "reason": "APPROVED", **ANSWERED}
    Authorization.objects.create(**values)

    with refused_by("one_answer_per_delivery"), transaction.atomic():
        Authorization.objects.create(**values)


def test_a_deposit_is_kept_once_and_is_not_negative() -> None:
    values = {"transaction_hash": "0x1", "wallet_address": "0xabc", "amount": 1, "net_amount": 1, "at": NOON}
    Deposit.objects.create(**values)

    with refused_by("deposit_is_unique"), transaction.atomic():
        Deposit.objects.create(**values)
    with refused_by("deposit_is_not_negative"), transaction.atomic():
        Deposit.objects.create(**{**values, "transaction_hash": "0x2", "net_amount": -1})


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"transaction_hash": ""}, "deposit_names_its_origin"),
        ({"source": "RUMOUR"}, "deposit_source_is_known"),
        ({"movement_id": "m1"}, "deposit_of_one_movement"),
    ],
)
def test_a_deposit_of_no_known_origin_is_refused(change: dict[str, Any], constraint: str) -> None:
    values = {"wallet_address": "0xabc", "amount": 1, "net_amount": 1, "at": NOON}
    Deposit.objects.create(**values, movement_id="m1", source="POLL")

    with refused_by(constraint), transaction.atomic():
        Deposit.objects.create(**{**values, "transaction_hash": "0x1", **change})


def test_there_is_one_holding_wallet_and_its_balance_says_when() -> None:
    with refused_by("there_is_one_holding"), transaction.atomic():
        Holding.objects.create(id=2)
    with refused_by("holding_balance_says_when"), transaction.atomic():
        Holding.objects.create(balance=5)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({}, "withdrawal_is_unique"),
        ({"operation_id": "w2", "amount": -1}, "withdrawal_is_not_negative"),
        ({"operation_id": "w2", "state": "LOST"}, "withdrawal_state_is_known"),
    ],
)
def test_a_withdrawal_that_cannot_be_is_refused(change: dict[str, Any], constraint: str) -> None:
    values = {"operation_id": "w1", "state": "SENT", "amount": 1, "at": NOON}
    Withdrawal.objects.create(**values)

    with refused_by(constraint), transaction.atomic():
        Withdrawal.objects.create(**{**values, **change})


def test_two_events_never_share_an_address() -> None:
    card = make_card()
    first = event(EventKind.AUTHORIZED)
    first.card = card
    first.save()
    second = event(EventKind.CLEARED)
    second.card, second.address = card, first.address

    with refused_by("address"), transaction.atomic():
        second.save()


def test_a_decided_check_says_when() -> None:
    with refused_by("decided_challenge_says_when"), transaction.atomic():
        Challenge.objects.create(card=make_card(), challenge_id="c1", amount=1, currency="USD", decision="APPROVED")


def test_a_seen_notice_says_by_whom(officer: User) -> None:
    card = make_card()
    notice = Notice.objects.create(card=card, kind="DEPOSIT", text="Money", created_at=NOON)

    with refused_by("seen_notice_says_when_and_by_whom"), transaction.atomic():
        Notice.objects.update(seen_at=timezone.now())
    with refused_by("notice_is_left_once"), transaction.atomic():
        Notice.objects.create(card=card, kind=notice.kind, text="Again", created_at=NOON)
