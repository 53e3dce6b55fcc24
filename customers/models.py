import hashlib
import uuid
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.files.storage import storages
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.fields.files import FieldFile
from django.db.models.functions import Cast, Concat, Upper
from django.utils import timezone

from audit.capture import Capture
from customers.choices import AccountPurpose, AnnualSalary, Gender, MonthlyVolume
from customers.comparisons import Comparison as Comparison
from customers.comparisons import ComparisonClock as ComparisonClock
from customers.comparisons import Discrepancy as Discrepancy
from customers.comparisons import ListedRecord as ListedRecord
from customers.name_words import NOTE_WORDS, SearchName
from customers.name_words import NameWord as NameWord
from customers.new_kinds import NewKind as NewKind
from customers.notes import Mention as Mention
from customers.notes import Note as Note
from customers.reasons import RejectionReason as RejectionReason
from customers.reasons import UnknownReason as UnknownReason
from customers.status_changes import HasStatus
from customers.statuses import (
    CUSTOMER_TRANSITIONS,
    DOCUMENT_TRANSITIONS,
    OPEN_REQUEST_STATUSES,
    REQUEST_TRANSITIONS,
    CustomerStatus,
    DocumentStatus,
    RequestStatus,
    Source,
)
from customers.unsaved import UnsavedAnswers as UnsavedAnswers
from customers.wanted import NamesField, refused_keys, wanted_documents, wanted_requirements
from provider.models import ProviderCall
from vault.cipher import keyed_hashes
from vault.fields import EncryptedJSONField, EncryptedTextField, KeyedHashField

PRODUCT = "cards_individuals"

EDITABLE = (
    "first_name", "second_name", "last_name", "email", "birth_date", "gender", "phone_country_code", "phone_number",
    "street_line1", "street_line2", "city", "postal_code", "country", "state", "individual_cards", "id_type",
    "id_number_hash", "occupation", "annual_salary", "account_purpose", "expected_monthly_volume",
)  # fmt: skip

NATIONAL_PHONE = Cast("phone_number", models.TextField())
WHOLE_PHONE = Concat(Cast("phone_country_code", models.TextField()), NATIONAL_PHONE)


def normal_id_number(number: str) -> str:
    """Return the number as it is compared: however somebody spaces or dots it, it is the same number."""
    return "".join(character for character in number.upper() if character.isalnum())


class CustomerQuerySet(models.QuerySet["Customer"]):
    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")

    def with_id_number(self, number: str) -> Self:
        """Return those whose ID number this is, however it is written: found by its keyed hash."""
        return self.filter(id_number_hash__in=keyed_hashes(normal_id_number(number), purpose="id_number"))


