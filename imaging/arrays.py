"""What imaging passes around inside: arrays of numbers, and masks that say which pixels are meant."""

from typing import Any

import numpy as np

Numbers = np.ndarray[tuple[Any, ...], np.dtype[Any]]
Mask = np.ndarray[tuple[Any, ...], np.dtype[np.bool_]]
