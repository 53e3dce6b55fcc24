"""Several rows written as one statement.

Deliveries come by the hundred a second. Django takes longer to word an INSERT than PostgreSQL to carry it out, so the
words are kept; and each statement costs a journey to the database and back, so they travel together.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models import Model

MOST_AT_ONCE = 20  # a statement takes 65,535 values at most


@dataclass
class Together:
    """Statements that write different rows, carried out as one. None of them sees what the others write.

    So many that one statement cannot take them are carried out in turn: that takes a transaction of the caller's.
    """

    _parts: list[tuple[str, str, Sequence[Any]]] = field(default_factory=list)

    def add(self, sql: str, params: Sequence[Any], *, name: str = "") -> None:
        """Add a statement, with a name where others read what it returns."""
        self._parts.append((name or f"part_{len(self._parts)} AS", sql, params))

    def insert(self, row: Model, *, per: str = "", **instead: str) -> None:
        """Insert a row that has its primary key; `instead` holds SQL for columns whose values are not in the row.

        With `per` it is inserted once for each row of those statements, so not at all where they return none.
        """
        self.add(insert_sql(type(row), per, **instead), values(row, without=instead))

    @property
    def is_one_statement(self) -> bool:
        return len(self._parts) <= MOST_AT_ONCE

    def execute(self) -> int:
        """Carry them out, if there are any; return how many rows the last one wrote."""
        written = 0
        for start in range(0, len(self._parts), MOST_AT_ONCE):
            with raw_cursor() as cursor:
                _carry_out(self._parts[start : start + MOST_AT_ONCE], cursor)
                written = cursor.rowcount
        return written

    def fetch(self) -> list[tuple[Any, ...]]:
        """Carry them out as one statement; return the rows of the last one."""
        with raw_cursor() as cursor:
            _carry_out(self._parts, cursor)
            return cursor.fetchall()


def _carry_out(parts: Sequence[tuple[str, str, Sequence[Any]]], cursor: psycopg.RawCursor[tuple[Any, ...]]) -> None:
    *others, (_, last, _) = parts
    before = ", ".join(f"{name} ({sql})" for name, sql, _ in others)
    cursor.execute(
        numbered(f"WITH {before} {last}" if others else last), [value for *_, params in parts for value in params]
    )


def insert_if_new(row: Model) -> bool:
    """Insert a row unless a constraint says that it is there; answer whether it was new. Waits for one on the way."""
    together = Together()
    together.add(f"{insert_sql(type(row))} ON CONFLICT DO NOTHING", values(row))
    is_new = together.execute() == 1
    row._state.adding = False  # it is there either way
    return is_new


@contextmanager
def raw_cursor() -> Iterator[psycopg.RawCursor[tuple[Any, ...]]]:
    """Give a cursor that sends a statement as it is: finding seventy places in one took as long as sending it.

    Its errors are Django's.
    """
    default = connections[DEFAULT_DB_ALIAS]  # at once: `connection` looks for it at every word
    default.ensure_connection()
    default.validate_no_broken_transaction()
    with default.wrap_database_errors, psycopg.RawCursor(default.connection) as cursor:
        yield cursor


@lru_cache(maxsize=500)
def numbered(sql: str) -> str:
    """Return the statement with its places numbered, as PostgreSQL wants them."""
    first, *others = sql.split("%s")
    return first + "".join(f"${number}{part}" for number, part in enumerate(others, start=1))


@lru_cache
def insert_sql(model: type[Model], per: str = "", **instead: str) -> str:
    columns = [str(each.column) for each in model._meta.concrete_fields]
    places = ", ".join(instead.get(column, "%s") for column in columns)
    values = f"SELECT {places} FROM {per}" if per else f"VALUES ({places})"  # noqa: S608 - our own names
    return f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) {values}"


def values(row: Model, *, without: Collection[str] = ()) -> list[Any]:
    """Return the row's values as Django would write them."""
    read, prepared = _reading(type(row), tuple(without))
    found = list(read(row))
    for place, column in prepared:
        found[place] = column.get_db_prep_save(column.pre_save(row, add=True), connection=connection)
    return found


# What the driver writes as it stands.
PLAIN = (models.UUIDField, models.CharField, models.DecimalField, models.DateTimeField, models.ForeignKey,
         models.BigAutoField, models.PositiveIntegerField)  # fmt: skip


@lru_cache
def _reading(
    model: type[Model], without: tuple[str, ...]
) -> tuple[Callable[[Model], tuple[Any, ...]], "list[tuple[int, models.Field[Any, Any]]]"]:
    """Return what reads the values of a row, and by their places the columns that Django has to prepare."""
    columns = [each for each in model._meta.concrete_fields if each.column not in without]
    prepared = [(place, each) for place, each in enumerate(columns) if type(each) not in PLAIN]
    return attrgetter(*(each.attname for each in columns)), prepared
