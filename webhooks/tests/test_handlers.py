from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from cards.models import Card, Challenge, Deposit, Notice, Placement, Transaction, TransactionEvent, Withdrawal
from cards.tests.making import make_active_customer, make_card
from customers.models import StatusChange
from customers.statuses import Source
from customers.tests.making import make_customer, make_request
from webhooks.models import Outcome, WebhookEvent
from webhooks.tests.making import captured, deliver

pytestmark = pytest.mark.django_db

WALLET = [{"key": "0xabc...", "address": "0xABC...", "blockchain": "polygon"}]


@pytest.fixture
def card() -> Card:
    return make_card(api_id="crd_123", deposit_addresses=WALLET)


def outcome_of(body: dict[str, Any]) -> WebhookEvent:
    assert deliver(body).status_code == 200
    return WebhookEvent.objects.latest("received_at")


@pytest.mark.parametrize(
    ("name", "kind", "amount"),
    [
        ("authorized", "AUTHORIZED", "42.50"),
        ("authorized_upper_numbers", "AUTHORIZED", "42.50"),
        ("authorized_individual", "AUTHORIZED", "42.50"),
        ("authorized_older_envelope", "AUTHORIZED", "42.50"),
        ("cleared", "CLEARED", "42.50"),
        ("clearing_upper_numbers", "CLEARED", "42.50"),
        ("declined", "DECLINED", "42.50"),
        ("reversal", "REVERSAL", "42.50"),
        ("refund", "REFUND", "42.50"),
    ],
)
def test_a_purchase_is_recorded_on_its_card(card: Card, name: str, kind: str, amount: str) -> None:
    event = outcome_of(captured(name))

    recorded = TransactionEvent.objects.get()
    assert (recorded.card, recorded.kind, recorded.bill_amount) == (card, kind, Decimal(amount))
    assert (recorded.source, recorded.operation_id) == ("WEBHOOK", event.operation_id)
    assert (event.outcome, event.attempts, event.next_attempt_at) == (Outcome.HANDLED, 1, None)
    assert (event.card_id, event.customer_id) == (card.pk, card.customer_id)


def test_a_decline_says_why(card: Card) -> None:
    deliver(captured("declined"))

    purchase = Transaction.objects.get()
    assert (purchase.state, purchase.decline_code) == ("DECLINED", "M102")


def test_a_duplicate_charges_once(card: Card) -> None:
    deliver(captured("authorized"))
    deliver(captured("authorized"))

    assert Transaction.objects.get().authorized_total == Decimal("42.50")


def test_a_settlement_that_comes_again_is_counted_once_and_marked(card: Card) -> None:
    deliver(captured("cleared"))
    deliver(captured("cleared"))

    assert Transaction.objects.get().cleared_total == Decimal("42.50")
    assert Placement.objects.get().repeats == 1


@pytest.mark.parametrize(
    "body", [captured("deposit"), captured("cleared", data={"card_id": "unknown"})], ids=["deposit", "unknown card"]
)
def test_another_delivery_that_comes_again_changes_nothing(card: Card, body: dict[str, Any]) -> None:
    deliver(body)
    before = WebhookEvent.objects.values().get()

    deliver(body)

    assert WebhookEvent.objects.values().get() == before
    assert Placement.objects.count() == 0


def test_a_purchase_of_unreadable_amount_is_kept_and_tried_again(card: Card) -> None:
    event = outcome_of(captured("authorized", data={"bill_amount": "much"}))

    assert TransactionEvent.objects.count() == 0
    assert (event.outcome, event.error) == (Outcome.FAILED, "Handling failed: UnreadablePurchase")
    assert event.next_attempt_at is not None
    assert deliver(captured("authorized", data={"bill_amount": "much"})).status_code == 200


def test_a_purchase_that_names_no_card_is_ignored_with_a_note() -> None:
    event = outcome_of(captured("authorized", data={"card_id": None}))

    assert (event.outcome, event.outcome_note) == (Outcome.IGNORED, "The delivery names no card")


def test_a_deposit_finds_its_card_by_the_wallet(card: Card) -> None:
    event = outcome_of(captured("deposit"))

    deposit = Deposit.objects.get()
    assert (deposit.card, deposit.amount, deposit.net_amount) == (card, Decimal("500.00"), Decimal("498.50"))
    assert (event.outcome, event.card_id) == (Outcome.HANDLED, card.pk)


def test_a_deposit_to_a_wallet_of_no_card_is_recorded_without_one(card: Card) -> None:
    event = outcome_of(captured("deposit", data={"wallet_address": "0xother"}))

    assert Deposit.objects.get().card is None
    assert (event.outcome, event.card_id) == (Outcome.HANDLED, None)


def test_a_visa_direct_credit_is_a_deposit_on_its_card(card: Card) -> None:
    outcome_of(captured("visa_direct_deposit"))

    deposit = Deposit.objects.get()
    assert (deposit.card, deposit.blockchain, deposit.amount) == (card, "Visa Direct", Decimal("42.50"))
    assert deposit.net_amount == Decimal("42.08")


def test_a_withdrawal_from_the_holding_wallet_is_recorded(card: Card) -> None:
    event = outcome_of(captured("warranty_withdraw"))

    withdrawal = Withdrawal.objects.get()
    assert (withdrawal.amount, withdrawal.state, withdrawal.to_address) == (Decimal(100), "SENT", "0xdef...")
    assert (withdrawal.card, event.outcome, event.card_id) == (card, Outcome.HANDLED, card.pk)


