"""Opens one image in a process of its own with limits: `python -m imaging.child KIND`, the file on standard input.

The answer goes to standard output: a line of JSON, and behind it the image as we made it anew.
"""

import io
import json
import os
import resource
import signal
import sys
from typing import Any

from PIL import Image

from imaging.formats import Refused, check_pixels
from imaging.likeness import perceptual_hash
from imaging.opening import Check, open_upright
from imaging.quality import measure

MOST_MEMORY = 1_280_000_000  # bytes of address space
AT_FIRST = 260_000_000  # until the header has said how much there is to decode; the libraries take half of it
A_PIXEL = 24  # bytes; the most that a decoder was seen to take, turning and converting included
MOST_CPU = 6  # seconds
MOST_CPU_OF_PDF = 1  # a page has no size that says how long it takes to draw
LARGEST = 10 * 1000 * 1000  # bytes; contract section 2.11
LARGEST_PNG = 4_000_000  # pixels; a photo as PNG takes ten times the room of a JPEG nobody can tell from it
QUALITIES = (92, 85, 75)
ROOM = 16 * 1000 * 1000  # bytes that may be written


def main() -> None:
    kind = sys.argv[1]
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a server that is told to end waits for the answer
    limit_itself(MOST_CPU_OF_PDF if kind == "PDF" else MOST_CPU)
    said, made = answer(sys.stdin.buffer.read(), kind, check=make_room)
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + made)


def limit_itself(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (AT_FIRST, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)  # a purchase that waits for its decision goes first


def make_room(width: int, height: int) -> None:
    """Allow the memory that a picture of this size takes, so that a small one cannot take more. Raises Refused."""
    check_pixels(width, height)
    most = min(AT_FIRST + width * height * A_PIXEL, MOST_MEMORY)
    resource.setrlimit(resource.RLIMIT_AS, (most, MOST_MEMORY))


def answer(content: bytes, kind: str, *, check: Check = check_pixels) -> tuple[dict[str, Any], bytes]:
    """Return what is said of the image, and the image made anew: nothing where it is refused."""
    try:
        image = _opened(content, kind, check)
    except Refused as refusal:
        return {"code": refusal.code, "sentence": refusal.sentence}, b""
    image, made, made_kind = encode(image, kind)
    said = {
        "kind": made_kind,
        "width": image.width,
        "height": image.height,
        "measures": measure(image),
        "likeness": perceptual_hash(image),
    }
    return said, made


def _opened(content: bytes, kind: str, check: Check) -> Image.Image:
    try:
        return open_upright(content, kind, check=check)
    except Refused:
        raise
    except MemoryError:
        raise Refused(
            "too_heavy", "Opening this image takes more memory than a photo does. Take a new photo."
        ) from None
    except Exception:  # decoders read what strangers wrote: damage shows as any exception there is
        raise Refused("damaged", "This image is damaged. Save it again or take a new photo.") from None


def encode(image: Image.Image, kind: str) -> tuple[Image.Image, bytes, str]:
    """Return the picture and its bytes: PNG where it came as a small one, else JPEG, as light as the provider takes."""
    if kind == "PNG" and image.width * image.height <= LARGEST_PNG:
        made = _saved(image, "PNG", compress_level=4)
        if len(made) <= LARGEST:
            return image, made, "PNG"
    for quality in QUALITIES:
        made = _saved(image, "JPEG", quality=quality)
        if len(made) <= LARGEST:
            return image, made, "JPEG"
    return encode(image.reduce(2), "JPEG")


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


if __name__ == "__main__":
    main()
