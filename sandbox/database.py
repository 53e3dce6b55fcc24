"""The sandbox's own database: made when it is missing."""

from typing import Any

import psycopg
from django.db import connections
from psycopg import sql


class NoDatabaseError(Exception):
    pass


def create_if_missing() -> None:
    settings = connections["default"].settings_dict
    name = str(settings["NAME"])
    try:
        with psycopg.connect(**_server(settings), autocommit=True) as server:
            found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if found is None:
                server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.errors.DuplicateDatabase:
        return
    except psycopg.Error as problem:
        raise NoDatabaseError(f"PostgreSQL says: {problem}".strip()) from problem


def _server(settings: dict[str, Any]) -> dict[str, Any]:
    parts = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    given = {option: settings[key] for option, key in parts.items() if settings.get(key)}
    return {**given, "dbname": "postgres", "connect_timeout": 5}
