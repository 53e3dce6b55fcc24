"""What the sandbox knows. Images, PINs and card numbers are looked at or derived, never kept."""

import secrets
import string
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Self
from uuid import UUID, uuid4

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

ALPHABET = string.ascii_letters + string.digits
OPEN_STATUSES = ("requested", "pending_documentation", "in_kyc")


def opaque_id() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(32))


def card_id() -> str:
    return f"icard_{uuid4()}"


def wallet_address() -> str:
    return f"0x{secrets.token_hex(20)}"


class Switch(models.Model):
    """A console setting that was changed; sandbox.switches has the defaults."""

    name = models.CharField(max_length=60, primary_key=True)
    value: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    objects: ClassVar[models.Manager[Self]] = models.Manager()

    def __str__(self) -> str:
        return self.name


class Company(models.Model):
    """The one company whose API key is accepted."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    company_id = models.UUIDField(default=uuid4)
    name = models.CharField(max_length=100, default="Demo company")
    email = models.EmailField(default="cards@company.example")
    webhook_url = models.URLField(max_length=500, blank=True)
    webhook_key = models.CharField(max_length=200, blank=True)
    holding_address = models.CharField(max_length=42, default=wallet_address)
    holding_balance = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal(25000))
    accumulated_fees = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal(0))
    velocity_rules: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="there_is_one_company")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def get(cls) -> Self:
        return cls.objects.get_or_create(id=1)[0]

    @classmethod
    def locked(cls) -> Self:
        cls.get()
        return cls.objects.select_for_update().get(id=1)


class Client(models.Model):
    id = models.CharField(max_length=32, primary_key=True, default=opaque_id)
    status = models.CharField(max_length=20, default="pending")
    first_name = models.CharField(max_length=100)
    second_name = models.CharField(max_length=100, null=True)  # noqa: DJ001 - the API tells null from ""
    last_name = models.CharField(max_length=100)
    email = models.EmailField()
    birth_date = models.DateField()
    phone_country_code = models.PositiveIntegerField(null=True)
    phone_number = models.BigIntegerField(null=True)
    address: "models.JSONField[Any, Any]" = models.JSONField()
    answers: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    rejection_code = models.CharField(max_length=100, blank=True)
    rejection_description = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    objects: ClassVar[models.Manager[Self]] = models.Manager()
    requests: "RelatedManager[EnablementRequest]"
    cards: "RelatedManager[Card]"

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(Lower("email"), "birth_date", name="client_once_per_email_and_birth_date"),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"


class EnablementRequest(models.Model):
    """One request for a product, with everything it asks for, satisfied or not."""

    id = models.CharField(max_length=32, primary_key=True, default=opaque_id)
    client = models.ForeignKey(Client, models.CASCADE, related_name="requests")
    client_id: str
    product = models.CharField(max_length=40, default="cards_individuals")
    status = models.CharField(max_length=30, default="pending_documentation")
    asked_documents: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    asked_data: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    rejected_items: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    # The values a reviewer refused, by key: the key counts as missing until its value is another one.
    refused_values: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    rejection_code = models.CharField(max_length=100, blank=True)
    rejection_description = models.TextField(blank=True)
    submitted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    objects: ClassVar[models.Manager[Self]] = models.Manager()
    documents: "RelatedManager[UploadedDocument]"

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "product"],
                condition=Q(status__in=OPEN_STATUSES),
                name="one_open_request_per_client_and_product",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.status}"


class UploadedDocument(models.Model):
    """A document as it was measured on arrival."""

    request = models.ForeignKey(EnablementRequest, models.CASCADE, related_name="documents")
    request_id: str
    document_type = models.CharField(max_length=60)
    metadata: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    front: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    back: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    rejection_reason = models.CharField(max_length=300, blank=True)
    uploaded_at = models.DateTimeField(default=timezone.now)
    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        ordering = ["uploaded_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["request", "document_type"], name="one_document_per_type_and_request")
        ]

    def __str__(self) -> str:
        return self.document_type


class Card(models.Model):
    id = models.CharField(max_length=42, primary_key=True, default=card_id)
    client = models.ForeignKey(Client, models.SET_NULL, null=True, related_name="cards")
    client_id: str | None
    rain_card_id = models.CharField(max_length=42)
    type = models.CharField(max_length=10, default="Virtual")
    status = models.CharField(max_length=10, default="ACTIVE")
    last4 = models.CharField(max_length=4)
    expiration_month = models.PositiveSmallIntegerField()
    expiration_year = models.PositiveSmallIntegerField()
    card_holder_name = models.CharField(max_length=27)
    approval_method = models.CharField(max_length=10)
    daily_limit = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    weekly_limit = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    monthly_limit = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    per_transaction_limit = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    forwarded_3ds_type = models.CharField(max_length=10, default="sms")
    balance = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal(0))
    deposit_address = models.CharField(max_length=42, default=wallet_address)
    velocity_reset_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    objects: ClassVar[models.Manager[Self]] = models.Manager()
    purchases: "RelatedManager[Purchase]"
    movements: "RelatedManager[Movement]"
    challenges: "RelatedManager[Challenge]"

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"•••• {self.last4}"


class Purchase(models.Model):
    """What a merchant asked for. What is held is given back, settled, or both in parts."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    card = models.ForeignKey(Card, models.CASCADE, related_name="purchases")
    card_id: str
    outcome = models.CharField(max_length=12)
    decline_code = models.CharField(max_length=10, blank=True)
    bill_amount = models.DecimalField(max_digits=14, decimal_places=2)
    transaction_amount = models.DecimalField(max_digits=14, decimal_places=2)
    transaction_currency = models.CharField(max_length=3)
    fx_fee = models.DecimalField(max_digits=10, decimal_places=2)
    atm_fee = models.DecimalField(max_digits=10, decimal_places=2)
    channel = models.CharField(max_length=20)
    merchant: "models.JSONField[Any, Any]" = models.JSONField()
    reversed_amount = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal(0))
    cleared_amount = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal(0))
    refunded_amount = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal(0))
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(bill_amount__gt=0), name="purchase_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(refunded_amount__lte=F("cleared_amount")), name="no_refund_beyond_what_cleared"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.bill_amount} USD"

    @property
    def fees(self) -> Decimal:
        return self.fx_fee + self.atm_fee

    @property
    def held_amount(self) -> Decimal:
        if self.outcome != "authorized" or self.closed_at is not None:
            return Decimal(0)
        return max(self.bill_amount - self.reversed_amount - self.cleared_amount, Decimal(0))

    @property
    def refundable_amount(self) -> Decimal:
        return self.cleared_amount - self.refunded_amount


