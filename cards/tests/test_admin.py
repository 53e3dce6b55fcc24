import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cards import actions, decisions, ledger
from cards.models import (
    Authorization,
    Card,
    Challenge,
    Deposit,
    Holding,
    Notice,
    Placement,
    Transaction,
    TransactionEvent,
    Withdrawal,
)
from cards.statuses import EventKind
from cards.tests.making import make_card, make_purchase, make_question

pytestmark = pytest.mark.django_db

MODELS = [
    Card,
    Transaction,
    TransactionEvent,
    Placement,
    Authorization,
    Deposit,
    Challenge,
    Notice,
    Holding,
    Withdrawal,
]


@pytest.fixture
def card() -> Card:
    """One row of everything."""
    card = make_card(deposit_addresses=[{"key": "0xabc"}])
    ledger.record_event(
        card=card, kind=EventKind.AUTHORIZED, operation_id="one", purchase=make_purchase(), source="WEBHOOK"
    )
    decisions.decide(make_question(card))
    actions.record_deposit(wallet_address="0xabc", transaction_hash="0x1", amount=5, net_amount=5)  # type: ignore[arg-type]
    data = {"merchant_name": "Acme", "amount": 5, "currency": "USD", "received_at": timezone.now()}
    actions.record_challenge(card=card, challenge_id="c1", data=data)
    Holding.objects.create(balance=5, read_at=timezone.now())
    Withdrawal.objects.create(operation_id="w1", state="SENT", amount=5, card=card, at=timezone.now())
    return card


@pytest.mark.parametrize("model", MODELS)
def test_an_admin_reads_every_row_and_changes_none(model: type, card: Card, client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    row = model._default_manager.get()  # type: ignore[attr-defined]
    name = f"admin:cards_{model.__name__.lower()}"

    assert client.get(reverse(f"{name}_changelist")).status_code == 200
    address = reverse(f"{name}_change", args=[row.pk])
    opened = client.get(address)
    assert opened.status_code == 200
    assert b'name="_save"' not in opened.content
    assert client.post(address, {"status": "DELETED"}).status_code == 403
    assert client.get(reverse(f"{name}_add")).status_code == 403
    assert client.post(reverse(f"{name}_delete", args=[row.pk])).status_code == 403


def test_every_model_is_in_the_admin() -> None:
    assert set(MODELS) <= set(admin.site._registry)


def test_an_officer_has_no_business_in_the_admin(client: Client, officer: User) -> None:
    client.force_login(officer)

    assert client.get(reverse("admin:cards_card_changelist")).status_code == 302
