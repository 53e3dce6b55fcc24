"""The one door through which a status changes: lock, read, check, save and record in one transaction."""

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils import timezone

from customers.statuses import Source, Transitions
from provider.causes import cause

if TYPE_CHECKING:
    from customers.models import StatusChange


class StepNotAllowed(Exception):  # noqa: N818 - it is an answer to a person
    """A person asked for a step that is not in the table; the message is the sentence they read."""


class HasStatus(models.Model):
    """A row whose status changes by `change_status` and in no other way."""

    TRANSITIONS: Transitions
    MACHINE: str

    status = models.CharField(max_length=24)  # each subclass has its own, with its choices

    class Meta:
        abstract = True

    def owner_id(self) -> uuid.UUID:
        """Return the customer whose history the change belongs to."""
        raise TypeError(f"{type(self).__name__} names no customer")

    def change_status(
        self, to: str, *, source: Source, by: User | None = None, note: str = ""
    ) -> "StatusChange | None":
        """Bring the row to `to` and record it; answers None when it is there already.

        The provider is right about its own customers: a step of its that is not in the table is followed and marked.
        Raises StepNotAllowed when an officer asks for one.
        """
        from customers.models import StatusChange

        manager: models.Manager[Any] = type(self)._default_manager
        with transaction.atomic():
            present = manager.select_for_update(no_key=True).values_list("status", flat=True).get(pk=self.pk)
            self.status = present
            if present == to:
                return None
            expected = to in self.TRANSITIONS[present]
            if not expected and source == Source.OFFICER:
                raise StepNotAllowed(f"This is {self._words(present)} and cannot become {self._words(to)}.")
            self.status = to
            self.save(update_fields=["status"])
            return StatusChange.objects.create(
                machine=self.MACHINE,
                object_id=self.pk,
                customer_id=self.owner_id(),
                from_status=present,
                to_status=to,
                source=source,
                by=by,
                note=note,
                unexpected=not expected,
                at=timezone.now(),
                call_id=cause(),
            )

    def _words(self, status: str) -> str:
        choices = dict(getattr(self._meta.get_field("status"), "choices", None) or [])
        return str(choices.get(status, status)).lower()
