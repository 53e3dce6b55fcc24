"""Compares what a document says with what was typed, and points at the characters that differ.

A difference is a question for a person: either may be wrong, and a reader may have misread.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher
from itertools import groupby

from imaging.facts import Facts
from imaging.transliteration import ways

# Pairs that a check digit cannot tell apart, and those that readers take for one another.
LOOK_ALIKE = {frozenset(pair) for pair in ("O0", "I1", "L1", "S5", "B8", "Z2", "G6", "U0", "D0", "Q0", "LI", "UV")}

Step = tuple[str, int, int, int, int]  # what is done, from and to in the one text, from and to in the other


@dataclass(frozen=True)
class Typed:
    """What was typed of the same facts; empty where nothing was."""

    surname: str = field(default="", repr=False)
    given_names: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    birth_date: date | None = field(default=None, repr=False)
    expiry_date: date | None = None


@dataclass(frozen=True)
class Part:
    text: str
    differs: bool = False


@dataclass(frozen=True)
class Compared:
    """One fact on the document and as typed. `note` says in words what the marked parts show."""

    fact: str
    read: tuple[Part, ...] = field(repr=False)
    typed: tuple[Part, ...] = field(repr=False)
    agrees: bool
    note: str = field(default="", repr=False)


def compare(facts: Facts, typed: Typed) -> list[Compared]:
    """Return each fact that both sides know, those that differ first."""
    compared = [
        _names("Surname", facts.surname, typed.surname, facts),
        _names("Given names", facts.given_names, typed.given_names, facts),
        _texts("Number", _plain(facts.number), _plain(typed.number)),
        _texts("Date of birth", _iso(facts.birth_date), _iso(typed.birth_date)),
        _texts("Expiry", _iso(facts.expiry_date), _iso(typed.expiry_date)),
    ]
    return sorted((each for each in compared if each), key=lambda each: each.agrees)


def _plain(number: str) -> str:
    return "".join(character for character in number.upper() if character.isalnum())


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


# --- Names


def _names(fact: str, read: str, typed: str, facts: Facts) -> Compared | None:
    """Compare in the zone's alphabet, in whichever way of writing the two come nearest.

    The order of given names, words that only the document has (a second surname, a middle name) and names that the
    document had no room for are no difference.
    """
    there = [read] if facts.is_transliterated and read else ways(read)
    pairs = [(one, other) for one in there for other in ways(typed)]
    if not pairs:
        return None
    for one, other in pairs:
        note = _agreement(one.split(), other.split(), is_cut=facts.names_are_cut)
        if note is not None:
            return Compared(fact, (Part(one),), (Part(other),), agrees=True, note=note)
    one, other = max(pairs, key=lambda pair: SequenceMatcher(None, pair[0], pair[1], autojunk=False).ratio())
    return _texts(fact, one, other)


def _agreement(read: list[str], typed: list[str], *, is_cut: bool) -> str | None:
    """Return how the two names agree, in words for the note; None where they do not."""
    if "".join(read) == "".join(typed):
        return ""
    if sorted(read) == sorted(typed):
        return "The order differs."
    left = _without(read, typed)
    if left is not None:
        return f"The document has more: {' '.join(left)}."
    if is_cut and " ".join(typed).startswith(" ".join(read)):
        return "The document had no room for the whole name."
    return None


def _without(words: list[str], others: Iterable[str]) -> list[str] | None:
    """Return the words less the others; None where one of those is missing."""
    left = list(words)
    for other in others:
        if other not in left:
            return None
        left.remove(other)
    return left


# --- Characters


def _texts(fact: str, read: str, typed: str) -> Compared | None:
    if not (read and typed):
        return None
    if read == typed:
        return Compared(fact, (Part(read),), (Part(typed),), agrees=True)
    steps = _steps(read, typed)
    return Compared(
        fact,
        tuple(Part(read[start:end], step != "equal") for step, start, end, _, _ in steps if start < end),
        tuple(Part(typed[start:end], step != "equal") for step, _, _, start, end in steps if start < end),
        agrees=False,
        note=_note(read, typed, next(step for step in steps if step[0] != "equal")),
    )


def _steps(read: str, typed: str) -> list[Step]:
    """Return what is equal and what is not, piece by piece.

    Texts of one length are held against each other as they stand, unless most of them differs then: something was left
    out in front.
    """
    if len(read) == len(typed):
        equal = [one == other for one, other in zip(read, typed, strict=True)]
        if equal.count(False) <= max(2, len(read) // 2):
            runs = [list(run) for _, run in groupby(range(len(read)), key=lambda spot: equal[spot])]
            ends = [("equal" if equal[run[0]] else "replace", run[0], run[-1] + 1) for run in runs]
            return [(step, start, end, start, end) for step, start, end in ends]
    return list(SequenceMatcher(None, read, typed, autojunk=False).get_opcodes())


def _note(read: str, typed: str, step: Step) -> str:
    """Return where the two part for the first time, counted as people count, and what stands there."""
    _, start, end, typed_start, typed_end = step
    there, here = read[start:end], typed[typed_start:typed_end]
    if not here:
        return f"The document has “{there}” at character {start + 1}, which was not typed."
    if not there:
        return f"Character {typed_start + 1} was typed as “{here}”; the document has nothing there."
    if len(there) > 1:
        return f"Characters {start + 1} to {end} are “{there}” on the document and were typed as “{here}”."
    said = f"Character {start + 1} is “{there}” on the document and was typed as “{here}”."
    return f"{said} The two look alike." if frozenset((there, here)) in LOOK_ALIKE else said
