"""What goes wrong when people photograph their documents, each in a range of degrees."""

import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

from imaging.photographing import BILINEAR, Scene, picture

Damage = Callable[[Scene, random.Random], None]


def _nothing(scene: Scene, chance: random.Random) -> None:
    """Leave a good photo as it is."""


def _held(scene: Scene, chance: random.Random) -> None:
    scene.thumbs = chance.choice((1, 2))


def _opened(scene: Scene, chance: random.Random) -> None:
    """The page above is there as well, whole or in part."""
    scene.is_open = True
    scene.share = chance.uniform(0.48, 0.52) if chance.random() < 0.4 else chance.uniform(0.58, 0.8)
    below = scene.size[1] * chance.uniform(0.03, 0.08)
    high = scene.width * 176 / 125
    scene.shift = (scene.shift[0], (scene.size[1] - below - high / 2) / scene.size[1] - 0.5)
    scene.turn = chance.uniform(-2, 2)


def _soft(scene: Scene, chance: random.Random) -> None:
    scene.blur = chance.uniform(0.002, 0.0026)


def _blurred(scene: Scene, chance: random.Random) -> None:
    scene.blur = chance.uniform(0.0038, 0.009)


def _shaken(scene: Scene, chance: random.Random) -> None:
    length, angle = chance.uniform(0.014, 0.035), chance.uniform(0, np.pi)

    def shake(image: Image.Image, scene: Scene, chance: random.Random) -> Image.Image:
        whole = length * scene.width
        for halving in range(1, 7):
            way = whole / 2**halving
            moved = (1, 0, way * np.cos(angle), 0, 1, way * np.sin(angle))
            image = Image.blend(image, image.transform(image.size, Image.Transform.AFFINE, moved, BILINEAR), 0.5)
        margin = round(whole) + 1
        return image.crop((margin, margin, image.width - margin, image.height - margin))

    scene.after.append(shake)


def _dark(scene: Scene, chance: random.Random) -> None:
    scene.light = chance.uniform(0.06, 0.2)
    scene.noise = chance.uniform(3, 6)


def _overexposed(scene: Scene, chance: random.Random) -> None:
    scene.light = chance.uniform(1.7, 3)


def _glare(scene: Scene, chance: random.Random) -> None:
    across, down, strength = chance.uniform(0.2, 0.8), chance.uniform(0.2, 0.8), chance.uniform(1.6, 3)
    radius = chance.uniform(0.06, 0.14)

    def shine(image: Image.Image, scene: Scene, chance: random.Random) -> Image.Image:
        top_left, top_right, bottom_right, bottom_left = np.array(scene.corners)
        upper, lower = top_left + (top_right - top_left) * across, bottom_left + (bottom_right - bottom_left) * across
        x, y = upper + (lower - upper) * down
        xs, ys = np.arange(image.width), np.arange(image.height)[:, None]
        far = ((xs - x) ** 2 + (1.4 * (ys - y)) ** 2) / (radius * scene.width) ** 2
        patch = (strength * 200 * np.exp(-far)).astype(np.float32)
        return picture(np.asarray(image, dtype=np.float32) + patch[:, :, None])

    scene.after.append(shine)


def _cropped(scene: Scene, chance: random.Random) -> None:
    """Part of it lies outside the picture: on one side, or all around."""
    if chance.random() < 0.2:
        scene.share = chance.uniform(1.25, 1.5)
        return
    beyond = chance.choice((-1, 1)) * chance.uniform(0.08, 0.3)
    scene.outside = (beyond, 0.0) if chance.random() < 0.5 else (0.0, beyond)


def _turned(scene: Scene, chance: random.Random) -> None:
    """Photographed with the phone held the wrong way."""
    way = chance.choice((Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270))
    scene.after.append(lambda image, scene, chance: image.transpose(way))


def _tilted(scene: Scene, chance: random.Random) -> None:
    scene.turn = chance.choice((-1, 1)) * chance.uniform(16, 40)
    scene.share = chance.uniform(0.5, 0.62)


def _slanted(scene: Scene, chance: random.Random) -> None:
    scene.keystone = chance.uniform(0.22, 0.45)


