"""The corpus is made of valid documents, and is the same wherever it is made."""

from datetime import date

import pytest

from imaging.drawing import ISSUED_IN, Side, holder, zone
from imaging.mrz import parse
from imaging.specimens import specimen

SMALL = (320, 240)


@pytest.mark.parametrize("side", ["passport", "back"])
def test_the_zone_of_a_specimen_is_valid_and_its_holders(side: Side) -> None:
    for seed in range(50):
        someone = holder(seed)
        read = parse(zone(someone, side))

        assert (read.number, read.surname) == (someone.number, someone.surname.upper())
        assert read.expiry_date(today=ISSUED_IN) == someone.expiry
        assert read.birth_date(today=date(2030, 1, 1)) == someone.birth


def test_a_kind_and_a_seed_always_make_the_same_picture() -> None:
    assert specimen("glare", 4, size=SMALL).tobytes() == specimen("glare", 4, size=SMALL).tobytes()


def test_another_seed_makes_another_picture() -> None:
    assert specimen("good", 1, size=SMALL).tobytes() != specimen("good", 4, size=SMALL).tobytes()
