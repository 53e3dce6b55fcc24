from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Now

from audit.kinds import Kind, Source
from vault.fields import EncryptedJSONField


@dataclass(frozen=True)
class Change:
    field: str
    before: Any
    after: Any


class EventQuerySet(models.QuerySet["Event"]):
    def by_person(self, name: str) -> "EventQuerySet":
        return self.filter(actor_name=name)

    def about_customer(self, customer_id: UUID) -> "EventQuerySet":
        return self.filter(customer_id=customer_id)

    def of_kind(self, kind: str) -> "EventQuerySet":
        return self.filter(kind=kind)

    def since(self, moment: datetime) -> "EventQuerySet":
        return self.filter(at__gte=moment)

    def until(self, moment: datetime) -> "EventQuerySet":
        return self.filter(at__lt=moment)

    def latest_first(self) -> "EventQuerySet":
        return self.order_by("-seq")


class Event(models.Model):
    """One thing somebody did or saw. Append-only: PostgreSQL refuses to change or remove a row.

    No foreign keys, so that the log never interferes with live data: an account may go, its deeds stay.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    seq = models.BigIntegerField(
        unique=True, editable=False, db_default=Func(Value("audit_event_seq"), function="nextval")
    )
    at = models.DateTimeField(db_default=Now(), editable=False)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=150, blank=True)
    # No choices here: a new kind is a word, not a migration.
    kind = models.CharField(max_length=60)
    object_type = models.CharField(max_length=100, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    customer_id = models.UUIDField(null=True)
    detail = EncryptedJSONField(null=True)
    source = models.CharField(max_length=10, choices=Source)
    ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["at"], name="event_at"),
            models.Index(fields=["customer_id", "seq"], name="event_customer", condition=Q(customer_id__isnull=False)),
            models.Index(fields=["kind", "seq"], name="event_kind"),
            models.Index(fields=["actor_name", "seq"], name="event_actor"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(source__in=Source.values), name="event_source_known"),
            models.CheckConstraint(condition=~Q(kind=""), name="event_names_its_kind"),
            models.CheckConstraint(
                condition=Q(actor_id__isnull=True, actor_name="") | Q(actor_id__isnull=False) & ~Q(actor_name=""),
                name="event_actor_named",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.seq} {self.kind}"

    @property
    def label(self) -> str:
        return str(Kind(self.kind).label) if self.kind in Kind.values else self.kind

    @property
    def note(self) -> str:
        return str((self.detail or {}).get("note", ""))

    @property
    def changes(self) -> list[Change]:
        """Return the fields that differ, in the order they were recorded."""
        before, after = ((self.detail or {}).get(side) or {} for side in ("before", "after"))
        fields = [*before, *(field for field in after if field not in before)]
        pairs = [Change(field, before.get(field), after.get(field)) for field in fields]
        return [change for change in pairs if change.before != change.after]
