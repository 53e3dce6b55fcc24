import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone

from audit.capture import Capture
from cards import declines, mcc
from cards.authorizations import Authorization as Authorization
from cards.clocks import CardClock as CardClock
from cards.holding import Holding as Holding
from cards.holding import Withdrawal as Withdrawal
from cards.statuses import (
    CARD_TRANSITIONS,
    HELD,
    ApprovalMethod,
    CardStatus,
    EventKind,
    HoldReason,
    Match,
    TransactionState,
)
from cards.velocity import PortalMinute as PortalMinute
from cards.velocity import VelocityRule as VelocityRule
from cards.velocity import VelocityRuleSet as VelocityRuleSet
from customers.models import Customer, StatusChange
from customers.status_changes import HasStatus
from provider.models import ProviderCall

LIMITS = {
    "daily_limit": "Daily",
    "weekly_limit": "Weekly",
    "monthly_limit": "Monthly",
    "per_transaction_limit": "Per transaction",
}
STALE_AFTER = timedelta(seconds=60)
BETWEEN_REFRESHES = timedelta(seconds=5)
SHOWN_AFTER_END = timedelta(minutes=15)


class CardQuerySet(models.QuerySet["Card"]):
    def newest_first(self) -> Self:
        return self.order_by("-issued_at", "-pk")

    def ending_in(self, last4: str) -> Self:
        return self.filter(last4=last4)

    def with_customer(self) -> Self:
        return self.select_related("customer")

    def by_api_id(self, api_id: str) -> "Card | None":
        return self.filter(api_id=api_id).first()

    def by_wallet(self, address: str) -> "Card | None":
        """Return the one card that money sent to this address belongs to."""
        found = list(self.filter(deposit_addresses__contains=[{"key": address.casefold()}])[:2])
        return found[0] if len(found) == 1 else None

    def claim_refresh(self, card: "Card", *, now: datetime) -> bool:
        """Answer whether the card as shown is old and nobody has asked for news yet; then it counts as asked."""
        moved = CardClock.objects.filter(card=OuterRef("pk"), moved_at__gt=OuterRef("refreshed_at"))
        stale = Q(refreshed_at=None) | Q(refreshed_at__lt=now - STALE_AFTER) | Exists(moved)
        unasked = Q(refresh_asked_at=None) | Q(refresh_asked_at__lt=now - BETWEEN_REFRESHES)
        open_cards = self.exclude(status=CardStatus.DELETED)
        return open_cards.filter(stale, unasked, pk=card.pk).update(refresh_asked_at=now) == 1


