from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from audit.models import Event
from cards import actions
from cards.models import Card, Challenge, Deposit, Notice
from cards.statuses import ApprovalMethod, CardStatus
from cards.tests.making import NOON, make_active_customer, make_card
from customers.models import Customer, StatusChange
from customers.policies import NotAllowed
from customers.statuses import Source
from provider.actions import AlreadyUnderway
from provider.models import CallKind, CallState, ProviderCall

pytestmark = pytest.mark.django_db

NO_LIMITS: dict[str, Decimal | None] = {}


def issue(customer: Customer, by: User, **changes: Any) -> ProviderCall:
    values = {
        "holder_name": "Maria Barber",
        "approval_method": ApprovalMethod.TOPUP,
        "limits": {"daily_limit": Decimal("100.00")},
        "form_id": "form-1",
        **changes,
    }
    call = actions.issue_card(customer=customer, by=by, **values)
    assert isinstance(call, ProviderCall)
    return call


# --- Issuing


def test_issuing_keeps_what_was_asked_for_and_who_asked(officer: User) -> None:
    customer = make_active_customer()

    call = issue(customer, officer)

    assert (call.kind, call.target_id, call.wanted_by) == (CallKind.ISSUE_CARD, customer.pk, officer)
    assert call.payload["daily_limit"] == "100"
    assert call.payload["weekly_limit"] is None
    assert Event.objects.get().kind == "card.issued"
    assert not Card.objects.exists()


@pytest.mark.parametrize("status", ["PENDING", "REJECTED"])
def test_no_card_is_issued_for_a_customer_who_is_not_active(status: str, officer: User) -> None:
    customer = make_active_customer(status=status)

    with pytest.raises(NotAllowed, match="once the customer is Active"):
        issue(customer, officer)

    assert not ProviderCall.objects.exists()
    assert not Event.objects.exists()


def test_no_card_is_issued_by_a_person_without_the_right(support: User) -> None:
    with pytest.raises(NotAllowed, match="Ask an admin"):
        issue(make_active_customer(), support)

    assert not ProviderCall.objects.exists()


@pytest.mark.parametrize("name", ["", "X" * 28, "María", "Maria B4rber", "Maria-Ann", "Maria_"])
def test_no_card_is_issued_in_a_name_that_cannot_be_printed(name: str, officer: User) -> None:
    with pytest.raises(NotAllowed, match=r"Use "):
        issue(make_active_customer(), officer, holder_name=name)

    assert not ProviderCall.objects.exists()


def test_a_form_sent_twice_issues_one_card_even_when_the_first_is_done(officer: User) -> None:
    customer = make_active_customer()
    first = issue(customer, officer)
    ProviderCall.objects.update(state=CallState.DONE, sent_at=timezone.now(), answered_at=timezone.now())

    assert issue(customer, officer) == first
    assert ProviderCall.objects.count() == 1
    assert Event.objects.count() == 1


def test_another_card_waits_until_the_first_is_issued(officer: User) -> None:
    customer = make_active_customer()
    issue(customer, officer)

    with pytest.raises(AlreadyUnderway):
        issue(customer, officer, form_id="form-2")

    assert Event.objects.count() == 1


# --- Freezing and limits


def test_support_may_freeze_a_card(support: User) -> None:
    card = make_card()

    call = actions.set_frozen(card=card, freeze=True, by=support)

    assert (call.kind, call.payload) == (CallKind.SET_FROZEN, {"freeze": True})
    assert Event.objects.get().kind == "card.frozen"
    assert Card.objects.get().status == "ACTIVE"


