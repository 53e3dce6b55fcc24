"""Two people at once, each in a transaction of their own."""

import threading
from collections.abc import Callable

from django.db import connection


def in_a_thread(act: Callable[[], object]) -> threading.Thread:
    """Start a thread with a connection of its own, as a process would have."""

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def wait_for_a_lock() -> None:
    """Return once another connection to this database waits for a lock."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with connection.cursor() as cursor:
        for _ in range(100_000):
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction would go on seeing what it saw first
            cursor.execute(waits)
            if cursor.fetchone() != (0,):
                return
    raise AssertionError("Nobody waits.")
