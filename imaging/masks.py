"""Which pixels hang together."""

import numpy as np

from imaging.arrays import Mask


def connected(mask: Mask, seeds: Mask) -> Mask:
    """Return the part of the mask that hangs together with the seeds."""
    reached = mask & seeds
    while True:
        wider = _along(_along(reached, mask).T, mask.T).T
        if wider.sum() == reached.sum():
            return reached
        reached = wider


def _along(reached: Mask, mask: Mask) -> Mask:
    """Return `reached` spread along the rows as far as the mask goes on."""
    starts = np.ones(mask.shape, dtype=bool)
    starts[:, 1:] = mask[:, 1:] != mask[:, :-1]
    runs = np.cumsum(starts.ravel())
    touched = np.bincount(runs, weights=reached.ravel()) > 0
    spread: Mask = touched[runs].reshape(mask.shape) & mask
    return spread
