"""What may be done to a card now, and which name can stand on one: each rule raises with the sentence to read."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from cards.models import LIMITS, Card, Challenge
from cards.statuses import CLOSED, CardStatus
from customers.policies import NotAllowed
from people.approvals import Act, FourEyes
from provider.models import CallKind, ProviderCall

LONGEST_HOLDER_NAME = 27
PER_PERIOD = ("daily_limit", "weekly_limit", "monthly_limit")

Limits = Mapping[str, Decimal | None]


def check_can_freeze(card: Card) -> None:
    if card.status != CardStatus.ACTIVE:
        raise NotAllowed(f"Only an active card can be frozen. This one is {card.get_status_display().lower()}.")


def check_can_unfreeze(card: Card) -> None:
    if card.status != CardStatus.FROZEN:
        raise NotAllowed(f"Only a frozen card can be unfrozen. This one is {card.get_status_display().lower()}.")


def check_can_change_limits(card: Card) -> None:
    if card.status in CLOSED:
        raise NotAllowed(f"The limits of a card that is {card.get_status_display().lower()} cannot be changed.")


def check_can_delete(card: Card) -> None:
    if card.status in CLOSED:
        raise NotAllowed(f"Only a card in use can be deleted. This one is {card.get_status_display().lower()}.")


def check_nothing_under_way(card: Card) -> None:
    """Raise NotAllowed while anything else is asked of CryptoMate about the card: it would come too late."""
    calls = ProviderCall.objects.open().filter(target_id=card.pk)
    if other := calls.exclude(kind=CallKind.DELETE_CARD).first():
        raise NotAllowed(f"{other.get_kind_display()}: still under way. Delete the card when it is done.")


def check_not_being_deleted(card: Card) -> None:
    if ProviderCall.objects.open().filter(target_id=card.pk, kind=CallKind.DELETE_CARD).exists():
        raise NotAllowed("This card is being deleted.")


def check_can_answer(challenge: Challenge, *, now: datetime) -> None:
    if challenge.decision:
        raise NotAllowed(f"This purchase was {challenge.get_decision_display().lower()} already.")
    if challenge.is_over(now):
        raise NotAllowed("The time to answer is over: the purchase is declined. The cardholder can try it again.")


def needs_two_for_limits(limits: Limits, *, before: Limits | None = None) -> bool:
    """Answer whether an admin wants two people for a card with these limits, where `before` had lower ones or none."""
    setting = FourEyes.objects.on_for(Act.ISSUE_CARD)
    if setting is None or (before is not None and not _is_raised(limits, before)):
        return False
    given = [limit for name in LIMITS if (limit := limits.get(name)) is not None]
    is_bounded = any(limits.get(name) is not None for name in PER_PERIOD)  # small purchases add up to any sum
    return setting.threshold is None or not is_bounded or max(given) > setting.threshold


def _is_raised(limits: Limits, before: Limits) -> bool:
    highest = Decimal("Infinity")  # what is not limited

    def of(values: Limits, name: str) -> Decimal:
        limit = values.get(name)
        return highest if limit is None else limit

    return any(of(limits, name) > of(before, name) for name in LIMITS)


def check_holder_name(name: str) -> None:
    """Refuse what the provider cannot print: at most 27 characters, letters and spaces only (contract section 4.1)."""
    if len(name) > LONGEST_HOLDER_NAME:
        raise NotAllowed(f"Use at most {LONGEST_HOLDER_NAME} characters: this name has {len(name)}.")
    if not name or not all(character.isascii() and (character.isalpha() or character == " ") for character in name):
        raise NotAllowed("Use the Latin letters A to Z and spaces only.")


def printable_name(name: str) -> str:
    """Return the name without accents and doubled spaces, as it can stand on a card."""
    spelled = name.translate(UNACCENTED)
    letters = (mark for mark in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(mark))
    return " ".join("".join(letters).split())


# Letters that Unicode does not take apart into a plain one and an accent.
UNACCENTED = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
)
