"""Files as people choose them."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def photo(
    *, size: tuple[int, int] = (160, 120), kind: str = "JPEG", name: str = "my passport.jpg"
) -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", size, (170, 180, 190)).save(content, kind)
    return SimpleUploadedFile(f"{name}.{kind.lower()}", content.getvalue(), content_type=f"image/{kind.lower()}")


def no_photo() -> SimpleUploadedFile:
    return SimpleUploadedFile("scan.txt", b"not an image", content_type="text/plain")
