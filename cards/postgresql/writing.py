"""Several rows written as one statement.

Deliveries come by the hundred a second. Django takes longer to word an INSERT than PostgreSQL to carry it out, so the
words are kept; and each statement costs a journey to the database and back, so they travel together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Model

MOST_AT_ONCE = 20  # a statement takes 65,535 values at most


@dataclass
class Together:
    """Statements that write different rows, carried out as one. None of them sees what the others write."""

    _sql: list[str] = field(default_factory=list)
    _params: list[Any] = field(default_factory=list)

    def add(self, sql: str, params: Sequence[Any]) -> None:
        if len(self._sql) == MOST_AT_ONCE:
            self.execute()
        self._sql.append(sql)
        self._params += params

    def insert(self, row: Model) -> None:
        """Insert a row that has its primary key."""
        self.add(insert_sql(type(row)), values(row))

    def execute(self) -> int:
        """Carry them out, if there are any; return how many rows the last one wrote."""
        if not self._sql:
            return 0
        *others, last = self._sql
        before = ", ".join(f"part_{number} AS ({sql})" for number, sql in enumerate(others))
        with connection.cursor() as cursor:
            cursor.execute(f"WITH {before} {last}" if others else last, self._params)
            written: int = cursor.rowcount
        self._sql, self._params = [], []
        return written


def insert_if_new(row: Model) -> bool:
    """Insert a row unless a constraint says that it is there; answer whether it was new. Waits for one on the way."""
    together = Together()
    together.add(f"{insert_sql(type(row))} ON CONFLICT DO NOTHING", values(row))
    is_new = together.execute() == 1
    row._state.adding = False  # it is there either way
    return is_new


@lru_cache
def insert_sql(model: type[Model]) -> str:
    columns = [str(each.column) for each in model._meta.concrete_fields]
    places = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - our own names


def values(row: Model) -> list[Any]:
    """Return the row's values as Django would write them."""
    return [
        each.get_db_prep_save(each.pre_save(row, add=True), connection=connection) for each in row._meta.concrete_fields
    ]
