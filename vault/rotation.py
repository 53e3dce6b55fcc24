"""Seals again, with the newest key, whatever an older one sealed. Safe to stop and to start again at any moment."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from vault import cipher
from vault.fields import EncryptedField, KeyedHashField, Sealed
from vault.storage import EncryptedStorage

Row = tuple[Any, ...]


@dataclass
class Tally:
    seen: int = 0
    sealed_again: int = 0
    unreadable: list[str] = field(default_factory=list)  # places, never values


# What apps seal in other ways than with an encrypted field: its name, and what seals it again.
others: dict[str, Callable[[], Tally]] = {}


def encrypted_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if encrypted_fields(model)]


def encrypted_fields(model: type[models.Model]) -> list[EncryptedField[Any, Any]]:
    return [one for one in model._meta.local_concrete_fields if isinstance(one, EncryptedField)]


def rotate_rows(model: type[models.Model], *, batch: int = 100) -> Tally:
    """Go through a table in short transactions, each holding the locks of one batch."""
    tally = Tally()
    last = None
    while last := _rotate_batch(model, tally, after=last, size=batch):
        pass
    return tally


def rotate_files(storage: EncryptedStorage) -> Tally:
    tally = Tally()
    for name in storage.names():
        tally.seen += 1
        try:
            tally.sealed_again += storage.rotate(name)
        except cipher.CannotDecrypt:
            tally.unreadable.append(f"file:{name}")
        except FileNotFoundError:  # deleted while we were at it
            continue
    return tally


@transaction.atomic
def _rotate_batch(model: type[models.Model], tally: Tally, *, after: Any, size: int) -> Any:
    """Rotate the next rows and return the last one's key, or None when there are no more."""
    _announce_rotation()
    fields = encrypted_fields(model)
    rows = model._base_manager.order_by("pk").select_for_update(no_key=True)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    last = None
    for last, *values in rows.values_list("pk", *(one.name for one in fields))[:size]:
        tally.seen += 1
        _rotate_row(model, last, dict(zip(fields, values, strict=True)), tally)
    return last


def _announce_rotation() -> None:
    # The trigger of an append-only table lets a sealed column be sealed again while this stands in the transaction.
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('vault.rotating', 'on', true)")


def _rotate_row(
    model: type[models.Model], pk: Any, values: dict[EncryptedField[Any, Any], Sealed | None], tally: Tally
) -> None:
    changes: dict[str, Any] = {}
    for one, sealed in values.items():
        if sealed is None or not cipher.needs_rotation(sealed.token):
            continue
        try:
            changes[one.name] = one.seal_again(sealed, pk)
            changes |= {hashed.name: hashed.hash_of(one.open(sealed, pk)) for hashed in _hashes_of(one)}
            tally.sealed_again += 1
        except cipher.CannotDecrypt:
            tally.unreadable.append(one.place(pk))
    if changes:
        model._base_manager.filter(pk=pk).update(**changes)


def _hashes_of(one: EncryptedField[Any, Any]) -> Iterator[KeyedHashField[Any, Any]]:
    for other in one.model._meta.local_concrete_fields:
        if isinstance(other, KeyedHashField) and other.of == one.name:
            yield other
