"""The nightly comparison with the provider: a run, when each record was compared last, and where the two differ."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from audit.capture import Capture
from vault.fields import EncryptedJSONField, EncryptedTextField
from vault.masking import MASK, mask_text

LEASE = timedelta(minutes=3)  # longer than a task may run: whose worker died comes back


class ComparisonState(models.TextChoices):
    RUNNING = "RUNNING", "Running"
    PAUSED = "PAUSED", "Goes on the next night"
    DONE = "DONE", "Finished"

    @property
    def meaning(self) -> str:
        return {"RUNNING": "waiting", "DONE": "good"}.get(self.value, "neutral")


class ComparisonQuerySet(models.QuerySet["Comparison"]):
    def unfinished(self) -> Self:
        return self.exclude(state=ComparisonState.DONE)

    def newest_first(self) -> Self:
        return self.order_by("-started_at")


class Comparison(models.Model):
    """One run over everything. Who works on it is told by leases, so any worker may be lost and others go on."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=8, choices=ComparisonState.choices, default=ComparisonState.RUNNING)
    step = models.CharField(max_length=20, help_text="What is being compared.")
    cursor = models.PositiveIntegerField(default=0, help_text="Pages of the step's list that are done.")
    has_listed_clients = models.BooleanField(default=False)
    quota = models.PositiveIntegerField(default=0, help_text="Customers to ask about one by one in this run.")
    asked = models.PositiveIntegerField(default=0, help_text="Customers asked about one by one.")
    compared = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0, help_text="Changes followed without asking.")
    found = models.PositiveIntegerField(default=0, help_text="Differences left to a person.")
    failed = models.PositiveIntegerField(default=0, help_text="Records the provider would not show.")
    note = models.CharField(max_length=200, blank=True, help_text="What held the run up last.")
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ends_at = models.DateTimeField(help_text="When it is put off to the next night.")
    paused_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, help_text="How long a list is one worker's to read.")
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ComparisonQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["-started_at"], name="comparison_newest")]
        permissions = [("run_comparison", "Can start and stop a comparison")]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=~Q(state=ComparisonState.DONE), name="one_comparison_at_a_time"
            ),
            models.CheckConstraint(condition=Q(state__in=ComparisonState.values), name="comparison_state_is_known"),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(state=ComparisonState.DONE), name="finished_comparison_is_done"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} · {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def state_choice(self) -> ComparisonState:
        return ComparisonState(self.state)

    @property
    def is_running(self) -> bool:
        return self.state == ComparisonState.RUNNING

    def add(self, **counted: int) -> None:
        """Count up, whoever else counts at the same time."""
        changes = {name: F(name) + int(by) for name, by in counted.items() if by}
        if changes:
            Comparison.objects.filter(pk=self.pk).update(**changes)


class ListedRecord(models.Model):
    """What a run met in one of the provider's lists, so that what is left over is known at the end of it."""

    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="listed", db_index=False)
    api_id = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["comparison", "api_id"], name="record_is_listed_once_per_run")]

    def __str__(self) -> str:
        return self.api_id


class ComparisonClockQuerySet(models.QuerySet["ComparisonClock"]):
    def due(self, run: Comparison) -> Self:
        return self.filter(compared_at__lt=run.started_at)

    def free(self, *, now: datetime) -> Self:
        return self.filter(Q(claimed_until=None) | Q(claimed_until__lt=now))


class ComparisonClock(models.Model):
    """When a customer was compared last: apart from the customer, whose row is wide and has many indexes."""

    customer = models.OneToOneField(
        "customers.Customer", primary_key=True, on_delete=models.CASCADE, related_name="comparison_clock"
    )
    compared_at = models.DateTimeField(help_text="When it was asked about last; at first when it was created.")
    claimed_until = models.DateTimeField(null=True, blank=True)
    is_unlisted = models.BooleanField(default=False, help_text="The provider's list did not name it.")

    objects = ComparisonClockQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["compared_at"], name="comparison_due"),
            models.Index(fields=["claimed_until"], condition=Q(claimed_until__isnull=False), name="comparison_claimed"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.compared_at:%Y-%m-%d %H:%M}"


class DiscrepancyState(models.TextChoices):
    OPEN = "OPEN", "To decide"
    TO_SEND = "TO_SEND", "Ours goes out once the others are decided"
    TAKEN = "TAKEN", "CryptoMate’s taken"
    KEPT = "KEPT", "Ours kept"
    GONE = "GONE", "Gone by itself"

    @property
    def meaning(self) -> str:
        return {"OPEN": "bad", "TO_SEND": "waiting", "TAKEN": "good", "KEPT": "good"}.get(self.value, "neutral")


