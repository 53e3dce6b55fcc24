"""Beat and the workers write down themselves that they run, whether or not a message comes."""

import logging
import threading
from collections.abc import Sequence
from typing import Any

from celery import bootsteps
from django.db import Error, connection
from django.utils import timezone

from portal.models import Heartbeat, worker_of

logger = logging.getLogger(__name__)

PULSE_EVERY = 10.0  # seconds


def pulse(*names: str) -> None:
    """Write down that these are at work now. A database that is away is no reason to stop working."""
    try:
        for name in names:
            Heartbeat.beat(name, at=timezone.now())
    except Error as error:
        logger.warning("It was not noted who is at work (%s): %s", ", ".join(names), type(error).__name__)
        connection.close()


class Pulse(bootsteps.StartStopStep):
    """Has a worker write down that it runs, for each queue it serves."""

    def __init__(self, worker: Any, **options: Any) -> None:
        self._ends = threading.Event()
        super().__init__(worker, **options)

    def start(self, worker: Any) -> None:
        names = [worker_of(queue) for queue in worker.app.amqp.queues.consume_from]
        threading.Thread(target=self._keep_beating, args=[names], name="heartbeat", daemon=True).start()

    def stop(self, worker: Any) -> None:
        self._ends.set()

    def terminate(self, worker: Any) -> None:
        self._ends.set()

    def _keep_beating(self, names: Sequence[str]) -> None:
        while True:
            pulse(*names)
            if self._ends.wait(PULSE_EVERY):
                connection.close()
                return
