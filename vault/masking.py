"""How personal data look to people who may not see them. This runs on the server: the full value never leaves it."""

import re
from collections.abc import Callable
from typing import Any

MASK = "••••"
EMAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
DAY = re.compile(r"\b(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4})\b")
NUMBER = re.compile(r"\+?\d[\d ()-]{5,}\d|\w{6,}")
CARD_NUMBER = re.compile(r"(?<![\d+])(?:\d[ -]?){11,15}(\d{4})(?!\d)")
FEWEST_DIGITS = 5  # of what is taken for somebody's number


def mask_email(address: str) -> str:
    """Return the first letter and where the mailbox is: m•••@example.com."""
    name, _, host = address.rpartition("@")
    return f"{name[:1]}•••@{host}"


def mask_number(number: str) -> str:
    """Return the last three characters; of a number that is hardly longer, none."""
    return f"{MASK} {number[-3:]}" if len(number) > 5 else MASK


def mask_text(text: str) -> str:
    """Return somebody's words with what looks like an address, a day or a number of a person masked."""
    text = EMAIL.sub(lambda found: mask_email(found[0]), text)
    return NUMBER.sub(_mask_if_number, DAY.sub(MASK, text))


def mask_card_numbers(text: str) -> str:
    """Return somebody's words with the last four digits of each whole card number: no more of one is ever kept."""
    return CARD_NUMBER.sub(lambda found: f"{MASK} {found[1]}" if _is_card_number(found[0]) else found[0], text)


def in_all_text(value: Any, hide: Callable[[str], str]) -> Any:
    """Return a value as JSON has it, with each text in it put through `hide`. Keys and structure stay."""
    if isinstance(value, dict):
        return {key: in_all_text(item, hide) for key, item in value.items()}
    if isinstance(value, list):
        return [in_all_text(item, hide) for item in value]
    return hide(value) if isinstance(value, str) else value


def _mask_if_number(found: re.Match[str]) -> str:
    digits = sum(character.isdigit() for character in found[0])
    return mask_number(found[0]) if digits >= FEWEST_DIGITS else found[0]


def _is_card_number(text: str) -> bool:
    """Answer by the check digit that card numbers end with (Luhn's), which phones and ids have by chance only."""
    digits = [int(digit) for digit in text if digit.isdigit()][::-1]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
