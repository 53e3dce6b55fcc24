"""What must never be taken: every file of the corpus is refused, in words of its own."""

import functools

import pytest

from imaging.hostile import HOSTILE, Hostile
from imaging.intake import Refused, examine

HARMLESS_TO_OPEN = [each for each in HOSTILE if not each.exhausts]


@functools.cache
def refusal_of(hostile: Hostile) -> Refused:
    with pytest.raises(Refused) as refusal:
        examine(hostile.make(), name=hostile.file_name)
    return refusal.value


@pytest.mark.parametrize("hostile", HARMLESS_TO_OPEN, ids=lambda each: each.name)
def test_a_hostile_file_is_refused_for_what_it_is(hostile: Hostile) -> None:
    assert refusal_of(hostile).code in hostile.codes


@pytest.mark.usefixtures("process_per_image")
@pytest.mark.parametrize("hostile", [each for each in HOSTILE if each.exhausts], ids=lambda each: each.name)
def test_what_exhausts_or_crashes_a_decoder_ends_with_its_process(
    hostile: Hostile, caplog: pytest.LogCaptureFixture
) -> None:
    assert refusal_of(hostile).code in hostile.codes
    assert "ended the process that opened it" in caplog.text  # by its limits, not because we lost patience


def test_there_are_many_kinds_each_with_a_name_of_its_own() -> None:
    names = [each.name for each in HOSTILE]

    assert len(names) == len(set(names)) >= 40


def test_every_kind_of_refusal_says_something_of_its_own() -> None:
    said = {refusal.code: refusal.sentence for refusal in map(refusal_of, HARMLESS_TO_OPEN)}

    assert len(set(said.values())) == len(said)
    assert all(sentence.endswith(".") for sentence in said.values())