class Card(HasStatus):
    """A card as the provider describes it. Its number, CVC and PIN are never here: they belong to the cardholder."""

    MACHINE = "card"
    TRANSITIONS = CARD_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="cards")
    api_id = models.CharField("provider id", max_length=80, unique=True)
    last4 = models.CharField("last four digits", max_length=4, blank=True)
    expiration_month = models.PositiveSmallIntegerField(null=True, blank=True)
    expiration_year = models.PositiveSmallIntegerField(null=True, blank=True)
    holder_name = models.CharField(max_length=60)
    status = models.CharField(max_length=10, choices=CardStatus.choices, default=CardStatus.INACTIVE)
    remote_status = models.CharField("the provider's word", max_length=40, blank=True)
    hold_reason = models.CharField(max_length=10, choices=HoldReason.choices, blank=True)
    velocity_reset_at = models.DateTimeField(null=True, blank=True)
    approval_method = models.CharField(max_length=10, choices=ApprovalMethod.choices)
    daily_limit = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True, help_text="USD")
    weekly_limit = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True, help_text="USD")
    monthly_limit = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True, help_text="USD")
    per_transaction_limit = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True, help_text="USD")
    balance = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True, help_text="USD")
    balance_at = models.DateTimeField(null=True, blank=True)
    deposit_addresses = models.JSONField(default=list, blank=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)
    refresh_asked_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    issued_at = models.DateTimeField(default=timezone.now)
    call = models.OneToOneField(
        ProviderCall, null=True, blank=True, on_delete=models.PROTECT, related_name="card", verbose_name="issuing call"
    )

    objects = CardQuerySet.as_manager()

    class Meta:
        triggers = [Capture()]
        indexes = [
            models.Index(fields=["-issued_at", "-id"], name="card_newest"),
            models.Index(fields=["last4", "-issued_at", "-id"], name="card_last4_newest"),
            models.Index(fields=["status", "-issued_at", "-id"], name="card_status_newest"),
            GinIndex(fields=["deposit_addresses"], opclasses=["jsonb_path_ops"], name="card_deposit_addresses"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=CardStatus.values), name="card_status_is_known"),
            models.CheckConstraint(condition=Q(last4__regex=r"^([0-9]{4})?$"), name="card_last4_is_four_digits"),
            models.CheckConstraint(
                condition=Q(expiration_month=None) | Q(expiration_month__range=(1, 12)), name="card_month_is_a_month"
            ),
            models.CheckConstraint(
                condition=Q(hold_reason="") | Q(hold_reason__in=HoldReason.values, status__in=HELD),
                name="card_hold_reason_only_while_held",
            ),
            models.CheckConstraint(
                condition=Q(approval_method__in=ApprovalMethod.values), name="card_approval_method_is_known"
            ),
            models.CheckConstraint(
                condition=(Q(daily_limit=None) | Q(daily_limit__gte=0))
                & (Q(weekly_limit=None) | Q(weekly_limit__gte=0))
                & (Q(monthly_limit=None) | Q(monthly_limit__gte=0))
                & (Q(per_transaction_limit=None) | Q(per_transaction_limit__gte=0)),
                name="card_limits_are_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(balance=None, balance_at=None) | Q(balance__isnull=False, balance_at__isnull=False),
                name="card_balance_says_when",
            ),
        ]
        permissions = [
            ("issue_card", "Can issue a card"),
            ("freeze_card", "Can freeze and unfreeze a card"),
            ("change_card_limits", "Can change a card's limits"),
            # Django's own `delete_card` is about the row, which stays.
            ("cancel_card", "Can delete a card at CryptoMate, for good"),
            ("refresh_card", "Can have a card read at CryptoMate now"),
        ]

    def __str__(self) -> str:
        return f"•••• {self.last4} · {self.holder_name}"

    def owner_id(self) -> uuid.UUID:
        return self.customer_id

    @property
    def polled_at(self) -> datetime | None:
        """Return when the provider's list of the card's movements was read last."""
        clock: CardClock | None = getattr(self, "clock", None)
        return clock.polled_at if clock else None

    @property
    def masked(self) -> str:
        return f"•••• {self.last4 or '????'}"

    @property
    def expiry(self) -> str:
        if not (self.expiration_month and self.expiration_year):
            return ""
        return f"{self.expiration_month:02}/{self.expiration_year % 100:02}"

    @property
    def status_choice(self) -> CardStatus:
        return CardStatus(self.status)

    @property
    def approval_choice(self) -> ApprovalMethod:
        return ApprovalMethod(self.approval_method)

    @property
    def limits(self) -> dict[str, Decimal | None]:
        return {name: getattr(self, name) for name in LIMITS}


