"""What may come in as an image, and what goes on of it."""

import hashlib
import io
import random
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from customers.images import LARGEST_UPLOAD, clean_image

ORIENTATION, CAMERA, PLACE = 0x0112, 0x010F, 0x8825


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def upload(content: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def png_header(width: int, height: int) -> bytes:
    """Return the beginning of a PNG that claims this size and holds no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return start + struct.pack(">I", 4096) + b"IDAT"


def test_a_photo_is_turned_upright_and_loses_what_the_camera_wrote() -> None:
    exif = Image.Exif()
    exif[ORIENTATION], exif[CAMERA] = 6, "A camera that knows where it is"

    clean = clean_image(upload(encoded(Image.new("RGB", (40, 20), "red"), "JPEG", exif=exif)))

    result = Image.open(clean.file)
    assert result.size == (20, 40)
    assert not result.getexif()
    assert b"A camera" not in clean.file.read()


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGB", "JPEG"), ("L", "JPEG"), ("CMYK", "JPEG"), ("RGBA", "PNG"), ("P", "PNG")]
)
def test_every_colour_mode_comes_out_readable(mode: str, kind: str) -> None:
    clean = clean_image(upload(encoded(Image.new(mode, (30, 30)), kind)))

    assert Image.open(clean.file).format == kind
    clean.file.seek(0)
    assert clean.sha256 == hashlib.sha256(clean.file.read()).hexdigest()
    assert (clean.measurements["width"], clean.measurements["height"]) == (30, 30)


def test_of_a_phones_photo_with_a_second_picture_in_it_the_photo_is_taken() -> None:
    preview = Image.new("RGB", (10, 10), "blue")
    content = encoded(Image.new("RGB", (60, 40), "red"), "MPO", save_all=True, append_images=[preview])

    result = Image.open(clean_image(upload(content)).file)

    assert (result.format, result.size, getattr(result, "n_frames", 1)) == ("JPEG", (60, 40), 1)
    assert result.getpixel((5, 5)) == pytest.approx((254, 0, 0), abs=3)


def photos_with_camera_data() -> list[bytes]:
    exif = Image.Exif()
    exif[ORIENTATION], exif[CAMERA], exif[PLACE] = 6, "x" * 50, {1: "N", 2: (1.0, 2.0, 3.0)}
    image = Image.effect_noise((60, 40), 50).convert("RGB")
    return [
        encoded(image, "JPEG", exif=exif),
        encoded(image, "PNG", exif=exif),
        encoded(image.convert("P"), "PNG", transparency=3),
        encoded(image, "MPO", save_all=True, append_images=[image], exif=exif),
    ]


@pytest.mark.filterwarnings("ignore")
def test_whatever_bytes_are_changed_an_image_is_clean_or_refused() -> None:
    chance, photos = random.Random(4), photos_with_camera_data()  # noqa: S311 - the same damage every time
    refused = 0
    for _ in range(3000):
        content = bytearray(chance.choice(photos))
        reach = min(len(content), chance.choice([60, 300, 700, len(content)]))
        for _ in range(chance.randint(1, 6)):
            content[chance.randrange(2, reach)] = chance.randrange(256)

        try:
            clean_image(upload(bytes(content)))
        except ValidationError:
            refused += 1

    assert 0 < refused < 3000


def test_what_follows_the_pixels_does_not_survive() -> None:
    content = encoded(Image.new("RGB", (30, 30)), "JPEG") + b"<script>alert(1)</script>"

    assert b"script" not in clean_image(upload(content)).file.read()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"not an image at all", "not a JPEG or PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG or PNG"),
        (b"%PDF-1.7\n", "not a JPEG or PNG"),
        (encoded(Image.new("RGB", (30, 30)), "GIF"), "not a JPEG or PNG"),
        (encoded(Image.new("RGB", (30, 30)), "BMP"), "not a JPEG or PNG"),
        (encoded(Image.effect_noise((300, 300), 50), "JPEG")[:2000], "damaged"),
        (png_header(30, 30), "damaged"),
        (png_header(8000, 8000), "40 megapixels"),
        (png_header(1, 2**31 - 1), "40 megapixels"),
        (b"\xff\xd8\xff" + b"x" * LARGEST_UPLOAD, "larger than 10 MB"),
        (
            encoded(
                Image.new("RGB", (30, 30)), "PNG", save_all=True, append_images=[Image.new("RGB", (30, 30), "red")]
            ),
            "moves",
        ),
    ],
    ids=["empty", "text", "svg", "pdf", "gif", "bmp", "cut jpeg", "cut png", "huge", "long", "heavy", "animated"],
)
def test_what_is_no_single_photo_is_refused_in_words_that_say_what_to_do(content: bytes, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        clean_image(upload(content))
