"""Reading and writing the provider's JSON: exact numbers, aware times, and the name of the field that is wrong."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from cryptomate.errors import MalformedAnswer

T = TypeVar("T")
TRUE_WORDS = {"true": True, "false": False}
LARGEST_EXPONENT = 30  # beyond it a "number" is an attack on whoever prints it


def parse_json(content: bytes) -> Any:
    """Parse an answer, fractions as Decimal. Raises MalformedAnswer where it is not JSON."""
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise MalformedAnswer from None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def write_json(value: object) -> str:
    """Write JSON with each Decimal as the number it is: `json` alone would go through a float."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("An amount must be a finite number.")
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(key))}:{write_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(write_json(item) for item in value) + "]"
    return json.dumps(value, allow_nan=False)


def key_paths(value: object, at: str = "") -> set[str]:
    """Return where an answer has which type of value, such as `address.city:str`, and never a value."""
    if isinstance(value, dict):
        return {path for key, item in value.items() for path in key_paths(item, f"{at}.{key}" if at else key)}
    if isinstance(value, list):
        return {path for item in value for path in key_paths(item, f"{at}[]")}
    return {f"{at}:{'null' if value is None else type(value).__name__}"}


def money(value: object, at: str) -> Decimal | None:
    """Read an amount given as a number or a string. Raises MalformedAnswer otherwise: amounts are not guessed."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise MalformedAnswer(at)
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise MalformedAnswer(at) from None
    if not amount.is_finite() or abs(amount.adjusted()) > LARGEST_EXPONENT:
        raise MalformedAnswer(at)
    return amount


def fold(word: str, known: frozenset[str]) -> str:
    """Return the known word that this one is but for its case; an unknown word as it stands."""
    return next((each for each in (word.lower(), word.upper()) if each in known), word)


class Record:
    """One JSON object of an answer. Knows its place in it, so that an error can name the field."""

    def __init__(self, value: object, at: str = "") -> None:
        if not isinstance(value, dict):
            raise MalformedAnswer(at or "answer")
        self.raw: Mapping[str, Any] = value
        self._at = at

    def path(self, key: str) -> str:
        return f"{self._at}.{key}" if self._at else key

    def text(self, *keys: str) -> str:
        """Read the first of these keys that is filled; empty where none is."""
        for key in keys:
            value = self.raw.get(key)
            if value is None or value == "":
                continue
            if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
                raise MalformedAnswer(self.path(key))
            return str(value).replace("\x00", "")  # no database of text can hold it
        return ""

    def essential(self, *keys: str) -> str:
        """Read a text without which the answer is of no use."""
        value = self.text(*keys)
        if not value:
            raise MalformedAnswer(self.path(keys[0]))
        return value

    def integer(self, key: str) -> int | None:
        """Read a whole number, also from a string; None where it is absent or is something else."""
        try:
            return int(self.text(key))
        except ValueError:
            return None

    def money(self, key: str) -> Decimal | None:
        return money(self.raw.get(key), self.path(key))

    def essential_money(self, *keys: str) -> Decimal:
        for key in keys:
            amount = self.money(key)
            if amount is not None:
                return amount
        raise MalformedAnswer(self.path(keys[0]))

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.raw.get(key)
        if isinstance(value, bool):
            return value
        return TRUE_WORDS.get(str(value).lower(), default)

    def moment(self, key: str) -> datetime | None:
        """Read a time as UTC, which is what the provider means where it names no zone."""
        try:
            moment = datetime.fromisoformat(self.text(key))
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return None

    def day(self, key: str) -> date | None:
        try:
            return date.fromisoformat(self.text(key)[:10])
        except ValueError:
            return None

    def each(self, key: str, make: Callable[[object, str], T]) -> tuple[T, ...]:
        """Make one thing of each item in a list that may be absent or null."""
        value = self.raw.get(key)
        return () if value is None else tuple(each(value, make, self.path(key)))


def each(value: object, make: Callable[[object, str], T], at: str = "") -> list[T]:
    """Make one thing of each item in a list."""
    if not isinstance(value, list):
        raise MalformedAnswer(at or "answer")
    return [make(item, f"{at}[{number}]") for number, item in enumerate(value)]
