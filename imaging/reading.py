"""Reads a document's image: its codes, else its machine-readable zone. Runs in a process of its own with limits.

What cannot be read says nothing about the document: a photo may be dark, a card may have no zone.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any

from imaging.facts import Facts

logger = logging.getLogger(__name__)

READ, NOT_READ, NO_READER = "read", "not_read", "no_reader"

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 45.0  # seconds on the clock; the child's own limit counts what it computes
LARGEST_ANSWER = 20_000  # bytes
LONGEST_TEXT = 100
# Not ours: the keys of the portal are none of the child's business.
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Reading:
    """How reading went: READ with facts, NOT_READ, or NO_READER where letters cannot be read here."""

    outcome: str
    facts: Facts | None = None


def read(content: bytes, *, today: date) -> Reading:
    """Return what the image of a document says. `today` finds the century of a year written with two digits.

    Takes seconds. Whatever the image does to the process that reads it, this returns.
    """
    try:
        return _understood(_ask_child(content, today))
    except (ValueError, TypeError, KeyError):
        return Reading(NOT_READ)


def _ask_child(content: bytes, today: date) -> bytes:
    """Run the child over files in memory: a passport never lies on the disk in the clear, and an answer has an end."""
    with _file_in_memory() as question, _file_in_memory() as answer:
        question.write(content)
        question.seek(0)
        _run(today, question, answer)
        answer.seek(0)
        return answer.read(LARGEST_ANSWER)


def _run(today: date, question: IO[bytes], answer: IO[bytes]) -> None:
    command = [sys.executable, "-E", "-s", "-m", "imaging.reading_child", today.isoformat()]
    try:
        ended = subprocess.run(  # noqa: S603 - our own module, with a day
            command, stdin=question, stdout=answer, stderr=subprocess.DEVNULL, cwd=ROOT, env=ENVIRONMENT,
            timeout=LONGEST, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        logger.warning("Reading a document took longer than %s seconds and was given up", LONGEST)
        return
    if ended.returncode:
        logger.warning("The process that read a document ended with %s", ended.returncode)


def _file_in_memory() -> IO[bytes]:
    return os.fdopen(os.memfd_create("document"), "w+b")


def _understood(answer: bytes) -> Reading:
    """Trust the child with nothing but the shape of what it says. Raises ValueError, TypeError or KeyError."""
    said = json.loads(answer)
    if said["outcome"] not in (READ, NOT_READ, NO_READER):
        raise ValueError
    return Reading(said["outcome"], as_facts(said["facts"]) if said["outcome"] == READ else None)


def as_json(facts: Facts) -> dict[str, Any]:
    """Return the facts as they are kept and sent: days as text, an unknown day as an empty one."""
    return {
        name: (value.isoformat() if isinstance(value, date) else ("" if value is None else value))
        for name, value in asdict(facts).items()
    }


def as_facts(kept: Mapping[str, Any]) -> Facts:
    """Return the facts that were kept. Raises ValueError, TypeError or KeyError where they are none."""
    return Facts(
        source=_text(kept["source"]),
        surname=_text(kept["surname"]),
        given_names=_text(kept["given_names"]),
        number=_text(kept["number"]),
        birth_date=_day(kept["birth_date"]),
        expiry_date=_day(kept["expiry_date"]),
        issuer=_text(kept["issuer"]),
        names_are_cut=bool(kept["names_are_cut"]),
        is_mended=bool(kept["is_mended"]),
        is_transliterated=bool(kept["is_transliterated"]),
    )


def _text(text: str) -> str:
    return str(text)[:LONGEST_TEXT]


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
