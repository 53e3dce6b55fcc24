"""The machine-readable zone of passports, identity cards and visas: ICAO Doc 9303, parts 3 (common), 4 to 7 (layouts).

Pure: text in, facts out, and back. Dates stand as written (YYMMDD); `birth_date` and `expiry_date` find the century.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from itertools import cycle

FILLER = "<"
WEIGHTS = (7, 3, 1)  # part 3, section 4.9
WRITTEN = re.compile(r"[A-Z0-9<]*")
OLDEST = 130  # years that a document's holder may have lived
FURTHEST = 50  # years that an expiry date may lie from today, either way

# Where a value stands: line, from, to (counted from 0, the end not included).
Place = tuple[int, int, int]


@dataclass(frozen=True)
class Layout:
    """One format of the zone. `composite` are the places that the last check digit covers; visas have none."""

    name: str
    height: int
    width: int
    codes: str
    names: Place
    number: Place
    nationality: Place
    birth: Place
    sex: Place
    expiry: Place
    optional: tuple[Place, ...]
    optional_check: Place | None = None
    composite_check: Place | None = None
    composite: tuple[Place, ...] = ()


# Number, nationality, birth, sex and expiry, where every layout of two lines has them (parts 4, 6 and 7).
SECOND_LINE: tuple[Place, Place, Place, Place, Place] = (
    (1, 0, 9), (1, 10, 13), (1, 13, 19), (1, 20, 21), (1, 21, 27),
)  # fmt: skip
TD3 = Layout(
    "TD3", 2, 44, "P", (0, 5, 44), *SECOND_LINE, optional=((1, 28, 42),), optional_check=(1, 42, 43),
    composite_check=(1, 43, 44), composite=((1, 0, 10), (1, 13, 20), (1, 21, 43)),
)  # fmt: skip
TD2 = Layout(
    "TD2", 2, 36, "ACI", (0, 5, 36), *SECOND_LINE, optional=((1, 28, 35),),
    composite_check=(1, 35, 36), composite=((1, 0, 10), (1, 13, 20), (1, 21, 35)),
)  # fmt: skip
TD1 = Layout(
    "TD1", 3, 30, "ACI", names=(2, 0, 30), number=(0, 5, 14), nationality=(1, 15, 18), birth=(1, 0, 6), sex=(1, 7, 8),
    expiry=(1, 8, 14), optional=((0, 15, 30), (1, 18, 29)),
    composite_check=(1, 29, 30), composite=((0, 5, 30), (1, 0, 7), (1, 8, 15), (1, 18, 29)),
)  # fmt: skip
MRV_A = Layout("MRV-A", 2, 44, "V", (0, 5, 44), *SECOND_LINE, optional=((1, 28, 44),))
MRV_B = Layout("MRV-B", 2, 36, "V", (0, 5, 36), *SECOND_LINE, optional=((1, 28, 36),))
LAYOUTS = (TD3, TD2, TD1, MRV_A, MRV_B)
BY_NAME = {layout.name: layout for layout in LAYOUTS}


class NotRead(Exception):  # noqa: N818 - it is an outcome, not a failure
    """There is no zone here that can be trusted. Says nothing about the document."""


@dataclass(frozen=True)
class Zone:
    """What a zone says. Empty text where it says nothing; `optional` holds what the issuer put beside the facts."""

    layout: str
    code: str
    issuer: str
    surname: str
    given_names: str
    number: str = field(repr=False)
    nationality: str
    birth: str = field(repr=False)
    sex: str
    expiry: str
    optional: tuple[str, ...] = field(default=(), repr=False)
    names_are_cut: bool = False

    def birth_date(self, *, today: date) -> date | None:
        """Return the day of birth; None where part of it is unknown (part 3, section 4.8) or it is no day."""
        return latest_until(self.birth, today=today)

    def expiry_date(self, *, today: date) -> date | None:
        """Return the last day the document is valid; None where there is none."""
        return nearest(self.expiry, today=today)


# --- Check digits


def check_digit(text: str) -> str:
    """Return the digit that stands behind this text (part 3, section 4.9): weights 7, 3, 1, modulo 10."""
    return str(sum(value_of(character) * weight for character, weight in zip(text, cycle(WEIGHTS), strict=False)) % 10)


def value_of(character: str) -> int:
    return 0 if character == FILLER else int(character, 36)


# --- Reading


def parse(text: str) -> Zone:
    """Return what the zone says; lines may stand apart by any white space. Raises NotRead where a digit disagrees."""
    lines = text.upper().split()
    layout = layout_of(lines)
    wrong = disagreements(lines, layout)
    if wrong:
        raise NotRead(f"The check digits do not agree: {', '.join(wrong)}.")
    return zone_of(lines, layout)


def layout_of(lines: list[str]) -> Layout:
    """Return the layout these lines have by their shape and first letter. Raises NotRead."""
    for layout in LAYOUTS:
        fits = len(lines) == layout.height and all(len(line) == layout.width for line in lines)
        if fits and lines[0][0] in layout.codes and all(WRITTEN.fullmatch(line) for line in lines):
            return layout
    raise NotRead("These lines are no machine-readable zone.")


def disagreements(lines: list[str], layout: Layout) -> list[str]:
    """Return the names of the facts whose check digit says otherwise."""
    number, digit, _ = _number(lines, layout)
    checked = {
        "number": (number, digit),
        "date of birth": (at(lines, layout.birth), _digit_after(lines, layout.birth)),
        "expiry": (at(lines, layout.expiry), _digit_after(lines, layout.expiry)),
    }
    if layout.optional_check:
        checked["optional data"] = (at(lines, layout.optional[0]), at(lines, layout.optional_check))
    if layout.composite_check:
        covered = "".join(at(lines, place) for place in layout.composite)
        checked["the zone as a whole"] = (covered, at(lines, layout.composite_check))
    return [name for name, (text, digit) in checked.items() if not _agrees(text, digit)]


def _agrees(text: str, digit: str) -> bool:
    """Answer whether the digit is right; nothing at all may have a filler for its digit (part 4, data element 14)."""
    is_empty = not text.strip(FILLER)
    return digit == check_digit(text) or (is_empty and digit == FILLER)


def zone_of(lines: list[str], layout: Layout) -> Zone:
    """Return what these lines say, whether or not their check digits agree."""
    number, _, left = _number(lines, layout)
    names = at(lines, layout.names)
    surname, _, given_names = names.strip(FILLER).partition(FILLER * 2)
    rest = [left, *(at(lines, place) for place in layout.optional[1:])]
    return Zone(
        layout=layout.name,
        code=lines[0][:2].rstrip(FILLER),
        issuer=lines[0][2:5].rstrip(FILLER),
        surname=_words(surname),
        given_names=_words(given_names),
        number=number.rstrip(FILLER),
        nationality=at(lines, layout.nationality).rstrip(FILLER),
        birth=at(lines, layout.birth),
        sex=at(lines, layout.sex).rstrip(FILLER),
        expiry=at(lines, layout.expiry),
        optional=tuple(_words(each) for each in rest),
        names_are_cut=not names.endswith(FILLER),
    )


def at(lines: list[str], place: Place) -> str:
    line, start, end = place
    return lines[line][start:end]


def _digit_after(lines: list[str], place: Place) -> str:
    line, _, end = place
    return lines[line][end : end + 1]


def _number(lines: list[str], layout: Layout) -> tuple[str, str, str]:
    """Return the document number, its check digit and what is left of the optional data.

    A number longer than nine characters goes on in the optional data, its check digit last (part 5, section 4.2.4, and
    part 6); a filler stands where the digit would.
    """
    number, digit, optional = (
        at(lines, layout.number),
        _digit_after(lines, layout.number),
        at(lines, layout.optional[0]),
    )
    goes_on, _, left = optional.partition(FILLER)
    if digit != FILLER or layout not in (TD1, TD2) or len(goes_on) < 2:
        return number, digit, optional
    return number + goes_on[:-1], goes_on[-1], left


def _words(text: str) -> str:
    return " ".join(text.replace(FILLER, " ").split())


# --- Two-digit years


def latest_until(text: str, *, today: date) -> date | None:
    """Return the latest day before tomorrow that YYMMDD may mean: nobody is born in the future."""
    days = [day for day in _days(text, today) if day <= today and today.year - day.year <= OLDEST]
    return max(days, default=None)


def nearest(text: str, *, today: date) -> date | None:
    """Return the day nearest to today that YYMMDD may mean."""
    days = [day for day in _days(text, today) if abs(day.year - today.year) <= FURTHEST]
    return min(days, key=lambda day: abs(day - today), default=None)


def _days(text: str, today: date) -> list[date]:
    if not re.fullmatch(r"\d{6}", text):
        return []
    century = today.year // 100 * 100
    years = [century + offset + int(text[:2]) for offset in (-200, -100, 0, 100)]
    return [day for year in years if (day := _day(year, int(text[2:4]), int(text[4:]))) is not None]


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def as_written(day: date) -> str:
    return f"{day:%y%m%d}"


# --- Writing


def compose(zone: Zone) -> str:
    """Return the zone's lines with their check digits, each on its line. `surname` and the rest stand transliterated.

    Raises ValueError where something is not of the zone's alphabet or does not fit; names are cut, as part 3 allows.
    """
    layout = BY_NAME[zone.layout]
    lines = [[FILLER] * layout.width for _ in range(layout.height)]
    _put(lines, (0, 0, 2), zone.code)
    _put(lines, (0, 2, 5), zone.issuer)
    _put(lines, layout.names, _names(zone, layout))
    for place, text in zip(layout.optional, zone.optional, strict=False):
        _put(lines, place, text)
    _put_number(lines, layout, zone)
    _put(lines, layout.nationality, zone.nationality)
    _put_checked(lines, layout.birth, zone.birth)
    _put(lines, layout.sex, zone.sex)
    _put_checked(lines, layout.expiry, zone.expiry)
    _put_last_digits(lines, layout)
    return "\n".join("".join(line) for line in lines)


def _names(zone: Zone, layout: Layout) -> str:
    _, start, end = layout.names
    whole = f"{zone.surname}{FILLER * 2}{zone.given_names}" if zone.given_names else zone.surname
    return whole.replace(" ", FILLER)[: end - start]


def _put(lines: list[list[str]], place: Place, text: str) -> None:
    line, start, end = place
    written = text.replace(" ", FILLER)
    if len(written) > end - start or not WRITTEN.fullmatch(written):
        raise ValueError(
            f"This does not fit into {end - start} characters of A to Z, 0 to 9: {len(written)} characters."
        )
    lines[line][start : start + len(written)] = written


def _put_checked(lines: list[list[str]], place: Place, text: str) -> None:
    line, _, end = place
    _put(lines, place, text)
    lines[line][end] = check_digit("".join(lines[line][place[1] : end]))


def _put_number(lines: list[list[str]], layout: Layout, zone: Zone) -> None:
    _, start, end = layout.number
    room = end - start
    if len(zone.number) <= room:
        _put_checked(lines, layout.number, zone.number)
        return
    if layout not in (TD1, TD2):
        raise ValueError(f"A {layout.name} holds a number of {room} characters at most.")
    _put(lines, layout.number, zone.number[:room])
    rest = zone.number[room:] + check_digit(zone.number)
    _put(lines, layout.optional[0], FILLER.join(filter(None, [rest, *zone.optional[:1]])))


def _put_last_digits(lines: list[list[str]], layout: Layout) -> None:
    for check, places in ((layout.optional_check, layout.optional), (layout.composite_check, layout.composite)):
        if check:
            covered = "".join("".join(lines[line][start:end]) for line, start, end in places)
            lines[check[0]][check[1]] = check_digit(covered)
