"""Zones as readers of letters make them out. The lines are as they came from photos of drawn specimens."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from imaging.mrz import Zone, parse, value_of
from imaging.mrz_repair import Found, find_zone
from imaging.tests.test_mrz import CARD, LONG_NUMBER, PASSPORT, PRINTED, SMALL_VISA, WIDE_CARD

NAMES, FACTS = PASSPORT.split("\n")


def zone_in(lines: list[str]) -> Zone | None:
    found = find_zone(lines)
    return found.zone if found else None


@pytest.mark.parametrize("printed", PRINTED)
def test_lines_are_found_in_any_order_among_others(printed: str) -> None:
    lines = ["REPUBLIC OF UTOPIA", *reversed(printed.split("\n")), "Date of birth / Sex 12.08.1974 F"]

    assert zone_in(lines) == parse(printed)


@pytest.mark.parametrize(
    "lines",
    [
        [NAMES.replace("O", "0"), FACTS.replace("UTO", "UT0")],
        [NAMES, FACTS.replace("7408122", "74O8I22")],
        [NAMES, FACTS.replace("L898902C3", "L8989O2C3")],
        [NAMES.replace("I", "|"), FACTS],
        [NAMES.rstrip("<") + "<<", FACTS],
        [NAMES + "<<", FACTS],
        [NAMES[:-4] + "K<<<", FACTS],
        [NAMES.replace("<<", "«"), FACTS],
        ["P< UTOERIKSSON< <ANNA<MARIA < < <", FACTS],
        [NAMES, FACTS.replace("<<<<<", "<<<")],
        [NAMES, FACTS.replace("<<<<<", "<<<<<<")],
    ],
)
def test_what_readers_confuse_is_mended_where_the_check_digits_then_agree(lines: list[str]) -> None:
    assert zone_in(lines) == parse(PASSPORT)


def test_the_first_letter_of_a_card_may_look_like_a_digit() -> None:
    first, *others = CARD.split("\n")

    assert zone_in(["1<UT0" + first[5:], *others]) == parse(CARD)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["", "<", "<<<<<<"],
        [NAMES],
        [NAMES, NAMES],
        [NAMES, FACTS.replace("740812", "740813")],
        [NAMES, FACTS.replace("120415", "320415")],
        [NAMES, FACTS.replace("L898902C3", "LB98902C3")],  # another 8 read as B would agree too
        [NAMES, FACTS[:20]],
        CARD.split("\n")[:2],
    ],
)
def test_nothing_is_taken_that_the_check_digits_do_not_bear_out(lines: list[str]) -> None:
    assert zone_in(lines) is None


def test_a_visa_which_has_no_digit_over_the_whole_is_mended_less() -> None:
    names, facts = SMALL_VISA.split("\n")

    assert zone_in([names, facts.replace("L8988901C", "L89889O1C")]) == parse(SMALL_VISA)
    assert zone_in([names, facts.replace("L8988901C", "LB9889O1C")]) is None


def test_a_number_that_was_mended_says_so() -> None:
    assert find_zone([NAMES, FACTS]) == Found(parse(PASSPORT))
    assert find_zone([NAMES, FACTS.replace("L898902C3", "L8989O2C3")]) == Found(parse(PASSPORT), is_mended=True)


@given(st.sampled_from([PASSPORT, CARD, WIDE_CARD, LONG_NUMBER]), st.data())
def test_one_misread_character_never_gives_another_number_or_day_unsaid(printed: str, data: st.DataObject) -> None:
    lines = printed.split("\n")
    row = data.draw(st.integers(0, len(lines) - 1))
    spot = data.draw(st.integers(0, len(lines[row]) - 1))
    character = data.draw(st.sampled_from("ABCDEFHIJKMNOPQRSTVWXYZ012345789<"))
    assume((value_of(character) - value_of(lines[row][spot])) % 10)  # no check digit sees the others
    lines[row] = lines[row][:spot] + character + lines[row][spot + 1 :]

    found, true = find_zone(lines), parse(printed)

    if found and not found.is_mended:
        assert (found.zone.number, found.zone.birth, found.zone.expiry) == (true.number, true.birth, true.expiry)