@pytest.mark.parametrize("status", ["failed", "canceled", "time_canceled"])
def test_a_withdrawal_that_failed_says_so_and_needs_no_card_of_ours(status: str) -> None:
    event = outcome_of(captured("warranty_withdraw", status=status))

    assert (Withdrawal.objects.get().state, Withdrawal.objects.get().card) == ("FAILED", None)
    assert event.outcome == Outcome.HANDLED


@pytest.mark.parametrize("status", ["pending", "manual_check"])
def test_a_withdrawal_under_way_is_nothing_to_record(status: str) -> None:
    event = outcome_of(captured("warranty_withdraw", status=status))

    assert (event.outcome, event.outcome_note) == (Outcome.IGNORED, "The withdrawal is not finished")
    assert Withdrawal.objects.count() == 0


def test_a_3ds_code_leaves_a_notice_without_the_code(card: Card) -> None:
    event = outcome_of(captured("notification_3ds_authorization"))

    notice = Notice.objects.get()
    assert notice.text == "•••• 4242: CryptoMate sent a 3-D Secure code for 42.50 USD at Acme Coffee."
    assert "act_abc123" not in notice.text + event.operation_id + str(event.body)


def test_a_challenge_waits_for_the_cardholder() -> None:
    card = make_card(api_id="icrd_123")

    outcome_of(captured("notification_3ds_authorization_oob"))

    challenge = Challenge.objects.get()
    assert (challenge.card, challenge.amount, challenge.currency) == (card, Decimal("42.50"), "USD")
    assert challenge.expires_at is not None
    assert challenge.expires_at.isoformat() == "2025-01-15T12:34:56+00:00"


def test_a_velocity_rule_freezes_the_card_and_says_so() -> None:
    card = make_card(api_id="c1f5a9e0-3d12-4a78-8d9b-0a6e8c4e2b11")

    outcome_of(captured("card_blocked_by_velocity"))

    card.refresh_from_db()
    assert (card.status, card.hold_reason) == ("FROZEN", "VELOCITY")
    assert Notice.objects.get().card == card
    assert StatusChange.objects.get().source == "WEBHOOK"


@pytest.mark.parametrize("rule", [None, "soon", {}, {"time_window_seconds": "x" * 40}])
def test_a_velocity_rule_that_says_nothing_still_freezes(rule: Any) -> None:
    card = make_card(api_id="c1f5a9e0-3d12-4a78-8d9b-0a6e8c4e2b11")

    event = outcome_of(captured("card_blocked_by_velocity", data={"triggered_rule": rule}))

    card.refresh_from_db()
    assert (event.outcome, card.status) == (Outcome.HANDLED, "FROZEN")


BLOCK = "card_blocked_by_velocity"
BLOCKED_CARD = "c1f5a9e0-3d12-4a78-8d9b-0a6e8c4e2b11"


def test_a_block_that_comes_after_the_card_was_released_freezes_nothing() -> None:
    card = make_card(api_id=BLOCKED_CARD, status="FROZEN")
    card.change_status("ACTIVE", source=Source.SYNC)

    event = outcome_of(captured(BLOCK))

    card.refresh_from_db()
    assert (card.status, event.outcome) == ("ACTIVE", Outcome.IGNORED)
    assert event.outcome_note == "The card was released after this block"
    assert event.card_id == card.pk


def test_a_second_block_of_a_released_card_freezes_it_again() -> None:
    card = make_card(api_id=BLOCKED_CARD, status="FROZEN")
    card.change_status("ACTIVE", source=Source.SYNC)

    outcome_of(captured(BLOCK, data={"blocked_at": (timezone.now() + timedelta(seconds=1)).isoformat()}))

    card.refresh_from_db()
    assert card.status == "FROZEN"


def test_a_word_about_a_client_makes_its_request_due_and_changes_no_status() -> None:
    customer = make_customer(api_id="cli_abc123")
    request = make_request(customer, status="IN_KYC", syncs=9)

    event = outcome_of(captured("client_status"))

    request.refresh_from_db()
    customer.refresh_from_db()
    assert request.next_sync_at is not None
    assert request.next_sync_at <= timezone.now()
    assert (request.status, customer.status, request.syncs) == ("IN_KYC", "PENDING", 0)
    assert (event.outcome, event.customer_id) == (Outcome.HANDLED, customer.pk)


def test_a_word_about_a_client_that_is_not_ours_is_ignored() -> None:
    assert outcome_of(captured("client_status")).outcome_note == "No customer here has this client id"


def test_a_word_about_a_customer_without_a_request_is_tied_to_them() -> None:
    customer = make_active_customer(api_id="cli_abc123")

    event = outcome_of(captured("client_status"))

    assert (event.outcome, event.customer_id) == (Outcome.IGNORED, customer.pk)


def test_news_from_before_the_last_look_asks_for_no_other() -> None:
    customer = make_customer(api_id="cli_abc123")
    request = make_request(customer, status="IN_KYC", synced_at=timezone.now() + timedelta(seconds=5))

    event = outcome_of(captured("client_status"))

    request.refresh_from_db()
    assert request.next_sync_at is None
    assert event.outcome == Outcome.HANDLED


def test_a_clients_status_in_a_cards_product_is_none_of_ours() -> None:
    make_request(make_customer(api_id="cli_abc123"), status="IN_KYC")

    assert outcome_of(captured("client_status", product="cards")).outcome == Outcome.IGNORED


def test_a_deposit_of_another_product_is_none_of_ours(card: Card) -> None:
    event = outcome_of(captured("deposit", product="virtual_wallets"))

    assert event.outcome == Outcome.IGNORED
    assert Deposit.objects.count() == 0