class Customer(HasStatus):
    """A person who wants a card, as we know them; the provider's verdict is mirrored in `status`."""

    MACHINE = "customer"
    TRANSITIONS = CUSTOMER_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    api_id = models.CharField("provider id", max_length=80, null=True, blank=True, unique=True)
    status = models.CharField(max_length=10, choices=CustomerStatus.choices, default=CustomerStatus.PENDING)
    remote_status = models.CharField("the provider's word", max_length=40, blank=True)

    first_name = models.CharField(max_length=100)
    second_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100)
    email = models.EmailField("email", max_length=254)
    birth_date = models.DateField("date of birth")
    gender = models.CharField(max_length=10, choices=Gender.choices, blank=True)
    phone_country_code = models.PositiveIntegerField(null=True, blank=True)
    phone_number = models.PositiveBigIntegerField(null=True, blank=True)
    street_line1 = models.CharField("street line 1", max_length=200)
    street_line2 = models.CharField("street line 2", max_length=200, blank=True)
    city = models.CharField(max_length=100)
    postal_code = models.CharField(max_length=20)
    country = models.CharField(max_length=3, help_text="ISO 3166-1 alpha-3, as the provider lists it.")
    state = models.CharField(max_length=12, help_text="Subdivision code, as the provider lists it.")

    individual_cards = models.BooleanField(default=False)
    id_type = models.CharField("ID type", max_length=60, blank=True)
    id_number = EncryptedTextField("ID number", blank=True, default="")
    id_number_hash = KeyedHashField(of="id_number", purpose="id_number", normalise=normal_id_number, db_index=True)
    occupation = models.CharField(max_length=100, blank=True)
    annual_salary = models.CharField(max_length=20, choices=AnnualSalary.choices, blank=True)
    account_purpose = models.CharField(max_length=40, choices=AccountPurpose.choices, blank=True)
    expected_monthly_volume = models.CharField(max_length=20, choices=MonthlyVolume.choices, blank=True)
    answers = EncryptedJSONField(
        default=dict, blank=True, help_text="Answers to data requirements that have no column of their own."
    )

    search_name = models.GeneratedField(
        expression=SearchName("first_name", "second_name", "last_name"),
        output_field=models.TextField(),
        db_persist=True,
    )

    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = CustomerQuerySet.as_manager()

    class Meta:
        triggers = [Capture(customer="id"), NOTE_WORDS]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="customer_newest"),
            models.Index(fields=["status", "-created_at", "-id"], name="customer_status_newest"),
            GinIndex(OpClass(Upper("last_name"), name="gin_trgm_ops"), name="customer_last_name_trgm"),
            GinIndex(OpClass("search_name", name="gin_trgm_ops"), name="customer_name_trgm"),
            models.Index(OpClass(Upper("email"), name="text_pattern_ops"), name="customer_email_begins"),
            models.Index(OpClass(NATIONAL_PHONE, name="text_pattern_ops"), name="customer_phone_begins"),
            models.Index(OpClass(WHOLE_PHONE, name="text_pattern_ops"), name="customer_whole_phone_begins"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=CustomerStatus.values), name="customer_status_is_known"),
            models.CheckConstraint(
                condition=Q(phone_country_code__isnull=True, phone_number__isnull=True)
                | Q(phone_country_code__isnull=False, phone_number__isnull=False),
                name="phone_is_whole_or_absent",
            ),
            models.CheckConstraint(
                condition=Q(individual_cards=False)
                | (
                    ~Q(gender="") & ~Q(id_type="") & ~Q(id_number_hash="") & ~Q(occupation="")
                    & ~Q(annual_salary="") & ~Q(account_purpose="") & ~Q(expected_monthly_volume="")
                ),
                name="individual_cards_need_id_and_finances",
            ),
        ]  # fmt: skip
        permissions = [
            ("submit_customer", "Can submit a customer for review"),
            ("refresh_customer", "Can have CryptoMate asked about a customer now"),
            ("view_document_image", "Can see document images"),
            ("view_personal_data", "Can see personal data unmasked"),
            ("reveal_personal_data", "Can have masked personal data shown for a reason"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return " ".join(filter(None, [self.first_name, self.second_name, self.last_name]))

    @property
    def status_choice(self) -> CustomerStatus:
        return CustomerStatus(self.status)

    @property
    def version(self) -> str:
        """Return a word that differs whenever the data people edit differ: what a form says it was filled in from."""
        values = [str(getattr(self, name)) for name in EDITABLE]
        return hashlib.sha256("\x1f".join(values).encode()).hexdigest()[:16]

    def owner_id(self) -> uuid.UUID:
        return self.pk

    @property
    def newest_request(self) -> "EnablementRequest | None":
        return self.requests.order_by("-created_at").first()

    def open_calls(self) -> models.QuerySet[ProviderCall]:
        return ProviderCall.objects.open().about(self.pk)


class EnablementRequestQuerySet(models.QuerySet["EnablementRequest"]):
    def open(self) -> Self:
        return self.filter(status__in=OPEN_REQUEST_STATUSES)

    def closed(self) -> Self:
        return self.exclude(status__in=OPEN_REQUEST_STATUSES)

    def waiting_for_us(self) -> Self:
        """Newest requests whose customer has something to supply, correct or submit."""
        newer = EnablementRequest.objects.filter(customer=OuterRef("customer"), created_at__gt=OuterRef("created_at"))
        ours = [RequestStatus.REQUESTED, RequestStatus.PENDING_DOCUMENTATION, RequestStatus.REJECTED]
        return self.filter(~Exists(newer), status__in=ours)

    def in_review(self) -> Self:
        return self.filter(status=RequestStatus.IN_KYC)

    def overdue(self, *, since: datetime) -> Self:
        """Requests in review that were submitted before this moment."""
        return self.in_review().filter(submitted_at__lt=since)

    def due_for_sync(self, *, now: datetime) -> Self:
        return self.filter(next_sync_at__lte=now).order_by("next_sync_at")


class EnablementRequest(HasStatus):
    """One attempt to have the card product enabled for a customer."""

    MACHINE = "request"
    TRANSITIONS = REQUEST_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="requests")
    api_id = models.CharField("provider id", max_length=80, unique=True)
    product = models.CharField(max_length=40, default=PRODUCT)
    status = models.CharField(max_length=24, choices=RequestStatus.choices, default=RequestStatus.REQUESTED)
    remote_status = models.CharField("the provider's word", max_length=40, blank=True)
    missing_requirements = EncryptedJSONField(default=dict, blank=True)
    rejected_items = EncryptedJSONField(default=list, blank=True)
    wanted_requirements = NamesField(read=wanted_requirements)
    wanted_documents = NamesField(read=wanted_documents, help_text="Types of which one would do.")
    refused_keys = NamesField(read=refused_keys)
    rejection_code = models.CharField(max_length=80, blank=True)
    rejection_description = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)
    next_sync_at = models.DateTimeField(null=True, blank=True)
    syncs = models.PositiveIntegerField(default=0, help_text="Looks since the last change; they grow rarer.")

    objects = EnablementRequestQuerySet.as_manager()

    class Meta:
        triggers = [Capture()]
        indexes = [
            models.Index(fields=["next_sync_at"], condition=Q(next_sync_at__isnull=False), name="request_due_for_sync"),
            models.Index(fields=["submitted_at"], condition=Q(status=RequestStatus.IN_KYC), name="request_in_review"),
            models.Index(
                fields=["-decided_at"],
                condition=Q(decided_at__isnull=False, submitted_at__isnull=False),
                name="request_reviewed",
            ),
            models.Index(fields=["decided_at"], condition=Q(status=RequestStatus.REJECTED), name="request_refused"),
            models.Index(fields=["-created_at", "-id"], name="request_newest"),
            models.Index(fields=["status", "-created_at", "-id"], name="request_status_newest"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "product"],
                condition=Q(status__in=OPEN_REQUEST_STATUSES),
                name="one_open_request_per_customer_and_product",
            ),
            models.CheckConstraint(condition=Q(status__in=RequestStatus.values), name="request_status_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} · {self.customer_id}"

    def owner_id(self) -> uuid.UUID:
        return self.customer_id

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_REQUEST_STATUSES

    @property
    def status_choice(self) -> RequestStatus:
        return RequestStatus(self.status)


class RequirementSnapshot(models.Model):
    """What the provider said is missing, as received. Rows are added, never changed."""

    class Occasion(models.TextChoices):
        REQUEST = "REQUEST", "after asking for the product"
        UPDATE = "UPDATE", "after saving data"
        UPLOAD = "UPLOAD", "after an upload"
        SUBMIT = "SUBMIT", "after submitting"
        SYNC = "SYNC", "when asked"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(EnablementRequest, on_delete=models.PROTECT, related_name="snapshots")
    occasion = models.CharField(max_length=10, choices=Occasion.choices)
    taken_at = models.DateTimeField(default=timezone.now)
    missing_requirements = EncryptedJSONField(default=dict)
    rejected_items = EncryptedJSONField(default=list)
    difference = EncryptedJSONField(null=True, help_text="What changed since the customer's snapshot before.")
    digest = models.CharField(max_length=64)
    call = models.ForeignKey(
        ProviderCall, null=True, blank=True, on_delete=models.PROTECT, related_name="snapshots", db_index=False,
        help_text="Whose answer this was, where it was not a mere look.",
    )  # fmt: skip

    class Meta:
        triggers = [Capture()]
        ordering = ["-taken_at"]
        indexes = [
            models.Index(fields=["request", "-taken_at"], name="snapshot_newest"),
            models.Index(fields=["call"], condition=Q(call__isnull=False), name="snapshot_call"),
            models.Index(fields=["-taken_at", "-id"], name="snapshot_newest_of_all"),
        ]
        constraints = [models.CheckConstraint(condition=~Q(digest=""), name="snapshot_has_a_digest")]

    def __str__(self) -> str:
        return f"{self.get_occasion_display()} at {self.taken_at:%Y-%m-%d %H:%M}"


def document_name(document: "Document", filename: str) -> str:
    """Name the stored file so that nobody can guess it; the person's own file name is not kept."""
    return f"{document.customer_id}/{uuid.uuid4().hex}"


def document_storage() -> Any:
    return storages["documents"]


ERASED_WITH_FILES = Q(erased_at__isnull=False) & ~Q(front="", back="")


class DocumentQuerySet(models.QuerySet["Document"]):
    def standing(self) -> Self:
        return self.exclude(status=DocumentStatus.SUPERSEDED)

    def drafts(self) -> Self:
        return self.filter(status=DocumentStatus.DRAFT)

    def with_files_to_remove(self) -> Self:
        """Erased documents whose files may still be there."""
        return self.filter(ERASED_WITH_FILES).order_by("erased_at")

    def due_for_reading(self, *, now: datetime) -> Self:
        return self.filter(reading_due_at__lte=now).order_by("reading_due_at")


class Document(HasStatus):
    """Images and metadata for one document requirement, kept from the moment a valid image is chosen."""

    MACHINE = "document"
    TRANSITIONS = DOCUMENT_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="documents")
    request = models.ForeignKey(EnablementRequest, on_delete=models.PROTECT, related_name="documents")
    requirement = models.CharField(max_length=80, help_text="The provider's id of what it answers.")
    document_type = models.CharField(max_length=80)
    metadata = EncryptedJSONField(default=dict, blank=True)
    front = models.FileField(upload_to=document_name, storage=document_storage, max_length=200, blank=True)
    back = models.FileField(upload_to=document_name, storage=document_storage, max_length=200, blank=True)
    front_sha256 = models.CharField(max_length=64, blank=True)
    back_sha256 = models.CharField(max_length=64, blank=True)
    front_source_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the file as it was chosen.")
    back_source_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the file as it was chosen.")
    front_likeness = models.CharField(max_length=16, blank=True, help_text="What the picture looks like, in 64 bits.")
    back_likeness = models.CharField(max_length=16, blank=True, help_text="What the picture looks like, in 64 bits.")
    likeness_parts = ArrayField(models.IntegerField(), default=list, blank=True, editable=False)
    measurements = models.JSONField(default=dict, blank=True)
    reading = EncryptedJSONField(null=True, blank=True, help_text="What was read from its images, by side.")
    reading_due_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=12, choices=DocumentStatus.choices, default=DocumentStatus.DRAFT)
    reason = models.TextField(blank=True, help_text="The provider's words when it refused the document.")
    overridden = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text="Warnings it was sent in spite of."
    )
    override_reason = EncryptedTextField("why it was sent in spite of them", null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True, help_text="When a person let it go to the provider.")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    uploaded_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True, help_text="When all it held was erased, for good.")

    objects = DocumentQuerySet.as_manager()

    class Meta:
        triggers = [Capture()]
        ordering = ["-created_at"]
        indexes = [
            GinIndex(fields=["likeness_parts"], condition=Q(uploaded_at__isnull=False), name="sent_document_likeness"),
            models.Index(
                fields=["reading_due_at"], condition=Q(reading_due_at__isnull=False), name="document_due_for_reading"
            ),
            models.Index(fields=["erased_at"], condition=ERASED_WITH_FILES, name="erased_document_with_files"),
            models.Index(fields=["-created_at", "-id"], name="document_newest"),
            models.Index(fields=["status", "-created_at", "-id"], name="document_status_newest"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "requirement"],
                condition=Q(status=DocumentStatus.DRAFT),
                name="one_draft_per_customer_and_requirement",
            ),
            models.CheckConstraint(condition=Q(status__in=DocumentStatus.values), name="document_status_is_known"),
            models.CheckConstraint(
                condition=Q(status=DocumentStatus.DRAFT) | Q(status=DocumentStatus.SUPERSEDED)
                | ~Q(uploaded_at=None), name="uploaded_document_says_when",
            ),
            models.CheckConstraint(
                condition=Q(overridden=[]) | Q(override_reason__isnull=False), name="overridden_warnings_have_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | Q(measurements={}, reading__isnull=True, likeness_parts=[], front_likeness="", back_likeness=""),
                name="erased_document_holds_nothing",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.document_type} · {self.get_status_display()}"

    def owner_id(self) -> uuid.UUID:
        return self.customer_id

    def image(self, side: str) -> FieldFile | None:
        """Return the stored image of `front` or `back`, or None; an erased document has none, whatever lies there."""
        if self.erased_at:
            return None
        image: FieldFile = self.front if side == "front" else self.back
        return image or None

    def sha256(self, side: str) -> str:
        return self.front_sha256 if side == "front" else self.back_sha256

    def likeness(self, side: str) -> str:
        return self.front_likeness if side == "front" else self.back_likeness

    @property
    def status_choice(self) -> DocumentStatus:
        return DocumentStatus(self.status)