class TransactionQuerySet(models.QuerySet["Transaction"]):
    def newest_first(self) -> Self:
        return self.order_by("-first_at", "-pk")

    def with_card(self) -> Self:
        return self.select_related("card__customer")

    def with_card_status(self) -> Self:
        """Add how the card stood here when the purchase was made."""
        steps = StatusChange.objects.filter(object_id=OuterRef("card_id"), at__lte=OuterRef("first_at"))
        return self.annotate(card_status=Subquery(steps.order_by("-at", "-pk").values("to_status")[:1]))

    def at_address(self, address: uuid.UUID) -> "Transaction | None":
        """Return the purchase that lives there, or the one that what lived there became part of."""
        return self.filter(pk=address).first() or self.filter(placements__event__address=address).first()

    def in_state(self, state: str) -> Self:
        return self.filter(state=state)

    def unsettled(self) -> Self:
        """Return those of which something is held that was neither settled nor released."""
        return self.filter(state__in=TransactionState.unsettled())

    def too_frequent(self) -> Self:
        """Return those that a velocity rule declined, at the provider or here."""
        ours = Q(placements__event__refusals__reason=Authorization.Reason.TOO_FREQUENT)
        return self.filter(ours | Q(decline_code__in=declines.VELOCITY), state=TransactionState.DECLINED)

    def of_card_ending_in(self, last4: str) -> Self:
        return self.filter(card__last4=last4)

    def chosen(self, filters: Mapping[str, str]) -> Self:
        """Return those that the list's filters let through."""
        found = self.of_card_ending_in(filters["card"]) if "card" in filters else self
        return found.in_state(filters["status"]) if "status" in filters else found


class Transaction(models.Model):
    """One purchase as a person thinks of it. Everything here is folded from its events and can be made again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # No index of its own here and below: others begin with the card.
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="transactions", db_index=False)
    state = models.CharField(max_length=16, choices=TransactionState.choices)
    merchant_name = models.CharField(max_length=200, blank=True)
    merchant_city = models.CharField(max_length=100, blank=True)
    merchant_country = models.CharField(max_length=3, blank=True)
    mcc = models.CharField("MCC", max_length=4, blank=True)
    mcc_category = models.CharField("MCC category", max_length=100, blank=True)
    channel = models.CharField(max_length=20, blank=True)
    bill_amount = models.DecimalField(max_digits=20, decimal_places=6)
    bill_currency = models.CharField(max_length=3)
    transaction_amount = models.DecimalField(max_digits=20, decimal_places=6)
    transaction_currency = models.CharField(max_length=3)
    authorized_total = models.DecimalField(max_digits=20, decimal_places=6)
    cleared_total = models.DecimalField(max_digits=20, decimal_places=6)
    reversed_total = models.DecimalField(max_digits=20, decimal_places=6)
    refunded_total = models.DecimalField(max_digits=20, decimal_places=6)
    fees_total = models.DecimalField(max_digits=20, decimal_places=6)
    decline_code = models.CharField(max_length=20, blank=True)
    decline_description = models.CharField(max_length=300, blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    card_status = ""  # where with_card_status has not told it

    objects = TransactionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-first_at", "-id"], name="transaction_newest"),
            models.Index(fields=["card", "-first_at", "-id"], name="transaction_card_newest"),
            models.Index(fields=["state", "-first_at", "-id"], name="transaction_state_newest"),
            models.Index(fields=["bill_amount", "-first_at"], name="transaction_amount_newest"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=TransactionState.values), name="transaction_state_is_known"),
            models.CheckConstraint(condition=Q(first_at__lte=F("last_at")), name="transaction_starts_before_it_ends"),
            models.CheckConstraint(condition=~Q(bill_currency=""), name="transaction_names_its_currency"),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_name or 'Unknown merchant'} · {self.bill_amount.normalize():f} {self.bill_currency}"

    @property
    def state_choice(self) -> TransactionState:
        return TransactionState(self.state)

    @property
    def mcc_in_words(self) -> str:
        return mcc.in_words(self.mcc) or self.mcc_category

    @property
    def is_declined(self) -> bool:
        """Say whether there is something to explain; what we declined ourselves often comes back without a code."""
        return self.state == TransactionState.DECLINED or bool(self.decline_code)

    @property
    def why_declined(self) -> str:
        return self.decline_words.what

    @property
    def decline_words(self) -> declines.Words:
        return declines.words_of(self.decline_code, self.decline_description, self.card_status)


class TransactionEventQuerySet(models.QuerySet["TransactionEvent"]):
    def of_purchase(self, purchase: Transaction) -> Self:
        """Return the purchase's events, each with how it was placed."""
        return self.filter(placement__transaction=purchase).select_related("placement")


