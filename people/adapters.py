"""How allauth does things here: accounts are made by admins, so it signs in and nothing else."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from audit.origin import current_origin
from people import stored_secrets
from people.actions import Spent, give_back_attempt, record_lock, spend_attempt
from people.sessions import is_confirmed


def spend_or_refuse(name: str) -> Spent:
    """Count an attempt. Raises ValidationError, which says until when, where there were too many."""
    spent = spend_attempt(name=name)
    if spent.locked_until:
        until = timezone.localtime(spent.locked_until)
        raise ValidationError(
            f"Too many attempts. Try again at {until:%H:%M}, or ask an admin to unlock you.", code="locked"
        )
    return spent


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "Username or password is not right.",
        "incorrect_password": "This is not your password. Capital letters matter.",
        "enter_current_password": "This is not your present password. Capital letters matter.",
    }

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        self._spent = spend_or_refuse(credentials["username"])

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        person = super().authenticate(request, **credentials)
        if person:
            give_back_attempt(name=credentials["username"])
        return person

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        if self._spent.is_last:
            record_lock(name=credentials["username"])

    def get_client_ip(self, request: HttpRequest) -> str:
        return current_origin().ip or "0.0.0.0"  # noqa: S104 - a session names an address, even one that has none

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        return [{"id": "reauthenticate", "description": "Password", "url": reverse("account_reauthenticate")}]

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        return not is_confirmed(context.request)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code is not right. Type the one that is shown now.",
    }

    def encrypt(self, text: str) -> str:
        return stored_secrets.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return stored_secrets.open_sealed(encrypted_text)