def _off_screen(scene: Scene, chance: random.Random) -> None:
    """A photo of a display: its pixels and the camera's beat against each other."""
    period, angle = chance.uniform(2.3, 6), chance.uniform(-0.3, 0.3)
    depth = chance.uniform(0.12, 0.25)

    def beat(image: Image.Image, scene: Scene, chance: random.Random) -> Image.Image:
        xs, ys = np.arange(image.width), np.arange(image.height)[:, None]
        across, down = xs * np.cos(angle) + ys * np.sin(angle), ys * np.cos(angle) - xs * np.sin(angle)
        pitch = 2 * np.pi / period
        third = 2 * np.pi / 3
        mask = [
            1 + depth * np.cos(across * pitch + colour * third) + depth * np.cos(down * pitch) for colour in range(3)
        ]
        return picture(np.asarray(image, dtype=np.float32) * np.stack(mask, axis=2).astype(np.float32))

    scene.after.append(beat)


def _small(scene: Scene, chance: random.Random) -> None:
    wide = chance.randrange(180, 420)

    def shrink(image: Image.Image, scene: Scene, chance: random.Random) -> Image.Image:
        factor = wide / scene.width
        size = (round(image.width * factor), round(image.height * factor))
        return image.resize(size, Image.Resampling.LANCZOS)

    scene.after.append(shrink)


def _screenshot(scene: Scene, chance: random.Random) -> None:
    """The photo as a phone or a computer shows it, with what stands around it on the screen."""
    dark, wide = chance.random() < 0.5, chance.random() < 0.3
    back, ink = ("#000000", "#e8e8e8") if dark else (chance.choice(("#ffffff", "#f2f2f7")), "#202124")

    def show(image: Image.Image, scene: Scene, chance: random.Random) -> Image.Image:
        shown = image.resize((1080, round(1080 * image.height / image.width)), Image.Resampling.BICUBIC)
        size = (1920, 1080) if wide else (1080, chance.choice((1920, 2220, 2340)))
        screen = Image.new("RGB", size, back)
        screen.paste(shown, ((size[0] - 1080) // 2, (size[1] - shown.height) // 2))
        pen = ImageDraw.Draw(screen)
        pen.text((40, 20), f"{chance.randrange(1, 24)}:{chance.randrange(10, 60)}", fill=ink, font_size=36)
        for icon in range(3):
            pen.rounded_rectangle((size[0] - 60 - 60 * icon, 26, size[0] - 24 - 60 * icon, 50), 6, fill=ink)
        for button in range(4):
            middle = size[0] * (button + 0.5) / 4
            pen.ellipse((middle - 24, size[1] - 84, middle + 24, size[1] - 36), outline=ink, width=5)
        return screen

    scene.after.append(show)


def _scanned(scene: Scene, chance: random.Random) -> None:
    scene.turn, scene.keystone = chance.uniform(-1, 1), 0.0
    scene.share, scene.table = chance.uniform(0.45, 0.7), "#ffffff"

    def scan(image: Image.Image, scene: Scene, chance: random.Random) -> Image.Image:
        white = Image.new("RGB", image.size, "white")
        shape = Image.new("L", image.size)
        ImageDraw.Draw(shape).polygon(scene.corners, fill=255)
        white.paste(ImageEnhance.Contrast(image).enhance(1.1), (0, 0), shape)
        return white

    scene.light, scene.noise, scene.quality = 1.0, 0.8, 92
    scene.after.append(scan)


def _copied(scene: Scene, chance: random.Random) -> None:
    """A black-and-white copy, photographed."""
    scene.after.append(lambda image, scene, chance: image.convert("L").convert("RGB"))


KINDS: dict[str, Damage] = {
    "good": _nothing,
    "held": _held,
    "opened": _opened,
    "soft": _soft,
    "blurred": _blurred,
    "shaken": _shaken,
    "dark": _dark,
    "overexposed": _overexposed,
    "glare": _glare,
    "cropped": _cropped,
    "turned": _turned,
    "tilted": _tilted,
    "slanted": _slanted,
    "off a screen": _off_screen,
    "screenshot": _screenshot,
    "scanned": _scanned,
    "small": _small,
    "copied": _copied,
}
