"""What an answer or a delivery has that the contract does not name: fields, words, codes. Never a value."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from cryptomate.contract import ANSWERS, ENVELOPE, ERROR, ERROR_CODES, EVENTS, Expected

# A name the provider gave a thing. Whatever else stands where a name should may be somebody's, or an id.
NAME = re.compile(r"[A-Za-z0-9_.\-]{1,60}", re.ASCII)
MOST_DIGITS = 4
LONGEST_WHAT, LONGEST_SAMPLE = 160, 200
MOST_NAMED = 12
TYPES = {str: "text", bool: "yes or no", type(None): "nothing"}


class Kind(StrEnum):
    FIELD = "FIELD"
    WORD = "WORD"
    EVENT = "EVENT"
    CODE = "CODE"


class Novelty(NamedTuple):
    """Something the contract does not name: `what` it is, and what it looks like without its value."""

    kind: Kind
    what: str
    sample: str


def in_answer(endpoint: str, status: int, content: Any) -> frozenset[Novelty]:
    if 200 <= status < 300:
        return frozenset(_compare(content, ANSWERS.get(endpoint), ""))
    if not isinstance(content, dict):
        return frozenset()
    return frozenset([*_compare(content, ERROR, ""), *_code(content, status)])


def in_delivery(*, product: str, event_type: str, body: Mapping[str, Any]) -> list[Novelty]:
    """Compare a delivery; `product` and `event_type` in lower case, as it was understood."""
    found = list(_compare(body, ENVELOPE, ""))
    events = EVENTS.get(product)
    if events is None:
        return [*found, Novelty(Kind.EVENT, masked(product), "a product")]
    if event_type not in events:
        return [*found, Novelty(Kind.EVENT, masked(event_type), f"of {product}; data: {outline(body.get('data'))}")]
    return [*found, *_compare(body.get("data"), events[event_type], "data")]


def _code(content: Mapping[str, Any], status: int) -> Iterator[Novelty]:
    code = content.get("code") or content.get("error_code")
    if isinstance(code, str) and code.casefold() not in ERROR_CODES:
        yield Novelty(Kind.CODE, masked(code), f"with HTTP {status}")


def _compare(value: Any, expected: Expected, at: str) -> Iterator[Novelty]:
    """Walk only where the contract leads, so that no answer is too deep."""
    if expected is None:
        return
    if isinstance(value, list):
        for item in value:
            if not isinstance(item, list):
                yield from _compare(item, expected, f"{at}[]")
    elif isinstance(expected, frozenset):
        if isinstance(value, str) and value and value.casefold() not in expected:
            yield Novelty(Kind.WORD, masked(value), f"as {at}")
    elif isinstance(value, dict):
        yield from _compare_fields(value, expected, at)


def _compare_fields(value: Mapping[str, Any], expected: Mapping[str, Expected], at: str) -> Iterator[Novelty]:
    for key, item in value.items():
        known = expected.get(key, MISSING)
        if known is MISSING:
            known = expected.get(key.lower(), MISSING)  # older deliveries write their keys in any case
        if known is MISSING:
            yield Novelty(Kind.FIELD, _path(at, masked(key)), outline(item))
        elif known is not None:
            yield from _compare(item, known, _path(at, key))


MISSING: Any = object()


def _path(at: str, key: str) -> str:
    return f"{at}.{key}"[:LONGEST_WHAT] if at else key


def masked(word: str) -> str:
    """Return a word that looks like a name the provider gave, and only the length of any other."""
    if NAME.fullmatch(word) and sum(character.isdigit() for character in word) <= MOST_DIGITS:
        return word
    return f"({len(word)} characters)"


def outline(value: Any, *, depth: int = 2) -> str:
    """Say what a value is made of, and nothing that it holds."""
    if isinstance(value, dict):
        return "an object" if depth == 0 else f"{{{_named(value, depth)}}}"[:LONGEST_SAMPLE]
    if isinstance(value, list):
        return f"a list of {outline(value[0], depth=depth - 1)}"[:LONGEST_SAMPLE] if value and depth else "a list"
    return TYPES.get(type(value), "a number")


def _named(value: Mapping[str, Any], depth: int) -> str:
    named = [f"{masked(key)}: {outline(item, depth=depth - 1)}" for key, item in list(value.items())[:MOST_NAMED]]
    return ", ".join([*named, "…"] if len(value) > MOST_NAMED else named)
