"""Finds the document in a photo: what looks like the middle of the picture and unlike its border."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from imaging.arrays import Mask, Numbers
from imaging.masks import connected

SMALL = 200  # pixels of the longer side that is searched
LEVELS = 16  # colours told apart, a channel
RING, MIDDLE = 0.03, 0.25  # of the picture: its border; the margin around its middle
ROUNDS = 3
RARE = 2e-4  # share that every colour has at least, so that one that was not met says little
SAMPLES, REACH = 40, 14  # along a side; to either side of it, in small pixels
LEAST_STEP = 4.0  # of 255, over two pixels, that is an edge
THUMB = 11  # small pixels: what is narrower and sticks out is no part of the document
SPREAD = 0.67  # height by width: a passport's page has 0.70, a card cut off less than 0.63
NEAR, REACHED = 2.0, 3.0  # small pixels from the border that count as on it, for both ends and for a side's middle
LEAST_AREA, LEAST_SUPPORT = 0.08, 0.6
SURE = 0.8  # support without which nothing is said to be cut off: it may be the table that was taken for the document


@dataclass(frozen=True)
class Outline:
    """Where a document lies. `corners` are in the picture's pixels, clockwise from the top left.

    `cut` is the share of its edge that lies on the picture's border; `support` the share of its weakest side along
    which there is an edge to be seen, sides on the border left out. `is_spread` where only the top is cut off
    and so much is left that all of a passport's page with the portrait may be there, below another page.
    """

    corners: Numbers
    cut: float
    support: float
    is_seen: bool
    is_spread: bool = False


def find(image: Image.Image) -> Outline:
    """Return where the document lies; the whole picture where it does not stand out from what is around it."""
    factor = max(1.0, max(image.size) / SMALL)
    size = (max(4, round(image.width / factor)), max(4, round(image.height / factor)))
    small = image.resize(size, Image.Resampling.BOX, reducing_gap=1.0).filter(ImageFilter.MedianFilter(3))
    small = small.convert("YCbCr")
    mask = _solid(_document(_colours(small)))
    hull = _hull(mask)
    if len(hull) < 4:
        return _whole(image)
    sides = _Sides(small, _corners(hull))
    needed = SURE if sides.cut else LEAST_SUPPORT
    if mask.sum() < LEAST_AREA * mask.size or sides.seen < 2 or sides.support < needed:
        return _whole(image, sides.support)
    return Outline(
        sides.corners * np.array(image.size) / small.size,
        sides.cut,
        sides.support,
        is_seen=True,
        is_spread=sides.is_spread,
    )


def width(lies: Outline) -> float:
    """Return the longer side of the document in pixels."""
    sides = np.hypot(*(np.roll(lies.corners, -1, axis=0) - lies.corners).T)
    return float(max(sides[0] + sides[2], sides[1] + sides[3]) / 2)


def _whole(image: Image.Image, support: float = 0.0) -> Outline:
    wide, high = image.size
    corners = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], dtype=float)
    return Outline(corners, 0.0, min(support, 0.99 * LEAST_SUPPORT), is_seen=False)


# --- Which pixels


def _colours(image: Image.Image) -> Numbers:
    """Return each pixel's colour as the number of a bin, lightness told apart as finely as the two others."""
    channels = np.asarray(image, dtype=np.float64)
    light = channels[:, :, 0] / 256
    tints = np.clip((channels[:, :, 1:] - 128) / 80 + 0.5, 0, 0.999)
    bins = [np.floor(part * LEVELS) for part in (light, tints[:, :, 0], tints[:, :, 1])]
    return ((bins[0] * LEVELS + bins[1]) * LEVELS + bins[2]).astype(np.int64)


