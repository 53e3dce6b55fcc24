"""What somebody typed into the search box, read: a name, a phone, an amount. Pure functions."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from vault.masking import mask_card_numbers

LONGEST = 200  # characters that are read
SHORTEST_NAME, SHORTEST_PHONE, SHORTEST_ID = 2, 5, 4

PREFIXES = {
    "name": "maria garcia, in any order",
    "email": "maria@example.com",
    "phone": "+52 222 000 1234",
    "card": "last four digits",
    "id": "ours, CryptoMate’s, or an ID number",
    "amount": "42.50, as billed",
    "merchant": "acme coffee",
}
PREFIX = re.compile(rf"(?:^|(?<=\s))({'|'.join(PREFIXES)}):", re.IGNORECASE)
AMOUNT = re.compile(r"[$€]?\s?(\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,12}(?:[.,]\d{1,2})?)(?:\s?([A-Za-z]{3}))?")
LAST_FOUR = re.compile(r"[•*xX\s]*(\d{4})")
PHONE = re.compile(r"\+?[\d\s().\-/]+")


class Unclear(ValueError):  # noqa: N818 - it is what was typed
    """Too little to look for. Says what to type."""


@dataclass(frozen=True)
class Asked:
    """What is looked for; more than one has to fit at once."""

    name: str = ""
    email: str = ""
    phone: str = ""  # digits
    card: str = ""
    id: str = ""
    amount: Decimal | None = None
    merchant: str = ""

    @property
    def is_about_people(self) -> bool:
        return bool(self.name or self.email or self.phone or self.id)

    @property
    def is_about_purchases(self) -> bool:
        return self.amount is not None or bool(self.merchant)

    @property
    def uuid(self) -> UUID | None:
        try:
            return UUID(self.id)
        except ValueError:
            return None


def tidy(typed: str) -> str:
    """Return what was typed as it may be shown again: a whole card number keeps its last four digits."""
    return mask_card_numbers(" ".join(typed.replace("\0", " ").split())[:LONGEST])


def readings(text: str) -> list[Asked]:
    """Return what the text can mean, the likeliest first; nothing for no text. Raises Unclear."""
    plain, *prefixed = PREFIX.split(text)
    if prefixed:
        return [_with_prefixes(plain.strip(), prefixed)]
    found = list(_without_prefix(plain.strip())) if text else []
    if text and not found:
        raise Unclear("Type two letters of a name, all four last digits of a card, or five digits of a phone number.")
    return found


# --- With prefixes


def _with_prefixes(plain: str, prefixed: list[str]) -> Asked:
    beside = next(iter(readings(plain)), Asked())
    pairs = zip(prefixed[::2], prefixed[1::2], strict=True)
    said: dict[str, Any] = {prefix.lower(): _read(prefix.lower(), value.strip()) for prefix, value in pairs}
    return replace(beside, **said)


def _read(prefix: str, value: str) -> str | Decimal:
    found = _VALUES[prefix](value)
    if found is None or found == "":
        raise Unclear(_WANTED[prefix])
    return found


def _amount(text: str) -> Decimal | None:
    if not (found := AMOUNT.fullmatch(text)):
        return None
    number = found[1]
    # A comma with one or two digits after it is a decimal comma; with three it parts thousands.
    return Decimal(re.sub(r",(?=\d{1,2}$)", ".", number).replace(",", ""))


def _last_four(text: str) -> str:
    found = LAST_FOUR.fullmatch(text)
    return found[1] if found else ""


def _digits(text: str) -> str:
    digits = re.sub(r"\D", "", text.replace("(0)", ""))
    return digits if PHONE.fullmatch(text) and len(digits.lstrip("0")) >= SHORTEST_PHONE else ""


def _at_least(length: int) -> Callable[[str], str]:
    return lambda text: text if len(text) >= length else ""


_VALUES: dict[str, Callable[[str], str | Decimal | None]] = {
    "name": _at_least(SHORTEST_NAME), "email": _at_least(2), "phone": _digits, "card": _last_four,
    "id": _at_least(SHORTEST_ID), "amount": _amount, "merchant": _at_least(2),
}  # fmt: skip
_WANTED = {
    "name": "Type at least two letters of the name.",
    "email": "Type at least two characters of the email address.",
    "phone": f"Type at least {SHORTEST_PHONE} digits of the phone number.",
    "card": "Type all four of the card’s last digits.",
    "id": f"Type the whole id: at least {SHORTEST_ID} characters.",
    "amount": "Type the amount as a number, like 42.50.",
    "merchant": "Type at least two letters of the merchant’s name.",
}


# --- Without


def _without_prefix(text: str) -> Iterator[Asked]:
    if "@" in text:
        yield Asked(email=text)
    elif last4 := _last_four(text):
        yield Asked(card=last4)
    elif re.search(r"[.,]|[A-Za-z]{3}$|^[$€]", text) and (amount := _amount(text)) is not None:
        yield Asked(amount=amount)
    elif not any(character.isdigit() for character in text):
        if len(text) >= SHORTEST_NAME:
            yield Asked(name=text)
            yield from _start_of_email(text)
            yield Asked(merchant=text)
    else:
        yield from _mixed(text)


def _mixed(text: str) -> Iterator[Asked]:
    """Digits with something: a phone, an id, or a name with a card or an amount."""
    *words, last = text.split()
    if words and not any(character.isdigit() for character in "".join(words)):
        name = " ".join(words)
        if last4 := _last_four(last):
            yield Asked(name=name, card=last4)
            return
        if (amount := _amount(last)) is not None:
            yield Asked(name=name, amount=amount)
            yield Asked(merchant=name, amount=amount)
    if digits := _digits(text):
        yield Asked(phone=digits)
    if len(text) >= SHORTEST_ID:
        yield Asked(id=text)
        yield from _start_of_email(text)


def _start_of_email(text: str) -> Iterator[Asked]:
    if re.fullmatch(r"(?=.*[._+\d-])(?=.*[A-Za-z])\S{3,}", text):
        yield Asked(email=text)
