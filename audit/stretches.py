"""Stretches of numbers that were drawn for the log and have no row in it yet, as [first, last, since when].

A number is drawn before its transaction ends. It may end later than others that drew later, or fail and leave the
number empty for good.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

# For how long a number may wait for its row: no transaction of ours is open for longer.
LONGEST_TRANSACTION = timedelta(days=1)

Stretch = tuple[int, int, str]


def without(stretches: Iterable[Stretch], seqs: Sequence[int]) -> list[Stretch]:
    """Return what remains of the stretches when these numbers, ascending, have their rows."""
    left = []
    for first, last, since in stretches:
        for seq in seqs[bisect_left(seqs, first) : bisect_right(seqs, last)]:
            if first < seq:
                left.append((first, seq - 1, since))
            first = seq + 1
        if first <= last:
            left.append((first, last, since))
    return left


def still_expected(stretches: Iterable[Stretch], *, now: datetime) -> list[Stretch]:
    return [each for each in stretches if now - datetime.fromisoformat(each[2]) < LONGEST_TRANSACTION]
