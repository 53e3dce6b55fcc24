from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cards import following, ledger, mcc
from cards.deposits import record_deposit, tie_deposits
from cards.models import Authorization, Card, Deposit, Holding, Transaction, TransactionEvent, Withdrawal
from cards.statuses import EventKind
from cards.tests.making import NOON, make_card, make_purchase
from cryptomate.testing import FakeTransport

A, C, R = EventKind.AUTHORIZED, EventKind.CLEARED, EventKind.REFUND
HOLDING = "/cards/individual-cards/holding-wallet"
ADDRESS = "0x1111222233334444555566667777888899990000"

pytestmark = pytest.mark.django_db


def tell(card: Card, kind: EventKind, amount: str = "42.50", *, op: str = "", **changes: Any) -> TransactionEvent:
    purchase = make_purchase(amount, **changes)
    return ledger.record_event(card=card, kind=kind, operation_id=op, purchase=purchase, source="WEBHOOK")


def purchase_page(client: Client, event: TransactionEvent) -> str:
    return client.get(reverse("cards:transaction", args=[event.address]), follow=True).content.decode()


def read_holding(provider: FakeTransport, balance: Decimal | int = 25000) -> None:
    wallet = {
        "address": ADDRESS,
        "blockchain": "POLYGON",
        "tokens": {"USDC": "0x2791bca1f2de4661ed88a30c99a7a9449aa84174"},
    }
    provider.reply("GET", f"{HOLDING}/balance", {"balance": balance, **wallet})
    provider.reply("GET", HOLDING, {"id": "wlt_1", "alias": "Holding", "enabled": True, **wallet})
    totals = {"holding_wallet_balance": balance, "total_cards_balance": 8450.75, "accumulated_fees": 312.4}
    provider.reply("GET", "/cards/individual-cards/balance", totals)
    following.refresh_holding(client=provider.client())


# --- The holding wallet


def test_the_wallet_is_shown_with_what_was_read_and_when(
    client: Client, support: User, provider: FakeTransport
) -> None:
    read_holding(provider)
    client.force_login(support)

    html = client.get(reverse("cards:holding")).content.decode()

    for shown in ("25,000.00 USD", "312.40 USD", "8,450.75 USD", "as of", 'data-copy="' + ADDRESS):
        assert shown in html
    assert "Withdrawals are not offered here" in html


def test_what_was_spent_since_the_reading_is_taken_off(client: Client, support: User, provider: FakeTransport) -> None:
    read_holding(provider, 100)
    card, now = make_card(), timezone.now() + timedelta(seconds=1)
    tell(card, A, "40.00", occurred_at=now, fx_fees=Decimal("0.50"))
    tell(card, EventKind.DECLINED, "30.00", occurred_at=now, decline_code="M102", merchant_name="Other")
    tell(card, A, "20.00", occurred_at=now - timedelta(hours=1), merchant_name="Earlier")
    client.force_login(support)

    assert "59.50 USD" in client.get(reverse("cards:holding")).content.decode()


def test_a_company_without_a_wallet_is_told_so(client: Client, support: User, provider: FakeTransport) -> None:
    provider.refuse("GET", f"{HOLDING}/balance", 404)
    following.refresh_holding(client=provider.client())
    client.force_login(support)

    assert "knows no holding wallet" in client.get(reverse("cards:holding")).content.decode()
    assert Holding.objects.known() is None


