"""The wallet that backs every card of the programme, as the provider last described it."""

import uuid
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import Q


class HoldingQuerySet(models.QuerySet["Holding"]):
    def known(self) -> "Holding | None":
        """Return what was read last, or None while nothing was."""
        return self.exclude(balance=None).first()


class Holding(models.Model):
    """One row: what the provider said about the holding wallet, and when. Amounts are US dollars."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    balance = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    on_cards = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    accumulated_fees = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    address = models.CharField("deposit address", max_length=120, blank=True)
    blockchain = models.CharField(max_length=40, blank=True)
    tokens = models.JSONField(default=dict, blank=True, help_text="Symbol: contract address.")
    is_enabled = models.BooleanField(default=True)
    is_missing = models.BooleanField(default=False, help_text="The provider says that the company has no such wallet.")
    read_at = models.DateTimeField(null=True, blank=True)

    objects = HoldingQuerySet.as_manager()

    class Meta:
        verbose_name = "holding wallet"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="there_is_one_holding"),
            models.CheckConstraint(
                condition=Q(balance=None) | Q(read_at__isnull=False), name="holding_balance_says_when"
            ),
        ]

    def __str__(self) -> str:
        return "Holding wallet"


class WithdrawalQuerySet(models.QuerySet["Withdrawal"]):
    def newest_first(self) -> Self:
        return self.order_by("-at", "-pk")


class Withdrawal(models.Model):
    """Money that left the holding wallet, or failed to. The portal cannot ask for one: the API has no such verb yet."""

    class State(models.TextChoices):
        SENT = "SENT", "Sent"
        FAILED = "FAILED", "Failed"

        @property
        def meaning(self) -> str:
            return {"SENT": "good", "FAILED": "bad"}[self.value]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    operation_id = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices)
    card = models.ForeignKey("cards.Card", null=True, blank=True, on_delete=models.PROTECT, related_name="withdrawals")
    transaction_hash = models.CharField(max_length=120, blank=True)
    blockchain = models.CharField(max_length=40, blank=True)
    to_address = models.CharField(max_length=120, blank=True)
    amount = models.DecimalField(max_digits=20, decimal_places=6, default=Decimal(0))
    at = models.DateTimeField()

    objects = WithdrawalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["operation_id", "state"], name="withdrawal_is_unique"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="withdrawal_is_not_negative"),
            models.CheckConstraint(condition=Q(state__in=["SENT", "FAILED"]), name="withdrawal_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} · {self.get_state_display()}"

    @property
    def state_choice(self) -> "Withdrawal.State":
        return self.State(self.state)
