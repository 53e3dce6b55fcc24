import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.db.transaction import TransactionManagementError

from audit.kinds import Kind
from audit.models import Event
from audit.origin import acting_as, current_origin

__all__ = ["acting_as", "record"]

SECRET_WORDS = {"pan", "cvc", "cvv", "pin", "password", "secret", "image", "images"}
SECRET_NAMES = {"api_key", "webhook_key"}


def record(
    *,
    kind: str,
    by: AbstractBaseUser | None,
    customer_id: UUID | str | None = None,
    subject: Model | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    note: str = "",
) -> Event:
    """Write down who did what, in the transaction that does it.

    `before` and `after` hold the fields that matter, in values JSON can say. Raises TransactionManagementError outside
    a transaction, and ValueError for a key that names a secret or an image: those are never recorded.
    """
    if not transaction.get_connection().in_atomic_block:
        raise TransactionManagementError("Record inside the transaction of the change: the two stand or fall together.")
    for values in (before, after):
        _refuse_secrets(values)
    origin = current_origin()
    return Event.objects.create(
        kind=kind,
        actor_id=by.pk if by else None,
        actor_name=by.get_username() if by else "",
        customer_id=customer_id,
        object_type=subject._meta.label_lower if subject else "",
        object_id=str(subject.pk) if subject else "",
        detail=_detail(before, after, note),
        source=origin.source,
        ip=origin.ip,
        request_id=origin.request_id,
    )


@transaction.atomic
def view_event(event: Event, *, by: AbstractBaseUser) -> None:
    """Note that somebody looked at what an event says of a customer."""
    record(kind=Kind.RECORD_VIEWED, by=by, customer_id=event.customer_id, subject=event)


@transaction.atomic
def export_events(*, by: AbstractBaseUser, filters: Mapping[str, str], customer_id: UUID | None = None) -> None:
    """Note that somebody took the log, or a part of it, out of the portal. Raises PermissionDenied."""
    if not by.has_perm("audit.export_event"):  # type: ignore[attr-defined]
        raise PermissionDenied("You may not export the audit log. Ask an admin for the right.")
    record(kind=Kind.LOG_EXPORTED, by=by, customer_id=customer_id, after=filters)


def _detail(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, note: str) -> dict[str, Any] | None:
    parts = {"before": before, "after": after, "note": note}
    return {name: part for name, part in parts.items() if part} or None


def _refuse_secrets(values: Any) -> None:
    if isinstance(values, Mapping):
        for key, value in values.items():
            if names_a_secret(str(key)):
                raise ValueError(f"{key} is never recorded: leave it out of before and after.")
            _refuse_secrets(value)
    elif isinstance(values, Iterable) and not isinstance(values, str | bytes):
        for value in values:
            _refuse_secrets(value)


def names_a_secret(key: str) -> bool:
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", key).lower()
    return not SECRET_WORDS.isdisjoint(name.split("_")) or any(secret in name for secret in SECRET_NAMES)
