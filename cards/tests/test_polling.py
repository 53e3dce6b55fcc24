from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from cards import ledger, polling
from cards.deposits import record_deposit
from cards.models import Card, CardClock, Deposit, Transaction, TransactionEvent
from cards.statuses import EventKind
from cards.tasks import poll_card, poll_due_cards
from cards.tests.making import make_card, make_purchase
from cryptomate.testing import FakeTransport, movement_json, movements_json

A, C, D, R = EventKind.AUTHORIZED, EventKind.CLEARED, EventKind.DECLINED, EventKind.REFUND
LIST = "/cards/individual-cards/transactions/*/search"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _every_word_is_asked_for_again() -> None:
    polling._only_documented.clear()


def moment(ago: timedelta = timedelta(0)) -> datetime:
    return datetime(2026, 4, 15, 12, 0, tzinfo=UTC) - ago


def line(number: int, operation: str = "TRANSACTION_AUTHORIZATION", **changes: Any) -> dict[str, Any]:
    """Return one movement as the provider lists it."""
    return movement_json(
        **{
            "id": f"movement-{number}",
            "datetime": "2026-04-15T12:00:07",
            "operation": operation,
            "bill_amount": 42.5,
            "bill_currency": "USD",
            "transaction_amount": 42.5,
            "transaction_currency": "USD",
            "merchant_name": "ACME COFFEE",
            "decline_reason": None,
            "status": "APPROVED",
            **changes,
        }
    )


def read(card: Card, provider: FakeTransport, *lines: dict[str, Any]) -> int:
    provider.reply("GET", LIST, movements_json(*lines))
    return polling.poll_card(card, client=provider.client())


def tell(card: Card, kind: EventKind = A, *, op: str = "one", **changes: Any) -> TransactionEvent:
    purchase = make_purchase(**{"occurred_at": moment(), **changes})
    return ledger.record_event(card=card, kind=kind, operation_id=op, purchase=purchase, source="WEBHOOK")


# --- Movements


def test_a_movement_that_no_webhook_told_becomes_a_purchase_and_says_how_it_was_found(provider: FakeTransport) -> None:
    card = make_card()

    found = read(card, provider, line(1, fee_fx_provider=0.3, fee_fx_client=0.12, fee_atm_provider=2))

    event = TransactionEvent.objects.get()
    assert (found, event.source, event.kind, event.operation_id) == (1, "POLL", A, "movement-1")
    assert (event.fx_fees, event.atm_fees) == (Decimal("0.42"), Decimal(2))
    assert (Transaction.objects.get().state, Transaction.objects.get().merchant_name) == ("AUTHORIZED", "ACME COFFEE")


def test_a_movement_that_a_webhook_told_is_not_recorded(provider: FakeTransport) -> None:
    card = make_card()
    tell(card)

    assert read(card, provider, line(1)) == 0
    assert TransactionEvent.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"bill_amount": 42.51},
        {"transaction_amount": 42.49},
        {"merchant_name": "Other"},
        {"operation": "TRANSACTION_APPROVED"},
        {"datetime": "2026-04-15T12:10:01"},
    ],
)
def test_a_movement_that_differs_from_every_webhook_is_another(
    changes: dict[str, Any], provider: FakeTransport
) -> None:
    card = make_card()
    tell(card)

    assert read(card, provider, line(1, **changes)) == 1


def test_one_webhook_answers_for_one_movement_only(provider: FakeTransport) -> None:
    card = make_card()
    tell(card)

    read(card, provider, line(1), line(2, datetime="2026-04-15T12:01:00"))

    assert Transaction.objects.count() == 2
    assert sum(purchase.authorized_total for purchase in Transaction.objects.all()) == Decimal(85)


def test_reading_the_list_again_adds_nothing(provider: FakeTransport) -> None:
    card = make_card()
    read(card, provider, line(1))

    assert read(card, provider, line(1)) == 0
    assert TransactionEvent.objects.count() == 1


