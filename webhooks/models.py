import re
import uuid
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

import pgtrigger
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import TruncHour
from django.urls import reverse

from audit.capture import Capture
from cards.models import Authorization, Card
from cards.postgresql.ids import uuid7
from customers.models import Customer
from vault.fields import EncryptedJSONField
from webhooks.redaction import digest_of

LAST4 = re.compile(r"[0-9]{4}")
AUTHORIZATION = "authorization"  # the one kind of delivery that is answered and never handled

# What a person calls the kinds whose names say too little.
TITLES = {
    "client_status": "Client's status",
    "visa_direct_deposit": "Visa Direct deposit",
    "warranty_withdraw": "Withdrawal from the holding wallet",
    "notification_3ds_authorization": "3-D Secure code",
    "notification_3ds_authorization_oob": "3-D Secure check",
    "card_blocked_by_velocity": "Velocity block",
}


class Outcome(models.TextChoices):
    RECEIVED = "RECEIVED", "Received"
    HANDLED = "HANDLED", "Handled"
    IGNORED = "IGNORED", "Ignored"
    FAILED = "FAILED", "Failed"
    REJECTED = "REJECTED", "Rejected"

    @property
    def meaning(self) -> str:
        return {"RECEIVED": "waiting", "HANDLED": "good", "IGNORED": "neutral"}.get(self.value, "bad")


