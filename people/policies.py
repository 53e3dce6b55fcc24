from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User

OFF, ALL = "off", "all"


def needs_second_factor(user: User) -> bool:
    """Say whether a person may do nothing before they have set up a second factor."""
    if settings.SECOND_FACTOR == OFF:
        return False
    return settings.SECOND_FACTOR == ALL or user.is_staff or user.is_superuser


def has_second_factor(user: User) -> bool:
    """Recovery codes alone are none: they come with one."""
    factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return bool(factors.exists())
