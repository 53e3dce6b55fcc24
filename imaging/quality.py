"""Measures a photo of a document: numbers only, what they mean is judged elsewhere.

Lengths are taken where the document is WORKING pixels wide, whatever the camera, so that a number means the same for a
phone of ten years ago and for one of today.
"""

import numpy as np
from PIL import Image, ImageDraw

from imaging import flatness, outline
from imaging.arrays import Mask, Numbers

WORKING = 1000  # pixels of the document's longer side
REBLUR = 1.5  # radius of the blur that is added to learn how much there was
EDGES = 99  # percentile of changes that are edges of letters, not paper or noise
WAYS = 4  # directions in which sharpness is measured; the worst counts, so that shaking shows
BLOWN = 250  # of 255
LINES, ALTERNATION = 300, 15  # pixels that the document is wide, and a line of writing high, where its way is found
PAPER = 75  # percentile of the document's light that is its paper


def measure(image: Image.Image) -> dict[str, float]:
    """Return what can be said in numbers about an upright RGB image. Names are those that `judging` knows."""
    lies = outline.find(image)
    document, inside, scale = _document(image, lies)
    light = np.asarray(document.convert("L"), dtype=np.float32)
    found = {
        "width": outline.width(lies),
        "edges": 100 * lies.support,
        **_pose(lies),
        "sideways": _sideways(image, lies),
        **_light(document, light, inside),
        "sharpness": _sharpness(light, inside) * scale,
        "colour": _colour(document, inside),
        "screen": flatness.rhythm(image, lies.corners),
        **flatness.surroundings(image),
    }
    return {name: round(float(value), 1) for name, value in found.items()}


