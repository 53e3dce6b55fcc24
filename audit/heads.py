"""The head of the chain, written down outside the database: whoever cuts off the end of the log cannot cut this too.

It stands in a file under VAR_DIR and in the output of the worker, `<number of the seal>:<its mac>`.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from audit.models import Seal

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Head:
    number: int
    mac: str
    when: str = ""

    @classmethod
    def from_text(cls, text: str) -> "Head":
        """Read a head as it was written down. Raises ValueError."""
        found = re.fullmatch(r"(?:(\S+) )?(\d{1,18}):([0-9a-f]{64})", text.strip())
        if found is None:
            raise ValueError("A head is the number of a seal and its mac, such as 412:9f3c….")
        return cls(number=int(found[2]), mac=found[3], when=found[1] or "")

    def __str__(self) -> str:
        return f"the head of {self.when}" if self.when else "the head that was given"


def head_file() -> Path:
    return Path(settings.VAR_DIR) / "audit-heads.txt"


def write_head() -> None:
    """Add the newest seal to the file, and say it in the log."""
    seal = Seal.objects.newest()
    if seal is None:
        return
    logger.info("The head of the audit log is %s", seal.head)
    with head_file().open("a") as file:
        file.write(f"{timezone.now().isoformat(timespec='seconds')} {seal.head}\n")


def heads_written() -> list[Head]:
    """Return the heads in the file, oldest first. Raises ValueError for a line that is none."""
    return list(_heads(head_file().read_text().splitlines())) if head_file().exists() else []


def _heads(lines: Iterable[str]) -> Iterator[Head]:
    for number, line in enumerate(lines, start=1):
        try:
            yield Head.from_text(line)
        except ValueError:
            raise ValueError(f"Line {number} of {head_file()} is no head.") from None
