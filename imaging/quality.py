"""Measures a photo of a document: numbers only, what they mean is judged elsewhere."""

import numpy as np
from PIL import Image

WORKING = 1000  # pixels of the longer side that most is measured at


def measure(image: Image.Image) -> dict[str, float]:
    """Return what can be said about an upright RGB image in numbers."""
    working = image.convert("RGB")
    working.thumbnail((WORKING, WORKING), Image.Resampling.BOX, reducing_gap=1.0)
    light = np.asarray(working.convert("L"), dtype=np.float32)
    return {
        "width": float(max(image.size)),
        "brightness": float(np.median(light)),
        "sharpness": float(np.abs(np.diff(light, axis=1)).std()),
    }
