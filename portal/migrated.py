"""A database with every migration applied, which tests clone: a clone takes a moment, the migrations many seconds.

It stays for the next run, and is made anew when the code of the project is not what it was made of.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent


def template(server: str, name: str) -> str:
    """Make sure that the migrated database of this name stands on the server, and return the name.

    `server` is an address without its database. Whoever asks meanwhile waits until it is made.
    """
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        if _made_of(connection, name) != (code := _code()):
            _make(connection, f"{server}/{name}", name)
            connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), code))
    return name


def clone(server: str, name: str, *, template: str) -> None:
    """Make a database like the template; there must be none of this name."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )


def _make(connection: psycopg.Connection[Any], address: str, name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": address}, check=True)  # noqa: S603 - our own


def _made_of(connection: psycopg.Connection[Any], name: str) -> str | None:
    found = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    return found[0] if found else None


def _code() -> str:
    """Return what stands for all that migrations are made of: they import models, roles and statements of triggers."""
    packages = [folder for folder in ROOT.iterdir() if (folder / "__init__.py").exists()]
    files = [path for folder in packages for path in folder.rglob("*.py") if "tests" not in path.parts]
    digest = hashlib.sha256()
    for path in sorted([*files, ROOT / "requirements.txt"]):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()
