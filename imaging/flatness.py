"""Signs that no camera took the picture of the document itself: even surfaces, and the rhythm of a screen's pixels."""

import numpy as np
from PIL import Image

from imaging.arrays import Mask, Numbers
from imaging.masks import connected

BLOCK, CELLS = 16, 64  # pixels of a block a side; blocks looked at along the longer side
EVEN = 1  # levels between the darkest and the lightest pixel of an even block
WHITE = 250
BAR = 0.06  # of the picture's height: where a screen shows time and buttons
TILE, TILES = 256, 3  # pixels a side; tiles a side
FINEST, SLOWEST = 0.5, 0.1  # cycles per pixel between which a screen's rhythm is looked for
COARSE = 4  # cells of a blown patch


def surroundings(image: Image.Image) -> dict[str, float]:
    """Return how much of the picture's border (%) is as even as a screen or a scanner's lid makes it, by its looks."""
    light, even = _blocks(image)
    ring = np.ones(even.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    white = 100 * float((even & (light >= WHITE))[ring].mean())
    flat = 100 * float(even[ring].mean())
    is_scan = white > 60 and not _has_bar(even)
    return {"scan": white if is_scan else 0.0, "screenshot": 0.0 if is_scan else flat}


def _blocks(image: Image.Image) -> tuple[Numbers, Mask]:
    """Return lightness and evenness of blocks spread over the whole picture, its very border included."""
    light = np.asarray(image.convert("L"))
    light = np.pad(light, [(0, max(0, BLOCK - length)) for length in light.shape], mode="edge")
    high, wide = light.shape
    count = [max(3, min(CELLS, length // BLOCK)) for length in (high, wide)]
    tops = np.linspace(0, high - BLOCK, count[0]).astype(int)
    lefts = np.linspace(0, wide - BLOCK, count[1]).astype(int)
    steps = np.arange(BLOCK)
    blocks = light[(tops[:, None] + steps)[:, None, :, None], (lefts[:, None] + steps)[None, :, None, :]]
    lowest, highest = blocks.min(axis=(2, 3)), blocks.max(axis=(2, 3))
    return lowest, highest.astype(int) - lowest <= EVEN


def _has_bar(even: Mask) -> bool:
    """Answer whether something small stands at the top or bottom on an even ground, as time and buttons do."""
    rows = max(2, round(BAR * len(even)))
    return any(0.0 < 1 - strip.mean() < 0.5 for strip in (even[:rows], even[-rows:]))


def rhythm(image: Image.Image, corners: Numbers) -> float:
    """Return how far the strongest fine rhythm that is all over the document stands out, in decibels."""
    spectra = [_spectrum(tile) for tile in _tiles(image, corners)]
    if not spectra:
        return 0.0
    mean = np.mean(spectra, axis=0)
    pace = np.abs(np.fft.fftfreq(TILE))
    paces = np.hypot(pace[:, None], pace[None, : TILE // 2 + 1])
    wanted = (paces >= SLOWEST) & (paces <= FINEST)
    rings = np.clip((paces * 40).astype(int), 0, 40)
    usual = np.array([np.median(mean[rings == ring]) if (rings == ring).any() else 0 for ring in range(41)])
    return float((mean - usual[rings])[wanted].max())


def _tiles(image: Image.Image, corners: Numbers) -> list[Numbers]:
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    tiles = []
    for row in range(TILES):
        for column in range(TILES):
            x = left + (right - left) * (column + 0.5) / TILES - TILE / 2
            y = top + (bottom - top) * (row + 0.5) / TILES - TILE / 2
            box = (round(x), round(y), round(x) + TILE, round(y) + TILE)
            if box[0] >= 0 and box[1] >= 0 and box[2] <= image.width and box[3] <= image.height:
                tiles.append(np.asarray(image.crop(box).convert("L"), dtype=np.float32))
    return tiles


def _spectrum(tile: Numbers) -> Numbers:
    window = np.hanning(TILE).astype(np.float32)
    waves = np.fft.rfft2((tile - tile.mean()) * window * window[:, None])
    return 10 * np.log10(np.abs(waves) ** 2 + 1.0)


def largest_patch(mask: Mask) -> int:
    """Return how many pixels the largest connected part has, looked at in cells."""
    high, wide = mask.shape[0] // COARSE * COARSE, mask.shape[1] // COARSE * COARSE
    cells = mask[:high, :wide].reshape(high // COARSE, COARSE, wide // COARSE, COARSE).mean(axis=(1, 3)) > 0.7
    largest = 0
    while cells.any():
        seed = np.zeros_like(cells)
        seed.ravel()[cells.argmax()] = True
        patch = connected(cells, seed)
        largest = max(largest, int(patch.sum()))
        cells = cells & ~patch
        if cells.sum() <= largest:
            break
    return largest * COARSE**2
