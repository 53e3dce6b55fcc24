"""Several rows written as one statement.

Deliveries come by the hundred a second. Django takes longer to word an INSERT than PostgreSQL to carry it out, so the
words are kept; and each statement costs a journey to the database and back, so they travel together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db import connection, models
from django.db.models import Model

MOST_AT_ONCE = 20  # a statement takes 65,535 values at most


class AlreadyThere(Exception):  # noqa: N818 - it is what the row is
    """The row that had to be new was not: undo the transaction."""


@dataclass
class Together:
    """Statements that write different rows, carried out as one. None of them sees what the others write."""

    new_row: Model | None = None  # inserted with the last of them
    _sql: list[str] = field(default_factory=list)
    _params: list[Any] = field(default_factory=list)

    def add(self, sql: str, params: Sequence[Any]) -> None:
        if len(self._sql) == MOST_AT_ONCE:
            self._carry_out()
        self._sql.append(sql)
        self._params += params

    def insert(self, row: Model) -> None:
        """Insert a row that has its primary key."""
        self.add(insert_sql(type(row)), values(row))

    def execute(self) -> None:
        """Carry them out, the new row with them. Raises AlreadyThere where that row is not new."""
        row, self.new_row = self.new_row, None
        if row:
            self.add(f"{insert_sql(type(row))} ON CONFLICT DO NOTHING", values(row))
            row._state.adding = False  # it is there either way
        if self._sql and not self._carry_out() and row:
            raise AlreadyThere

    def _carry_out(self) -> int:
        """Return how many rows the last statement wrote."""
        *others, last = self._sql
        before = ", ".join(f"part_{number} AS ({sql})" for number, sql in enumerate(others))
        with connection.cursor() as cursor:
            cursor.execute(f"WITH {before} {last}" if others else last, self._params)
            written: int = cursor.rowcount
        self._sql, self._params = [], []
        return written


def insert_if_new(row: Model) -> bool:
    """Insert a row unless a constraint says that it is there; answer whether it was new. Waits for one on the way."""
    try:
        Together(new_row=row).execute()
    except AlreadyThere:
        return False
    return True


@lru_cache
def insert_sql(model: type[Model]) -> str:
    columns = [str(each.column) for each in model._meta.concrete_fields]
    places = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - our own names


def values(row: Model) -> list[Any]:
    """Return the row's values as Django would write them."""
    return [_value(row, each) for each in row._meta.concrete_fields]


# What the driver writes as it stands.
PLAIN = (models.UUIDField, models.CharField, models.DecimalField, models.DateTimeField, models.ForeignKey,
         models.BigAutoField, models.PositiveIntegerField)  # fmt: skip


def _value(row: Model, column: "models.Field[Any, Any]") -> Any:
    if type(column) in PLAIN:
        return getattr(row, column.attname)
    return column.get_db_prep_save(column.pre_save(row, add=True), connection=connection)
