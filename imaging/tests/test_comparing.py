from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.comparing import Compared, Typed, compare
from imaging.facts import Facts
from imaging.transliteration import ways

ANNA = Facts(
    "machine-readable zone", surname="ERIKSSON", given_names="ANNA MARIA", number="L898902C3",
    birth_date=date(1974, 8, 12), expiry_date=date(2032, 4, 15), is_transliterated=True,
)  # fmt: skip
AS_TYPED: dict[str, Any] = {
    "surname": "Eriksson", "given_names": "Anna Maria", "number": "L898902C3", "birth_date": date(1974, 8, 12),
    "expiry_date": date(2032, 4, 15),
}  # fmt: skip


def differing(**changes: Any) -> list[Compared]:
    return [each for each in compare(ANNA, Typed(**{**AS_TYPED, **changes})) if not each.agrees]


def surname(read: str, typed: str, **facts: Any) -> Compared:
    (compared,) = compare(Facts("zone", surname=read, **{"is_transliterated": True, **facts}), Typed(surname=typed))
    return compared


def test_the_same_facts_agree() -> None:
    assert [each.fact for each in compare(ANNA, Typed(**AS_TYPED))] == [
        "Surname", "Given names", "Number", "Date of birth", "Expiry"
    ]  # fmt: skip
    assert not differing()


def test_what_either_side_does_not_say_is_not_compared() -> None:
    assert compare(ANNA, Typed()) == []
    assert compare(Facts("QR code"), Typed(**AS_TYPED)) == []


def test_a_number_is_the_same_however_it_is_spaced() -> None:
    assert not differing(number="l89 8902-c3")


def test_a_differing_character_is_pointed_at_on_both_sides() -> None:
    (number,) = differing(number="L898802C3")

    assert [part.text for part in number.read if part.differs] == ["9"]
    assert [part.text for part in number.typed if part.differs] == ["8"]
    assert number.note == "Character 5 is “9” on the document and was typed as “8”."


def test_characters_that_look_alike_are_said_to() -> None:
    (number,) = differing(number="L8989O2C3")

    assert number.note == "Character 6 is “0” on the document and was typed as “O”. The two look alike."


def test_a_character_too_few_or_too_many_is_said() -> None:
    assert differing(number="L89890C3")[0].note == "The document has “2” at character 7, which was not typed."
    assert differing(number="L8989021C3")[0].note == "Character 8 was typed as “1”; the document has nothing there."


def test_a_day_that_differs_comes_first() -> None:
    compared = compare(ANNA, Typed(**{**AS_TYPED, "birth_date": date(1974, 8, 21)}))

    assert (compared[0].fact, compared[0].agrees) == ("Date of birth", False)
    assert compared[0].note == "Characters 9 to 10 are “12” on the document and were typed as “21”."


@pytest.mark.parametrize(
    ("read", "typed"),
    [
        ("MUELLER", "Müller"), ("MULLER", "Müller"), ("MUXXLLER", "Müller"), ("NUNEZ", "Núñez"), ("NUNXXEZ", "Núñez"),
        ("OCONNOR", "O'Connor"), ("SMITH JONES", "Smith-Jones"), ("VAN DER MEER", "van der Meer"), ("REUSS", "Reuß"),
        ("SOERENSEN", "Sørensen"), ("THORSSON", "Þorsson"), ("AAKESSON", "Åkesson"), ("ISIK", "Işık"),
        ("IVANOV", "Иванов"), ("SHCHERBAKOV", "Щербаков"), ("DANGELO", "D’Angelo"), ("MCDONALD", "Mc Donald"),
    ],
)  # fmt: skip
def test_names_agree_as_a_zone_writes_them(read: str, typed: str) -> None:
    assert surname(read, typed).agrees


@pytest.mark.parametrize("typed", ["Παπαδόπουλος", "王", "محمد", "…"])
def test_a_name_that_no_table_writes_is_not_compared(typed: str) -> None:
    assert compare(ANNA, Typed(surname=typed)) == []


def test_a_code_that_keeps_its_accents_agrees_too() -> None:
    assert surname("ÑANDÚ", "Nandu", is_transliterated=False).agrees


def test_a_second_surname_on_the_document_is_no_difference_and_is_said() -> None:
    compared = surname("GARCIA LOPEZ", "García")

    assert compared.agrees
    assert compared.note == "The document has more: LOPEZ."


def test_a_surname_that_the_document_lacks_differs() -> None:
    assert not surname("GARCIA", "García López").agrees


def test_given_names_in_another_order_agree() -> None:
    assert not differing(given_names="Maria Anna")


def test_a_name_that_was_cut_agrees_as_far_as_it_goes() -> None:
    assert surname("NILAVADHANANANDA CHAY", "Nilavadhanananda Chayapa", names_are_cut=True).agrees
    assert not surname("NILAVADHANANANDA CHAY", "Nilavadhanananda Chayapa").agrees
    assert not surname("NILAVADHANANANDA CHAY", "Nilavadhanananda Krasuang", names_are_cut=True).agrees


def test_a_name_that_differs_points_at_the_letter() -> None:
    compared = surname("ERIKSSON", "Ericsson")

    assert not compared.agrees
    assert compared.note == "Character 4 is “K” on the document and was typed as “C”."


def test_nothing_read_or_typed_shows_when_it_is_printed_for_a_log() -> None:
    assert "ERIKSSON" not in repr([ANNA, *compare(ANNA, Typed(**AS_TYPED)), Typed(**AS_TYPED)])


@given(st.text(max_size=30))
def test_every_name_is_written_in_the_alphabet_of_a_zone(name: str) -> None:
    found = ways(name)

    assert len(found) <= 64
    assert all(character in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 " for way in found for character in way)


words = st.text("ABCDEFGH", min_size=1, max_size=8)


@given(words, words)
def test_two_names_agree_only_when_they_are_the_same(read: str, typed: str) -> None:
    compared = surname(read, typed)

    assert compared.agrees == (read == typed)
    assert "".join(part.text for part in compared.read) == read
    assert "".join(part.text for part in compared.typed) == typed
