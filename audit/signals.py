"""Who came in, who went out, and who tried."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver

from audit.actions import record
from audit.kinds import Kind


@receiver(user_logged_in)
def record_sign_in(*, user: AbstractBaseUser, **_: Any) -> None:
    with transaction.atomic():
        record(kind=Kind.SIGNED_IN, by=user, subject=user)


@receiver(user_logged_out)
def record_sign_out(*, user: AbstractBaseUser | None, **_: Any) -> None:
    if user is None:  # an anonymous visitor pressed "Sign out" in a tab left open
        return
    with transaction.atomic():
        record(kind=Kind.SIGNED_OUT, by=user, subject=user)


@receiver(user_login_failed)
def record_failed_sign_in(*, credentials: Mapping[str, Any], **_: Any) -> None:
    # Only a name we know is kept: people type their password into the wrong field.
    name = str(credentials.get("username") or "")
    person = get_user_model()._default_manager.filter(username=name).first()
    with transaction.atomic():
        record(kind=Kind.SIGN_IN_FAILED, by=None, subject=person, after={"username": name} if person else None)