def test_a_later_webhook_takes_the_row_over_without_changing_the_books(provider: FakeTransport) -> None:
    card = make_card()
    read(card, provider, line(1), line(2, "TRANSACTION_APPROVED", datetime="2026-04-15T13:00:00"))
    before = Transaction.objects.values_list("pk", "state", "authorized_total", "cleared_total").get()

    tell(card, merchant_city="Miami")

    assert Transaction.objects.values_list("pk", "state", "authorized_total", "cleared_total").get() == before
    purchase = Transaction.objects.get()
    assert (purchase.merchant_name, purchase.merchant_city, purchase.mcc) == ("Acme Coffee", "Miami", "5812")
    assert list(purchase.placements.order_by("event_id").values_list("event__source", "how")) == [
        ("POLL", "LISTED"),
        ("POLL", "MERCHANT"),
        ("WEBHOOK", "OPENS"),
    ]


def test_a_refused_purchase_in_the_list_says_why(provider: FakeTransport) -> None:
    reason = {"code": "M102", "simple_reason": "Balance too low", "detailed_reason": "Balance too low"}

    read(make_card(), provider, line(1, "TRANSACTION_REJECTED", status="FAILED", decline_reason=reason))

    declined = Transaction.objects.get()
    assert (declined.state, declined.decline_code, declined.why_declined) == (
        "DECLINED", "M102", "The card's balance was too low",
    )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "FAILED"},
        {"operation": "OVERRIDE_VIRTUAL_BALANCE"},
        {"bill_amount": None, "transaction_amount": None},
    ],
)
def test_what_moved_no_money_is_left_out(changes: dict[str, Any], provider: FakeTransport) -> None:
    assert read(make_card(), provider, line(1, **changes)) == 0


def test_every_page_of_the_list_is_read(provider: FakeTransport) -> None:
    card = make_card()
    provider.reply("GET", LIST, movements_json(line(1), next_page=2))
    provider.reply("GET", LIST, movements_json(line(2, bill_amount=7, transaction_amount=7)))

    assert polling.poll_card(card, client=provider.client()) == 2
    assert [dict(call.query)["page_number"] for call in provider.calls] == ["1", "2"]


def test_a_provider_that_refuses_the_undocumented_word_is_asked_without_it(provider: FakeTransport) -> None:
    card = make_card()
    provider.refuse("GET", LIST, 400, code="VALUE_NOT_ALLOWED")
    provider.reply("GET", LIST, movements_json(line(1)))

    polling.poll_card(card, client=provider.client())
    polling.poll_card(card, client=provider.client())

    asked = ["TRANSACTION_CLEARED" in [value for _, value in call.query] for call in provider.calls]
    assert asked == [True, False, False]
    assert TransactionEvent.objects.count() == 1


def test_the_list_is_asked_for_from_a_day_before_it_was_read_last(provider: FakeTransport) -> None:
    card = make_card(polled_at=timezone.now() - timedelta(days=3))

    read(card, provider)

    (call,) = provider.calls
    assert dict(call.query)["from_date"] == (timezone.now() - timedelta(days=4)).date().isoformat()


# --- When


def test_a_card_is_read_soon_after_something_happened_and_then_ever_more_rarely() -> None:
    now = timezone.now()
    quiet = [timedelta(0), timedelta(hours=2), timedelta(days=2), timedelta(days=90)]

    waits = [polling.interval(now - each, now) for each in quiet]

    assert waits == [timedelta(minutes=2), timedelta(minutes=30), timedelta(hours=12), timedelta(days=7)]


def test_an_event_makes_its_card_due_within_minutes() -> None:
    card = make_card(next_poll_at=timezone.now() + timedelta(days=3))

    tell(card)

    due = CardClock.objects.due(now=timezone.now() + timedelta(minutes=2))
    assert [clock.card for clock in due] == [card]


