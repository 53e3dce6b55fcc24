"""Checks an uploaded image and has it made anew, so that nothing of the upload but its pixels survives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile

from imaging.formats import check_size
from imaging.intake import Examined, Refused, examine


@dataclass(frozen=True)
class CleanImage:
    """An image of our own making: no metadata, upright, JPEG or PNG."""

    file: ContentFile[bytes]
    sha256: str
    source_sha256: str
    likeness: str
    measurements: dict[str, Any]


def clean_image(upload: UploadedFile[Any]) -> CleanImage:
    """Have the upload decoded, turned upright, measured and encoded again.

    Raises ValidationError with a sentence that says what to do.
    """
    try:
        check_size(upload.size or 0)
        upload.seek(0)
        examined = examine(upload.read(), name=upload.name or "")
    except Refused as refusal:
        raise ValidationError(refusal.sentence, code=refusal.code) from None
    return CleanImage(
        file=ContentFile(examined.content, name="image"),
        sha256=examined.sha256_out,
        source_sha256=examined.sha256_in,
        likeness=examined.likeness,
        measurements=_measurements(examined),
    )


def in_words(measured: Mapping[str, Any]) -> str:
    """Return what is said of an image beside it: how large it is, and what it was made from."""
    size = f"{measured['width']} × {measured['height']} px"
    made_from = measured.get("converted_from")
    return f"{size}, converted from {made_from}" if made_from else size


def _measurements(examined: Examined) -> dict[str, Any]:
    """Return what is kept beside the image: its size, what it was made from, and what was measured of its picture."""
    return {
        "width": examined.width,
        "height": examined.height,
        "bytes": len(examined.content),
        "converted_from": examined.converted_from,
        "measures": examined.measures,
    }
