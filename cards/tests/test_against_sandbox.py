"""Money over real HTTP: what the sandbox lists, what its webhooks say, and that the two make the same books."""

import base64
import io
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from PIL import Image

from cards import following, ledger, polling
from cards.challenges import answer_challenge
from cards.deposits import record_deposit
from cards.models import Card, Challenge, Deposit, Holding, TransactionEvent
from cards.purchases import Purchase, read_moment
from cards.tests.making import make_card
from cryptomate import Client
from cryptomate.tests.test_clients import PAYLOAD
from provider.actions import carry_out
from sandbox.testing import API_KEY, SandboxProcess

pytestmark = [pytest.mark.processes, pytest.mark.django_db, pytest.mark.xdist_group("sandbox")]


@pytest.fixture
def sandbox(empty_sandbox: SandboxProcess) -> SandboxProcess:
    empty_sandbox.console("POST", "/console/settings", {"rate_limit": False})
    polling._only_documented.clear()
    return empty_sandbox


@pytest.fixture
def client(sandbox: SandboxProcess) -> Client:
    return Client(url=sandbox.url, api_key=API_KEY)


@pytest.fixture
def card(client: Client, sandbox: SandboxProcess) -> Card:
    """Return a top-up card with 500 USD sent to it, known on both sides."""
    buffer = io.BytesIO()
    Image.new("RGB", (40, 25), "#8899aa").save(buffer, "PNG")
    image = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    maria = client.create_client(payload=PAYLOAD, idempotency_key="maria")
    request = client.request_product(maria.id, idempotency_key="cards")
    client.upload_document(
        maria.id, request.id, document_type="passport", image_front=image, metadata={"number": "AAB123456"}
    )
    client.submit_request(maria.id, request.id)
    sandbox.console("POST", f"/console/requests/{request.id}/approve")
    remote = client.create_card(
        client_id=maria.id, card_holder_name="Maria Barber", approval_method="TOPUP", idempotency_key="card"
    )
    card = make_card(api_id=remote.id)
    do(sandbox, card, "deposit", amount="500")
    return card


def do(sandbox: SandboxProcess, card: Card, what: str, **values: Any) -> Any:
    return sandbox.console("POST", f"/console/cards/{card.api_id}/{what}", values)


def shop(sandbox: SandboxProcess, card: Card) -> None:
    """Make one purchase of each end: settled in parts and refunded, released in part, cancelled, refused, abroad."""
    hotel = do(sandbox, card, "authorize", amount="90.00", merchant="Grand Hotel", mcc="7011")["authorization_id"]
    do(sandbox, card, "clear", authorization_id=hotel, amount="40.00")
    do(sandbox, card, "clear", authorization_id=hotel, amount="50.00")
    do(sandbox, card, "refund", authorization_id=hotel, amount="12.50")
    fuel = do(sandbox, card, "authorize", amount="80.00", merchant="Fuel", mcc="5541")["authorization_id"]
    do(sandbox, card, "reverse", authorization_id=fuel, amount="35.00")
    shop = do(sandbox, card, "authorize", amount="20.00", merchant="City Books")["authorization_id"]
    do(sandbox, card, "decline", authorization_id=shop)
    do(sandbox, card, "authorize", amount="9000.00", merchant="Sky Travel")
    do(sandbox, card, "authorize", amount="33.00", merchant="Café de Flore", currency="EUR")


def books(card: Card) -> list[tuple[Any, ...]]:
    columns = ("state", "bill_amount", "authorized_total", "cleared_total", "reversed_total", "refunded_total")
    return sorted(card.transactions.values_list(*columns))


EXPECTED = [
    ("AUTHORIZED", 33, 33, 0, 0, 0),
    ("CANCELLED", 20, 20, 0, 0, 0),
    ("DECLINED", 9000, 0, 0, 0, 0),
    ("PARTLY_REFUNDED", 90, 90, 90, 0, Decimal("12.5")),
    ("PARTLY_REVERSED", 80, 80, 0, 35, 0),
]


def hear(sandbox: SandboxProcess, card: Card) -> None:
    """Take every webhook the sandbox has written as if it had just arrived."""
    for delivery in sandbox.console("GET", "/console/deliveries"):
        body = delivery["body"]
        kind, data = body["event_type"], body["data"]
        if kind == "deposit":
            record_deposit(
                wallet_address=data["wallet_address"],
                transaction_hash=data["transaction_hash"],
                amount=Decimal(data["amount"]),
                net_amount=Decimal(data["net_amount"]),
            )
        elif data.get("card_id") == card.api_id:
            ledger.record_event(
                card=card,
                kind=kind,
                operation_id=body["operation_id"],
                purchase=Purchase.from_data(data),
                source="WEBHOOK",
            )


@pytest.mark.parametrize("word", ["TRANSACTION_APPROVED", "TRANSACTION_CLEARED"])
def test_purchases_that_no_webhook_told_are_all_found_in_the_list(
    word: str, card: Card, client: Client, sandbox: SandboxProcess
) -> None:
    sandbox.console("POST", "/console/settings", {"cleared_operation": word})
    shop(sandbox, card)

    found = polling.poll_card(card, client=client)

    assert books(card) == EXPECTED
    assert (found, set(TransactionEvent.objects.values_list("source", flat=True))) == (11, {"POLL"})
    assert Deposit.objects.get().net_amount == Decimal("498.5")


def test_webhooks_that_come_after_the_list_change_no_book(card: Card, client: Client, sandbox: SandboxProcess) -> None:
    shop(sandbox, card)
    following.refresh_card(card, client=client)
    polling.poll_card(card, client=client)
    addresses = set(card.transactions.values_list("pk", flat=True))

    hear(sandbox, card)

    assert books(card) == EXPECTED
    assert set(card.transactions.values_list("pk", flat=True)) == addresses
    assert set(card.transactions.exclude(mcc="").values_list("merchant_city", flat=True)) == {"Miami"}
    deposit = Deposit.objects.get()
    assert (deposit.source, deposit.card) == ("WEBHOOK", card)


def test_a_list_that_says_what_webhooks_told_adds_nothing(card: Card, client: Client, sandbox: SandboxProcess) -> None:
    shop(sandbox, card)
    following.refresh_card(card, client=client)
    hear(sandbox, card)

    assert polling.poll_card(Card.objects.get(), client=client) == 0
    assert books(card) == EXPECTED
    assert Deposit.objects.count() == 1


def test_the_holding_wallet_is_read(card: Card, client: Client) -> None:
    following.refresh_holding(client=client)

    wallet = Holding.objects.get()
    assert wallet.address.startswith("0x")
    assert (wallet.balance is None, wallet.on_cards, wallet.is_missing) == (False, Decimal("498.5"), False)


@pytest.mark.parametrize(("approve", "decision"), [(True, "APPROVED"), (False, "DENIED")])
def test_a_3ds_check_is_answered(
    approve: bool, decision: str, card: Card, client: Client, sandbox: SandboxProcess, officer: User
) -> None:
    do(sandbox, card, "challenge", amount="42.50")
    data = sandbox.console("GET", "/console/deliveries")[0]["body"]["data"]
    challenge = Challenge.objects.create(
        card=card,
        challenge_id=data["challenge_id"],
        amount=Decimal(data["transaction_amount"]),
        currency=data["transaction_currency"],
        received_at=timezone.now(),
        expires_at=read_moment(data["expiry_time"]),
    )

    carry_out(answer_challenge(challenge=challenge, approve=approve, by=officer).pk, client=client)

    challenge.refresh_from_db()
    assert challenge.decision == decision