def test_a_second_click_freezes_and_records_once(support: User) -> None:
    card = make_card()

    assert actions.set_frozen(card=card, freeze=True, by=support) == actions.set_frozen(
        card=card, freeze=True, by=support
    )
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "freeze"),
    [("FROZEN", True), ("BLOCKED", True), ("DELETED", True), ("ACTIVE", False), ("BLOCKED", False)],
)
def test_a_card_is_frozen_from_active_and_unfrozen_from_frozen_only(status: str, freeze: bool, officer: User) -> None:
    card = make_card(status=status)

    with pytest.raises(NotAllowed, match="This one is"):
        actions.set_frozen(card=card, freeze=freeze, by=officer)

    assert not ProviderCall.objects.exists()
    assert not Event.objects.exists()


def test_a_person_without_the_right_freezes_nothing(admin_person: User) -> None:
    with pytest.raises(NotAllowed, match="Ask an admin"):
        actions.set_frozen(card=make_card(), freeze=True, by=admin_person)


def test_all_four_limits_are_sent_though_one_was_changed(officer: User) -> None:
    card = make_card(daily_limit=Decimal(100), weekly_limit=Decimal(500))

    call = actions.set_limits(card=card, limits={**card.limits, "daily_limit": Decimal("80.50")}, by=officer)

    assert call.payload == {
        "daily_limit": "80.5",
        "weekly_limit": "500",
        "monthly_limit": None,
        "per_transaction_limit": None,
    }
    (recorded,) = Event.objects.all()
    assert [(change.field, change.before, change.after) for change in recorded.changes] == [
        ("daily_limit", "100", "80.5")
    ]


def test_support_may_not_change_limits(support: User) -> None:
    with pytest.raises(NotAllowed):
        actions.set_limits(card=make_card(), limits=NO_LIMITS, by=support)

    assert not ProviderCall.objects.exists()


@pytest.mark.parametrize("status", ["DELETED", "EXPIRED", "INACTIVE"])
def test_a_closed_cards_limits_stay(status: str, officer: User) -> None:
    with pytest.raises(NotAllowed, match="cannot be changed"):
        actions.set_limits(card=make_card(status=status), limits=NO_LIMITS, by=officer)


# --- Following the provider


def test_a_card_the_provider_froze_says_so() -> None:
    card = make_card()

    actions.follow_status(card, "FROZEN", source=Source.SYNC)

    card.refresh_from_db()
    assert (card.status, card.hold_reason) == ("FROZEN", "PROVIDER")
    assert StatusChange.objects.get().machine == "card"


def test_a_released_card_forgets_why_it_was_held_and_is_counted_anew() -> None:
    card = make_card(status="FROZEN", hold_reason="VELOCITY", velocity_reset_at=NOON)

    actions.follow_status(card, "active", source=Source.WEBHOOK)

    card.refresh_from_db()
    assert (card.status, card.hold_reason) == ("ACTIVE", "")
    assert card.velocity_reset_at is not None
    assert card.velocity_reset_at > NOON


def test_an_active_card_that_stays_active_is_not_counted_anew() -> None:
    card = make_card(velocity_reset_at=NOON)

    actions.follow_status(card, "ACTIVE", source=Source.SYNC)

    card.refresh_from_db()
    assert card.velocity_reset_at == NOON


def test_hearing_again_that_a_card_is_held_keeps_the_reason() -> None:
    card = make_card(status="FROZEN", hold_reason="OFFICER")

    actions.follow_status(card, "FROZEN", source=Source.SYNC)

    card.refresh_from_db()
    assert card.hold_reason == "OFFICER"
    assert not StatusChange.objects.exists()


def test_a_word_nobody_knows_is_kept_and_changes_nothing() -> None:
    card = make_card()

    actions.follow_status(card, "SLEEPING", source=Source.SYNC)

    card.refresh_from_db()
    assert (card.status, card.remote_status) == ("ACTIVE", "SLEEPING")
    assert not StatusChange.objects.exists()


def test_a_step_that_is_not_in_the_table_is_followed_and_marked() -> None:
    card = make_card(status="DELETED")

    actions.follow_status(card, "ACTIVE", source=Source.SYNC)

    assert Card.objects.get().status == "ACTIVE"
    assert StatusChange.objects.get().unexpected


