"""What happens with people, told by Django and allauth, is recorded here and noted in their session."""

from typing import Any

from allauth.account.signals import authentication_step_completed, password_changed
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from audit.actions import record
from audit.kinds import Kind
from people import sessions
from people.actions import forget_attempts


def connect() -> None:
    user_logged_in.connect(begin_session)
    authentication_step_completed.connect(note_confirmation)
    authentication_failed.connect(record_failed_code)
    password_changed.connect(record_new_password)
    post_save.connect(record_added_factor, sender=Authenticator)
    post_delete.connect(record_removed_factor, sender=Authenticator)


def begin_session(*, request: HttpRequest, user: User, **_: Any) -> None:
    sessions.begin(request.session)
    forget_attempts(name=user.get_username())


def note_confirmation(*, request: HttpRequest, user: User, **details: Any) -> None:
    if not details.get("reauthenticated"):
        return
    sessions.note_confirmation(request.session)
    with transaction.atomic():
        record(kind=Kind.IDENTITY_CONFIRMED, by=user, subject=user)


def record_failed_code(*, user: User, **_: Any) -> None:
    with transaction.atomic():
        note = "the password was right, the code was not"
        record(kind=Kind.SIGN_IN_FAILED, by=None, subject=user, after={"username": user.get_username()}, note=note)


def record_new_password(*, user: User, **_: Any) -> None:
    """Record in the transaction of the change: see the address of the page."""
    record(kind=Kind.PASSWORD_CHANGED, by=user, subject=user)


def record_added_factor(*, instance: Authenticator, created: bool, **_: Any) -> None:
    if created:
        _record_factor(Kind.SECOND_FACTOR_ADDED, instance)


def record_removed_factor(*, instance: Authenticator, **_: Any) -> None:
    _record_factor(Kind.SECOND_FACTOR_REMOVED, instance)


def _record_factor(kind: Kind, instance: Authenticator) -> None:
    with transaction.atomic():
        record(kind=kind, by=_person_at_work(), subject=instance.user, after={"kind": instance.type})


def _person_at_work() -> User | None:
    user = getattr(context.request, "user", None)
    return user if user is not None and user.is_authenticated else None
