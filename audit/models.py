import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Now

from audit.kinds import Kind, Source
from audit.seals import Seal as Seal
from vault.cipher import CannotDecrypt
from vault.fields import EncryptedJSONField

PAGE_SIZE = 50


@dataclass(frozen=True)
class Change:
    field: str
    before: Any
    after: Any

    @property
    def was(self) -> str:
        return _in_words(self.before)

    @property
    def became(self) -> str:
        return _in_words(self.after)


@dataclass(frozen=True)
class Page:
    """A stretch of the log, latest first, and the cursors of its neighbours where there are any."""

    events: list["Event"]
    newer: int | None
    older: int | None


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

    def numbered_within(self, stretches: Iterable[tuple[int, int]]) -> "EventQuerySet":
        """Return the rows whose number lies in one of these stretches, both ends included, in order."""
        within = [Q(seq__range=stretch) for stretch in stretches]
        return self.filter(reduce(or_, within)).order_by("seq") if within else self.none()

    def latest_first(self) -> "EventQuerySet":
        return self.order_by("-seq")

    def page(self, *, before: int | None = None, after: int | None = None, size: int = PAGE_SIZE) -> Page:
        """Return the events next to a cursor, or the latest ones. Never counts."""
        if after is not None:
            return self._page_after(after, size)
        rows = self.latest_first() if before is None else self.latest_first().filter(seq__lt=before)
        events = list(rows[: size + 1])
        has_newer, has_older = before is not None, len(events) > size
        return _page(events[:size], has_newer=has_newer, has_older=has_older)

    def _page_after(self, after: int, size: int) -> Page:
        events = list(self.filter(seq__gt=after).order_by("seq")[: size + 1])
        if len(events) <= size:  # the top is reached: show a full page of it
            return self.page(size=size)
        return _page(events[size - 1 :: -1], has_newer=True, has_older=True)


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
    captured = models.JSONField(null=True, help_text="What a trigger saw, where no action recorded it.")
    source = models.CharField(max_length=10, choices=Source)
    ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("export_event", "Can export the audit log"),
            ("make_case_file", "Can make the case file of a customer"),
        ]
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
    def who(self) -> str:
        """Return who did it, where nobody is named, too."""
        nobody = "Somebody" if self.source == Source.DATABASE else "The portal"
        return self.actor_name or nobody

    @property
    def object_name(self) -> str:
        try:
            return str(apps.get_model(self.object_type)._meta.verbose_name)
        except (LookupError, ValueError):  # the log outlives models, too
            return self.object_type.rpartition(".")[2]

    @property
    def about(self) -> str:
        """Return what it happened to, in words: "document of a customer"."""
        name = self.object_name
        if not self.customer_id or name == "customer":
            return name
        return f"{name} of a customer" if name else "customer"

    @property
    def is_intact(self) -> bool:
        """Say whether what was recorded can still be read as it was written."""
        try:
            _ = self.detail
        except CannotDecrypt:
            return False
        return True

    @property
    def label(self) -> str:
        return str(Kind(self.kind).label) if self.kind in Kind.values else self.kind

    @property
    def said(self) -> dict[str, Any]:
        """Return what was recorded, by the action or by the trigger that saw what none recorded."""
        return self.detail or self.captured or {}

    @property
    def note(self) -> str:
        return str(self.said.get("note", ""))

    @property
    def changes(self) -> list[Change]:
        """Return the fields that differ, in the order they were recorded, a part of a field as `phone.number`."""
        before, after = (dict(_parts(self.said.get(side) or {})) for side in ("before", "after"))
        fields = [*before, *(field for field in after if field not in before)]
        pairs = [Change(field, before.get(field), after.get(field)) for field in fields]
        return [change for change in pairs if change.before != change.after]


def _page(events: list[Event], *, has_newer: bool, has_older: bool) -> Page:
    return Page(
        events,
        newer=events[0].seq if events and has_newer else None,
        older=events[-1].seq if events and has_older else None,
    )


def _in_words(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _parts(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _parts(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
