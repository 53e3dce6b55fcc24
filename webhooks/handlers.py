"""What each kind of delivery means for our rows. Database work only: a handler runs while the provider waits.

A handler is called again when it failed, and when a person asks for it, so each finds what it has written before.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from cards import actions, ledger
from cards.models import Card, Notice, TransactionEvent, Withdrawal
from cards.purchases import Purchase, read_amount, read_moment
from cards.statuses import CardStatus
from customers import following
from customers.models import Customer, StatusChange
from webhooks.deliveries import CARD_PRODUCTS, text
from webhooks.models import WebhookEvent

COMPANY = "company_activity"
UNFINISHED = frozenset({"pending", "manual_check"})

Subject = Card | Customer | None


class NotKnownYet(Exception):  # noqa: N818 - it is a reason to wait
    """What the delivery is about may become known here; the message completes "… yet". Raised before any write."""


class NothingToDo(Exception):  # noqa: N818 - it is an outcome
    """The delivery changes nothing here; the message says why. Raised before any write."""

    def __init__(self, note: str, *, subject: Subject = None) -> None:
        super().__init__(note)
        self.subject = subject


def handle(event: WebhookEvent) -> Subject:
    """Do what the delivery asks for and return the row it is about. Raises NotKnownYet and NothingToDo."""
    handler = _handlers_of(event.product).get(event.event_type)
    if handler is None:
        raise NothingToDo("The portal has no use for this kind of delivery")
    return handler(event)


def _handlers_of(product: str) -> "Handlers":
    if product in CARD_PRODUCTS:
        return CARD_HANDLERS
    return COMPANY_HANDLERS if product == COMPANY else {}


def record_purchase(event: WebhookEvent) -> Card:
    card = _card(event)
    ledger.record_event(card=card, **vars(_told(event)))
    return card


def record_at_once(event: WebhookEvent, *, settled: Callable[[Card | None], WebhookEvent], patience: str) -> bool:
    """Store a delivery about a purchase and record the purchase, in one statement; answer whether that could be done.

    `settled` returns the delivery's row as it is stored with what became of it.
    """
    if not _is_purchase(event) or not event.card_api_id:
        return False
    return ledger.record_at_once(event.card_api_id, _told(event), brought_by=settled, patience=patience)


def _told(event: WebhookEvent) -> ledger.Told:
    return ledger.Told(
        kind=event.event_type,
        operation_id=event.operation_id,
        purchase=Purchase.from_data(event.data),
        source=TransactionEvent.Source.WEBHOOK,
    )


def _is_purchase(event: WebhookEvent) -> bool:
    return _handlers_of(event.product).get(event.event_type) is record_purchase


def note_repeat(event: WebhookEvent) -> None:
    """Mark a purchase whose very same delivery came again: a second settlement may look exactly like the first."""
    card = Card.objects.by_api_id(event.card_api_id)
    if card and _is_purchase(event):
        purchase = Purchase.from_data(event.data)
        ledger.note_repeat(card=card, kind=event.event_type, operation_id=event.operation_id, purchase=purchase)


def record_deposit(event: WebhookEvent) -> Card | None:
    """Record money that reached a wallet. The provider names no card; without a known wallet it stays the company's."""
    deposit = actions.record_deposit(
        wallet_address=text(event.data, "wallet_address"),
        transaction_hash=text(event.data, "transaction_hash") or event.operation_id,
        blockchain=text(event.data, "blockchain")[:40],
        amount=_amount(event, "amount"),
        net_amount=_amount(event, "net_amount", "amount"),
        at=event.received_at,
    )
    return deposit.card


def record_visa_direct(event: WebhookEvent) -> Card:
    """Record a credit that came over the card network: it names the card and no wallet."""
    card = _card(event)
    credit = Purchase.from_data(event.data)
    actions.record_deposit(
        card=card,
        wallet_address="",
        transaction_hash=event.operation_id,
        blockchain="Visa Direct",
        amount=credit.bill_amount,
        net_amount=max(Decimal(0), credit.bill_amount - credit.atm_fees - credit.fx_fees),
        at=credit.occurred_at or event.received_at,
    )
    return card


