"""Who may do what is said by permissions; whoever may not is told in a sentence."""

from django.contrib.auth.models import User
from django.db.models import QuerySet

# That of permissions: whoever else signs people in gives none.
BACKEND = "django.contrib.auth.backends.ModelBackend"


class NotAllowed(Exception):  # noqa: N818 - it is an answer to a person
    """The message is the sentence the person reads."""


def check_person_may(by: User, permission: str) -> None:
    """Raise NotAllowed unless the person holds the permission: actions ask again what views have asked."""
    if not by.has_perm(permission):
        raise NotAllowed("You may not do this. Ask an admin for the right.")


def people_who_may(permission: str) -> QuerySet[User]:
    """Return the active people who hold the permission, by name."""
    people: QuerySet[User] = User.objects.with_perm(permission, backend=BACKEND)
    return people.order_by("username")