class TransactionEvent(models.Model):
    """One thing the provider said about a purchase. PostgreSQL refuses to change or remove a row."""

    class Source(models.TextChoices):
        WEBHOOK = "WEBHOOK", "Webhook"
        POLL = "POLL", "The provider's list"

    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="events", db_index=False)
    # A purchase lives under the address of the event of its that was recorded first; every other leads there.
    address = models.UUIDField(unique=True, editable=False, db_default=RandomUUID())
    kind = models.CharField(max_length=10, choices=EventKind.choices)
    operation_id = models.CharField(max_length=200, blank=True)
    bill_amount = models.DecimalField(max_digits=20, decimal_places=6)
    bill_currency = models.CharField(max_length=3)
    transaction_amount = models.DecimalField(max_digits=20, decimal_places=6)
    transaction_currency = models.CharField(max_length=3)
    exchange_rate = models.DecimalField(max_digits=24, decimal_places=10, null=True, blank=True)
    atm_fees = models.DecimalField("ATM fees", max_digits=20, decimal_places=6, default=Decimal(0))
    fx_fees = models.DecimalField("FX fees", max_digits=20, decimal_places=6, default=Decimal(0))
    merchant_id = models.CharField(max_length=80, blank=True)
    merchant_name = models.CharField(max_length=200, blank=True)
    merchant_city = models.CharField(max_length=100, blank=True)
    merchant_country = models.CharField(max_length=3, blank=True)
    mcc = models.CharField("MCC", max_length=4, blank=True)
    mcc_category = models.CharField("MCC category", max_length=100, blank=True)
    channel = models.CharField(max_length=20, blank=True)
    decline_code = models.CharField(max_length=20, blank=True)
    decline_description = models.CharField(max_length=300, blank=True)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    source = models.CharField(max_length=8, choices=Source.choices)
    digest = models.CharField(max_length=64, help_text="Of the data as read, so that two deliveries of one event meet.")

    objects = TransactionEventQuerySet.as_manager()

    class Meta:
        ordering = ["occurred_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["card", "kind", "operation_id", "digest"], name="transaction_event_is_unique"
            ),
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="transaction_event_kind_is_known"),
            models.CheckConstraint(
                condition=Q(bill_amount__gte=0, transaction_amount__gte=0), name="transaction_event_is_not_negative"
            ),
            models.CheckConstraint(condition=~Q(digest=""), name="transaction_event_has_a_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.bill_amount.normalize():f} {self.bill_currency}"

    @property
    def kind_choice(self) -> EventKind:
        return EventKind(self.kind)

    @property
    def is_polled(self) -> bool:
        return self.source == self.Source.POLL

    @property
    def fees(self) -> Decimal:
        return self.atm_fees + self.fx_fees


class Placement(models.Model):
    """Which purchase an event belongs to. Outside the event, because another event may change the answer."""

    event = models.OneToOneField(TransactionEvent, primary_key=True, on_delete=models.PROTECT, related_name="placement")
    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="placements")
    how = models.CharField(max_length=12, choices=Match.choices)
    repeats = models.PositiveIntegerField(
        default=0, help_text="How often the very same came again: a repeated delivery, or a second one like it."
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(how__in=Match.values), name="placement_says_how")]

    def __str__(self) -> str:
        return f"{self.event_id}: {self.get_how_display()}"


