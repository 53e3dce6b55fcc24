"""The workers of one machine: one for what people wait for, one for the rest, so that neither waits for the other.

They are forked from one process that has loaded the portal, and so share most of its memory. A worker that ends is
started again, later each time it does so.
"""

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from types import FrameType

from portal.celery import app

logger = logging.getLogger("portal.workers")

# Queues and threads. Documents are read one at a time, by a process of their own that lets others go first.
WORKERS: Mapping[str, Sequence[str]] = {
    "people": ("--queues", "people", "--concurrency", "2"),
    "rest": ("--queues", "background,documents", "--concurrency", "4"),
}
# Threads: one process each, which a signal to the whole group stops at once. Workers ask each other nothing.
ALIKE = ("--pool", "threads", "--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat")
LONGEST_WAIT = 30.0  # seconds before a worker that ended is started again
RAN_WELL = 60.0  # seconds after which the next end counts as the first
PATIENCE = 1.0  # seconds for workers that were told to stop together with this process


@dataclass
class Child:
    name: str
    pid: int = 0
    ends: int = 0
    started_at: float = field(default_factory=monotonic)
    due_at: float = 0.0


class Supervisor:
    def __init__(self, commands: Mapping[str, Sequence[str]]) -> None:
        self._commands = commands
        self._children = [Child(name) for name in commands]
        self._stopping = threading.Event()

    def run(self) -> None:
        """Keep the workers running until this process is told to stop."""
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, self._stop)
        while not self._stopping.is_set():
            for child in self._children:
                self._look_after(child)
            self._stopping.wait(0.2)
        self._end_all()

    def _stop(self, _sign: int, _frame: FrameType | None) -> None:
        self._stopping.set()

    def _look_after(self, child: Child) -> None:
        if child.pid and _has_ended(child.pid):
            child.pid = 0
            child.ends = 1 if monotonic() - child.started_at > RAN_WELL else child.ends + 1
            wait = min(LONGEST_WAIT, 2.0 ** (child.ends - 1))
            child.due_at = monotonic() + wait
            logger.error("The worker for %s ended; it is started again in %.0f s", child.name, wait)
        if not child.pid and monotonic() >= child.due_at:
            child.started_at = monotonic()
            child.pid = self._fork(child.name)

    def _fork(self, name: str) -> int:
        pid = os.fork()
        if pid:
            return pid
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, signal.SIG_DFL)
        try:
            app.worker_main(["--quiet", "worker", "--hostname", f"{name}@%h", *self._commands[name], *ALIKE])
        finally:
            sys.stderr.flush()
            os._exit(1)

    def _end_all(self) -> None:
        """Wait for the workers, which finish what they are at. Those that heard nothing yet are told."""
        give_up_at = monotonic() + PATIENCE
        pause = threading.Event()
        while any(self._runs(child) for child in self._children):
            if monotonic() > give_up_at:
                give_up_at = float("inf")
                self._tell(signal.SIGTERM)
            pause.wait(0.05)

    def _runs(self, child: Child) -> bool:
        if child.pid and _has_ended(child.pid):
            child.pid = 0
        return bool(child.pid)

    def _tell(self, sign: signal.Signals) -> None:
        for child in self._children:
            if child.pid:
                os.kill(child.pid, sign)


def _has_ended(pid: int) -> bool:
    return os.waitpid(pid, os.WNOHANG) != (0, 0)


def main() -> None:
    app.loader.import_default_modules()
    app.finalize()
    gc.collect()
    gc.freeze()  # what was loaded so far stays shared
    Supervisor(WORKERS).run()


if __name__ == "__main__":
    main()
