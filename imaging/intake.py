"""Takes in an image that a person chose: checks it, and has it made anew by a process with limits.

Nothing of the upload but its pixels survives.
"""

import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from imaging import formats
from imaging.formats import Refused
from imaging.turns import turn

__all__ = ["Examined", "Refused", "examine"]

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 10.0  # seconds on the clock; the child's own limit counts what it computes
LARGEST_ANSWER = 11 * 1000 * 1000  # bytes
# Not ours: the keys of the portal are none of the child's business.
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
OUT_OF_TIME = (signal.SIGXCPU, signal.SIGKILL)
BEGINNINGS = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n"}


@dataclass(frozen=True)
class Examined:
    """An image of our own making: no metadata, upright, JPEG or PNG, with what was measured of it."""

    content: bytes
    kind: str
    width: int
    height: int
    sha256_in: str
    sha256_out: str
    converted_from: str
    measures: dict[str, float]
    likeness: str


def examine(content: bytes, *, name: str = "") -> Examined:
    """Return the image made anew, with its measures. Raises Refused with a sentence for the person who chose it.

    `name` is the file's own, where it has one: its ending has to agree with the content.
    """
    formats.check_size(len(content))
    kind = formats.kind_of(content)
    formats.check_name(name, kind)
    formats.check_whole(content, kind)
    formats.check_alone(content, kind)
    with turn():
        said, made = _ask_child(content, kind)
    if "sentence" in said:
        raise Refused(said["code"], said["sentence"])
    return Examined(
        content=made,
        kind=said["kind"],
        width=said["width"],
        height=said["height"],
        sha256_in=hashlib.sha256(content).hexdigest(),
        sha256_out=hashlib.sha256(made).hexdigest(),
        converted_from=kind if kind != said["kind"] else "",
        measures=said["measures"],
        likeness=said["likeness"],
    )


def _ask_child(content: bytes, kind: str) -> tuple[dict[str, Any], bytes]:
    """Run the child over files in memory: a passport never lies on the disk in the clear, and an answer has an end."""
    with _file_in_memory() as question, _file_in_memory() as answer:
        question.write(content)
        question.seek(0)
        _run(kind, question, answer)
        answer.seek(0)
        return _understood(answer.read(LARGEST_ANSWER))


def _run(kind: str, question: IO[bytes], answer: IO[bytes]) -> None:
    command = [sys.executable, "-E", "-s", "-m", "imaging.child", kind]
    try:
        ended = subprocess.run(  # noqa: S603 - our own module, with one of five words
            command, stdin=question, stdout=answer, stderr=subprocess.DEVNULL, cwd=ROOT, env=ENVIRONMENT,
            timeout=LONGEST, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise _overrun() from None
    if ended.returncode == -signal.SIGTERM:
        raise Refused("interrupted", "The portal was started anew meanwhile. Choose this image again.")
    if ended.returncode:
        logger.warning("A %s file ended the process that opened it: %s", kind, ended.returncode)
        raise _overrun() if -ended.returncode in OUT_OF_TIME else _not_opened()


def _understood(answer: bytes) -> tuple[dict[str, Any], bytes]:
    """Trust the child with nothing but what the answer has to be: it may have been taken over by what it read."""
    line, _, made = answer.partition(b"\n")
    try:
        said = json.loads(line)
    except ValueError:
        raise _not_opened() from None
    if not isinstance(said, dict) or not ("sentence" in said or _is_image(made, said.get("kind"))):
        raise _not_opened()
    return said, made


def _is_image(made: bytes, kind: Any) -> bool:
    return kind in BEGINNINGS and made.startswith(BEGINNINGS[kind])


def _file_in_memory() -> IO[bytes]:
    return os.fdopen(os.memfd_create("image"), "w+b")


def _overrun() -> Refused:
    return Refused("overrun", "Opening this image takes longer than a photo does. Take a new photo and choose that.")


def _not_opened() -> Refused:
    return Refused("not_opened", "This image cannot be opened safely. Take a new photo and choose that.")