def as_uuid(word: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(word)
    except ValueError:
        return None


class WebhookEventQuerySet(models.QuerySet["WebhookEvent"]):
    def due(self, *, now: datetime) -> Self:
        return self.filter(next_attempt_at__lte=now).order_by("next_attempt_at")

    def failed_since(self, moment: datetime) -> Self:
        """Return what failed of all that came since, the oldest first."""
        failed = self.filter(outcome=Outcome.FAILED, received_at__gte=moment)
        return failed.exclude(event_type=AUTHORIZATION).order_by("received_at", "pk")

    def matching(
        self,
        *,
        product: str = "",
        event_type: str = "",
        outcome: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        operation_id: str = "",
    ) -> Self:
        """Narrow down by whatever is given."""
        asked = {
            "product": product,
            "event_type": event_type,
            "outcome": outcome,
            "received_at__gte": since,
            "received_at__lt": until,
            "operation_id": operation_id,
        }
        return self.filter(**{name: value for name, value in asked.items() if value})

    def of_card(self, word: str) -> Self:
        """Return those about a card: by its last four digits, its id here, or the provider's."""
        if LAST4.fullmatch(word):
            return self.filter(card_id__in=Card.objects.ending_in(word).values("pk"))
        ours = as_uuid(word)
        named = Q(card_api_id=word)
        return self.filter(named | Q(card_id=ours)) if ours else self.filter(named)

    def of_customer(self, word: str) -> Self:
        """Return those about a customer: by the id here, the provider's, or the e-mail address."""
        ours = as_uuid(word)
        if ours:
            return self.filter(customer_id=ours)
        found = Customer.objects.filter(Q(api_id=word) | Q(email__iexact=word))
        return self.filter(customer_id__in=found.values("pk"))

    def per_hour(self, *, since: datetime) -> dict[datetime, dict[str, int]]:
        """Return how many came in each hour since, by outcome."""
        hours: dict[datetime, dict[str, int]] = defaultdict(dict)
        recent = self.filter(received_at__gte=since).annotate(hour=TruncHour("received_at", tzinfo=UTC))
        for hour, outcome, count in recent.values_list("hour", "outcome").annotate(count=Count("pk")).order_by():
            hours[hour][outcome] = count
        return hours

    def answered_as(self, decision: Authorization) -> "WebhookEvent | None":
        """Return the delivery that asked for this decision."""
        asking = self.filter(operation_id=decision.operation_id, event_type=AUTHORIZATION)
        return next((event for event in asking[:20] if event.delivery_key == decision.delivery_key), None)

    def with_card_last4(self) -> Self:
        return self.annotate(card_last4=Subquery(Card.objects.filter(pk=OuterRef("card_id")).values("last4")))


class WebhookEvent(models.Model):
    """One delivery as the provider sent it, and what became of it. The same delivery again is the same row.

    `product`, `event_type` and `status` are folded to lower case; `body` is as received but for secrets. No foreign
    keys: a delivery may name what is not here yet, or never will be.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    received_at = models.DateTimeField()
    request_timestamp = models.DateTimeField(null=True, blank=True, help_text="When the provider says it sent it.")
    trace_id = models.CharField(max_length=128, blank=True)

    product = models.CharField(max_length=40, blank=True)
    event_type = models.CharField(max_length=80, blank=True)
    operation_id = models.CharField(max_length=200, blank=True)
    status = models.CharField("status sent", max_length=40, blank=True)
    body = EncryptedJSONField(default=dict)
    body_digest = models.CharField(max_length=64)

    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.RECEIVED)
    outcome_note = models.CharField(max_length=200, blank=True)
    error = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)

    card_api_id = models.CharField("card's provider id", max_length=80, blank=True)
    card_id = models.UUIDField(null=True, blank=True)
    customer_id = models.UUIDField(null=True, blank=True)

    objects = WebhookEventQuerySet.as_manager()

    class Meta:
        triggers = [Capture(operation=pgtrigger.Update | pgtrigger.Delete)]
        verbose_name = "delivery"
        verbose_name_plural = "deliveries"
        default_permissions = ("view",)
        permissions = [("reprocess", "Can have a delivery processed again")]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="delivery_due"),
            models.Index(fields=["-received_at", "-id"], name="delivery_newest"),
            models.Index(fields=["event_type", "-received_at", "-id"], name="delivery_type_newest"),
            models.Index(fields=["outcome", "-received_at", "-id"], name="delivery_outcome_newest"),
            models.Index(fields=["operation_id"], name="delivery_operation"),
            models.Index(fields=["card_api_id"], condition=~Q(card_api_id=""), name="delivery_card_api_id"),
            models.Index(fields=["card_id", "-received_at"], condition=Q(card_id__isnull=False), name="delivery_card"),
            models.Index(
                fields=["customer_id", "-received_at"],
                condition=Q(customer_id__isnull=False),
                name="delivery_customer",
            ),
            # Of somebody who buys every day, those about the customer are few among those about their cards.
            models.Index(
                fields=["customer_id", "-received_at", "-id"],
                condition=Q(customer_id__isnull=False, card_id__isnull=True),
                name="delivery_of_no_card",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "event_type", "operation_id", "status", "body_digest"], name="one_row_per_delivery"
            ),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="delivery_outcome_is_known"),
            models.CheckConstraint(
                condition=Q(next_attempt_at__isnull=True) | Q(outcome__in=[Outcome.RECEIVED, Outcome.FAILED]),
                name="settled_delivery_is_not_due",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=[Outcome.HANDLED, Outcome.IGNORED]) | Q(handled_at__isnull=False),
                name="settled_delivery_says_when",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.REJECTED)
                | ~Q(product="") & ~Q(event_type="") & ~Q(operation_id="") & ~Q(status=""),
                name="delivery_is_whole_unless_rejected",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product or 'unreadable'} {self.event_type} {self.operation_id}".strip()

    def get_absolute_url(self) -> str:
        return reverse("webhooks:event", args=[self.pk])

    @property
    def outcome_choice(self) -> Outcome:
        return Outcome(self.outcome)

    @property
    def title(self) -> str:
        return TITLES.get(self.event_type) or self.event_type.replace("_", " ").capitalize() or "Unreadable delivery"

    @property
    def delivery_key(self) -> str:
        return digest_of([self.product, self.event_type, self.operation_id, self.status, self.body_digest])

    @property
    def data(self) -> Mapping[str, Any]:
        data: Mapping[str, Any] = self.body["data"]
        return data

    @property
    def is_waiting(self) -> bool:
        """Say whether the sweep will look at it again."""
        return self.next_attempt_at is not None


class RefusalQuerySet(models.QuerySet["Refusal"]):
    def since(self, moment: datetime) -> Self:
        return self.filter(last_at__gte=moment).order_by("-hour", "kind")


class Refusal(models.Model):
    """How many requests to the webhook address one hour turned away; nothing else of them is kept."""

    class Kind(models.TextChoices):
        KEY = "KEY", "the key was missing or wrong"
        SIZE = "SIZE", "the body was too large"
        AWAY = "AWAY", "the database was away"

    hour = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    count = models.PositiveBigIntegerField()
    last_at = models.DateTimeField()

    objects = RefusalQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["hour", "kind"], name="one_count_per_hour_and_kind"),
            models.CheckConstraint(condition=Q(kind__in=["KEY", "SIZE", "AWAY"]), name="refusal_kind_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.count} at {self.hour:%Y-%m-%d %H:00}: {self.get_kind_display()}"
