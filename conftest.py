import os
from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql

from portal import embedded


@pytest.fixture(scope="session")
def database_url_for() -> Callable[[str], str]:
    """Return a function giving the address of a fresh, empty database on this run's PostgreSQL, unique to the xdist worker."""
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")

    def fresh_database(name: str) -> str:
        address = f"{server}/test_{name}_{worker}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as server_connection:
            name_in_sql = sql.Identifier(address.rpartition("/")[2])
            server_connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name_in_sql))
        embedded.create_database(address)
        return address

    return fresh_database
