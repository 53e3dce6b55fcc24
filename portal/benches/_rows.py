"""Rows for COPY, made from the models: a column nobody names gets the default its model would give it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED
from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from vault.fields import EncryptedField

BLOCK = 2000  # rows that travel together


class Table:
    """A model's table: `varying` columns are given row by row, `constant` ones once."""

    def __init__(self, model: type[models.Model], *, varying: Sequence[str], constant: Mapping[str, Any]) -> None:
        self.model = model
        self.name = model._meta.db_table
        self.sealed = [field for field in _fields(model) if isinstance(field, EncryptedField)]
        self._key = _attname(model._meta.pk)
        self._varying = varying
        given = {*varying, *constant}
        unknown = given - {_attname(field) for field in _fields(model)}
        if unknown:
            raise ValueError(f"{self.name} has no {', '.join(sorted(unknown))}: bring the generator up to date")
        self._columns, self._template = self._lay_out(constant)

    def _lay_out(self, constant: Mapping[str, Any]) -> tuple[list[str], str]:
        columns, parts = [], []
        for field in _fields(self.model):
            name = _attname(field)
            varies = name in self._varying or isinstance(field, EncryptedField)
            if not varies and name not in constant and field.db_default is not NOT_PROVIDED:
                continue
            columns.append(field.column)
            parts.append(f"%({name})s" if varies else _constant(field, constant).replace("%", "%%"))
        return columns, "\t".join(parts) + "\n"

    def line(self, values: Mapping[str, Any]) -> str:
        """Return one row; what is encrypted is sealed for it."""
        texts = {name: text(values[name]) for name in self._varying if name in values}
        for field in self.sealed:
            plain = values.get(field.attname, field.get_default())
            texts[field.attname] = text(None if plain is None else field.seal(plain, values[self._key]))
        return self._template % texts

    def load(self, target: Connection[Any], rows: Iterable[Mapping[str, Any]]) -> Iterator[int]:
        """Copy the rows, and say after each block how many there are."""
        columns = sql.SQL(", ").join(map(sql.Identifier, self._columns))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(self.name), columns)
        count, block = 0, []
        with target.cursor().copy(statement) as copy:
            for row in rows:
                block.append(self.line(row))
                if len(block) == BLOCK:
                    copy.write("".join(block))
                    count += len(block)
                    block.clear()
                    yield count
            copy.write("".join(block))
        yield count + len(block)


def text(value: Any) -> str:
    """Write a value as COPY reads it."""
    if isinstance(value, str):
        return _escaped(value) if "\\" in value or "\t" in value or "\n" in value else value
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    if isinstance(value, Jsonb):
        return _escaped(json.dumps(value.obj))
    if isinstance(value, list):
        return "{" + ",".join(map(_element, value)) + "}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _element(value: str) -> str:
    """Write a word as an element of an array of texts, itself in a line of COPY."""
    return '"' + _escaped(value.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def _constant(field: Any, constant: Mapping[str, Any]) -> str:
    value = constant[field.attname] if field.attname in constant else field.get_default()
    return text(field.get_db_prep_save(value, connection))


def _fields(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not getattr(field, "generated", False)]


def _attname(field: Any) -> str:
    return str(field.attname)
