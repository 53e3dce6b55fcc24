import uuid
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from audit.capture import Capture
from provider.shape_changes import ShapeChange as ShapeChange
from vault.fields import EncryptedJSONField, EncryptedTextField

# How long one request may take before its worker counts as dead: longer than the client waits. Begun anew before each.
LEASE = timedelta(seconds=45)
FURTHEST = timedelta(hours=2)  # no call waits longer: the provider's longest block is an hour


class CallState(models.TextChoices):
    WANTED = "WANTED", "Waiting to be sent"
    SENT = "SENT", "Sent, waiting for the answer"
    UNKNOWN = "UNKNOWN", "No answer yet"
    DONE = "DONE", "Done"
    REFUSED = "REFUSED", "Refused"


OPEN_STATES = [CallState.WANTED, CallState.SENT, CallState.UNKNOWN]


class CallKind(models.TextChoices):
    REGISTER_CLIENT = "REGISTER_CLIENT", "Register the customer"
    UPDATE_CLIENT = "UPDATE_CLIENT", "Save the customer's data"
    REQUEST_PRODUCT = "REQUEST_PRODUCT", "Ask what is needed for cards"
    UPLOAD_DOCUMENT = "UPLOAD_DOCUMENT", "Upload the document"
    SUBMIT_REQUEST = "SUBMIT_REQUEST", "Submit for review"
    ISSUE_CARD = "ISSUE_CARD", "Issue the card"
    SET_FROZEN = "SET_FROZEN", "Freeze or unfreeze the card"
    SET_LIMITS = "SET_LIMITS", "Change the card's limits"
    DELETE_CARD = "DELETE_CARD", "Delete the card"
    RESPOND_TO_CHALLENGE = "RESPOND_TO_CHALLENGE", "Answer the 3DS check"
    SET_VELOCITY_RULES = "SET_VELOCITY_RULES", "Replace the velocity rules"


class ProviderCallQuerySet(models.QuerySet["ProviderCall"]):
    def open(self) -> Self:
        return self.filter(state__in=OPEN_STATES)

    def due(self) -> Self:
        """Keep what is due by PostgreSQL's clock, which is the same for every machine.

        A moment further off than any that is set was set before that clock was put back.
        """
        return self.open().filter(Q(next_attempt_at__lte=Now()) | Q(next_attempt_at__gt=Now() + FURTHEST))

    def waiting_for_a_person_or_unsent(self) -> Self:
        return self.open().filter(Q(next_attempt_at=None) | Q(state=CallState.WANTED))

    def unanswered(self) -> Self:
        return self.filter(state=CallState.UNKNOWN)

    def answered_since(self, moment: datetime) -> Self:
        return self.filter(answered_at__gte=moment)

    def about(self, customer_id: uuid.UUID) -> Self:
        return self.filter(customer_id=customer_id)


