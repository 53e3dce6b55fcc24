"""Files as people choose them."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def photo(
    *, size: tuple[int, int] = (160, 120), kind: str = "JPEG", name: str = "my passport.jpg"
) -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", size, (170, 180, 190)).save(content, kind)
    return SimpleUploadedFile(name, content.getvalue(), content_type=f"image/{kind.lower()}")


def no_photo() -> SimpleUploadedFile:
    return SimpleUploadedFile("scan.pdf", b"%PDF-1.7 not an image", content_type="application/pdf")
