"""Lets few images be opened at a time, so that many uploads at once exhaust neither memory nor the web's threads."""

import fcntl
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imaging.formats import Refused

ON_THE_MACHINE = max(1, os.cpu_count() or 1)
IN_A_PROCESS = 3  # opening or waiting; a web process has a thread more, which answers everything else meanwhile
PATIENCE = 6.0  # seconds
PAUSE = 0.02  # seconds between two looks

_in_this_process = threading.BoundedSemaphore(IN_A_PROCESS)


@contextmanager
def turn() -> Iterator[None]:
    """Hold one of the machine's places for opening images. Raises Refused where all stay taken."""
    if not _in_this_process.acquire(blocking=False):
        raise _busy()
    try:
        place = _place()
        try:
            yield
        finally:
            os.close(place)  # gives the lock back; so does the end of the process, however it ends
    finally:
        _in_this_process.release()


def _place() -> int:
    give_up_at = time.monotonic() + PATIENCE
    while time.monotonic() < give_up_at:
        for number in range(ON_THE_MACHINE):
            place = os.open(_folder() / str(number), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(place)
            else:
                return place
        time.sleep(PAUSE)
    raise _busy()


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"imaging-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _busy() -> Refused:
    return Refused("busy", "Many images are being checked at this moment. Choose this one again in a few seconds.")