def _document(colours: Numbers) -> Mask:
    """Return the pixels of the document: coloured like the middle, then like what was found."""
    high, wide = colours.shape
    ring = np.ones((high, wide), dtype=bool)
    edge = max(2, round(RING * max(high, wide)))
    ring[edge:-edge, edge:-edge] = False
    middle = np.zeros((high, wide), dtype=bool)
    middle[round(MIDDLE * high) : round((1 - MIDDLE) * high), round(MIDDLE * wide) : round((1 - MIDDLE) * wide)] = True
    inside, outside = middle, ring
    for _ in range(ROUNDS):
        likelier = np.log(_frequency(colours, inside) / _frequency(colours, outside))
        smooth = _box(likelier[colours], 2)
        found = connected(smooth > 0, middle)
        inside, outside = found, ~found
        if not found.any() or found.all():
            break
    return found


def _solid(mask: Mask) -> Mask:
    """Return the mask without holes, and without what sticks out of it, such as the thumb that holds it."""
    ring = np.ones(mask.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    filled = ~connected(~mask, ring)
    image = Image.fromarray(np.pad(filled, THUMB, mode="edge").astype(np.uint8))
    opened = image.filter(ImageFilter.MinFilter(THUMB)).filter(ImageFilter.MaxFilter(THUMB))
    return np.asarray(opened, dtype=bool)[THUMB:-THUMB, THUMB:-THUMB]


def _frequency(colours: Numbers, where: Mask) -> Numbers:
    counts = np.bincount(colours[where], minlength=LEVELS**3).reshape((LEVELS,) * 3).astype(float)
    for axis in range(3):
        counts = counts + 0.5 * (np.roll(counts, 1, axis) + np.roll(counts, -1, axis))
    share: Numbers = counts.ravel() / max(counts.sum(), 1.0)
    return share + RARE


def _box(values: Numbers, reach: int) -> Numbers:
    padded = np.pad(values, reach, mode="edge")
    size = 2 * reach + 1
    rows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=0).mean(axis=-1)
    mean: Numbers = np.lib.stride_tricks.sliding_window_view(rows, size, axis=1).mean(axis=-1)
    return mean


# --- Its shape


