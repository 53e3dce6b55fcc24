"""What becomes of an image that was chosen, in the words of the form it was chosen in."""

import hashlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from customers.images import clean_image
from imaging.hostile import HEIC, HOSTILE, Hostile, jpeg


def upload(content: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_a_good_image_comes_with_its_digests_and_measurements() -> None:
    content = jpeg((300, 200))

    clean = clean_image(upload(content))

    assert Image.open(clean.file).size == (300, 200)
    assert clean.source_sha256 == hashlib.sha256(content).hexdigest()
    clean.file.seek(0)
    assert clean.sha256 == hashlib.sha256(clean.file.read()).hexdigest()
    assert (clean.measurements["width"], clean.measurements["height"]) == (300, 200)
    assert clean.measurements["measures"]
    assert len(clean.likeness) == 16


def test_what_was_converted_is_remembered() -> None:
    assert clean_image(upload(HEIC, "IMG_0001.HEIC")).measurements["converted_from"] == "HEIC"


@pytest.mark.parametrize("hostile", [each for each in HOSTILE if not each.exhausts][::9], ids=lambda each: each.name)
def test_what_is_refused_is_refused_in_words_at_its_field(hostile: Hostile) -> None:
    with pytest.raises(ValidationError) as refusal:
        clean_image(upload(hostile.make(), hostile.file_name or "photo"))

    assert refusal.value.code in hostile.codes
