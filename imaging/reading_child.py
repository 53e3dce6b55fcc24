"""Reads one image in a process of its own with limits: `python -m imaging.reading_child TODAY`.

The file comes on standard input; the answer is a line of JSON on standard output.
"""

import io
import json
import os
import resource
import sys
from datetime import date

from PIL import Image

from imaging import ocr
from imaging.codes import read_codes
from imaging.facts import Facts, facts_of
from imaging.mrz_repair import find_zone
from imaging.reading import NO_READER, NOT_READ, READ, as_json

MOST_MEMORY = 2_000_000_000  # bytes of address space, which the models' runtime reserves more of than it uses
MOST_CPU = 25  # seconds
ROOM = 1_000_000  # bytes that may be written
LOOKED_AT = 2400  # pixels of the longer side: enough for a code on a card that fills half the picture

MOST_PIXELS = 40_000_000


def main() -> None:
    limit_itself()
    said = answer(sys.stdin.buffer.read(), today=date.fromisoformat(sys.argv[1]))
    sys.stdout.write(json.dumps(said))


def limit_itself() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU, MOST_CPU))
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    os.nice(10)  # a purchase that waits for its decision goes first, and so do uploads


def answer(content: bytes, *, today: date) -> dict[str, object]:
    image = _opened(content)
    facts = read_codes(image)
    if facts is None:
        if not ocr.is_installed():
            return {"outcome": NO_READER}
        facts = _zone(image, today)
    return {"outcome": READ, "facts": as_json(facts)} if facts else {"outcome": NOT_READ}


def _zone(image: Image.Image, today: date) -> Facts | None:
    for lines in ocr.readings(image):
        found = find_zone(lines)
        if found:
            return facts_of(found, today=today)
    return None


def _opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content), formats=("JPEG", "PNG"))
    image.draft("RGB", (LOOKED_AT, LOOKED_AT))
    opened = image.convert("RGB")
    opened.thumbnail((LOOKED_AT, LOOKED_AT))
    return opened


if __name__ == "__main__":
    main()
