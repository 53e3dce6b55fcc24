"""A fingerprint of what a picture shows, which survives scaling and re-encoding.

It sees details of a twentieth of the picture and larger: photos of different documents differ, scans of two documents
of one issuer in the very same place may not.
"""

import numpy as np
from PIL import Image

SIDE = 64  # pixels the picture is reduced to, a side
SLOWEST, BITS = 4, 8  # frequencies kept, a side: the slowest say how documents lie, which is much the same for all


def perceptual_hash(image: Image.Image) -> str:
    """Return 16 hexadecimal digits: which of the picture's frequencies lie above their median."""
    small = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    waves = _WAVES @ np.asarray(small, dtype=np.float64) @ _WAVES.T
    bits = (waves > np.median(waves)).ravel()
    return np.packbits(bits).tobytes().hex()


def distance(one: str, other: str) -> int:
    """Return in how many of 64 bits two fingerprints differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


_WAVES = np.cos(np.pi / SIDE * np.outer(np.arange(SLOWEST, SLOWEST + BITS), np.arange(SIDE) + 0.5))
