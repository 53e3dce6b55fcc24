"""Lays a drawn document on a table and takes its picture, as the camera of a phone would.

Lengths are shares of the document's width, so that a picture looks the same at any size.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from imaging.arrays import Numbers

SIZE = (1600, 1200)
BILINEAR, BICUBIC = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC
TABLES = (
    "#6b4a32", "#8d8a84", "#3b3f45", "#b59a78", "#4f5d50", "#2a2522", "#9c6b4a", "#70757c", "#c7b9a3", "#5a6f86",
    "#dedad3",
)  # fmt: skip
THINGS = ("#20242c", "#f4f3ef", "#8a2f2f", "#2f4f8a", "#d8c27a")
SKINS = ("#e8c4a4", "#c99a74", "#8d5d3f", "#f0d2ba")
ROOM = 0.9  # of the picture's height that a document takes at most
Corners = list[tuple[float, float]]  # top left, top right, bottom right, bottom left, in pixels


@dataclass
class Scene:
    """How a document lies before the camera, and what the light and the camera do to it."""

    size: tuple[int, int] = SIZE
    share: float = 0.75  # of the picture's width that the document takes
    turn: float = 0.0  # degrees
    keystone: float = 0.02  # by how much of its length a side may be shorter than its opposite
    shift: tuple[float, float] = (0.0, 0.0)  # of the centre, in shares of the picture
    outside: tuple[float, float] = (0.0, 0.0)  # share of it beyond the right or lower border; below 0 the left or upper
    light: float = 1.0
    blur: float = 0.0005  # radius
    noise: float = 2.5
    quality: int = 88
    table: str = TABLES[0]
    things: int = 0  # that lie beside it
    thumbs: int = 0  # that hold it
    is_open: bool = False  # a passport, with the page above the one that is wanted
    after: list[Callable[[Image.Image, "Scene", random.Random], Image.Image]] = field(default_factory=list)
    corners: Corners = field(default_factory=list)

    @property
    def width(self) -> float:
        """Of the document in pixels."""
        return self.share * self.size[0]


def good_scene(chance: random.Random, size: tuple[int, int]) -> Scene:
    """Return a scene in which nothing is wrong; no two are alike."""
    return Scene(
        size=size,
        share=chance.uniform(0.58, 0.86),
        turn=chance.uniform(-6, 6),
        keystone=chance.uniform(0, 0.05),
        shift=(chance.uniform(-0.02, 0.02), chance.uniform(-0.02, 0.02)),
        light=chance.uniform(0.65, 1.1),
        blur=chance.uniform(0.0002, 0.0009),
        noise=chance.uniform(1.5, 6),
        quality=chance.randrange(70, 95),
        table=chance.choice(TABLES),
        things=chance.choice((0, 0, 0, 1, 2)),
    )


def take(page: Image.Image, scene: Scene, chance: random.Random) -> Image.Image:
    """Return the photo of this page in this scene."""
    image = _expose(_lay(page, scene, chance), scene, chance)
    for step in scene.after:
        image = step(image, scene, chance)
    return image


def picture(numbers: Numbers) -> Image.Image:
    return Image.fromarray(np.clip(numbers, 0, 255).astype(np.uint8))


def _lay(page: Image.Image, scene: Scene, chance: random.Random) -> Image.Image:
    """Put the page on the table as the camera sees it."""
    scene.corners = _corners(page, scene, chance)
    placing = _perspective(scene.corners, page.size)
    seen = page.transform(scene.size, Image.Transform.PERSPECTIVE, placing, BICUBIC, fillcolor=(0, 0, 0, 0))
    table = _table(scene, chance)
    for _ in range(scene.things):
        _put_beside(table, chance)
    shadow = seen.getchannel("A").filter(ImageFilter.GaussianBlur(scene.width * 0.006)).point(lambda alpha: alpha * 0.4)
    table.paste("#000000", (round(scene.width * 0.003), round(scene.width * 0.005)), shadow)
    table.paste(seen, (0, 0), seen)
    for _ in range(scene.thumbs):
        _hold(table, scene, chance)
    return table


def _corners(page: Image.Image, scene: Scene, chance: random.Random) -> Corners:
    wide, high = scene.width, scene.width * page.height / page.width
    if scene.share < 1 and not scene.is_open:
        fit = min(1.0, ROOM * scene.size[1] / high)
        wide, high, scene.share = wide * fit, high * fit, scene.share * fit
    square = np.array([(-wide, -high), (wide, -high), (wide, high), (-wide, high)]) / 2
    narrow, full = (1 - scene.keystone, 1 - scene.keystone), (1.0, 1.0)
    squeeze = [narrow, narrow, full, full] if chance.random() < 0.5 else [full, narrow, narrow, full]
    angle = np.radians(scene.turn)
    turned = (square * squeeze) @ np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
    centre = (np.array(scene.shift) + 0.5) * scene.size
    for axis, (share, length) in enumerate(zip(scene.outside, (wide, high), strict=True)):
        if share:
            inside = scene.size[axis] / 2 - length / 2 + abs(share) * length
            centre[axis] = scene.size[axis] / 2 + np.sign(share) * inside
    return [(float(x), float(y)) for x, y in turned + centre]


def _perspective(corners: Corners, size: tuple[int, int]) -> list[float]:
    """Return the eight numbers that take a place in the picture to its place on the page."""
    wide, high = size
    rows: list[tuple[float, ...]] = []
    wanted: list[float] = []
    for (x, y), (u, v) in zip(corners, [(0, 0), (wide, 0), (wide, high), (0, high)], strict=True):
        rows += [(x, y, 1, 0, 0, 0, -u * x, -u * y), (0, 0, 0, x, y, 1, -v * x, -v * y)]
        wanted += [u, v]
    return [float(number) for number in np.linalg.solve(np.array(rows), np.array(wanted))]


def _table(scene: Scene, chance: random.Random) -> Image.Image:
    """Return a table top with a grain along it."""
    numbers = np.random.default_rng(chance.randrange(2**32))
    wide, high = scene.size
    plain = np.asarray(Image.new("RGB", (1, 1), scene.table), dtype=np.float32)
    shade = np.zeros((high, wide), dtype=np.float32)
    for rows, columns, most in ((max(2, high // 6), max(2, wide // 90), 7), (5, 6, 6)):
        part = numbers.normal(0, chance.uniform(1, most), (rows, columns)).astype(np.float32)
        shade += np.asarray(Image.fromarray(part).resize(scene.size, BICUBIC))
    return picture(plain + shade[:, :, None])


def _put_beside(table: Image.Image, chance: random.Random) -> None:
    """Draw a thing that reaches into the picture: a pen, a cup, a sheet of paper."""
    x, y = chance.choice((0.0, 1.0)) * table.width, chance.random() * table.height
    reach, high = chance.uniform(0.01, 0.06) * table.width, chance.uniform(0.02, 0.25) * table.height
    pen = ImageDraw.Draw(table)
    shape = pen.rectangle if chance.random() < 0.5 else pen.ellipse
    shape((x - reach, y - high, x + reach, y + high), fill=chance.choice(THINGS))


def _hold(table: Image.Image, scene: Scene, chance: random.Random) -> None:
    """Draw a thumb over the edge of the document, from the side of the picture that is nearest."""
    is_left = chance.random() < 0.5
    (x, y), (_, below) = (scene.corners[0], scene.corners[3]) if is_left else (scene.corners[1], scene.corners[2])
    inward, high = (1 if is_left else -1) * 0.035 * scene.width, 0.05 * scene.width
    middle = y + (below - y) * chance.uniform(0.3, 0.7)
    across = sorted((-high if is_left else table.width + high, x + inward))
    box = (across[0], middle - high / 2, across[1], middle + high / 2)
    ImageDraw.Draw(table).rounded_rectangle(box, high / 2, fill=chance.choice(SKINS))


def _expose(image: Image.Image, scene: Scene, chance: random.Random) -> Image.Image:
    """Let uneven light fall on it, and the lens and the sensor do their work."""
    image = image.filter(ImageFilter.GaussianBlur(scene.blur * scene.width))
    numbers = np.random.default_rng(chance.randrange(2**32))
    across, down = np.linspace(-1, 1, scene.size[0]), np.linspace(-1, 1, scene.size[1])[:, None]
    slope = chance.uniform(-0.1, 0.1) * across + chance.uniform(-0.1, 0.1) * down
    light = scene.light * (1 + slope - 0.06 * (across**2 + down**2))
    warmth = np.array([1 + chance.uniform(-0.04, 0.05), 1.0, 1 + chance.uniform(-0.06, 0.04)])
    noise = numbers.standard_normal((scene.size[1], scene.size[0], 1), dtype=np.float32) * scene.noise
    lit = np.asarray(image, dtype=np.float32) * (light[:, :, None] * warmth).astype(np.float32)
    return picture(lit + noise)
