"""Files that no document names: of a row that was never committed, or replaced while the store was away."""

import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import Q

from audit.actions import record
from audit.kinds import Kind
from customers.models import Document, document_storage
from vault.stores import StoredFile

OLD = timedelta(days=1)  # a younger one may belong to a row that is being committed
BATCH = 500
OURS = re.compile(r"(?P<customer>[0-9a-f-]{36})/[0-9a-f]{2}/(?P<file>[0-9a-f]{32}|\.draft-\w+)")


def stray_files(*, now: datetime) -> Iterator[StoredFile]:
    """Yield files older than a day that no row names. What was not named by us is left alone. Raises StoreAway."""
    old = (file for file in document_storage().files() if file.changed_at < now - OLD and OURS.fullmatch(file.name))
    while batch := list(islice(old, BATCH)):
        named = _named(batch)
        yield from (file for file in batch if file.name not in named)


@transaction.atomic
def remove_stray_file(file: StoredFile) -> None:
    """Delete one file, with its record. Raises StoreAway."""
    record(kind=Kind.STRAY_FILE_REMOVED, by=None, customer_id=_customer(file), after={"file": file.name})
    document_storage().delete(file.name)


def _named(files: Iterable[StoredFile]) -> set[str]:
    names = [file.name for file in files]
    rows = Document.objects.filter(Q(front__in=names) | Q(back__in=names), customer__in=map(_customer, files))
    return {name for pair in rows.values_list("front", "back") for name in pair}


def _customer(file: StoredFile) -> uuid.UUID:
    return uuid.UUID(file.name.partition("/")[0])
