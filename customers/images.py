"""Checks an uploaded image and makes it anew, so that nothing of the upload but its pixels survives."""

import hashlib
import io
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageOps, UnidentifiedImageError

LARGEST_UPLOAD = 10 * 1000 * 1000  # bytes; contract section 2.11
MOST_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG")
WITH_PREVIEW = "MPO"  # a phone's JPEG with a second picture behind the photo; Pillow opens the first
JPEG_QUALITY = 92

Image.MAX_IMAGE_PIXELS = None  # Pillow's limit lets four times as much through as ours, which asks before decoding


@dataclass(frozen=True)
class CleanImage:
    """An image of our own making: no metadata, upright, JPEG or PNG."""

    file: ContentFile[bytes]
    sha256: str
    measurements: dict[str, Any]


def clean_image(upload: UploadedFile[Any]) -> CleanImage:
    """Decode the upload, turn it upright and encode it again.

    Raises ValidationError with a sentence that says what to do. The size in pixels is read from the header, before
    anything is decoded.
    """
    if not upload.size:
        raise ValidationError("This file is empty. Choose the image again.", code="empty")
    if upload.size > LARGEST_UPLOAD:
        raise ValidationError("This file is larger than 10 MB. Choose a smaller image.", code="too_large")
    try:
        with Image.open(upload, formats=FORMATS) as image:
            _check_header(image)
            image.load()
            upright = ImageOps.exif_transpose(image)
            content = _encode(upright, str(image.format))
    except ValidationError:
        raise
    except UnidentifiedImageError:
        raise ValidationError("This is not a JPEG or PNG image. Take a photo and choose that.", code="type") from None
    except Exception:  # Pillow reads what strangers wrote: damage shows as any exception there is
        raise ValidationError("This image is damaged. Save it again or take a new photo.", code="damaged") from None
    return CleanImage(
        file=ContentFile(content, name="image"),
        sha256=hashlib.sha256(content).hexdigest(),
        measurements={"width": upright.width, "height": upright.height, "bytes": len(content)},
    )


def _check_header(image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise ValidationError("This image has more than 40 megapixels. Choose a smaller one.", code="too_many_pixels")
    if image.format != WITH_PREVIEW and getattr(image, "n_frames", 1) > 1:
        raise ValidationError("This image moves. Choose a single photo.", code="animated")


def _encode(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "PNG":
        image.convert("RGBA" if "A" in image.getbands() else "RGB").save(out, "PNG")
    else:
        image.convert("RGB").save(out, "JPEG", quality=JPEG_QUALITY)
    content = out.getvalue()
    if len(content) > LARGEST_UPLOAD:
        raise ValidationError("This image is larger than 10 MB once cleaned. Choose a smaller one.", code="too_large")
    return content