def record_withdrawal(event: WebhookEvent) -> Card | None:
    """Record that money left the holding wallet, or failed to. The card it names may be none of ours."""
    if event.status in UNFINISHED:
        raise NothingToDo("The withdrawal is not finished")
    withdrawal, _ = Withdrawal.objects.get_or_create(
        operation_id=event.operation_id,
        state=Withdrawal.State.SENT if event.status == "success" else Withdrawal.State.FAILED,
        defaults={
            "card": Card.objects.by_api_id(event.card_api_id) if event.card_api_id else None,
            "transaction_hash": text(event.data, "transaction_hash")[:120],
            "blockchain": text(event.data, "blockchain")[:40],
            "to_address": text(event.data, "to_wallet_address")[:120],
            "amount": _amount(event, "amount"),
            "at": read_moment(event.data.get("created_at")) or event.received_at,
        },
    )
    return withdrawal.card


def record_code_sent(event: WebhookEvent) -> Card:
    """Tell that a 3-D Secure code went out; the code itself was taken out before the delivery was stored."""
    card = _card(event)
    amount, currency = _amount(event, "transaction_amount"), text(event.data, "transaction_currency")[:3]
    merchant = text(event.data, "merchant_name")[:100] or "a merchant"
    words = f"{card.masked}: CryptoMate sent a 3-D Secure code for {amount:f} {currency} at {merchant}."
    actions.leave_notice(card=card, kind=Notice.Kind.CHALLENGE, text=words, at=event.received_at)
    return card


def record_challenge(event: WebhookEvent) -> Card:
    card = _card(event)
    data = {
        "merchant_name": text(event.data, "merchant_name")[:200],
        "merchant_country": text(event.data, "merchant_country")[:3],
        "amount": _amount(event, "transaction_amount"),
        "currency": text(event.data, "transaction_currency")[:3].upper(),
        "received_at": event.received_at,
        "expires_at": read_moment(event.data.get("expiry_time")),
    }
    challenge_id = text(event.data, "challenge_id") or event.operation_id
    actions.record_challenge(card=card, challenge_id=challenge_id, data=data)
    return card


def record_velocity_block(event: WebhookEvent) -> Card:
    card = _card(event)
    at = read_moment(event.data.get("blocked_at")) or event.received_at
    if Notice.objects.filter(card=card, kind=Notice.Kind.VELOCITY, created_at=at).exists():
        return card
    if _released_since(card, at):
        raise NothingToDo("The card was released after this block", subject=card)
    rule = event.data.get("triggered_rule")
    rule = rule if isinstance(rule, Mapping) else {}
    actions.record_velocity_block(
        card=card,
        at=at,
        max_authorizations=_whole(rule, "max_authorizations"),
        window_seconds=_whole(rule, "time_window_seconds"),
    )
    return card


def _released_since(card: Card, at: datetime) -> bool:
    """Say whether the block is over: a delivery may come late, and one that is handled again always does."""
    return StatusChange.objects.filter(object_id=card.pk, to_status=CardStatus.ACTIVE, at__gt=at).exists()


def hasten_sync(event: WebhookEvent) -> Customer:
    """Take a word about a client's status for a hint: the provider is asked, and its answer is followed."""
    customer = Customer.objects.filter(api_id=text(event.data, "id") or event.operation_id).first()
    if customer is None:
        raise NothingToDo("No customer here has this client id")
    request = customer.newest_request
    if request is None:
        raise NothingToDo("The customer has no request to follow", subject=customer)
    if request.synced_at is None or request.synced_at < event.received_at:
        following.mark_due(request, now=event.received_at)
    return customer


def _card(event: WebhookEvent) -> Card:
    if not event.card_api_id:
        raise NothingToDo("The delivery names no card")
    card = Card.objects.by_api_id(event.card_api_id)
    if card is None:
        raise NotKnownYet("Card not known")
    return card


def _amount(event: WebhookEvent, *keys: str) -> Decimal:
    found = (read_amount(event.data.get(key), key) for key in keys)
    return next((amount for amount in found if amount is not None), Decimal(0))


def _whole(values: Mapping[str, Any], key: str) -> int | None:
    value = text(values, key)
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


PURCHASE_EVENTS = ("authorized", "cleared", "declined", "reversal", "refund")
Handlers = Mapping[str, Callable[[WebhookEvent], Subject]]

# What the provider calls each kind of delivery (contract section 12), and what it means here.
CARD_HANDLERS: Handlers = {
    **dict.fromkeys(PURCHASE_EVENTS, record_purchase),
    "deposit": record_deposit,
    "visa_direct_deposit": record_visa_direct,
    "warranty_withdraw": record_withdrawal,
    "notification_3ds_authorization": record_code_sent,
    "notification_3ds_authorization_oob": record_challenge,
    "card_blocked_by_velocity": record_velocity_block,
}
COMPANY_HANDLERS: Handlers = {"client_status": hasten_sync}
