"""Compares cards with the provider's list, page by page; what no page names is asked about one by one."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from cards.following import columns_of, follow_card, status_of_new
from cards.models import LIMITS, Card
from cards.statuses import CARD_WORDS, CardStatus
from cryptomate import NotFound, Refused, RemoteCard
from customers.comparison_runs import Step, Turn
from customers.comparisons import Discrepancy, ListedRecord, Side
from customers.differing import NOTHING, Difference
from customers.discrepancies import close, close_existence, missing, note_one, note_taken, unknown
from customers.models import Customer, StatusChange
from customers.statuses import Source
from provider.models import CallKind, ProviderCall

logger = logging.getLogger(__name__)

PAGE = 50  # cards the provider is asked for at once
PAGES = 10  # in one turn
BATCH = 20  # cards asked about one by one in one turn
LABELS = {
    **{name: f"{label} limit" for name, label in LIMITS.items()},
    "last4": "Last four digits", "expiration_month": "Expiry month", "expiration_year": "Expiry year",
    "holder_name": "Name on the card", "approval_method": "Who approves purchases",
}  # fmt: skip


# --- The list


def compare_listed_cards(turn: Turn) -> bool:
    """Read the next pages of the list; answers whether it is read to its end."""
    for _ in range(PAGES):
        asked_at = timezone.now()
        turn.take()
        page = turn.client.search_cards(page=turn.run.cursor, size=PAGE)
        _compare_page(turn, page.items, asked_at=asked_at)
        turn.move(turn.run.cursor + 1)
        if not page.items or turn.run.cursor >= page.total_pages:
            return True
        if turn.is_late:
            break
    return False


def _compare_page(turn: Turn, remotes: Sequence[RemoteCard], *, asked_at: datetime) -> None:
    ours = {card.api_id: card for card in Card.objects.with_customer().filter(api_id__in=[each.id for each in remotes])}
    for remote in remotes:
        if remote.id not in ours:
            _note_stranger(turn, remote, asked_at=asked_at)
        elif _differs(ours[remote.id], remote):
            compare_card(turn, ours[remote.id], remote, asked_at=asked_at)
    close_existence(Side.CARD, [str(card.pk) for card in ours.values()])
    close_existence(Side.REMOTE_CARD, list(ours))
    _close_owners(ours, remotes)
    seen = [ListedRecord(comparison=turn.run, api_id=key[:80]) for key in ours]
    ListedRecord.objects.bulk_create(seen, ignore_conflicts=True)
    turn.run.add(compared=len(ours))


def _differs(card: Card, remote: RemoteCard) -> bool:
    return bool(_changes(card, remote)) or _has_other_owner(card, remote)


def _has_other_owner(card: Card, remote: RemoteCard) -> bool:
    return bool(remote.client_id) and remote.client_id != card.customer.api_id


def _changes(card: Card, remote: RemoteCard) -> list[tuple[str, str, str]]:
    """Return what the provider says otherwise: the field in words, ours and theirs."""
    said = columns_of(remote)
    found = [
        (LABELS[name], _words(getattr(card, name)), _words(value))
        for name, value in said.items()
        if getattr(card, name) != value
    ]
    status = CARD_WORDS.get(remote.status.lower())
    if card.status != status if status else card.remote_status != remote.status[:40]:
        found.append(("Status", card.get_status_display(), status.label if status else remote.status))
    return found


def _words(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f} USD"
    return NOTHING if value in (None, "") else str(value)


def compare_card(turn: Turn, card: Card, remote: RemoteCard, *, asked_at: datetime) -> None:
    """Follow the card, unless something of ours is on its way or came since it was read."""
    with transaction.atomic():
        card = Card.objects.select_for_update(no_key=True, of=("self",)).with_customer().get(pk=card.pk)
        calls = ProviderCall.objects.filter(target_id=card.pk)
        is_moving = calls.open().exists() or calls.answered_since(asked_at).exists()
        if is_moving or StatusChange.objects.filter(object_id=card.pk, at__gte=asked_at).exists():
            return
        changes = _changes(card, remote)
        if changes:
            follow_card(card, remote, source=Source.SYNC)
        for label, ours, theirs in changes:
            note_taken(Side.CARD, str(card.pk), label, ours=ours, theirs=theirs, customer=card.customer, run=turn.run)
        turn.run.add(taken=len(changes), found=_note_owner(turn, card, remote))


def _note_owner(turn: Turn, card: Card, remote: RemoteCard) -> bool:
    """A card that changed hands is nothing to follow blindly: a person looks at it."""
    if not _has_other_owner(card, remote):
        return False
    found = Difference("customer", "Whose card it is", card.customer.full_name, _name_of(remote.client_id), {})
    return note_one(Side.CARD, str(card.pk), found, customer=card.customer, run=turn.run)


def _close_owners(ours: Mapping[str, Card], remotes: Sequence[RemoteCard]) -> None:
    at_home = [
        str(ours[each.id].pk) for each in remotes if each.id in ours and not _has_other_owner(ours[each.id], each)
    ]
    close(Discrepancy.objects.standing().filter(record=Side.CARD, key__in=at_home, field="customer"))


def _name_of(client_id: str) -> str:
    customer = Customer.objects.filter(api_id=client_id).first()
    return customer.full_name if customer else "A client we do not know"


def _note_stranger(turn: Turn, remote: RemoteCard, *, asked_at: datetime) -> None:
    """Write down a card we do not know, but for one that is on its way here or over."""
    customer = Customer.objects.filter(api_id=remote.client_id).first() if remote.client_id else None
    if CARD_WORDS.get(remote.status.lower()) == CardStatus.DELETED or (customer and _is_issuing(customer, asked_at)):
        return
    if Card.objects.by_api_id(remote.id):
        return
    theirs = f"•••• {remote.last4 or '????'}, {remote.card_holder_name}, {remote.status}"
    found = unknown(theirs, _adoptable(remote) if customer else {})
    turn.run.add(found=note_one(Side.REMOTE_CARD, remote.id[:80], found, customer=customer, run=turn.run))


def _is_issuing(customer: Customer, asked_at: datetime) -> bool:
    calls = ProviderCall.objects.about(customer.pk).filter(kind=CallKind.ISSUE_CARD)
    return calls.open().exists() or calls.answered_since(asked_at).exists()


def _adoptable(remote: RemoteCard) -> dict[str, Any]:
    """Return what a card of ours is made of: nothing that is secret is in the provider's list."""
    return columns_of(remote) | {"status": status_of_new(remote), "remote_status": remote.status[:40]}


