"""Filters of the queue that a person keeps under a name."""

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Q

from audit.actions import record
from audit.capture import Capture
from audit.kinds import Kind
from customers.policies import NotAllowed, check_person_may
from desk.filters import Filters

LONGEST_NAME, MOST = 40, 20


class SavedFilter(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters", db_index=False
    )
    name = models.CharField(max_length=LONGEST_NAME)
    query = models.CharField(max_length=500, help_text="As it stands in the address of the queue.")

    class Meta:
        triggers = [Capture()]
        default_permissions = ("view",)
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_filter_has_a_name_of_its_own"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(query=""), name="saved_filter_filters_by_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


def saved_filters_of(person: User) -> Iterable[SavedFilter]:
    return SavedFilter.objects.filter(owner=person.pk).order_by("name")


@transaction.atomic
def save_filter(*, name: str, filters: Filters, by: User) -> SavedFilter:
    """Keep filters under a name; the same name means the new ones. Raises NotAllowed."""
    check_person_may(by, "customers.view_customer")
    name = " ".join(name.replace("\0", "").split())  # PostgreSQL takes no NUL
    if not name or len(name) > LONGEST_NAME:
        raise NotAllowed(f"Give the filter a name of at most {LONGEST_NAME} characters.")
    if not filters:
        raise NotAllowed("Choose what to filter by, then save it.")
    others = SavedFilter.objects.filter(owner=by).exclude(name=name)
    if others.count() >= MOST:
        raise NotAllowed(f"You keep {MOST} filters already. Remove one first.")
    saved, _ = SavedFilter.objects.update_or_create(owner=by, name=name, defaults={"query": filters.query})
    record(kind=Kind.FILTER_SAVED, by=by, subject=saved, after={"name": name, "query": saved.query})
    return saved


@transaction.atomic
def remove_filter(*, saved: SavedFilter, by: User) -> None:
    """Forget a filter of one's own. Raises NotAllowed."""
    check_person_may(by, "customers.view_customer")
    if saved.owner_id != by.pk:
        raise NotAllowed("This filter is somebody else’s.")
    record(kind=Kind.FILTER_REMOVED, by=by, subject=saved, before={"name": saved.name, "query": saved.query})
    saved.delete()
