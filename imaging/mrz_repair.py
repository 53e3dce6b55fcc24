"""Finds the machine-readable zone in lines that a reader of letters made out, and mends what such readers confuse.

The check digits are the gate: without them agreeing nothing is taken. Three pairs have the same value in a check digit
(G and 6, L and 1, U and 0), so no arithmetic can tell them apart: whoever compares has to look.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, permutations

from imaging.mrz import FILLER, LAYOUTS, Layout, Place, Zone, at, disagreements, zone_of

LETTER_OF = {"0": "O", "1": "I", "2": "Z", "4": "A", "5": "S", "6": "G", "7": "T", "8": "B"}
DIGIT_OF = {
    "O": "0", "Q": "0", "D": "0", "U": "0", "I": "1", "L": "1", "Z": "2", "A": "4", "S": "5", "G": "6", "T": "7",
    "B": "8",
}  # fmt: skip
# Where both letters and digits may stand: what a character may be instead. Only what readers confuse every day: each
# character that may change makes it likelier that a wrong reading agrees by chance.
INSTEAD = {"O": "0", "Q": "0", "D": "0", "0": "OQD", "I": "1", "1": "I", "Z": "2", "2": "Z", "S": "5", "5": "S",
           "B": "8", "8": "B"}  # fmt: skip
ROUND = "O0"
MOST_LINES = 8
SHORTEST = 25  # characters of a line without fillers
SLACK = 5  # characters that a reader may leave out of a line, or see twice
STRAY = re.compile(r"(?<=<<<)[A-Z0-9](?=<)")  # a filler among fillers that was taken for a letter
SEEN_AS = str.maketrans(
    {**dict.fromkeys("‹〈＜く≤⟨({[", FILLER), **dict.fromkeys("«《≪", FILLER * 2), **dict.fromkeys("|l丨!", "I")}
)


@dataclass(frozen=True)
class Found:
    """A zone whose check digits agree. `is_mended` where that took changing a doubtful character of the number."""

    zone: Zone
    is_mended: bool = False


def find_zone(texts: Iterable[str]) -> Found | None:
    """Return the zone that stands in these lines, in whatever order they are; None where no reading agrees."""
    written = {_written(text) for text in texts}
    lines = sorted((line for line in written if len(line) >= SHORTEST or FILLER * 2 in line), key=len, reverse=True)
    for layout in LAYOUTS:
        for rows in permutations(lines[:MOST_LINES], layout.height):
            found = _zone(rows, layout)
            if found:
                return found
    return None


def _written(text: str) -> str:
    return re.sub(r"[^A-Z0-9<]", "", text.translate(SEEN_AS).upper())


def _zone(rows: tuple[str, ...], layout: Layout) -> Found | None:
    fitted = [_fit(row, number, layout) for number, row in enumerate(rows)]
    if None in fitted:
        return None
    lines = _as_their_places_want([row for row in fitted if row], layout)
    if lines[0][0] not in layout.codes:
        return None
    return _mended(lines, layout)


# --- The length of a line


def _fit(row: str, number: int, layout: Layout) -> str | None:
    """Return the line at its full length: the fillers are what readers miscount. None where it cannot be this line."""
    missing = layout.width - len(row)
    if abs(missing) > SLACK and not (number == layout.names[0] and missing > 0):
        return None
    if number == layout.names[0]:
        row = STRAY.sub(FILLER, STRAY.sub(FILLER, row)).rstrip(FILLER)
        return row.ljust(layout.width, FILLER) if len(row) <= layout.width else None
    if missing == 0:
        return row
    longest = max(re.findall("<+", row), key=len, default="")
    if len(longest) < 2 or len(longest) + missing < 1:
        return None
    return row.replace(longest, FILLER * (len(longest) + missing), 1)


# --- Letters where letters stand, digits where digits stand


def _as_their_places_want(lines: list[str], layout: Layout) -> list[str]:
    letters = [layout.names, (0, 0, 5), layout.nationality, layout.sex]
    digits = [_with_digit(layout.birth), _with_digit(layout.expiry), _digit(layout.number)]
    digits += [place for place in (layout.optional_check, layout.composite_check) if place]
    for places, mapping in ((letters, LETTER_OF), (digits, DIGIT_OF)):
        for place in places:
            lines = _put(lines, place, "".join(mapping.get(each, each) for each in at(lines, place)))
    return lines


def _with_digit(place: Place) -> Place:
    line, start, end = place
    return line, start, end + 1


def _digit(place: Place) -> Place:
    line, _, end = place
    return line, end, end + 1


def _put(lines: list[str], place: Place, text: str) -> list[str]:
    line, start, end = place
    return [row[:start] + text + row[end:] if each == line else row for each, row in enumerate(lines)]


# --- Both may stand here: what the check digits say


def _mended(lines: list[str], layout: Layout) -> Found | None:
    """Return what the lines say with as few characters changed as make all check digits agree.

    None where none do, or where two readings agree that say something else of the holder.
    """
    for tries in (iter([lines]), _one_changed(lines, layout), _two_round_ones_changed(lines, layout)):
        zones = [zone_of(tried, layout) for tried in tries if not disagreements(tried, layout)]
        if zones:
            first = zones[0]
            is_mended = first.number != zone_of(lines, layout).number
            return Found(first, is_mended) if all(zone.number == first.number for zone in zones) else None
    return None


def _one_changed(lines: list[str], layout: Layout) -> Iterator[list[str]]:
    for place in _doubtful(lines, layout, "".join(INSTEAD)):
        for character in INSTEAD[at(lines, place)]:
            yield _put(lines, place, character)


def _two_round_ones_changed(lines: list[str], layout: Layout) -> Iterator[list[str]]:
    """Yield the lines with two of O and 0 exchanged: a reader that takes one for the other does it again."""
    for first, second in combinations(_doubtful(lines, layout, ROUND), 2):
        changed = _put(lines, first, INSTEAD[at(lines, first)][0])
        yield _put(changed, second, INSTEAD[at(lines, second)][0])


def _doubtful(lines: list[str], layout: Layout, characters: str) -> list[Place]:
    places = [
        (line, spot, spot + 1) for line, start, end in (layout.number, *layout.optional) for spot in range(start, end)
    ]
    return [place for place in places if at(lines, place) in characters]
