import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from audit.origin import current_origin
from people.models import LOCKED_FOR, Attempts, Kept
from vault import cipher

logger = logging.getLogger(__name__)

# Attempts in a row before a lock. Many people may sit behind one address.
MOST_FOR_NAME, MOST_FOR_ADDRESS = 5, 30


class Spent(NamedTuple):
    """What became of an attempt: refused until a time, or counted, and then perhaps the last one there was."""

    locked_until: datetime | None = None
    is_last: bool = False


@transaction.atomic
def spend_attempt(*, name: str) -> Spent:
    """Count an attempt to sign in before it is checked, so that attempts at the same time are no more than one by one.

    An attempt while locked is not counted, and does not prolong the lock.
    """
    limits = _limits(name)
    now = timezone.now()
    Attempts.objects.bulk_create([Attempts(key=key, last_at=now) for key in limits], ignore_conflicts=True)
    rows = list(Attempts.objects.select_for_update().filter(key__in=limits).order_by("key"))
    for row in rows:
        row.count = 0 if row.ends_at <= now else row.count
    if locked := [row.ends_at for row in rows if row.count >= limits[row.key]]:
        return Spent(locked_until=max(locked))
    for row in rows:
        row.count, row.last_at = row.count + 1, now
        row.save(update_fields=["count", "last_at"])
    return Spent(is_last=any(row.count == limits[row.key] for row in rows))


@transaction.atomic
def give_back_attempt(*, name: str) -> None:
    """Take back the count of an attempt that was right."""
    for row in Attempts.objects.select_for_update().filter(key__in=_limits(name), count__gt=0).order_by("key"):
        row.count -= 1
        row.save(update_fields=["count"])


def forget_attempts(*, name: str) -> bool:
    """Let a name begin anew, as after a sign-in. Says whether there was anything to forget."""
    return bool(Attempts.objects.filter(pk=_key("name", name)).delete()[0])


@transaction.atomic
def unlock_address(address: str, *, by: User | None) -> bool:
    """Let an address try again now. Says whether there was anything to unlock."""
    if not Attempts.objects.filter(pk=_key("address", address)).delete()[0]:
        return False
    record(kind=Kind.SIGN_IN_UNLOCKED, by=by, note=f"for {address}")
    return True


@transaction.atomic
def record_lock(*, name: str) -> None:
    """Note that a name or an address is locked out. Only a name we know is kept: people mistype passwords into it."""
    person = get_user_model().objects.filter(username=name).first()
    minutes = LOCKED_FOR // timedelta(minutes=1)
    record(kind=Kind.SIGN_IN_LOCKED, by=None, subject=person, note=f"for {minutes} minutes")
    logger.warning("Sign-in is locked after too many attempts")


@transaction.atomic
def unlock_sign_in(person: User, *, by: User | None) -> bool:
    """Let a person try again now. Says whether there was anything to unlock."""
    if not forget_attempts(name=person.get_username()):
        return False
    record(kind=Kind.SIGN_IN_UNLOCKED, by=by, subject=person)
    return True


@transaction.atomic
def remove_second_factors(person: User, *, by: User) -> bool:
    """Take away what a person has lost, with its recovery codes. They set up another one when they sign in next."""
    rows = Authenticator.objects.filter(user=person)
    if not rows:
        return False
    rows.delete()  # each is recorded as it goes: see people.signals
    end_sessions(UserSession.objects.filter(user=person), by=by)
    return True


@transaction.atomic
def end_sessions(sessions: Iterable[UserSession], *, by: User) -> None:
    """Sign out browsers, wherever they are."""
    for session in sessions:
        session.end()
        record(kind=Kind.SESSION_ENDED, by=by, subject=session.user)


@transaction.atomic
def expire_session(request: HttpRequest) -> None:
    """Sign out a person whose session has come to its end by itself."""
    record(kind=Kind.SESSION_EXPIRED, by=request.user, subject=request.user)  # type: ignore[arg-type]
    request.session.flush()
    request.user = AnonymousUser()


def forget_what_ended() -> None:
    """Delete sessions that have ended, with what they said of a browser, and counts and values past their time."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    Attempts.objects.filter(last_at__lt=now - LOCKED_FOR).delete()
    Kept.objects.filter(expires_at__lt=now).delete()


def _limits(name: str) -> dict[str, int]:
    limits = {_key("name", name): MOST_FOR_NAME}
    address = current_origin().ip
    return limits | {_key("address", address): MOST_FOR_ADDRESS} if address else limits


def _key(what: str, value: str) -> str:
    return cipher.keyed_hash(value.strip().casefold(), purpose=f"attempts by {what}")
