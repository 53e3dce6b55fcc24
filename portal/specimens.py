"""Photos of documents of people who do not exist, for the demo and the tests."""

import zlib
from collections.abc import Iterator
from datetime import date
from itertools import count

from imaging.child import answer
from imaging.drawing import Holder, Side
from imaging.judging import judge, usual
from imaging.specimens import photograph

SIZE = (1600, 1200)
SIDES: dict[str, Side] = {"PASSPORT": "passport", "NATIONAL ID": "front"}
MARIA_WAS_BORN = date(1984, 11, 21)


def specimen(*, title: str, name: str, number: str, birth: date = MARIA_WAS_BORN, take: int = 0) -> bytes:
    """Return a photo of a document with these words on it, with which nothing is wrong.

    Each `take` is another photo of the same document.
    """
    given, _, surname = name.rpartition(" ")
    begin = zlib.crc32(f"{name} {number}".encode()) % 10_000
    someone = Holder(surname, given, number, birth, date(2035, 3, 31), looks=begin)
    photos = (photograph(someone, SIDES[title], seed=seed, size=SIZE) for seed in count(begin + 100 * take))
    return next(_good(photos))


def _good(photos: Iterator[bytes]) -> Iterator[bytes]:
    for photo in photos:
        said, _ = answer(photo, "JPEG")
        if not judge(said["measures"], usual("")):
            yield photo