def test_a_wallet_never_read_is_asked_for(client: Client, support: User, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr("cards.money.wake", lambda task, **_: woken.append(task))
    client.force_login(support)

    assert "has not been read yet" in client.get(reverse("cards:holding")).content.decode()
    assert woken == ["cards.tasks.refresh_holding"]


def test_a_poll_of_the_wallet_answers_nothing_until_something_changed(
    client: Client, support: User, provider: FakeTransport
) -> None:
    read_holding(provider)
    client.force_login(support)
    html = client.get(reverse("cards:holding")).content.decode()
    poll = f"{reverse('cards:holding')}?seen={html.split('seen=')[1].split(chr(34))[0]}"
    assert client.get(poll, headers={"HX-Request": "true"}).status_code == 204

    Withdrawal.objects.create(operation_id="w1", state="SENT", amount=Decimal(100), at=timezone.now())

    answer = client.get(poll, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "100.00 USD" in answer.content.decode()


def test_the_wallet_needs_its_permission(client: Client) -> None:
    client.force_login(User.objects.create_user("nobody"))

    assert client.get(reverse("cards:holding")).status_code == 403


# --- Deposits


def test_a_deposit_shows_on_its_cards_page(client: Client, support: User) -> None:
    card = make_card()
    record_deposit(card=card, transaction_hash="0x1", amount=Decimal(500), net_amount=Decimal("498.5"))
    client.force_login(support)

    assert "498.50 USD" in client.get(reverse("cards:detail", args=[card.pk])).content.decode()


def test_a_deposit_finds_its_card_once_the_address_is_known() -> None:
    record_deposit(wallet_address="0xAbC", transaction_hash="0x1", amount=Decimal(5), net_amount=Decimal(5))
    record_deposit(wallet_address="0xdef", transaction_hash="0x2", amount=Decimal(5), net_amount=Decimal(5))
    card = make_card(deposit_addresses=[{"key": "0xabc", "address": "0xABC"}])

    tie_deposits(["0xABC"])

    assert list(Deposit.objects.order_by("transaction_hash").values_list("card", flat=True)) == [card.pk, None]


def test_a_deposit_the_list_had_named_is_one_with_it_once_the_address_is_known() -> None:
    card = make_card()
    Deposit.objects.create(card=card, movement_id="m1", amount=5, net_amount=5, at=NOON, source="POLL")
    record_deposit(wallet_address="0xabc", transaction_hash="0x1", amount=Decimal(5), net_amount=Decimal(5))
    Card.objects.update(deposit_addresses=[{"key": "0xabc", "address": "0xabc"}])

    tie_deposits(["0xabc"])

    deposit = Deposit.objects.get()
    assert (deposit.card, deposit.transaction_hash, deposit.movement_id) == (card, "0x1", "m1")


def test_a_deposit_of_no_card_shows_with_the_wallet(client: Client, support: User, provider: FakeTransport) -> None:
    read_holding(provider)
    record_deposit(wallet_address=ADDRESS, transaction_hash="0x1", amount=Decimal(5000), net_amount=Decimal(5000))
    client.force_login(support)

    html = client.get(reverse("cards:holding")).content.decode()

    assert "5,000.00 USD" in html
    assert ">holding wallet</span>" in html


# --- One purchase


def test_an_address_people_copied_leads_to_what_the_purchase_became_part_of(client: Client, support: User) -> None:
    card = make_card()
    early = tell(card, C, "10.00", op="b", occurred_at=NOON + timedelta(hours=1))
    late = tell(card, R, "20.00", op="d", occurred_at=NOON + timedelta(hours=2))
    client.force_login(support)
    assert client.get(reverse("cards:transaction", args=[late.address])).status_code == 200

    tell(card, A, "30.00", op="a", occurred_at=NOON)
    tell(card, C, "20.00", op="c", occurred_at=NOON + timedelta(minutes=90))

    (purchase,) = Transaction.objects.all()
    assert purchase.pk == early.address
    response = client.get(reverse("cards:transaction", args=[late.address]))
    assert (response.status_code, response["Location"]) == (302, reverse("cards:transaction", args=[early.address]))


def test_a_purchase_that_is_taken_apart_gets_its_old_address_back() -> None:
    card = make_card()
    settled = tell(card, C, op="two", occurred_at=NOON + timedelta(hours=1))
    held = tell(card, A, op="one", occurred_at=NOON)
    assert Transaction.objects.get().pk == settled.address

    other = tell(card, A, op="three", occurred_at=NOON + timedelta(minutes=30))

    addresses = {purchase.pk: purchase.state for purchase in Transaction.objects.all()}
    assert addresses == {settled.address: "CLEARED", held.address: "AUTHORIZED"}
    assert Transaction.objects.at_address(other.address) == Transaction.objects.get(pk=settled.address)


def test_an_address_that_never_was_is_not_found(client: Client, support: User) -> None:
    client.force_login(support)

    assert client.get(reverse("cards:transaction", args=[uuid4()])).status_code == 404


def test_a_purchase_says_what_its_merchant_sells_in_words(client: Client, support: User) -> None:
    client.force_login(support)

    assert "Restaurant" in purchase_page(client, tell(make_card(), A))


def test_what_cannot_be_matched_is_marked(client: Client, support: User) -> None:
    client.force_login(support)

    assert "This stands alone" in purchase_page(client, tell(make_card(), R))


def test_the_very_same_again_counts_once_and_is_marked(client: Client, support: User) -> None:
    card = make_card()
    event = tell(card, C, op="one")
    client.force_login(support)
    assert "The same came more than once" not in purchase_page(client, event)

    ledger.note_repeat(card=card, kind="cleared", operation_id="one", purchase=make_purchase())

    html = purchase_page(client, event)
    assert "The same came more than once" in html
    assert "Came 2 times with nothing to tell them apart; counted once" in html
    assert Transaction.objects.get().cleared_total == Decimal("42.50")


def test_the_answer_we_gave_shows_with_each_rules_verdict(client: Client, support: User) -> None:
    card = make_card()
    event = tell(card, A)
    Authorization.objects.create(
        card=card, delivery_key="key", card_api_id=card.api_id, response_code="00", reason="APPROVED",
        bill_amount=Decimal("42.50"), bill_currency="USD", transaction_amount=Decimal("42.50"), cost=Decimal("42.92"),
        transaction_currency="USD", decided_at=NOON, authorized_event=event,
        verdicts=[{"rule": "card_active", "passed": True, "sentence": "The card is active."}],
    )  # fmt: skip
    client.force_login(support)

    html = purchase_page(client, event)

    assert "What we answered" in html
    assert "The card is active." in html


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("5812", "Restaurant"),
        ("3042", "Airline"),
        ("3600", "Hotel"),
        ("0042", "Agricultural service"),
        ("58", ""),
        ("", ""),
    ],
)
def test_a_category_code_is_put_in_words(code: str, words: str) -> None:
    assert mcc.in_words(code) == words
