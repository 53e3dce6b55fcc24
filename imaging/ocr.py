"""Makes out the long lines of letters in a picture, with RapidOCR and the models in its wheel.

Runs in the reading's own process (imaging.reading_child): it takes seconds and hundreds of megabytes.
"""

import importlib.util
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

# Pixels of the longer side, for finding lines; they are read at full size. At the first, lines of fillers hold together
# and it takes a quarter of a second; the second finds the lines of a document that fills little of the picture.
LOOKED_AT = (480, 960)
SLENDER = 8  # how many times longer than high a line of a zone is at least
MOST_LINES = 8
HIGH = 48  # pixels of a line, as the model wants it

Corners = list[tuple[float, float]]  # as it is read: top left, top right, bottom right, bottom left


def is_installed() -> bool:
    return all(importlib.util.find_spec(name) for name in ("rapidocr", "onnxruntime", "cv2"))


def readings(image: Image.Image) -> Iterator[list[str]]:
    """Yield the long lines of the picture as they read one way up, then the other, found at one size, then at another.

    A line on its side is turned first: that is why two ways are enough for four.
    """
    for size in LOOKED_AT:
        found = _long_lines(image, size)
        for corners in (found, [_other_way_up(each) for each in found]):
            yield [_read(_straightened(image, each)) for each in corners]


def _long_lines(image: Image.Image, size: int) -> list[Corners]:
    """Return where the longest lines stand, all of them the same way up."""
    small = image.copy()
    small.thumbnail((size, size))
    boxes = _engine()(_numbers(small), use_det=True, use_cls=False, use_rec=False).boxes
    scale = image.width / small.width
    lines = [_lying([(float(x) * scale, float(y) * scale) for x, y in box]) for box in (() if boxes is None else boxes)]
    slender = [line for line in lines if _length(line) > SLENDER * math.dist(line[1], line[2])]
    longest = sorted(slender, key=_length, reverse=True)[:MOST_LINES]
    return [line if _runs_along(line, longest[0]) else _other_way_up(line) for line in longest]


def _lying(box: Corners) -> Corners:
    """Return the corners so that the first two end the line's long side."""
    stands = math.dist(box[1], box[2]) > math.dist(box[0], box[1])
    return [*box[1:], box[0]] if stands else box


def _other_way_up(line: Corners) -> Corners:
    return [*line[2:], *line[:2]]


def _runs_along(line: Corners, other: Corners) -> bool:
    (ax, ay), (bx, by) = line[:2]
    (cx, cy), (dx, dy) = other[:2]
    return (bx - ax) * (dx - cx) + (by - ay) * (dy - cy) >= 0


def _length(line: Corners) -> float:
    return math.dist(line[0], line[1])


def _straightened(image: Image.Image, line: Corners) -> Image.Image:
    high = max(1.0, math.dist(line[1], line[2]))
    wide = max(HIGH, round(_length(line) * HIGH / high))
    top_left, top_right, bottom_right, bottom_left = line
    corners = (*top_left, *bottom_left, *bottom_right, *top_right)
    return image.transform((wide, HIGH), Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)


def _read(line: Image.Image) -> str:
    texts = _engine()(_numbers(line), use_det=False, use_cls=False, use_rec=True).txts
    return "".join(texts or ())


def _numbers(image: Image.Image) -> Any:
    """Return the pixels as the engine takes them: blue first."""
    return np.asarray(image.convert("RGB"))[:, :, ::-1]


@cache
def _engine() -> Any:
    import rapidocr

    models = Path(rapidocr.__file__).parent / "models"
    return rapidocr.RapidOCR(
        params={
            "Global.use_cls": False,
            "Global.log_level": "critical",  # what it reads belongs in no log
            "Global.text_score": 0.0,  # the check digits decide
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "Det.limit_type": "max",
            "Det.limit_side_len": max(LOOKED_AT),
            # By path: a model that is named by kind is fetched from the network where it is missing.
            "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
            "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
        }
    )