class Side(models.TextChoices):
    """What a difference is about."""

    CUSTOMER = "CUSTOMER", "Customer"
    REQUEST = "REQUEST", "Request"
    CARD = "CARD", "Card"
    REMOTE_CLIENT = "REMOTE_CLIENT", "Client at CryptoMate"
    REMOTE_CARD = "REMOTE_CARD", "Card at CryptoMate"


STANDING = [DiscrepancyState.OPEN, DiscrepancyState.TO_SEND]
EXISTENCE = "existence"


class DiscrepancyQuerySet(models.QuerySet["Discrepancy"]):
    def standing(self) -> Self:
        return self.filter(state__in=STANDING)

    def open(self) -> Self:
        return self.filter(state=DiscrepancyState.OPEN)

    def settled(self) -> Self:
        return self.exclude(state__in=STANDING)

    def of(self, record: str, key: str) -> Self:
        return self.filter(record=record, key=key)

    def about_data(self) -> Self:
        return self.filter(record=Side.CUSTOMER).exclude(field=EXISTENCE)


class Discrepancy(models.Model):
    """One field in which a record of ours and the provider's differ, or differed. People read it as a difference."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    record = models.CharField(max_length=14, choices=Side.choices)
    key = models.CharField(max_length=80, help_text="Our id of the record; the provider's where we have none.")
    customer = models.ForeignKey(
        "customers.Customer", null=True, blank=True, on_delete=models.PROTECT, related_name="discrepancies"
    )
    field = models.CharField(max_length=80)
    label = models.CharField(max_length=120, help_text="The field in words.")
    ours = EncryptedTextField(blank=True, default="")
    theirs = EncryptedTextField(blank=True, default="")
    values = EncryptedJSONField(default=dict, blank=True, help_text="What taking the provider's writes.")
    state = models.CharField(max_length=8, choices=DiscrepancyState.choices, default=DiscrepancyState.OPEN)
    found_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now, help_text="When either value was seen to be another.")
    comparison = models.ForeignKey(
        Comparison, null=True, blank=True, on_delete=models.SET_NULL, related_name="discrepancies"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = DiscrepancyQuerySet.as_manager()

    class Meta:
        triggers = [Capture()]
        verbose_name_plural = "discrepancies"
        indexes = [
            models.Index(fields=["-found_at", "-id"], name="discrepancy_newest"),
            models.Index(fields=["record", "key", "field"], name="discrepancy_record"),
            models.Index(
                fields=["customer", "-found_at"],
                condition=Q(state__in=["OPEN", "TO_SEND"]),
                name="discrepancy_standing",
            ),
        ]
        permissions = [
            ("decide_discrepancy", "Can decide on differences in customers"),
            ("decide_any_discrepancy", "Can decide on every difference"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["record", "key", "field"], condition=Q(state__in=STANDING), name="one_open_difference_per_field"
            ),
            models.CheckConstraint(condition=Q(state__in=DiscrepancyState.values), name="discrepancy_state_is_known"),
            models.CheckConstraint(condition=Q(record__in=Side.values), name="discrepancy_record_is_known"),
            models.CheckConstraint(
                condition=Q(state=DiscrepancyState.OPEN) | Q(decided_at__isnull=False),
                name="decided_difference_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_record_display()}: {self.label}"

    @property
    def state_choice(self) -> DiscrepancyState:
        return DiscrepancyState(self.state)

    @property
    def is_about_data(self) -> bool:
        """Answer whether it is a field of a customer's, which either side's value can fill."""
        return self.record == Side.CUSTOMER and self.field != EXISTENCE

    @property
    def masked_sides(self) -> tuple[str, str]:
        """Return both values for people who may not see a customer's data: of those, that there is one."""
        if self.is_about_data:
            return MASK if self.ours else "", MASK if self.theirs else ""
        return mask_text(self.ours), mask_text(self.theirs)

    @property
    def is_open(self) -> bool:
        return self.state == DiscrepancyState.OPEN

    @property
    def version(self) -> str:
        """Return what a page that shows this difference sends back: another word once either value is another."""
        return self.changed_at.isoformat()

    def settle(self, state: DiscrepancyState, *, by: Any = None) -> None:
        self.state, self.decided_at, self.decided_by = state, timezone.now(), by
        self.save(update_fields=["state", "decided_at", "decided_by"])

    def show(self, *, label: str, ours: str, theirs: str, values: Mapping[str, Any]) -> None:
        """Take newer values; what was decided about others is to decide again."""
        if (self.ours, self.theirs, self.values) == (ours, theirs, dict(values)):
            return
        self.label, self.ours, self.theirs, self.values = label, ours, theirs, dict(values)
        self.changed_at, self.state = timezone.now(), DiscrepancyState.OPEN
        self.save(update_fields=["label", "ours", "theirs", "values", "changed_at", "state"])