class Deposit(models.Model):
    """Money that reached the wallet of a card; a webhook names the wallet, the provider's list the card."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    card = models.ForeignKey(Card, null=True, blank=True, on_delete=models.PROTECT, related_name="deposits")
    wallet_address = models.CharField(max_length=120)
    blockchain = models.CharField(max_length=40, blank=True)
    transaction_hash = models.CharField(max_length=120)
    amount = models.DecimalField(max_digits=20, decimal_places=6)
    net_amount = models.DecimalField(max_digits=20, decimal_places=6, help_text="What the card got, after fees.")
    at = models.DateTimeField()
    source = models.CharField(max_length=8, choices=TransactionEvent.Source.choices, default="WEBHOOK")
    movement_id = models.CharField("id in the provider's list", max_length=80, blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["card", "-at"], name="deposit_card_newest"),
            models.Index(fields=["-at", "-id"], name="deposit_newest"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["transaction_hash", "wallet_address"],
                condition=~Q(transaction_hash=""),
                name="deposit_is_unique",
            ),
            models.UniqueConstraint(
                fields=["movement_id"], condition=~Q(movement_id=""), name="deposit_of_one_movement"
            ),
            models.CheckConstraint(
                condition=~Q(transaction_hash="") | ~Q(movement_id=""), name="deposit_names_its_origin"
            ),
            models.CheckConstraint(
                condition=Q(source__in=TransactionEvent.Source.values), name="deposit_source_is_known"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0, net_amount__gte=0), name="deposit_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.net_amount.normalize():f} · {self.at:%Y-%m-%d %H:%M}"


class ChallengeQuerySet(models.QuerySet["Challenge"]):
    def shown(self, *, now: datetime) -> Self:
        """Return those that somebody may still answer, and those that ended a moment ago."""
        recent = Q(expires_at__gt=now - SHOWN_AFTER_END) | Q(expires_at=None, received_at__gt=now - SHOWN_AFTER_END)
        return self.filter(recent).select_related("decided_by").order_by("-received_at")


class Challenge(models.Model):
    """A purchase that waits for the cardholder's approval (3DS out of band)."""

    class Decision(models.TextChoices):
        APPROVED = "APPROVED", "Approved"
        DENIED = "DENIED", "Denied"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="challenges")
    challenge_id = models.CharField("provider id", max_length=80, unique=True)
    merchant_name = models.CharField(max_length=200, blank=True)
    merchant_country = models.CharField(max_length=3, blank=True)
    amount = models.DecimalField(max_digits=20, decimal_places=6)
    currency = models.CharField(max_length=3)
    received_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = ChallengeQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at"]
        permissions = [("answer_challenge", "Can approve or deny a purchase in its 3DS check")]
        indexes = [
            models.Index(fields=["card", "-received_at"], name="challenge_card_newest"),
            models.Index(fields=["-received_at", "-id"], name="challenge_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None) | ~Q(decision="") & Q(decided_at__isnull=False),
                name="decided_challenge_says_when",
            )
        ]

    def __str__(self) -> str:
        return f"{self.merchant_name} · {self.amount.normalize():f} {self.currency}"

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class NoticeQuerySet(models.QuerySet["Notice"]):
    def unseen(self) -> Self:
        return self.filter(seen_at=None)

    def seen(self) -> Self:
        return self.exclude(seen_at=None).select_related("seen_by")

    def about_challenge(self, challenge: Challenge) -> Self:
        """Return the notice that was left when the challenge came."""
        return self.filter(card=challenge.card_id, kind=Notice.Kind.CHALLENGE, created_at=challenge.received_at)


class Notice(models.Model):
    """Something a person must see, until someone has."""

    class Kind(models.TextChoices):
        VELOCITY = "VELOCITY", "Velocity rule"
        CHALLENGE = "CHALLENGE", "3DS check"
        DEPOSIT = "DEPOSIT", "Deposit"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="notices")
    card = models.ForeignKey(Card, null=True, blank=True, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    text = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        permissions = [("attend_notice", "Can take note of what the portal points out")]
        indexes = [
            models.Index(fields=["card"], condition=Q(seen_at=None), name="notice_unseen"),
            models.Index(fields=["-created_at", "-id"], name="notice_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(seen_at=None, seen_by=None) | Q(seen_at__isnull=False, seen_by__isnull=False),
                name="seen_notice_says_when_and_by_whom",
            ),
            models.UniqueConstraint(fields=["card", "kind", "created_at"], name="notice_is_left_once"),
        ]

    def __str__(self) -> str:
        return self.text
