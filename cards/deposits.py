"""Money that reaches a card and is no purchase. A webhook names the wallet, the provider's list names the card."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cards.models import Card, CardClock, Deposit, TransactionEvent
from cards.pairing import TOLERANCE

POLL, WEBHOOK = TransactionEvent.Source.POLL, TransactionEvent.Source.WEBHOOK


@transaction.atomic
def record_deposit(
    *,
    transaction_hash: str,
    amount: Decimal,
    net_amount: Decimal,
    wallet_address: str = "",
    card: Card | None = None,
    blockchain: str = "",
    at: datetime | None = None,
) -> Deposit:
    """Record money that a webhook told of, once, with its card where it is named or the wallet is known.

    A row that the provider's list brought for the same money is taken over.
    """
    card = card or Card.objects.by_wallet(wallet_address)
    at = at or timezone.now()
    standing = Deposit.objects.select_for_update(no_key=True)
    deposit = standing.filter(transaction_hash=transaction_hash, wallet_address=wallet_address).first()
    if deposit and (deposit.card_id or card is None):
        return deposit
    if deposit is None:
        deposit = _found_by_polling(card, amount, net_amount, until=at) or Deposit(at=at)
        deposit.transaction_hash, deposit.wallet_address = transaction_hash, wallet_address
        deposit.amount, deposit.net_amount, deposit.blockchain = amount, net_amount, blockchain
        deposit.source = WEBHOOK
    deposit.card = card
    deposit.save()
    if deposit.card_id:
        CardClock.objects.update_or_create(card_id=deposit.card_id, defaults={"moved_at": timezone.now()})
    return deposit


def _found_by_polling(card: Card | None, amount: Decimal, net_amount: Decimal, *, until: datetime) -> Deposit | None:
    """Return the oldest row of the list that no webhook has told of. A webhook may come much later than its money."""
    if card is None:
        return None
    alike = Deposit.objects.filter(card=card, source=POLL, amount__in=[amount, net_amount], at__lte=until + TOLERANCE)
    return alike.select_for_update(no_key=True).order_by("at", "movement_id").first()


def record_listed_deposit(
    card: Card, *, movement_id: str, amount: Decimal, net_amount: Decimal, at: datetime
) -> Deposit | None:
    """Record money from the provider's list unless a webhook told of it; return what is new. Takes the card's lock."""
    if Deposit.objects.filter(movement_id=movement_id).exists():
        return None
    told = Deposit.objects.filter(card=card, source=WEBHOOK, movement_id="", at__gte=at - TOLERANCE)
    alike = told.filter(Q(amount__in=[amount, net_amount]) | Q(net_amount=net_amount))
    same = alike.order_by("at", "transaction_hash").first()
    if same is None:
        return Deposit.objects.create(
            card=card, movement_id=movement_id, amount=amount, net_amount=net_amount, at=at, source=POLL
        )
    same.movement_id = movement_id
    same.save(update_fields=["movement_id"])
    return None


@transaction.atomic
def tie_deposits(addresses: Iterable[str]) -> None:
    """Tie what has no card yet to the card whose addresses became known."""
    wallets = {address.casefold() for address in addresses}
    for deposit in Deposit.objects.select_for_update(no_key=True).filter(card=None).exclude(wallet_address=""):
        if deposit.wallet_address.casefold() in wallets and (card := Card.objects.by_wallet(deposit.wallet_address)):
            _tie(deposit, card)


def _tie(deposit: Deposit, card: Card) -> None:
    listed = _found_by_polling(card, deposit.amount, deposit.net_amount, until=deposit.at)
    deposit.card = card
    if listed:  # the same money, which the list had named before the wallet was known
        listed.delete()
        deposit.movement_id = listed.movement_id
    deposit.save(update_fields=["card", "movement_id"])
