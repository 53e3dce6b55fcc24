"""What was read from a document's images, as it is kept: by side, each for the very image it was read from."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from customers.document_keys import kept_expiry
from customers.expiry import earliest
from customers.models import Document
from imaging.facts import Facts
from imaging.reading import NO_READER, NOT_READ, READ, Reading, as_facts, as_json

SIDES = ("front", "back")
WAITING = "waiting"
BLANKS = ("surname", "given_names", "number", "birth_date", "expiry_date", "issuer")


def await_reading(document: Document, side: str, sha256: str) -> None:
    """Note that this image waits to be read; what was read from the one before it goes."""
    document.reading = {**_kept(document), side: {"state": WAITING, "sha256": sha256}}


def waiting_sides(document: Document) -> dict[str, str]:
    """Return the sides that wait to be read, each with the hash of its image."""
    return {side: said["sha256"] for side, said in _kept(document).items() if said["state"] == WAITING}


def put_reading(document: Document, side: str, sha256: str, reading: Reading) -> bool:
    """Keep what was read, unless another image stands there by now. Answers whether it was kept."""
    if waiting_sides(document).get(side) != sha256:
        return False
    facts = {"facts": as_json(reading.facts)} if reading.facts else {}
    document.reading = {**_kept(document), side: {"state": reading.outcome, "sha256": sha256, **facts}}
    return True


def state_of(document: Document) -> str:
    """Return how reading stands for the document as a whole; empty where no image waits or was looked at."""
    states = {said["state"] for said in _kept(document).values()}
    return next((state for state in (WAITING, READ, NO_READER, NOT_READ) if state in states), "")


def facts_of(document: Document) -> Facts | None:
    """Return what the document says; what one side leaves open comes from the other, where the number is the same."""
    found = [as_facts(said["facts"]) for side in SIDES if (said := _kept(document).get(side)) and "facts" in said]
    if not found:
        return None
    first, *others = found
    for other in others:
        if other.number == first.number:
            first = replace(first, **{name: getattr(first, name) or getattr(other, name) for name in BLANKS})
    return first


def expiry_of(document: Document) -> date | None:
    """Return the earlier of the two last days: the one that was typed and the one that was read."""
    facts = facts_of(document)
    return earliest([kept_expiry(document.metadata), facts.expiry_date if facts else None])


def _kept(document: Document) -> Mapping[str, Any]:
    kept: Mapping[str, Any] = document.reading or {}
    return kept
