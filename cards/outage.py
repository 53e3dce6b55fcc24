"""What this process knows of a database that went silent: so that only the first requests wait for it."""

import logging
import threading
from collections.abc import Callable
from time import monotonic

from django.db import Error, connections

from cards.postgresql.patience import answering_by

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.2  # seconds
LOOK_FOR = 1.0  # seconds


class Outage:
    """While it lasts nobody asks the database but one thread, which ends it and does what was left until then."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.afterwards: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._over.set()

    @property
    def is_on(self) -> bool:
        return not self._over.is_set()

    def begin(self) -> None:
        with self._lock:
            if self.is_on:
                return
            self._over.clear()
        logger.error("The database did not answer; purchases are declined until it does")
        threading.Thread(target=self._watch, name="waiting for the database", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; answer whether it came."""
        return self._over.wait(seconds)

    def _watch(self) -> None:
        pause = threading.Event()
        while not self._has_ended():
            pause.wait(LOOK_EVERY)
        logger.error("The database answers again")
        self._over.set()
        for act in self.afterwards:
            act()
        connections[self.alias].close()

    def _has_ended(self) -> bool:
        connection = connections[self.alias]
        try:
            with answering_by(monotonic() + LOOK_FOR, connection=connection), connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error:
            connection.close()
            return False
        return True