def _document(image: Image.Image, lies: outline.Outline) -> tuple[Image.Image, Mask, float]:
    """Return the part of the picture with the document, where in it the document is, and how much it was reduced by."""
    corners = np.clip(lies.corners, 0, image.size)
    left, top = np.floor(corners.min(axis=0)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    wide = max(outline.width(lies), 1.0)
    factor = min(1.0, WORKING / wide)
    size = (max(16, round((right - left) * factor)), max(16, round((bottom - top) * factor)))
    part = image.resize(size, Image.Resampling.BILINEAR, box=(left, top, right, bottom), reducing_gap=2.0)
    places = (corners - (left, top)) * (size[0] / max(right - left, 1), size[1] / max(bottom - top, 1))
    middle = places.mean(axis=0)
    shape = Image.new("L", size)
    ImageDraw.Draw(shape).polygon([tuple(place) for place in middle + 0.94 * (places - middle)], fill=1)
    return part.convert("RGB"), np.asarray(shape, dtype=bool), min(1.0, wide / WORKING)


def _pose(lies: outline.Outline) -> dict[str, float]:
    """Return how far it is cut off (% of its edge), turned (degrees) and seen from aside (% by which sides differ)."""
    if not lies.is_seen:
        return {"cut": 0.0, "page_cut": 0.0, "tilt": 0.0, "keystone": 0.0}
    sides = np.roll(lies.corners, -1, axis=0) - lies.corners
    lengths = np.hypot(*sides.T)
    angles = np.degrees(np.arctan2(sides[:, 1], sides[:, 0])) + 45
    tilt = np.median(np.abs(angles % 90 - 45))
    pairs = [min(lengths[at], lengths[at + 2]) / max(lengths[at], lengths[at + 2], 1.0) for at in (0, 1)]
    return {
        "cut": 0.0 if lies.is_spread else 100 * lies.cut,
        "page_cut": 100 * lies.cut if lies.is_spread else 0.0,
        "tilt": tilt,
        "keystone": 0.0 if lies.cut else 100 * (1 - min(pairs)),
    }


def _sideways(image: Image.Image, lies: outline.Outline) -> float:
    """Return in decibels by how much rather columns than rows alternate between writing and gaps."""
    if not lies.is_seen:
        return 0.0
    top, right, bottom, left = np.hypot(*(np.roll(lies.corners, -1, axis=0) - lies.corners).T)
    factor = LINES / max(top, right, bottom, left)
    size = (max(20, round((top + bottom) / 2 * factor)), max(20, round((left + right) / 2 * factor)))
    reduced = max(1, int(1 / factor))
    corners = [float(place) for corner in lies.corners[[0, 3, 2, 1]] / reduced for place in corner]
    flat = image.convert("L").reduce(reduced).transform(size, Image.Transform.QUAD, corners, Image.Resampling.BILINEAR)
    light = np.asarray(flat, dtype=np.float32)
    margin = round(0.06 * min(light.shape))
    light = light[margin:-margin, margin:-margin]
    rows, columns = (_alternation(np.abs(np.diff(part, axis=1))) for part in (light, light.T))
    return 10 * float(np.log10(max(columns, 1e-3) / max(rows, 1e-3)))


def _alternation(steps: Numbers) -> float:
    """Return how much rows differ from those around them."""
    writing = np.minimum(steps, 60).mean(axis=1)
    reach = ALTERNATION // 2
    around = np.convolve(np.pad(writing, reach, mode="edge"), np.ones(ALTERNATION) / ALTERNATION, mode="valid")
    return float((writing - around).std() / max(float(writing.mean()), 1e-3))


def _light(document: Image.Image, light: Numbers, inside: Mask) -> dict[str, float]:
    """Return how bright the paper is, how much of the document is burnt out, and the largest such patch (%)."""
    seen = light[inside]
    blown = (np.asarray(document).min(axis=2) >= BLOWN) & inside
    area = max(int(inside.sum()), 1)
    return {
        "brightness": float(np.percentile(seen, PAPER)) if seen.size else 0.0,
        "blown": 100 * blown.sum() / area,
        "glare": 100 * flatness.largest_patch(blown) / area,
    }


def _colour(document: Image.Image, inside: Mask) -> float:
    """Return how far the document is from grey, on average, of 128."""
    tints = np.asarray(document.convert("YCbCr"), dtype=np.float32)[:, :, 1:][inside]
    return float(np.abs(tints - 128).mean()) if tints.size else 0.0


def _sharpness(light: Numbers, inside: Mask) -> float:
    """Return 100 divided by the radius in pixels of the blur that would make edges as soft as these.

    An edge blurred once more loses the more of its steepness the sharper it was: with s the radius it had and r the one
    added, steepness falls by √(s² + r²) / s. The worst direction counts.
    """
    softer = _blurred(light, REBLUR)
    before, after = np.gradient(light), np.gradient(softer)
    ratios = []
    for way in range(WAYS):
        angle = np.pi * way / WAYS
        steep = [np.abs(np.cos(angle) * down + np.sin(angle) * across)[inside] for down, across in (before, after)]
        ratios.append(_loss(*steep))
    return 100 * float(np.sqrt(max(min(ratios) ** 2 - 1, 1e-4))) / REBLUR


def _loss(before: Numbers, after: Numbers) -> float:
    """Return by what edges were steeper before they were blurred again: the median of the strongest."""
    if not after.size:
        return 1.0
    edges = after >= np.percentile(after, EDGES)
    return float(np.median(before[edges] / np.maximum(after[edges], 1e-3)))


def _blurred(light: Numbers, radius: float) -> Numbers:
    reach = round(3 * radius)
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * radius**2)).astype(np.float32)
    weights /= weights.sum()
    for axis in (0, 1):
        padded = np.pad(light, [(reach, reach) if way == axis else (0, 0) for way in (0, 1)], mode="edge")
        size = light.shape[axis]
        parts = (padded[at : at + size] if axis == 0 else padded[:, at : at + size] for at in range(2 * reach + 1))
        light = sum((weight * part for weight, part in zip(weights, parts, strict=True)), np.zeros_like(light))
    return light
