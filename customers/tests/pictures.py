"""Files as people choose them."""

import functools
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from imaging.drawing import holder
from imaging.specimens import photograph

GOOD = (1600, 1200)


def photo(
    *, size: tuple[int, int] = GOOD, kind: str = "JPEG", name: str = "my passport", seed: int = 0
) -> SimpleUploadedFile:
    """Return a photo of a passport with which nothing is wrong, as long as it is not made small."""
    return SimpleUploadedFile(
        f"{name}.{kind.lower()}", _encoded(size, kind, seed), content_type=f"image/{kind.lower()}"
    )


def bad_photo(kind: str = "blurred", *, seed: int = 0) -> SimpleUploadedFile:
    """Return a photo with what is wrong in this kind of specimen."""
    return SimpleUploadedFile("my passport.jpg", _taken(kind, seed), content_type="image/jpeg")


def no_photo() -> SimpleUploadedFile:
    return SimpleUploadedFile("scan.txt", b"not an image", content_type="text/plain")


@functools.cache
def _taken(kind: str, seed: int) -> bytes:
    return photograph(holder(seed), "passport", kind=kind, seed=seed, size=GOOD)


@functools.cache
def _encoded(size: tuple[int, int], kind: str, seed: int) -> bytes:
    taken = _taken("good", seed)
    if (size, kind) == (GOOD, "JPEG"):
        return taken
    content = io.BytesIO()
    Image.open(io.BytesIO(taken)).resize(size).save(content, kind)
    return content.getvalue()