def test_a_velocity_rule_holds_the_card_and_leaves_a_notice_once() -> None:
    card = make_card()
    told: dict[str, Any] = {"card": card, "at": NOON, "max_authorizations": 3, "window_seconds": 60}

    actions.record_velocity_block(**told)
    actions.record_velocity_block(**told)

    card.refresh_from_db()
    assert (card.status, card.hold_reason) == ("FROZEN", "VELOCITY")
    assert "more than 3 purchases in 60 s" in Notice.objects.get().text


def test_a_velocity_block_is_no_longer_said_of_a_card_frozen_by_a_person() -> None:
    card = make_card(status="FROZEN", hold_reason="OFFICER")

    actions.record_velocity_block(card=card, at=NOON)

    assert Card.objects.get().hold_reason == "VELOCITY"


# --- Deposits, checks and news


def test_a_deposit_finds_the_card_by_its_wallet_and_is_recorded_once() -> None:
    card = make_card(deposit_addresses=[{"key": "0xabc", "address": "0xABC", "blockchain": "POLYGON"}])
    told: dict[str, Any] = {
        "wallet_address": "0xAbC",
        "transaction_hash": "0x1",
        "amount": Decimal(500),
        "net_amount": Decimal("498.5"),
    }

    actions.record_deposit(**told)
    actions.record_deposit(**told)

    assert Deposit.objects.get().card == card
    assert Card.objects.get().clock.moved_at is not None


def test_a_deposit_to_a_wallet_nobody_has_is_kept_and_finds_its_card_later() -> None:
    told: dict[str, Any] = {
        "wallet_address": "0xabc",
        "transaction_hash": "0x1",
        "amount": Decimal(5),
        "net_amount": Decimal(5),
    }
    actions.record_deposit(**told)
    assert Deposit.objects.get().card is None

    card = make_card(deposit_addresses=[{"key": "0xabc"}])
    actions.record_deposit(**told)

    assert Deposit.objects.get().card == card


def test_an_address_that_two_cards_share_names_neither() -> None:
    make_card(deposit_addresses=[{"key": "gshared"}])
    make_card(deposit_addresses=[{"key": "gshared"}])

    assert Card.objects.by_wallet("GSHARED") is None


def test_a_check_waits_for_the_cardholder_and_is_noticed_once() -> None:
    card = make_card()
    data = {"merchant_name": "Acme", "amount": Decimal(5), "currency": "USD"}

    actions.record_challenge(card=card, challenge_id="c1", data=data)
    actions.record_challenge(card=card, challenge_id="c1", data=data)

    assert Challenge.objects.get().decision == ""
    assert Notice.objects.get().card == card


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr("celery.app.base.Celery.send_task", lambda _self, name, **_: names.append(name))
    return names


def test_news_of_an_old_card_are_asked_for_once(woken: list[str], django_capture_on_commit_callbacks: Any) -> None:
    card = make_card(refreshed_at=timezone.now() - timedelta(minutes=2))

    with django_capture_on_commit_callbacks(execute=True):
        actions.ask_for_refresh(card)
        actions.ask_for_refresh(card)

    assert woken == ["cards.tasks.refresh_card"]


@pytest.mark.parametrize("changes", [{}, {"status": CardStatus.DELETED, "refreshed_at": None}])
def test_a_fresh_or_deleted_card_is_left_alone(
    changes: dict[str, Any], woken: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    card = make_card(**changes)

    with django_capture_on_commit_callbacks(execute=True):
        actions.ask_for_refresh(card)

    assert woken == []


def test_a_card_whose_money_moved_is_asked_about_at_once(
    woken: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    now = timezone.now()
    card = make_card(refreshed_at=now - timedelta(seconds=5), moved_at=now)

    with django_capture_on_commit_callbacks(execute=True):
        actions.ask_for_refresh(card)

    assert woken == ["cards.tasks.refresh_card"]
