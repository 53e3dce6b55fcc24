"""What it costs to be given one hostile file: `python -m imaging.costs NAME` prints the answer and its price as JSON.

A program, because a process counts the most memory that any of its children ever took, itself at their birth included.
"""

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from imaging.hostile import HOSTILE
from imaging.intake import Refused, examine

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Cost:
    code: str  # of the refusal; empty where the file was taken
    seconds: float
    megabytes: float  # at most, in the process that opened it or in this one, whichever took more


def cost_of(name: str) -> Cost:
    """Return what the file of this name costs, found out by a process of its own."""
    command = [sys.executable, "-m", "imaging.costs", name]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)  # noqa: S603 - ourselves
    return Cost(**json.loads(ended.stdout))


def main() -> None:
    hostile = next(each for each in HOSTILE if each.name == sys.argv[1])
    content, code = hostile.make(), ""
    began = time.monotonic()
    try:
        examine(content, name=hostile.file_name)
    except Refused as refused:
        code = refused.code
    seconds = time.monotonic() - began
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF))
    json.dump({"code": code, "seconds": seconds, "megabytes": most * 1024 / 1e6}, sys.stdout)


if __name__ == "__main__":
    main()
