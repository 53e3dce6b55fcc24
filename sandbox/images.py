"""Measuring an uploaded image: what it is and how large, not what it shows."""

import base64
import binascii
import re
import warnings
from hashlib import sha256
from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError

from sandbox.errors import bad_request

LARGEST_BYTES = 10 * 1024 * 1024
DATA_URI = re.compile(r"data:image/(jpeg|jpg|png);base64,")


def measure(sent: str, name: str) -> dict[str, Any]:
    """Return size, digest, format and dimensions, or raise what the provider says about an image it cannot use."""
    content = _decode(sent, name)
    if len(content) > LARGEST_BYTES:
        raise bad_request(f"{name} must not be larger than 10 MB")
    kind, width, height = _open(content, name)
    return {
        "size": len(content),
        "sha256": sha256(content).hexdigest(),
        "format": kind,
        "width": width,
        "height": height,
    }


def _decode(sent: str, name: str) -> bytes:
    if sent.startswith("data:") and not DATA_URI.match(sent):
        raise bad_request(f"{name} must be a JPG or PNG image")
    try:
        content = base64.b64decode(DATA_URI.sub("", sent, count=1), validate=True)
    except (binascii.Error, ValueError):
        raise bad_request(f"{name} must be a base64 encoded image") from None
    if not content:
        raise bad_request(f"{name} must not be empty")
    return content


def _open(content: bytes, name: str) -> tuple[str, int, int]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=["JPEG", "PNG"]) as image:
                found = str(image.format), *image.size
                image.verify()
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise bad_request(f"{name} must be a JPG or PNG image") from None
    except (OSError, SyntaxError, ValueError):
        raise bad_request(f"{name} cannot be read") from None
    return found
