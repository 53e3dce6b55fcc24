"""Beat, which says on time what is to be done. Several may run: what happens rarely is sent by one of them.

It counts seconds on a clock that nobody sets, and waits for nothing: a message that the broker does not take is sent
again when its time comes round.
"""

import logging
from time import monotonic
from typing import Any

from celery import beat
from django.db import Error, connection

from portal.heartbeats import pulse
from portal.models import BEAT, Sending

logger = logging.getLogger(__name__)

RARE = 60.0  # seconds between two runs; more frequent ones claim their rows, and may run twice
PULSE_EVERY = 10.0  # seconds


class Scheduler(beat.Scheduler):
    def __init__(self, *args: Any, **options: Any) -> None:
        self._due: dict[str, float] = {}
        self._pulse_due = 0.0
        super().__init__(*args, **options)

    def tick(self, *_: Any, **__: Any) -> float:
        """Send what is due; return for how many seconds there is nothing to do."""
        self._say_that_it_runs()
        entries: dict[str, Any] = self.schedule
        for name, entry in entries.items():
            if self._is_time(name, entry.schedule.seconds):
                self._send(entry)
        return max(0.0, min([*self._due.values(), self._pulse_due]) - monotonic())

    def _say_that_it_runs(self) -> None:
        if monotonic() >= self._pulse_due:
            self._pulse_due = monotonic() + PULSE_EVERY
            pulse(BEAT)

    def _is_time(self, name: str, every: float) -> bool:
        if monotonic() < self._due.get(name, 0.0):
            return False
        claimed = every < RARE or _claim(name, every)
        # What another beat has sent, or nobody could, is looked at again before its whole time has passed.
        self._due[name] = monotonic() + (every if claimed else min(every, RARE))
        return claimed

    def _send(self, entry: Any) -> None:
        try:
            self.app.send_task(entry.task, kwargs=entry.kwargs, **entry.options)
        except Exception as error:  # each transport has errors of its own, and none may end beat
            logger.warning("Nobody could be told to %s: %s", entry.name, error)


def _claim(name: str, every: float) -> bool:
    """Take this turn, unless another beat had it. Without the database there would be nothing to do anyway."""
    try:
        return Sending.claim(name, every=every)
    except Error as error:
        logger.warning("Nobody was told to %s: the database is away (%s)", name, type(error).__name__)
        connection.close()
        return False
