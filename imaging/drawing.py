"""Draws passports and identity cards of people who do not exist, flat and at any resolution, with valid zones."""

import math
import random
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from imaging import mrz

Side = Literal["passport", "front", "back"]
SIDES: tuple[Side, ...] = ("passport", "front", "back")
MILLIMETRES = {"passport": (125.0, 88.0), "front": (85.6, 54.0), "back": (85.6, 54.0)}  # ICAO 9303 parts 4 and 5
COUNTRIES = {"UTO": "UTOPIA"}  # ICAO's specimen country
ISSUED_IN = date(2026, 1, 1)  # fixed, so that specimens are drawn the same for ever

FAMILY = ("Barber", "Eriksson", "Okafor", "Silva", "Tanaka", "Novak", "Haddad", "Moreau", "Kowalska", "Rossi", "Nguyen")
GIVEN = ("Maria Julia", "Anna", "Chidi", "Joao Pedro", "Yuki", "Petra", "Omar", "Claire", "Zofia", "Luca", "Linh")
PAPERS = ("#e6edf2", "#f0e6dc", "#e2ece0", "#efe3e9", "#ece9d8", "#dfe4ee")
BANDS = ("#2f5478", "#7a3b32", "#3a6b46", "#5d3a6e", "#6e5a20", "#28505a")
INK, LABEL = "#1d2630", "#566472"
SKINS = ("#e8c4a4", "#c99a74", "#8d5d3f", "#f0d2ba", "#a97650")
HAIRS = ("#2a1d14", "#5a3d22", "#b08a4a", "#1b1b1f", "#7d7a76")


@dataclass(frozen=True)
class Holder:
    """Whose document it is, and what the issuer chose for its looks."""

    surname: str
    given_names: str
    number: str
    birth: date
    expiry: date
    sex: str = "F"
    country: str = "UTO"
    looks: int = 0  # seed of portrait, pattern and colours

    @property
    def name(self) -> str:
        return f"{self.given_names} {self.surname}"


def holder(seed: int) -> Holder:
    """Return somebody; the same for the same seed."""
    chance = random.Random(f"holder {seed}")  # noqa: S311 - the same person every time is what is wanted
    return Holder(
        surname=chance.choice(FAMILY),
        given_names=chance.choice(GIVEN),
        number=f"{chance.choice('ACELPRUX')}{chance.randrange(10**7, 10**8)}",
        birth=date(1950, 1, 1) + timedelta(days=chance.randrange(54 * 365)),
        expiry=ISSUED_IN + timedelta(days=chance.randrange(2 * 365, 9 * 365)),
        sex=chance.choice("MFX"),
        looks=seed,
    )


def zone(someone: Holder, side: Side) -> str:
    """Return the machine-readable zone of this side; a card's front has none."""
    if side == "front":
        return ""
    layout, code = ("TD3", "P") if side == "passport" else ("TD1", "I")
    facts = mrz.Zone(
        layout=layout,
        code=code,
        issuer=someone.country,
        surname=_plain(someone.surname),
        given_names=_plain(someone.given_names),
        number=someone.number,
        nationality=someone.country,
        birth=mrz.as_written(someone.birth),
        sex="<" if someone.sex == "X" else someone.sex,
        expiry=mrz.as_written(someone.expiry),
    )
    return mrz.compose(facts)


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.upper())
    return "".join(letter if "A" <= letter <= "Z" else " " for letter in letters if not unicodedata.combining(letter))


def draw(someone: Holder, side: Side, *, width: int, is_open: bool = False) -> Image.Image:
    """Return the document alone, `width` pixels wide, edge to edge, with alpha where its corners are rounded.

    `is_open` shows the page above a passport's as well.
    """
    page = _Page(side, width)
    chance = random.Random(f"looks {someone.looks}")  # noqa: S311 - the same looks every time are what is wanted
    paper, band = chance.choice(PAPERS), chance.choice(BANDS)
    page.box((0, 0, page.wide, page.high), paper)
    _pattern(page, band, chance)
    above = page.image.copy()
    if side == "back":
        _reverse(page, someone, band, chance)
    else:
        _face_side(page, someone, side, band, chance)
    _write_zone(page, zone(someone, side))
    return _cut_out(_spread(above, page.image) if is_open else page.image, page.pixels(3))


def _spread(above: Image.Image, below: Image.Image) -> Image.Image:
    both = Image.new("RGB", (below.width, above.height + below.height))
    both.paste(above, (0, 0))
    both.paste(below, (0, above.height))
    return both


def _cut_out(page: Image.Image, radius: float) -> Image.Image:
    shape = Image.new("L", page.size)
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, *page.size), radius, fill=255)
    page.putalpha(shape)
    return page


class _Page:
    """A canvas measured in millimetres."""

    def __init__(self, side: Side, width: int) -> None:
        self.wide, self.high = MILLIMETRES[side]
        self.scale = width / self.wide
        self.image = Image.new("RGB", (width, round(self.high * self.scale)))
        self.pen = ImageDraw.Draw(self.image)

    def box(self, corners: tuple[float, float, float, float], fill: str) -> None:
        self.pen.rectangle([self.pixels(value) for value in corners], fill=fill)

    def round(self, corners: tuple[float, float, float, float], fill: str) -> None:
        self.pen.ellipse([self.pixels(value) for value in corners], fill=fill)

    def curve(self, points: list[tuple[float, float]], fill: str, width: float) -> None:
        places = [(self.pixels(x), self.pixels(y)) for x, y in points]
        self.pen.line(places, fill=fill, width=max(1, round(self.pixels(width))))

    def write(self, place: tuple[float, float], text: str, *, high: float, fill: str = INK) -> None:
        """Write one line whose letters are about `high` millimetres from foot to head."""
        font = ImageFont.load_default(self.pixels(high) * 1.35)
        self.pen.text((self.pixels(place[0]), self.pixels(place[1])), text, font=font, fill=fill)

    def pixels(self, millimetres: float) -> float:
        return millimetres * self.scale