class StatusChange(models.Model):
    """One step of one row through its states: from, to, on whose word."""

    machine = models.CharField(max_length=12)
    object_id = models.UUIDField()
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="status_changes")
    from_status = models.CharField(max_length=24)
    to_status = models.CharField(max_length=24)
    source = models.CharField(max_length=8, choices=Source.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)
    unexpected = models.BooleanField(default=False, help_text="The provider took a step that is not in our table.")
    at = models.DateTimeField()
    call = models.ForeignKey(
        ProviderCall, null=True, blank=True, on_delete=models.PROTECT, related_name="status_changes", db_index=False,
        help_text="Whose answer led to it, where one did.",
    )  # fmt: skip

    class Meta:
        triggers = [Capture()]
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["call"], condition=Q(call__isnull=False), name="status_change_call"),
            models.Index(fields=["customer", "-at"], name="status_change_customer"),
            models.Index(fields=["object_id", "-at"], name="status_change_object"),
            models.Index(fields=["-at", "-id"], name="status_change_newest"),
            models.Index(fields=["-at", "-id"], condition=Q(unexpected=True), name="status_change_unexpected"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(source=Source.OFFICER) | Q(by__isnull=False), name="officer_change_names_officer"
            ),
            models.CheckConstraint(condition=~Q(from_status=F("to_status")), name="status_change_changes_something"),
        ]

    def __str__(self) -> str:
        return f"{self.machine}: {self.from_status} → {self.to_status}"
