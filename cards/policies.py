"""What may be done to a card now, and which name can stand on one: each rule raises with the sentence to read."""

import unicodedata
from datetime import datetime

from cards.models import Card, Challenge
from cards.statuses import CLOSED, CardStatus
from customers.policies import NotAllowed

LONGEST_HOLDER_NAME = 27


def check_can_freeze(card: Card) -> None:
    if card.status != CardStatus.ACTIVE:
        raise NotAllowed(f"Only an active card can be frozen. This one is {card.get_status_display().lower()}.")


def check_can_unfreeze(card: Card) -> None:
    if card.status != CardStatus.FROZEN:
        raise NotAllowed(f"Only a frozen card can be unfrozen. This one is {card.get_status_display().lower()}.")


def check_can_change_limits(card: Card) -> None:
    if card.status in CLOSED:
        raise NotAllowed(f"The limits of a card that is {card.get_status_display().lower()} cannot be changed.")


def check_can_answer(challenge: Challenge, *, now: datetime) -> None:
    if challenge.decision:
        raise NotAllowed(f"This purchase was {challenge.get_decision_display().lower()} already.")
    if challenge.is_over(now):
        raise NotAllowed("The time to answer is over: the purchase is declined. The cardholder can try it again.")


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