def _hull(mask: Mask) -> Numbers:
    """Return the corners of the convex hull, clockwise as seen."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return np.empty((0, 2))
    first, last = mask.argmax(axis=1), mask.shape[1] - mask[:, ::-1].argmax(axis=1)
    points = [(float(x), float(y + step)) for y in rows for x in (first[y], last[y]) for step in (0, 1)]
    points = sorted(set(points))
    upper, lower = _chain(points), _chain(points[::-1])
    return np.array(upper[:-1] + lower[:-1])


def _chain(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    chain: list[tuple[float, float]] = []
    for x, y in points:
        while len(chain) > 1:
            (ax, ay), (bx, by) = chain[-2:]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            chain.pop()
        chain.append((x, y))
    return chain


def _corners(hull: Numbers) -> Numbers:
    """Return the four points of the hull that hold most of it, the top left one first."""
    far = ((hull[:, None] - hull[None]) ** 2).sum(axis=2)
    one, other = np.unravel_index(far.argmax(), far.shape)
    along = hull[other] - hull[one]
    aside = (hull[:, 0] - hull[one, 0]) * along[1] - (hull[:, 1] - hull[one, 1]) * along[0]
    four = hull[[one, aside.argmax(), other, aside.argmin()]]
    middle = four.mean(axis=0)
    order = np.argsort(np.arctan2(four[:, 1] - middle[1], four[:, 0] - middle[0]))
    four = four[order]
    return np.roll(four, -int(four.sum(axis=1).argmin()), axis=0)


def _area(points: Numbers) -> float:
    x, y = points.T
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


# --- Its sides


class _Sides:
    """The four sides, each moved to the outermost line near it along which the picture changes."""

    def __init__(self, image: Image.Image, corners: Numbers) -> None:
        self.steps = _changes(image)
        self.limit = max(LEAST_STEP, 2.0 * float(np.median(self.steps)))
        self.wide, self.high = image.size
        pairs = [(corners[at], corners[(at + 1) % 4]) for at in range(4)]
        self.on_border = [self._is_on_border(*pair) for pair in pairs]
        lines, supports = [], []
        for pair, is_on_border in zip(pairs, self.on_border, strict=True):
            line, support = (pair, 1.0) if is_on_border else self._best(*pair)
            lines.append(line)
            supports.append(support)
        # A band along the document's edge in another colour may have hidden that it goes on to the border.
        moved = zip(self.on_border, lines, strict=True)
        self.on_border = [before or self._reaches_border(*line) for before, line in moved]
        self.corners = np.array([_crossing(lines[at - 1], lines[at]) for at in range(4)])
        self.seen = self.on_border.count(False)
        self.support = min(supports)

    @property
    def cut(self) -> float:
        lengths = np.hypot(*(np.roll(self.corners, -1, axis=0) - self.corners).T)
        return float(lengths[self.on_border].sum() / max(lengths.sum(), 1.0))

    @property
    def is_spread(self) -> bool:
        top, right, bottom, left = np.hypot(*(np.roll(self.corners, -1, axis=0) - self.corners).T)
        is_cut_above = self.on_border == [True, False, False, False]
        return bool(is_cut_above and right + left > SPREAD * (top + bottom))

    def _is_on_border(self, one: Numbers, other: Numbers) -> bool:
        for axis, most in ((0, self.wide), (1, self.high)):
            for side in (0, most):
                if abs(one[axis] - side) <= NEAR and abs(other[axis] - side) <= NEAR:
                    return True
        return False

    def _reaches_border(self, one: Numbers, other: Numbers) -> bool:
        x, y = (one + other) / 2
        return bool(min(x, y, self.wide - x, self.high - y) <= REACHED)

    def _best(self, one: Numbers, other: Numbers) -> tuple[tuple[Numbers, Numbers], float]:
        along = (other - one) / max(float(np.hypot(*(other - one))), 1.0)
        outward = np.array([along[1], -along[0]])
        places = one + np.linspace(0.08, 0.92, SAMPLES)[:, None] * (other - one)
        offsets = np.arange(-REACH, REACH + 1)
        found = self._at(places[:, None] + offsets[None, :, None] * outward) > self.limit
        found = found | np.roll(found, 1, axis=1)
        starts, ends = np.meshgrid(offsets, offsets, indexing="ij")
        share = np.linspace(0.08, 0.92, SAMPLES)
        between = np.rint(starts[..., None] + (ends - starts)[..., None] * share).astype(int) + REACH
        support = found[np.arange(SAMPLES), between].mean(axis=2)
        outermost = np.where(support >= 0.9 * support.max(), starts + ends, -np.inf)
        start, end = np.unravel_index(outermost.argmax(), outermost.shape)
        moved = (one + offsets[start] * outward, other + offsets[end] * outward)
        return moved, float(support[start, end])

    def _at(self, places: Numbers) -> Numbers:
        columns = np.clip(places[..., 0].astype(int), 0, self.wide - 1)
        rows = np.clip(places[..., 1].astype(int), 0, self.high - 1)
        steps: Numbers = self.steps[rows, columns]
        return steps


def _changes(image: Image.Image) -> Numbers:
    """Return how much the picture changes at each pixel, in the channel where it changes most."""
    channels = np.asarray(image, dtype=np.float64)
    across, down = np.zeros_like(channels), np.zeros_like(channels)
    across[:, 1:-1] = channels[:, 2:] - channels[:, :-2]
    down[1:-1] = channels[2:] - channels[:-2]
    most: Numbers = np.hypot(across, down).max(axis=2)
    return most


def _crossing(one: tuple[Numbers, Numbers], other: tuple[Numbers, Numbers]) -> Numbers:
    """Return where two lines meet; the end of the first where they do not."""
    (a, b), (c, d) = one, other
    way, across = b - a, d - c
    turn = way[0] * across[1] - way[1] * across[0]
    is_parallel = abs(turn) < 1e-6
    share = 1.0 if is_parallel else ((c - a)[0] * across[1] - (c - a)[1] * across[0]) / turn
    place: Numbers = a + share * way
    return place
