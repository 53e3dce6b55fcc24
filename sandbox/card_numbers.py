"""Card numbers that are worked out from the card's id, so that none is ever stored."""

from hashlib import sha256

# The test range of the card schemes: no such number belongs to anybody.
PREFIX = "424242"


def pan(card_id: str) -> str:
    body = PREFIX + _digits(f"pan {card_id}", 9)
    return body + _check_digit(body)


def cvc(card_id: str) -> str:
    return _digits(f"cvc {card_id}", 3)


def _digits(seed: str, count: int) -> str:
    return str(int(sha256(seed.encode()).hexdigest(), 16))[-count:]


def _check_digit(body: str) -> str:
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body)))
    return str(-sum(number // 10 + number % 10 for number in doubled) % 10)