# --- One by one


def compare_unlisted_cards(turn: Turn) -> bool:
    """Ask about the cards that no page named; answers whether none is left."""
    cards = list(_unlisted(turn)[:BATCH])
    for card in cards:
        asked_at = timezone.now()
        turn.take()
        try:
            remote = turn.client.get_card(card.api_id)
        except NotFound:
            new = note_one(Side.CARD, str(card.pk), missing("card"), customer=card.customer, run=turn.run)
            turn.run.add(found=new)
        except Refused:
            turn.run.add(failed=1)
        else:
            close_existence(Side.CARD, [str(card.pk)])
            compare_card(turn, card, remote, asked_at=asked_at)
        ListedRecord.objects.get_or_create(comparison=turn.run, api_id=card.api_id)
        turn.run.add(compared=1)
        if turn.is_late:
            break
    return not cards


def _unlisted(turn: Turn) -> Any:
    seen = ListedRecord.objects.filter(comparison=turn.run, api_id=OuterRef("api_id"))
    alive = Card.objects.with_customer().exclude(status=CardStatus.DELETED).filter(issued_at__lt=turn.run.started_at)
    return alive.filter(~Exists(seen)).order_by("pk")


LISTED = Step("CARDS", "The list of cards", 20, is_list=True, advance=compare_listed_cards)
UNLISTED = Step("UNLISTED_CARDS", "Cards that no list names", 30, is_list=True, advance=compare_unlisted_cards)
