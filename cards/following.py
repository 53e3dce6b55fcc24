"""How our rows follow the provider's cards."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from cards.actions import follow_status
from cards.deposits import tie_deposits
from cards.models import LIMITS, Card, CardClock, Holding
from cards.statuses import CARD_TRANSITIONS, CARD_WORDS, ApprovalMethod, CardStatus
from cryptomate import Client, DepositAddress, NotFound, Refused, RemoteCard
from customers.models import Customer
from customers.statuses import Source
from provider import budget
from provider.models import ProviderCall

FIRST_POLL = timedelta(minutes=30)  # after that the card's own movements set the pace


def create_card(*, customer: Customer, remote: RemoteCard, call: ProviderCall) -> Card:
    """Write the card the provider issued for this call."""
    wish = call.payload
    card, _ = Card.objects.get_or_create(
        api_id=remote.id,
        defaults={
            "customer": customer,
            "holder_name": wish["holder_name"].upper(),
            "approval_method": wish["approval_method"],
            **{name: _amount(wish[name]) for name in LIMITS},
            "status": status_of_new(remote),
            "issued_by": call.wanted_by,
            "issued_at": timezone.now(),
            "call": call,
        },
    )
    CardClock.objects.get_or_create(card=card, defaults={"next_poll_at": timezone.now() + FIRST_POLL})
    follow_card(card, remote, source=Source.SYNC)
    return card


@transaction.atomic
def follow_card(
    card: Card,
    remote: RemoteCard,
    *,
    source: Source,
    by: User | None = None,
    hold_reason: str = "",
    asked_for: Collection[str] = (CardStatus.ACTIVE, CardStatus.FROZEN),
) -> None:
    """Bring the card in line with what the provider answers about it; what it leaves out stays.

    `by` is who asked for a step, `asked_for` where it can lead, and `hold_reason` why the card is held if it led there.
    """
    card = Card.objects.select_for_update(no_key=True).get(pk=card.pk)
    said = columns_of(remote)
    changed = [name for name, value in said.items() if getattr(card, name) != value]
    if changed:
        for name in changed:
            setattr(card, name, said[name])
        card.save(update_fields=changed)
    officers = by is not None and _is_officers_step(card, remote.status, asked_for)
    follow_status(
        card,
        remote.status,
        source=Source.OFFICER if officers else source,
        by=by if officers else None,
        hold_reason=hold_reason if remote.status == CardStatus.FROZEN else "",
    )


def _is_officers_step(card: Card, word: str, asked_for: Collection[str]) -> bool:
    """Answer whether the answer is the step the officer asked for, and not something the provider did besides."""
    status = CARD_WORDS.get(word.lower())
    return status in asked_for and status in CARD_TRANSITIONS[card.status]


def status_of_new(remote: RemoteCard) -> CardStatus:
    """Return how a card begins here. A word we do not know is no reason to show it as usable."""
    return CARD_WORDS.get(remote.status.lower(), CardStatus.INACTIVE)


def columns_of(remote: RemoteCard) -> dict[str, Any]:
    """Return our columns with what the answer says about them."""
    said: dict[str, Any] = {name: getattr(remote, name) for name in LIMITS if name in remote.raw}
    if remote.last4.isascii() and remote.last4.isdigit() and len(remote.last4) == 4:
        said["last4"] = remote.last4
    if remote.expiration_month and remote.expiration_year:
        said |= {"expiration_month": remote.expiration_month, "expiration_year": remote.expiration_year}
    if remote.card_holder_name:
        said["holder_name"] = remote.card_holder_name[:60]
    if remote.approval_method in ApprovalMethod.values:
        said["approval_method"] = remote.approval_method
    return said


def refresh_card(card: Card, *, client: Client) -> None:
    """Read the card, its balance and its deposit addresses at the provider. Raises the client's errors."""
    budget.take(background=True)
    remote = client.get_card(card.api_id)
    balance = _balance(card, client)
    addresses = _addresses(card, client)
    with transaction.atomic():
        follow_card(card, remote, source=Source.SYNC)
        card = Card.objects.select_for_update(no_key=True).get(pk=card.pk)
        now = timezone.now()
        card.refreshed_at = now
        if balance is not None:
            card.balance, card.balance_at = balance, now
        if addresses is not None:
            card.deposit_addresses = addresses
        card.save(update_fields=["refreshed_at", "balance", "balance_at", "deposit_addresses"])
        tie_deposits(each["address"] for each in card.deposit_addresses)


def _balance(card: Card, client: Client) -> Decimal | None:
    budget.take(background=True)
    try:
        return client.get_balance(card.api_id)
    except Refused:  # a card that spends from the holding wallet may have none of its own
        return None


def _addresses(card: Card, client: Client) -> list[dict[str, Any]] | None:
    if card.approval_method != ApprovalMethod.TOPUP:
        return None
    budget.take(background=True)
    try:
        return [_address(each) for each in client.list_top_up_addresses(card.api_id)]
    except Refused:
        return None


def _address(address: DepositAddress) -> dict[str, Any]:
    return {
        "key": address.address.casefold(),
        "address": address.address,
        "blockchain": address.blockchain,
        "memo": address.memo,
        "tokens": [token.symbol for token in address.tokens],
        "is_ramp": address.is_ramp,
    }


def refresh_holding(*, client: Client) -> None:
    """Read the holding wallet and the programme's totals. Raises the client's errors."""
    try:
        budget.take(background=True)
        balance = client.get_holding_balance()
    except NotFound:
        Holding.objects.update_or_create(
            id=1, defaults={"is_missing": True, "balance": None, "read_at": timezone.now()}
        )
        return
    budget.take(background=True)
    totals = client.get_program_balance()
    budget.take(background=True)
    wallet = client.get_holding_wallet()
    read = {
        "balance": balance.balance,
        "on_cards": totals.total_cards_balance,
        "accumulated_fees": totals.accumulated_fees,
        "address": wallet.address[:120],
        "blockchain": wallet.blockchain[:40],
        "tokens": dict(wallet.tokens),
        "is_enabled": wallet.enabled,
        "is_missing": False,
        "read_at": timezone.now(),
    }
    Holding.objects.update_or_create(id=1, defaults=read)


def limits_in(payload: Mapping[str, str | None]) -> dict[str, Decimal | None]:
    """Return the four limits of a call's payload."""
    return {name: _amount(payload[name]) for name in LIMITS}


def _amount(written: str | None) -> Decimal | None:
    return None if written is None else Decimal(written)