def test_the_sweep_claims_what_is_due_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    due = make_card(next_poll_at=now - timedelta(seconds=1))
    make_card(next_poll_at=now + timedelta(minutes=1))
    make_card(next_poll_at=None)
    woken: list[str] = []
    monkeypatch.setattr(poll_card, "apply_async", lambda *, kwargs, **_: woken.append(kwargs["card_id"]))

    poll_due_cards()
    poll_due_cards()

    assert woken == [str(due.pk)]


def test_a_provider_that_is_away_leaves_the_card_due_again(
    monkeypatch: pytest.MonkeyPatch, provider: FakeTransport
) -> None:
    card = make_card(next_poll_at=timezone.now())
    provider.fail_to_connect("GET", LIST)
    monkeypatch.setattr("cards.tasks.provider_client", provider.client)

    poll_card(card_id=str(card.pk))

    clock = CardClock.objects.get()
    assert (clock.polled_at, clock.next_poll_at is None) == (None, False)


def test_a_list_that_cannot_be_read_is_asked_for_ever_more_rarely(
    monkeypatch: pytest.MonkeyPatch, provider: FakeTransport
) -> None:
    now = timezone.now()
    card = make_card(next_poll_at=now + timedelta(minutes=5))
    CardClock.objects.update(polled_at=now - timedelta(hours=8))
    provider.refuse("GET", LIST, 500)
    monkeypatch.setattr("cards.tasks.provider_client", provider.client)

    poll_card(card_id=str(card.pk))

    put_off = CardClock.objects.get().next_poll_at
    assert put_off
    assert timedelta(minutes=90) < put_off - now < timedelta(minutes=150)


# --- Deposits in the list


def deposit_line(number: int = 1, **changes: Any) -> dict[str, Any]:
    return line(number, "WALLET_DEPOSIT", bill_amount=500, transaction_amount=500, fee_deposit_provider=1.5, **changes)


def told_deposit(card: Card | None = None, **changes: Any) -> Deposit:
    values: dict[str, Any] = {
        "wallet_address": "0xabc",
        "transaction_hash": "0x1",
        "amount": Decimal(500),
        "net_amount": Decimal("498.5"),
        "at": moment() + timedelta(hours=5),
    }
    return record_deposit(card=card, **{**values, **changes})


def test_a_deposit_that_no_webhook_told_is_found(provider: FakeTransport) -> None:
    card = make_card()

    assert read(card, provider, deposit_line()) == 1
    assert read(card, provider, deposit_line()) == 0

    deposit = Deposit.objects.get()
    assert (deposit.card, deposit.amount, deposit.net_amount, deposit.source) == (
        card, Decimal(500), Decimal("498.5"), "POLL",
    )  # fmt: skip


def test_a_webhook_that_comes_hours_later_takes_the_deposit_over(provider: FakeTransport) -> None:
    card = make_card(deposit_addresses=[{"key": "0xabc", "address": "0xAbC"}])
    read(card, provider, deposit_line())

    told_deposit()

    deposit = Deposit.objects.get()
    assert (deposit.source, deposit.transaction_hash, deposit.movement_id) == ("WEBHOOK", "0x1", "movement-1")


def test_a_deposit_that_a_webhook_told_is_not_found_again(provider: FakeTransport) -> None:
    card = make_card(deposit_addresses=[{"key": "0xabc", "address": "0xAbC"}])
    told_deposit()

    assert read(card, provider, deposit_line()) == 0
    assert read(card, FakeTransport(), deposit_line(2)) == 1


def test_equal_deposits_are_each_taken_over_once(provider: FakeTransport) -> None:
    card = make_card(deposit_addresses=[{"key": "0xabc", "address": "0xAbC"}])
    read(card, provider, deposit_line(1), deposit_line(2))

    told_deposit()
    told_deposit(transaction_hash="0x2")
    told_deposit(transaction_hash="0x3")

    assert sorted(Deposit.objects.values_list("transaction_hash", "movement_id")) == [
        ("0x1", "movement-1"), ("0x2", "movement-2"), ("0x3", ""),
    ]  # fmt: skip
