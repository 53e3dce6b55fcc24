"""People and their rights, in tables that are Django's and django-allauth's: what is written there is captured too."""

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, User

from audit.capture import Capture


class CapturedPerson(User):
    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [Capture()]


class CapturedGroup(Group):
    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [Capture()]


class CapturedMembership(User.groups.through):  # type: ignore[name-defined, misc]
    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [Capture()]


class CapturedOwnRight(User.user_permissions.through):  # type: ignore[name-defined, misc]
    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [Capture()]


class CapturedRight(Group.permissions.through):  # type: ignore[name-defined, misc]
    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [Capture()]


class CapturedSecondFactor(Authenticator):  # type: ignore[misc]
    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [Capture(hidden=["data"])]
