"""What colleagues write down about a customer for each other, and whom they mention in it."""

import uuid
from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from audit.capture import Capture
from vault.fields import EncryptedTextField

LONGEST_NOTE = 2000  # characters

# Key rotation seals the same text again; a withdrawal says so and touches nothing else.
WRITTEN_ONCE = pgtrigger.Trigger(
    name="written_once",
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func="""
        IF TG_OP = 'UPDATE' AND (
            current_setting('vault.rotating', true) = 'on'
            OR OLD.withdrawn_at IS NULL AND to_jsonb(NEW) - 'withdrawn_at' = to_jsonb(OLD) - 'withdrawn_at'
        ) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a note is written once: % is refused', TG_OP
            USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'note_is_written_once';
    """,
)


class NoteQuerySet(models.QuerySet["Note"]):
    def standing(self) -> Self:
        return self.filter(withdrawn_at=None)


class Note(models.Model):
    """A note stays as it was written. Its author may withdraw it: then no page shows the text, and the row keeps it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="notes", db_index=False
    )  # fmt: skip
    text = EncryptedTextField(max_length=LONGEST_NOTE)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = NoteQuerySet.as_manager()

    class Meta:
        default_permissions = ("add", "view")
        triggers = [Capture(), WRITTEN_ONCE]
        indexes = [
            models.Index(fields=["customer", "-at", "-id"], name="note_customer_newest"),
            models.Index(fields=["-at", "-id"], name="note_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=F("at")),
                name="note_is_withdrawn_after_it_was_written",
            )
        ]

    def __str__(self) -> str:
        return f"Note of {timezone.localtime(self.at):%Y-%m-%d %H:%M}"

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def shown_text(self) -> str:
        """Return the text as pages have it: none once it is withdrawn."""
        return "" if self.is_withdrawn else self.text


class MentionQuerySet(models.QuerySet["Mention"]):
    def of(self, person: User | AnonymousUser) -> Self:
        return self.filter(person=person.pk)

    def unseen(self) -> Self:
        return self.filter(seen_at=None)

    def seen(self) -> Self:
        return self.exclude(seen_at=None)

    def with_note(self) -> Self:
        return self.select_related("note__customer", "note__by")


class Mention(models.Model):
    """One person named in a note, who is told until they have seen it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="mentions", db_index=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="mentions", db_index=False
    )  # fmt: skip
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)

    objects = MentionQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["person"], condition=Q(seen_at=None), name="mention_unseen"),
            models.Index(fields=["person", "-at", "-id"], name="mention_person_newest"),
            models.Index(fields=["-at", "-id"], name="mention_newest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["note", "person"], name="person_is_mentioned_once_in_a_note"),
            models.CheckConstraint(
                condition=Q(seen_at=None) | Q(seen_at__gte=F("at")), name="mention_is_seen_after_it_was_made"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.note_id}"
