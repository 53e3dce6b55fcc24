"""The corpus of the tests, the bench and the demo: documents of nobody, photographed well and badly.

Everything follows from a kind and a seed.
"""

import io
import random

from PIL import Image

from imaging.damage import KINDS
from imaging.drawing import SIDES, Holder, Side, draw, holder
from imaging.photographing import SIZE, good_scene, take

PASSING = ("good", "held", "opened")  # kinds with which nothing is wrong


def specimen(kind: str, seed: int, *, size: tuple[int, int] = SIZE) -> Image.Image:
    """Return the picture of this kind and seed, as it comes out of the camera's own JPEG."""
    taken = photograph(holder(seed), side_of(kind, seed), kind=kind, seed=seed, size=size)
    return Image.open(io.BytesIO(taken))


def side_of(kind: str, seed: int) -> Side:
    return "passport" if kind == "opened" else SIDES[seed % len(SIDES)]


def photograph(
    someone: Holder,
    side: Side,
    *,
    kind: str = "good",
    seed: int = 0,
    size: tuple[int, int] = SIZE,
    quality: int | None = None,
) -> bytes:
    """Return a JPEG of one side of a document, with what is wrong in this kind. Its quality varies unless given."""
    chance = random.Random(f"{kind} {seed}")  # noqa: S311 - the same picture every time is what is wanted
    scene = good_scene(chance, size)
    KINDS[kind](scene, chance)
    page = draw(someone, side, width=round(scene.width), is_open=scene.is_open)
    return encoded(take(page, scene, chance), quality=quality or scene.quality)


def encoded(image: Image.Image, *, quality: int = 88) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()
