"""Every purchase we were asked to decide, what we answered, and what the provider did afterwards."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import F, Q

from cards.postgresql.ids import uuid7


class Standing(models.TextChoices):
    """What became of an answer at the provider."""

    WAITING = "WAITING", "No word yet"
    CONFIRMED = "CONFIRMED", "As answered"
    LAPSED = "LAPSED", "Approved, and nothing followed"
    APPROVED_ANYWAY = "APPROVED_ANYWAY", "Approved although we declined"
    DECLINED_ANYWAY = "DECLINED_ANYWAY", "Declined although we approved"
    TOO_LATE = "TOO_LATE", "We were too late"
    NOT_SENT = "NOT_SENT", "Approved here, answered as a decline"

    @property
    def meaning(self) -> str:
        return {"WAITING": "waiting", "CONFIRMED": "good", "LAPSED": "unknown"}.get(self.value, "bad")

    @property
    def explanation(self) -> str:
        return EXPLANATIONS.get(self.value, "")


EXPLANATIONS = {
    "LAPSED": "CryptoMate never spoke of the purchase. It may not have waited for the answer, so the approval no "
    "longer counts against the limits.",
    "APPROVED_ANYWAY": "CryptoMate let the purchase pass without us. It counts against the limits, and the customer "
    "owes it.",
    "DECLINED_ANYWAY": "CryptoMate declined the purchase for a reason of its own, so it does not count.",
    "TOO_LATE": "CryptoMate had declined before our answer reached it, so the purchase does not count.",
    "NOT_SENT": "The database kept an approval that it had not confirmed in time. The answer was a decline, and a "
    "decline is what counts.",
}


DIFFERENCES = [
    Standing.APPROVED_ANYWAY, Standing.DECLINED_ANYWAY, Standing.TOO_LATE, Standing.NOT_SENT, Standing.LAPSED,
]  # fmt: skip


class Reason(models.TextChoices):
    """Why a purchase was answered as it was. The second group is about us: no rule of the card's was broken."""

    APPROVED = "APPROVED", "approved"
    CARD_UNKNOWN = "CARD_UNKNOWN", "the card is not known here"
    CARD_NOT_ACTIVE = "CARD_NOT_ACTIVE", "the card is not active"
    CUSTOMER_NOT_ACTIVE = "CUSTOMER_NOT_ACTIVE", "the customer is not active"
    TRANSACTION_LIMIT = "TRANSACTION_LIMIT", "over the limit per transaction"
    DAILY_LIMIT = "DAILY_LIMIT", "over the daily limit"
    WEEKLY_LIMIT = "WEEKLY_LIMIT", "over the weekly limit"
    MONTHLY_LIMIT = "MONTHLY_LIMIT", "over the monthly limit"
    CARD_SHORT = "CARD_SHORT", "the card's balance is short"
    HOLDING_SHORT = "HOLDING_SHORT", "the holding wallet is short"
    TOO_FREQUENT = "TOO_FREQUENT", "a velocity rule was broken"
    BAD_AMOUNT = "BAD_AMOUNT", "the amount could not be read"

    TOO_LATE = "TOO_LATE", "the request came too late to be answered in time"
    CARD_LOCKED = "CARD_LOCKED", "the card's row stayed locked"
    DATABASE_SLOW = "DATABASE_SLOW", "a statement ran too long"
    DATABASE_SILENT = "DATABASE_SILENT", "the database did not answer in time"
    DATABASE_AWAY = "DATABASE_AWAY", "the database could not be reached"
    OUR_FAULT = "OUR_FAULT", "the portal stumbled over it"


OUR_REASONS = [
    Reason.TOO_LATE, Reason.CARD_LOCKED, Reason.DATABASE_SLOW, Reason.DATABASE_SILENT, Reason.DATABASE_AWAY,
    Reason.OUR_FAULT,
]  # fmt: skip


CLOCK = "provider’s clock behind"
STEPS = ("parse", "lock", "counters", "rules", "insert", "commit", CLOCK)


class AuthorizationQuerySet(models.QuerySet["Authorization"]):
    def with_card(self) -> Self:
        return self.select_related("card")

    def answered_for(self, reason: str) -> Self:
        return self.filter(reason=reason)

    def in_standing(self, standings: list[str]) -> Self:
        return self.filter(standing__in=standings)

    def differing(self) -> Self:
        """Return those where the provider did not do as we answered."""
        return self.filter(standing__in=DIFFERENCES)

    def chosen(self, filters: Mapping[str, str]) -> Self:
        """Return those that the list's filters let through."""
        found = self.answered_for(filters["reason"]) if filters.get("reason") else self
        if filters.get("standing") == "differences":
            return found.differing()
        return found.in_standing([filters["standing"]]) if filters.get("standing") else found

    def about(self, events: Iterable[int]) -> Self:
        """Return those whose purchase the events are about, the first one first."""
        ids = list(events)
        return self.filter(Q(authorized_event__in=ids) | Q(declined_event__in=ids)).order_by("decided_at")

    def waiting(self) -> Self:
        """Return the approvals which the provider has not said a word about."""
        return self.filter(response_code="00", standing=Standing.WAITING)

    def unheard_of(self, *, before: datetime) -> Self:
        return self.waiting().filter(decided_at__lt=before)

    def asking_for_a_freeze(self) -> Self:
        return self.filter(freeze_due=True).order_by("decided_at")

    def timed_since(self, moment: datetime) -> Self:
        return self.filter(decided_at__gte=moment, answer_ms__isnull=False)