class Movement(models.Model):
    """A line of the card's history, as the search answers it."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    card = models.ForeignKey(Card, models.CASCADE, related_name="movements")
    purchase = models.ForeignKey(Purchase, models.CASCADE, null=True, related_name="movements")
    purchase_id: UUID | None
    operation = models.CharField(max_length=40)
    status = models.CharField(max_length=12, default="APPROVED")
    bill_amount = models.DecimalField(max_digits=14, decimal_places=2)
    transaction_amount = models.DecimalField(max_digits=14, decimal_places=2)
    transaction_currency = models.CharField(max_length=3, default="USD")
    merchant_name = models.CharField(max_length=100, blank=True)
    original_balance = models.DecimalField(max_digits=14, decimal_places=2)
    new_balance = models.DecimalField(max_digits=14, decimal_places=2)
    fx_fee = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal(0))
    atm_fee = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal(0))
    deposit_fee = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal(0))
    decline_code = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.operation} {self.bill_amount} USD"


class Challenge(models.Model):
    """A 3DS challenge that the cardholder decides in the company's own app."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    card = models.ForeignKey(Card, models.CASCADE, related_name="challenges")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    merchant_name = models.CharField(max_length=100)
    merchant_country = models.CharField(max_length=3)
    status = models.CharField(max_length=14, default="PENDING")
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.status} {self.amount} {self.currency}"


class Delivery(models.Model):
    """A webhook that has to arrive, or why it did not."""

    id = models.BigAutoField(primary_key=True)
    url = models.CharField(max_length=500, blank=True)
    product = models.CharField(max_length=40)
    event_type = models.CharField(max_length=60)
    operation_id = models.CharField(max_length=80)
    body: "models.JSONField[Any, Any]" = models.JSONField()
    status = models.CharField(max_length=12, default="due")
    max_attempts = models.PositiveSmallIntegerField(default=10)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=200, blank=True)
    last_answer = models.CharField(max_length=200, blank=True)
    duration_ms = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["next_attempt_at"], name="delivery_due", condition=Q(status="due"))]

    def __str__(self) -> str:
        return f"{self.event_type} {self.status}"


class Fault(models.Model):
    """Something that goes wrong on purpose."""

    id = models.BigAutoField(primary_key=True)
    method = models.CharField(max_length=10, default="*")
    path = models.CharField(max_length=300)
    kind = models.CharField(max_length=20)
    remaining = models.PositiveIntegerField(null=True)
    seconds = models.FloatField(default=1.0)
    answer_status = models.PositiveSmallIntegerField(default=500)
    answer_body = models.TextField(blank=True)
    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.method} {self.path}"


class ExtraRequirement(models.Model):
    """What future requests ask for besides the usual."""

    kind = models.CharField(max_length=10)
    body: "models.JSONField[Any, Any]" = models.JSONField()
    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.body.get('id')}"


class IdempotentAnswer(models.Model):
    """The first answer to an idempotency key, given again to whoever repeats it."""

    key = models.CharField(max_length=200)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=300)
    body_sha256 = models.CharField(max_length=64)
    answer_status = models.PositiveSmallIntegerField(default=0)
    answer_body = models.TextField(blank=True)
    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "method", "path"], name="one_answer_per_idempotency_key")]

    def __str__(self) -> str:
        return self.key