class ProviderCall(models.Model):
    """One effect we want at the provider: the outbox, and the history from the provider's side.

    The row is committed before anything is sent, so that no effect is lost and none is made twice.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=CallKind.choices)
    target_id = models.UUIDField(help_text="The row the effect is about: a customer, a request, a document or a card.")
    customer_id = models.UUIDField(
        null=True, blank=True, db_index=True, help_text="Whose history this belongs to; empty for the company's own."
    )
    payload = EncryptedJSONField(default=dict, help_text="What the person asked for, where no other row holds it.")
    payload_digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=CallState.choices, default=CallState.WANTED)
    attempts = models.PositiveIntegerField(default=0)
    wanted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    wanted_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(
        null=True, blank=True, help_text="When the worker looks at it again; empty when a person has to."
    )
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=80, blank=True)
    message = EncryptedTextField(blank=True, default="", help_text="The provider's words.")
    trace_id = models.CharField(max_length=80, blank=True)

    objects = ProviderCallQuerySet.as_manager()

    class Meta:
        triggers = [Capture()]
        ordering = ["-wanted_at"]
        permissions = [("hasten_providercall", "Can have a call looked at again")]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(state__in=OPEN_STATES), name="call_due"),
            models.Index(fields=["target_id", "kind", "-wanted_at"], name="call_target"),
            models.Index(fields=["-wanted_at", "-id"], name="call_newest"),
            models.Index(fields=["-wanted_at", "-id"], condition=Q(state=CallState.REFUSED), name="call_refused"),
            models.Index(fields=["trace_id"], condition=~Q(trace_id=""), name="call_trace"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "target_id"],
                condition=Q(state__in=OPEN_STATES),
                name="one_open_call_per_target_and_kind",
            ),
            models.CheckConstraint(condition=Q(state__in=CallState.values), name="call_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=CallState.WANTED) | Q(sent_at__isnull=False), name="call_that_left_says_when"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES) | Q(answered_at__isnull=False), name="settled_call_says_when"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.get_state_display()}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def needs_a_person(self) -> bool:
        return self.state == CallState.UNKNOWN and self.next_attempt_at is None


class Country(models.Model):
    """A country the provider takes customers from, as it names it."""

    alpha3 = models.CharField(max_length=3, primary_key=True)
    alpha2 = models.CharField(max_length=2, blank=True)
    name = models.CharField(max_length=120)
    postal_code_format = models.CharField(max_length=60, blank=True)
    refreshed_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "countries"

    def __str__(self) -> str:
        return self.name


class Subdivision(models.Model):
    country = models.ForeignKey(Country, on_delete=models.CASCADE, related_name="subdivisions")
    code = models.CharField(max_length=12)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["country", "code"], name="subdivision_code_is_unique_in_country")
        ]

    def __str__(self) -> str:
        return self.name


class IdentificationType(models.Model):
    country = models.ForeignKey(Country, on_delete=models.CASCADE, related_name="identification_types")
    type = models.CharField(max_length=60)
    description = models.CharField(max_length=200)

    class Meta:
        ordering = ["description"]
        constraints = [
            models.UniqueConstraint(fields=["country", "type"], name="identification_type_is_unique_in_country")
        ]

    def __str__(self) -> str:
        return self.description


class Turn(models.Model):
    """One of the calls that may be under way, or of the last second, at once. See `provider.budget`."""

    number = models.PositiveSmallIntegerField(primary_key=True)
    free_at = models.DateTimeField()
    taken = ArrayField(models.DateTimeField(), default=list, help_text="When it was last taken, newest first.")

    def __str__(self) -> str:
        return f"Turn {self.number}"


class Reason(models.TextChoices):
    """Why the provider is not called."""

    AWAY = "AWAY", "No answer"
    KEY = "KEY", "Our key is refused"


class Circuit(models.Model):
    """One row: whether the provider may be called, for all processes. See `provider.circuit`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    reason = models.CharField(max_length=8, choices=Reason.choices, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    failing_since = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True, help_text="Since when nothing is sent but a probe.")
    probe_at = models.DateTimeField(null=True, blank=True)
    probes = models.PositiveIntegerField(default=0)
    blocked_until = models.DateTimeField(null=True, blank=True, help_text="Until when the provider told us to wait.")
    blocks = models.PositiveIntegerField(default=0, help_text="In a row, with less than an hour between them.")
    people_wait_until = models.DateTimeField(
        null=True, blank=True, help_text="Until when background work lets them by."
    )
    counted_here_until = models.DateTimeField(null=True, blank=True, help_text="Until when Redis does not count calls.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="there_is_one_circuit")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}" if self.opened_at else "The provider is called"


class Outage(models.Model):
    """A time in which the provider was not called, because it did not answer or refused our key."""

    reason = models.CharField(max_length=8, choices=Reason.choices)
    since = models.DateTimeField(help_text="When the first call failed.")
    opened_at = models.DateTimeField(help_text="When we stopped calling.")
    closed_at = models.DateTimeField(null=True, blank=True, help_text="When it answered again.")
    error = models.CharField(max_length=200, help_text="What the last call before met.")
    trace_id = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(models.Value(1), condition=Q(closed_at=None), name="one_outage_at_a_time"),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=models.F("opened_at")), name="outage_ends_after_it_began"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} · {self.since:%d %b %Y %H:%M}"