class Authorization(models.Model):
    """One request for a decision, and our answer: the same delivery is always answered the same."""

    Reason = Reason

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # The list of a card's decisions has an index that begins with the card.
    card = models.ForeignKey(
        "cards.Card", null=True, blank=True, on_delete=models.PROTECT, related_name="authorizations", db_index=False
    )
    delivery_key = models.CharField(max_length=200)
    operation_id = models.CharField(max_length=200, blank=True)
    card_api_id = models.CharField(max_length=80, blank=True)
    response_code = models.CharField(max_length=4)
    reason = models.CharField(max_length=30, choices=Reason.choices)
    verdicts = models.JSONField(default=list, help_text="Each rule and whether it let the purchase pass.")
    milliseconds = models.JSONField(default=dict, help_text="What each step took.")
    answer_ms = models.FloatField(
        null=True, blank=True, help_text="From the provider's timestamp, or the arrival, to our answer."
    )
    # Without amounts where none could be read.
    bill_amount = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    bill_currency = models.CharField(max_length=3, blank=True)
    transaction_amount = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    transaction_currency = models.CharField(max_length=3, blank=True)
    cost = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True, help_text="USD, fees included: what limits are about."
    )
    merchant_id = models.CharField(max_length=80, blank=True)
    merchant_name = models.CharField(max_length=200, blank=True)
    mcc = models.CharField("MCC", max_length=4, blank=True)
    channel = models.CharField(max_length=20, blank=True)
    decided_at = models.DateTimeField()
    freeze_due = models.BooleanField(
        default=False, help_text="It broke a velocity rule, and the card has not been stopped yet."
    )
    standing = models.CharField(max_length=16, choices=Standing.choices, default=Standing.WAITING)
    authorized_event = models.ForeignKey(
        "cards.TransactionEvent",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="approvals",
        db_index=False,
    )
    declined_event = models.ForeignKey(
        "cards.TransactionEvent",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="refusals",
        db_index=False,
    )

    objects = AuthorizationQuerySet.as_manager()

    class Meta:
        ordering = ["-decided_at"]
        indexes = [
            models.Index(fields=["card", "-decided_at"], name="authorization_card_newest"),
            models.Index(fields=["-decided_at", "-id"], name="authorization_newest"),
            models.Index(
                fields=["reason", "-decided_at", "-id"], condition=~Q(response_code="00"), name="authorization_declined"
            ),
            # It begins with the card, or a decision could be made to read every card's.
            models.Index(
                fields=["card", "decided_at"],
                condition=Q(response_code="00", standing="WAITING"),
                name="authorization_waiting",
            ),
            models.Index(
                fields=["-decided_at", "-id"],
                condition=Q(standing__in=DIFFERENCES),
                name="authorization_differing",
            ),
            models.Index(fields=["decided_at"], condition=Q(freeze_due=True), name="authorization_freeze_due"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["delivery_key"], name="one_answer_per_delivery"),
            models.UniqueConstraint(
                fields=["authorized_event"],
                condition=Q(authorized_event__isnull=False),
                name="authorized_event_answers_one_question",
            ),
            models.UniqueConstraint(
                fields=["declined_event"],
                condition=Q(declined_event__isnull=False),
                name="declined_event_answers_one_question",
            ),
            models.CheckConstraint(condition=~Q(response_code=""), name="authorization_is_answered"),
            models.CheckConstraint(
                condition=Q(reason="APPROVED", response_code="00") | ~Q(reason="APPROVED") & ~Q(response_code="00"),
                name="authorization_code_fits_its_reason",
            ),
            models.CheckConstraint(condition=Q(reason__in=Reason.values), name="authorization_reason_is_known"),
            models.CheckConstraint(condition=Q(standing__in=Standing.values), name="authorization_standing_is_known"),
            models.CheckConstraint(
                condition=Q(
                    bill_amount__isnull=False,
                    transaction_amount__isnull=False,
                    cost__isnull=False,
                    cost__gte=F("bill_amount"),
                )
                | ~Q(reason="APPROVED") & Q(bill_amount=None, transaction_amount=None, cost=None),
                name="approved_authorization_has_amounts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.response_code} · {self.get_reason_display()}"

    @property
    def is_approved(self) -> bool:
        return self.reason == Reason.APPROVED

    @property
    def is_ours(self) -> bool:
        """Say whether it was declined because of us and not because of the card."""
        return self.reason in OUR_REASONS

    @property
    def standing_choice(self) -> Standing:
        return Standing(self.standing)

    @property
    def differs(self) -> bool:
        return self.standing in DIFFERENCES

    @property
    def steps(self) -> list[tuple[str, Any]]:
        """Return what each step took, in the order they were taken, which JSON in PostgreSQL does not keep."""
        return [(step, self.milliseconds[step]) for step in STEPS if step in self.milliseconds]
