"""The same picture is known again; another one is not taken for it."""

import io
from itertools import combinations

import pytest
from PIL import Image

from imaging.likeness import distance, perceptual_hash
from imaging.specimens import encoded, specimen

SIZE = (900, 675)
SAME = 3  # bits that customers/pictures.py takes for the same


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    return [specimen("good", seed, size=SIZE).convert("RGB") for seed in (0, 3, 6, 9)]  # passports, all of one issuer


def test_a_fingerprint_has_sixteen_digits(pictures: list[Image.Image]) -> None:
    assert len(perceptual_hash(pictures[0])) == 16
    assert len(perceptual_hash(Image.new("RGB", (1, 1)))) == 16


def test_a_picture_saved_anew_or_made_smaller_stays_the_same(pictures: list[Image.Image]) -> None:
    for picture in pictures:
        again = Image.open(io.BytesIO(encoded(picture, quality=55)))
        smaller = picture.resize((640, 480))

        for copy in (again, smaller):
            assert distance(perceptual_hash(picture), perceptual_hash(copy)) <= SAME


def test_photos_of_different_documents_lie_far_apart(pictures: list[Image.Image]) -> None:
    fingerprints = [perceptual_hash(picture) for picture in pictures]

    assert min(distance(one, other) for one, other in combinations(fingerprints, 2)) > 2 * SAME
