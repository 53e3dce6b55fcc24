"""A pytest plugin, loaded before the settings: names the PostgreSQL of this run.

With nothing set the run has a cluster of its own under `VAR_DIR`. On a power cut it forgets what a test wrote: nobody
misses that, and the suite takes half the time.
"""

import os
from pathlib import Path

import psycopg

os.environ.setdefault("DEMO", "1")
# Tests that commit empty the tables behind them, the audit log included, which production never allows.
os.environ["PGOPTIONS"] = "-c audit.allow_truncate=on"

from portal import embedded

CLUSTER = embedded.VAR_DIR / "test-postgres" / "data"


def _start(cluster: Path) -> None:
    if os.environ.get("DATABASE_URL"):
        return
    embedded.start_if_needed(cluster=cluster)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


_start(CLUSTER)
