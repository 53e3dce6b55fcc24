"""Takes a database of the tests back to what the migrations left, behind a test that committed.

Django empties every table instead, and the rows of the migrations with them: groups, reasons, targets. Which tests came
before would then decide what a test finds.
"""

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Connection, sql

LISTED = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'django_migrations'"


class AsMigrated:
    """What stands in the tables now, while no test has run yet."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._tables = [name for (name,) in self._raw().execute(LISTED).fetchall()]
        self._rows = {table: self._read(table) for table in self._with_rows()}

    def restore(self) -> None:
        """Empty the tables that were written to, and put back what the migrations had written there."""
        with transaction.atomic(using=self._connection.alias):
            if changed := [table for table in self._with_rows() if self._is_changed(table)]:
                names = sql.SQL(", ").join(map(sql.Identifier, changed))
                self._raw().execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
            for table in filter(self._is_changed, self._rows):  # deleted by the test, or empty now
                self._write(table)

    def _raw(self) -> Connection[tuple[str]]:
        self._connection.ensure_connection()
        raw: Connection[tuple[str]] = self._connection.connection
        return raw

    def _with_rows(self) -> list[str]:
        asked = [
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(name), sql.Identifier(name))
            for name in self._tables
        ]
        return [name for (name,) in self._raw().execute(sql.SQL(" UNION ALL ").join(asked)).fetchall()]

    def _is_changed(self, table: str) -> bool:
        return table not in self._rows or self._read(table) != self._rows[table]

    def _read(self, table: str) -> bytes:
        with self._raw().cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
            return b"".join(bytes(part) for part in copy)

    def _write(self, table: str) -> None:
        with self._raw().cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
            copy.write(self._rows[table])
