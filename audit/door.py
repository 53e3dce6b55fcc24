"""Tells the portal's own code, whose actions record what they do, from whoever else writes to the database.

Processes of the portal announce themselves on each of their connections, as `audit.door`. Where that is missing, as in
`manage.py shell` and `psql`, and for as long as a page of Django admin is served, triggers record what no action did.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.db import Error, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from audit.origin import current_origin

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

PORTAL = "portal"
SETTINGS = ("audit.door", "audit.actor_id", "audit.actor_name", "audit.ip", "audit.request_id")
SAY = "SELECT " + ", ".join(f"set_config('{name}', %s, false)" for name in SETTINGS)
NOTHING = ("",) * len(SETTINGS)

_process = [NOTHING]  # what this process says of itself
_said: ContextVar[tuple[str, ...] | None] = ContextVar("audit_door", default=None)


def come_as_portal() -> None:
    """Announce this process as the portal's own, on the connections it has and on those it will have."""
    _process[0] = (PORTAL, *NOTHING[1:])
    for one in connections.all(initialized_only=True):
        if one.connection is not None:
            announce(connection=one)


@contextmanager
def past_the_actions(person: "AbstractBaseUser | AnonymousUser") -> Iterator[None]:
    """Have what is written inside recorded in the person's name, unless an action records it."""
    origin = current_origin()
    who = (str(person.pk), person.get_username()) if person.pk else ("", "")
    token = _said.set(("", *who, origin.ip or "", origin.request_id))
    try:
        _say(connection)
        yield
    finally:
        _said.reset(token)
        _take_back()


@receiver(connection_created)
def announce(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    if any(_said.get() or _process[0]):
        _say(connection)


def _say(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SAY, _said.get() or _process[0])


def _take_back() -> None:
    if connection.connection is None or connection.needs_rollback:
        return  # nothing was said yet, or the end of the transaction takes it back
    try:
        _say(connection)
    except Error:
        connection.close()