def _pattern(page: _Page, colour: str, chance: random.Random) -> None:
    """Draw fine waves such as issuers print against copying."""
    tint = _mixed(colour, "#ffffff", 0.72)
    phase, wave = chance.uniform(0, 6), chance.uniform(9, 16)
    for line in range(round(page.high / 2.2)):
        middle = 2.2 * line
        xs = [step * page.wide / 60 for step in range(61)]
        ys = [middle + 1.6 * math.sin(x / wave * 6.28 + phase + line / 3) for x in xs]
        page.curve(list(zip(xs, ys, strict=True)), tint, 0.15)


def _face_side(page: _Page, someone: Holder, side: Side, band: str, chance: random.Random) -> None:
    title = "PASSPORT" if side == "passport" else "IDENTITY CARD"
    page.box((0, 0, page.wide, page.high * 0.13), band)
    name = COUNTRIES.get(someone.country, someone.country)
    page.write((5, page.high * 0.025), name, high=page.high * 0.045, fill="#ffffff")
    page.write((page.wide * 0.42, page.high * 0.035), f"{title} · SPECIMEN", high=page.high * 0.032, fill="#ffffff")
    tall = page.high * (0.5 if side == "passport" else 0.66)
    _portrait(page, (5, page.high * 0.19, 5 + tall * 0.77, page.high * 0.19 + tall), chance)
    _facts(page, someone, left=9 + tall * 0.77, step=tall / 5.6)


def _facts(page: _Page, someone: Holder, *, left: float, step: float) -> None:
    rows = (
        ("Surname", someone.surname.upper()),
        ("Given names", someone.given_names.upper()),
        ("Document no.", someone.number),
        ("Date of birth / Sex", f"{_day(someone.birth)}   {someone.sex}"),
        ("Date of expiry", _day(someone.expiry)),
    )
    for row, (label, value) in enumerate(rows):
        top = page.high * 0.185 + row * step * 1.12
        page.write((left, top), label, high=step * 0.16, fill=LABEL)
        page.write((left, top + step * 0.3), value, high=step * 0.32)


def _reverse(page: _Page, someone: Holder, band: str, chance: random.Random) -> None:
    page.box((0, 3, page.wide, 8), band)
    page.write((5, 11), "Authority", high=1.3, fill=LABEL)
    page.write((5, 13), f"REGISTRY OF {COUNTRIES.get(someone.country, someone.country)}", high=2.2)
    page.write((5, 19), "Address", high=1.3, fill=LABEL)
    page.write((5, 21), f"{chance.randrange(1, 400)} HARBOUR STREET", high=2.2)
    page.round((62, 11, 79, 28), _mixed(band, "#ffffff", 0.5))
    page.round((66, 15, 75, 24), _mixed(band, "#ffffff", 0.8))


def _portrait(page: _Page, frame: tuple[float, float, float, float], chance: random.Random) -> None:
    left, top, right, bottom = frame
    wide, high = right - left, bottom - top
    skin, hair, coat = chance.choice(SKINS), chance.choice(HAIRS), chance.choice(BANDS)
    page.box(frame, "#cfd6da")

    def part(x: float, y: float, across: float, down: float, fill: str) -> None:
        page.round((left + x * wide, top + y * high, left + (x + across) * wide, top + (y + down) * high), fill)

    longer = chance.uniform(0, 0.2)
    part(0.24, 0.12, 0.52, 0.5 + longer, hair)
    page.box((left + 0.14 * wide, bottom - 0.14 * high, right - 0.14 * wide, bottom), coat)
    part(0.14, 0.7, 0.72, 0.26, coat)
    page.box(
        (left + 0.42 * wide, top + 0.6 * high, left + 0.58 * wide, top + 0.76 * high), _mixed(skin, "#000000", 0.12)
    )
    part(0.3, 0.2, 0.4, 0.48, skin)
    for eye in (0.38, 0.55):
        part(eye, 0.38, 0.07, 0.035, "#ffffff")
        part(eye + 0.02, 0.378, 0.035, 0.04, INK)
        part(eye - 0.01, 0.34, 0.09, 0.018, hair)
    part(0.475, 0.45, 0.05, 0.07, _mixed(skin, "#000000", 0.15))
    part(0.43, 0.565, 0.14, 0.03, _mixed(skin, "#801010", 0.5))


def _write_zone(page: _Page, text: str) -> None:
    """Write the zone's lines in cells of one width, as readers expect (part 3, section 4.1)."""
    lines = text.split("\n") if text else []
    cell = (page.wide - 8) / max(map(len, lines), default=1)
    font = ImageFont.load_default(page.pixels(cell * 1.38))
    for row, line in enumerate(lines):
        top = page.high - (len(lines) - row) * cell * 2.5 - 3
        for column, character in enumerate(line):
            place = (page.pixels(4 + (column + 0.5) * cell), page.pixels(top + cell))
            page.pen.text(place, character, font=font, fill="#10151a", anchor="mm")


def _mixed(one: str, other: str, share: float) -> str:
    parts = [(int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


def _day(day: date) -> str:
    return f"{day:%d.%m.%Y}"
