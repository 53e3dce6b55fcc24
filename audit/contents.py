"""What a row of the log says, in the bytes that its seal vouches for."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

from audit.models import Event, EventQuerySet
from vault import cipher
from vault.fields import EncryptedJSONField, Sealed

Row = dict[str, Any]

DETAIL = cast("EncryptedJSONField[Any, Any]", Event._meta.get_field("detail"))


def rows_of(events: EventQuerySet) -> Iterator[Row]:
    """Read rows as they stand, some at a time, without making objects of them."""
    rows: Any = events.values()
    return cast("Iterator[Row]", rows.iterator(chunk_size=1000))


def content_of(row: Row) -> bytes:
    """Return all that a row says; `detail` in clear, so that a rotation of the data keys breaks no seal.

    A column that says nothing is left out: one that is added later changes nothing for the rows before it.
    Raises CannotDecrypt.
    """
    said = {name: value for name, value in row.items() if value not in (None, "")}
    if isinstance(sealed := said.get("detail"), Sealed):
        said["detail"] = cipher.decrypt(sealed.token, bound_to=DETAIL.place(row["id"])).decode()
    return json.dumps(said, sort_keys=True, default=_in_words).encode()


def _in_words(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
