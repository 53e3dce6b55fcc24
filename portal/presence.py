"""A web process says once in a while that it runs, so that silence of the provider can be told from ours.

The same thread writes what the process has counted meanwhile: nobody waits for it.
"""

import logging
import threading

from django.db import Error, connection
from django.utils import timezone

from cards.uptime import note_running
from provider.shape_watch import watch

logger = logging.getLogger(__name__)

NOTE_EVERY = 20.0  # seconds


def keep_noting() -> None:
    threading.Thread(target=_keep_noting, name="noting that the portal runs", daemon=True).start()


def _keep_noting() -> None:
    pause = threading.Event()
    while True:
        note()
        pause.wait(NOTE_EVERY)


def note() -> None:
    """Note this minute; a database that is away means that no delivery could be taken either."""
    try:
        note_running(now=timezone.now())
        watch.write_if_due()
    except Error as error:
        logger.warning("It was not noted that the portal runs: %s", type(error).__name__)
        connection.close()
