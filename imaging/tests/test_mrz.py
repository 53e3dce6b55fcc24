"""The zone, by the specimens that ICAO Doc 9303 prints and by what must hold for every zone."""

from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from imaging.mrz import LAYOUTS, NotRead, Zone, check_digit, compose, parse

TODAY = date(2026, 11, 20)

PASSPORT = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
CARD = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
WIDE_CARD = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6"
VISA = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<"
SMALL_VISA = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<"
LONG_NUMBER = "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<"
WIDE_LONG_NUMBER = "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\nD23145890<UTO3407127M95071227349<<<8"
PRINTED = [PASSPORT, CARD, WIDE_CARD, VISA, SMALL_VISA, LONG_NUMBER, WIDE_LONG_NUMBER]


def test_the_printed_passport_says_what_is_printed_beside_it() -> None:
    zone = parse(PASSPORT)

    assert (zone.layout, zone.code, zone.issuer, zone.nationality, zone.sex) == ("TD3", "P", "UTO", "UTO", "F")
    assert (zone.surname, zone.given_names, zone.number) == ("ERIKSSON", "ANNA MARIA", "L898902C3")
    assert zone.birth_date(today=TODAY) == date(1974, 8, 12)
    assert zone.expiry_date(today=TODAY) == date(2012, 4, 15)
    assert zone.optional == ("ZE184226B",)


@pytest.mark.parametrize("printed", PRINTED)
def test_what_is_read_from_a_printed_zone_composes_to_that_zone(printed: str) -> None:
    assert compose(parse(printed)) == printed


@pytest.mark.parametrize("printed", [LONG_NUMBER, WIDE_LONG_NUMBER])
def test_a_long_number_goes_on_in_the_optional_data(printed: str) -> None:
    assert parse(printed).number == "D23145890734"


@pytest.mark.parametrize(
    ("text", "digit"), [("520727", "3"), ("AB2134<<<", "5"), ("", "0"), ("<<<<<<", "0"), ("L898902C3", "6")]
)
def test_check_digits_are_those_of_the_document(text: str, digit: str) -> None:
    assert check_digit(text) == digit


@pytest.mark.parametrize(
    "text", ["", "hello", PASSPORT.splitlines()[0], PASSPORT.replace("P<", "X<", 1), PASSPORT.replace("A", "é")]
)
def test_what_is_no_zone_is_not_read(text: str) -> None:
    with pytest.raises(NotRead):
        parse(text)


def test_the_refusal_names_the_fact_and_not_its_value() -> None:
    with pytest.raises(NotRead, match="date of birth") as refusal:
        parse(PASSPORT.replace("740812", "740813"))

    assert "740813" not in str(refusal.value)


@pytest.mark.parametrize(
    ("born", "today", "expected"),
    [
        ("261120", TODAY, date(2026, 11, 20)),
        ("261121", TODAY, date(1926, 11, 21)),
        ("000229", TODAY, date(2000, 2, 29)),
        ("750229", TODAY, None),
        ("74<<<<", TODAY, None),
        ("991231", date(2000, 1, 1), date(1999, 12, 31)),
    ],
)
def test_nobody_is_born_in_the_future(born: str, today: date, expected: date | None) -> None:
    assert zone_of(birth=born).birth_date(today=today) == expected


@pytest.mark.parametrize(
    ("expires", "expected"),
    [("361120", date(2036, 11, 20)), ("961210", date(1996, 12, 10)), ("<<<<<<", None), ("261301", None)],
)
def test_an_expiry_is_the_day_nearest_to_today(expires: str, expected: date | None) -> None:
    assert zone_of(expiry=expires).expiry_date(today=TODAY) == expected


def test_names_that_do_not_fit_are_cut_and_say_so() -> None:
    zone = parse(compose(zone_of(surname="NILAVADHANANANDA", given_names="CHAYAPA DEJTHAMRONG KRASUANG")))

    assert zone.names_are_cut
    assert zone.given_names == "CHAYAPA DEJTHAMRONG K"


def test_what_is_not_of_the_alphabet_is_not_written() -> None:
    with pytest.raises(ValueError, match="A to Z"):
        compose(zone_of(surname="MÜLLER"))


def zone_of(**changes: Any) -> Zone:
    values = {
        "layout": "TD3", "code": "P", "issuer": "UTO", "surname": "ERIKSSON", "given_names": "ANNA MARIA",
        "number": "L898902C3", "nationality": "UTO", "birth": "740812", "sex": "F", "expiry": "361120",
    }  # fmt: skip
    return Zone(**{**values, **changes})


names = st.lists(st.text("ABCXYZ", min_size=1, max_size=4), min_size=1, max_size=2).map(" ".join)
days = st.dates(date(1930, 1, 1), date(2040, 1, 1)).map(lambda day: f"{day:%y%m%d}")


@st.composite
def zones(draw: Any) -> Zone:
    layout = draw(st.sampled_from(LAYOUTS))
    long = 9 if layout.name not in ("TD1", "TD2") else 14
    return zone_of(
        layout=layout.name, code=layout.codes[0], surname=draw(names), given_names=draw(names), birth=draw(days),
        number=draw(st.text("AB0123456789", min_size=1, max_size=long)), expiry=draw(days),
        sex=draw(st.sampled_from(["F", "M", ""])),
    )  # fmt: skip


FACTS = ("layout", "code", "issuer", "surname", "given_names", "number", "nationality", "birth", "sex", "expiry")


@given(zones())
def test_what_is_composed_is_read_again(zone: Zone) -> None:
    read = parse(compose(zone))

    assert [getattr(read, fact) for fact in FACTS] == [getattr(zone, fact) for fact in FACTS]


@given(zones(), st.data())
def test_a_changed_digit_of_a_checked_fact_is_noticed(zone: Zone, data: Any) -> None:
    lines = compose(zone).split("\n")
    layout = next(each for each in LAYOUTS if each.name == zone.layout)
    row, start, end = data.draw(st.sampled_from([layout.number, layout.birth, layout.expiry]))
    place = data.draw(st.integers(start, end - 1))
    digit = data.draw(st.sampled_from("0123456789"))
    assume(lines[row][place].isdigit() and lines[row][place] != digit)
    lines[row] = lines[row][:place] + digit + lines[row][place + 1 :]

    with pytest.raises(NotRead):
        parse("\n".join(lines))
