"""The whole reader on photos of drawn specimens. Each takes a process of its own and a second: they are few."""

from datetime import date

import pytest

from imaging import reading_child
from imaging.drawing import holder, zone
from imaging.mrz import parse
from imaging.reading import NO_READER, NOT_READ, READ, as_facts, as_json, read
from imaging.specimens import encoded, specimen
from imaging.tests.test_codes import LICENCE, picture_of

TODAY = date(2026, 11, 20)
PASSPORT, BACK_OF_A_CARD = 0, 2  # seeds


def photo(seed: int, *, turned: int = 0, kind: str = "good") -> bytes:
    return encoded(specimen(kind, seed, size=(1280, 960)).rotate(turned, expand=True))


@pytest.mark.parametrize(("seed", "side", "turned"), [(PASSPORT, "passport", 180), (BACK_OF_A_CARD, "back", 90)])
def test_a_zone_is_read_whichever_way_up_it_lies(seed: int, side: str, turned: int) -> None:
    reading = read(photo(seed, turned=turned), today=TODAY)

    drawn = parse(zone(holder(seed), side))  # type: ignore[arg-type]
    assert reading.outcome == READ
    assert reading.facts is not None
    assert (reading.facts.number, reading.facts.surname) == (drawn.number, drawn.surname)
    assert reading.facts.birth_date == drawn.birth_date(today=TODAY)
    assert reading.facts.expiry_date == drawn.expiry_date(today=TODAY)


def test_a_code_is_read_without_reading_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imaging.ocr.is_installed", lambda: False)

    said = reading_child.answer(encoded(picture_of(LICENCE)), today=TODAY)

    assert said["outcome"] == READ
    assert as_facts(said["facts"]).number == "T64235789"  # type: ignore[arg-type]


def test_a_blurred_photo_could_not_be_read() -> None:
    assert read(photo(PASSPORT, kind="blurred"), today=TODAY).outcome == NOT_READ


def test_what_is_no_image_could_not_be_read() -> None:
    assert read(b"no image at all", today=TODAY).outcome == NOT_READ


def test_without_a_reader_of_letters_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imaging.ocr.is_installed", lambda: False)

    assert reading_child.answer(photo(PASSPORT), today=TODAY) == {"outcome": NO_READER}


def test_a_reader_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imaging.reading.LONGEST", 0.001)

    assert read(photo(PASSPORT), today=TODAY).outcome == NOT_READ


@pytest.mark.parametrize("answer", [b"", b"null", b"[]", b'{"outcome": "read"}', b'{"outcome": "read", "facts": 1}'])
def test_an_answer_of_another_shape_is_not_believed(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    monkeypatch.setattr("imaging.reading._ask_child", lambda *_: answer)

    assert read(b"", today=TODAY).outcome == NOT_READ


def test_facts_are_kept_and_found_again() -> None:
    facts = as_facts(reading_child.answer(encoded(picture_of(LICENCE)), today=TODAY)["facts"])  # type: ignore[arg-type]

    assert as_facts(as_json(facts)) == facts
