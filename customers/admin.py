"""Customers and their reviews, to read. Statuses follow the provider; everything else is changed on the pages.

Personal data are masked here, whoever looks: the pages show them to those who may see them, and record it.
"""

import json
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.records import Among, RecordAdmin, RecordInline, link, link_to
from customers.actions import refresh_customer
from customers.comparison_admin import ComparisonAdmin as ComparisonAdmin
from customers.differences import Difference
from customers.facts import mask_phone
from customers.masking import veil
from customers.models import (
    Customer,
    Document,
    EnablementRequest,
    Mention,
    Note,
    RequirementSnapshot,
    StatusChange,
    normal_id_number,
)
from customers.policies import NotAllowed
from customers.reason_admin import RejectionReasonAdmin as RejectionReasonAdmin
from customers.threshold_admin import QualityThresholdAdmin as QualityThresholdAdmin
from vault.cipher import keyed_hashes
from vault.masking import in_all_text, mask_email, mask_number

M = TypeVar("M", bound=Model)


def pretty(value: Any, customer: Customer) -> SafeString:
    masked = in_all_text(value, veil(customer))
    return format_html("<pre>{}</pre>", json.dumps(masked, indent=2, ensure_ascii=False))


def request_link(request: EnablementRequest) -> str | SafeString:
    return link_to(request, f"{request.get_status_display()}, {request.api_id}")


MACHINES = {
    "customer": "customers.customer", "request": "customers.enablementrequest", "document": "customers.document",
    "card": "cards.card",
}  # fmt: skip


def ask_about(page: admin.ModelAdmin[Any], request: HttpRequest, customers: list[Customer]) -> None:
    """Have CryptoMate asked about these customers now, and say which it could not be asked about."""
    by: Any = request.user
    refusals = [refusal for each in customers if (refusal := _refusal(each, by))]
    if asked := len(customers) - len(refusals):
        page.message_user(request, f"CryptoMate is asked about {asked} now.")
    for sentence in dict.fromkeys(refusals):
        page.message_user(request, f"{refusals.count(sentence)} left alone: {sentence}", messages.WARNING)


def _refusal(customer: Customer, by: User) -> str:
    try:
        refresh_customer(customer=customer, by=by)
    except NotAllowed as refusal:
        return str(refusal)
    return ""


class OfCustomerAdmin(RecordAdmin[M]):
    """Rows of a customer, with a link to theirs."""

    list_select_related = ["customer"]

    @admin.display(description="customer")
    def customer_link(self, row: Any) -> str | SafeString:
        return link_to(row.customer)


class EnablementRequestInline(RecordInline[EnablementRequest, Customer]):
    model = EnablementRequest
    show_change_link = True
    fields = ["api_id", "status", "created_at", "submitted_at", "decided_at"]
    ordering = ["-created_at"]


class DocumentInline(RecordInline[Document, Customer]):
    model = Document
    show_change_link = True
    fields = ["requirement", "document_type", "status", "refusal", "uploaded_at"]
    readonly_fields = ["refusal"]

    @admin.display(description="reason")
    def refusal(self, document: Document) -> str:
        return veil(document.customer)(document.reason)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        return super().get_queryset(request).select_related("customer")


@admin.register(Customer)
class CustomerAdmin(RecordAdmin[Customer]):
    list_display = ["__str__", "status", "remote_status", "country", "individual_cards", "created_at"]
    list_filter = ["status", "created_at"]
    # A part of an e-mail address would let it be guessed.
    search_fields = ["pk__exact", "api_id__exact", "last_name__istartswith", "email__iexact"]
    search_help_text = "The beginning of a last name; an email address, ID number, or id here or at CryptoMate, whole."
    ordering = ["-created_at"]
    leads_to = [
        ("requests", "customers.enablementrequest", "customer", "pk"),
        ("documents", "customers.document", "customer", "pk"),
        ("statuses", "customers.statuschange", "customer", "pk"),
        ("calls to CryptoMate", "provider.providercall", "customer_id", "pk"),
        ("cards", "cards.card", "customer", "pk"),
        ("deliveries", "webhooks.webhookevent", "customer_id", "pk"),
        ("differences", "customers.discrepancy", "customer", "pk"),
        ("notices", "cards.notice", "customer", "pk"),
        ("notes", "customers.note", "customer", "pk"),
        ("audit log", "audit.event", "customer_id", "pk"),
    ]
    actions = ["ask_now"]
    fields = [
        "api_id", "status", "remote_status", "first_name", "second_name", "last_name", "email_masked", "phone_masked",
        "country", "individual_cards", "id_type", "id_number_masked", "created_at", "created_by", "page", "belonging",
    ]  # fmt: skip
    inlines = [EnablementRequestInline, DocumentInline]  # a few; of the lists it leads to, there may be thousands

    @admin.display(description="email")
    def email_masked(self, customer: Customer) -> str:
        return mask_email(customer.email)

    @admin.display(description="phone")
    def phone_masked(self, customer: Customer) -> str:
        return mask_phone(customer) or "—"

    @admin.display(description="ID number")
    def id_number_masked(self, customer: Customer) -> str:
        return mask_number(customer.id_number) if customer.id_number else "—"

    @admin.display(description="all data")
    def page(self, customer: Customer) -> SafeString:
        return format_html('<a href="{}">Open the customer’s page</a>', reverse("customers:detail", args=[customer.pk]))

    def named(self, words: str) -> Q:
        return super().named(words) | Q(id_number_hash__in=keyed_hashes(normal_id_number(words), purpose="id_number"))

    def has_refresh_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("customers.refresh_customer")

    @admin.action(description="Ask CryptoMate now", permissions=["refresh"])
    def ask_now(self, request: HttpRequest, customers: QuerySet[Customer]) -> None:
        ask_about(self, request, list(customers))


@admin.register(EnablementRequest)
class EnablementRequestAdmin(OfCustomerAdmin[EnablementRequest]):
    list_display = ["customer_link", "status", "remote_status", "submitted_at", "decided_at", "next_sync_at"]
    list_filter = ["status", "created_at"]
    search_fields = ["pk__exact", "api_id__exact", "customer_id__exact", "customer__api_id__exact"]
    search_fields += ["customer__email__iexact"]
    search_help_text = "CryptoMate’s id of a request or a client, an id here, or the customer’s email address, whole."
    ordering = ["-created_at"]
    leads_to = [
        ("what was missing", "customers.requirementsnapshot", "request", "pk"),
        ("documents", "customers.document", "request", "pk"),
        ("calls to CryptoMate", "provider.providercall", "target_id", "pk"),
        ("statuses", "customers.statuschange", "object_id", "pk"),
        ("audit log of the customer", "audit.event", "customer_id", "customer_id"),
    ]
    actions = ["ask_now"]
    exclude = ["customer", "missing_requirements", "rejected_items", "rejection_description"]
    readonly_fields = ["customer_link", "missing", "rejected", "description"]

    def has_refresh_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("customers.refresh_customer")

    @admin.action(description="Ask CryptoMate about the customer now", permissions=["refresh"])
    def ask_now(self, request: HttpRequest, requests: QuerySet[EnablementRequest]) -> None:
        ask_about(self, request, list({each.customer_id: each.customer for each in requests}.values()))

    @admin.display(description="missing requirements")
    def missing(self, request: EnablementRequest) -> SafeString:
        return pretty(request.missing_requirements, request.customer)

    @admin.display(description="rejected items")
    def rejected(self, request: EnablementRequest) -> SafeString:
        return pretty(request.rejected_items, request.customer)

    @admin.display(description="rejection description")
    def description(self, request: EnablementRequest) -> str:
        return veil(request.customer)(request.rejection_description)


@admin.register(RequirementSnapshot)
class RequirementSnapshotAdmin(RecordAdmin[RequirementSnapshot]):
    list_display = ["taken_at", "occasion", "customer_link", "request_link"]
    list_select_related = ["request__customer"]
    list_filter = ["taken_at"]
    search_fields = ["pk__exact", "request_id__exact", "request__api_id__exact"]
    search_help_text = "The id of a request, here or at CryptoMate, whole."
    exclude = ["request", "missing_requirements", "rejected_items", "difference"]
    readonly_fields = ["customer_link", "request_link", "said", "missing", "rejected"]

    @admin.display(description="customer")
    def customer_link(self, snapshot: RequirementSnapshot) -> str | SafeString:
        return link_to(snapshot.request.customer)

    @admin.display(description="request")
    def request_link(self, snapshot: RequirementSnapshot) -> str | SafeString:
        return request_link(snapshot.request)

    @admin.display(description="what changed")
    def said(self, snapshot: RequirementSnapshot) -> str:
        return veil(snapshot.request.customer)(Difference.from_json(snapshot.difference).sentences) or "—"

    @admin.display(description="missing requirements")
    def missing(self, snapshot: RequirementSnapshot) -> SafeString:
        return pretty(snapshot.missing_requirements, snapshot.request.customer)

    @admin.display(description="rejected items")
    def rejected(self, snapshot: RequirementSnapshot) -> SafeString:
        return pretty(snapshot.rejected_items, snapshot.request.customer)


@admin.register(Document)
class DocumentAdmin(OfCustomerAdmin[Document]):
    """Measurements and digests only: the images and what is written on them are for officers, on the pages."""

    list_display = ["customer_link", "requirement", "document_type", "status", "uploaded_at", "request_link"]
    list_select_related = ["customer", "request"]
    list_filter = ["status", "created_at"]
    search_fields = ["pk__exact", "request__api_id__exact", "customer_id__exact", "customer__api_id__exact"]
    search_help_text = "The id of a document, a request or a customer, whole."
    ordering = ["-created_at"]
    leads_to = [
        ("calls to CryptoMate", "provider.providercall", "target_id", "pk"),
        ("statuses", "customers.statuschange", "object_id", "pk"),
        ("audit log of the customer", "audit.event", "customer_id", "customer_id"),
    ]
    exclude = ["customer", "request", "front", "back", "metadata", "reading", "reason", "override_reason"]
    readonly_fields = ["customer_link", "request_link", "refusal", "overriding"]

    @admin.display(description="reason")
    def refusal(self, document: Document) -> str:
        return veil(document.customer)(document.reason)

    @admin.display(description="sent in spite of warnings because")
    def overriding(self, document: Document) -> str:
        return veil(document.customer)(document.override_reason or "")

    @admin.display(description="request")
    def request_link(self, document: Document) -> str | SafeString:
        return request_link(document.request)


@admin.register(Note)
class NoteAdmin(OfCustomerAdmin[Note]):
    """Who wrote when. What it says is read on the customer's page, by those who may see it."""

    list_display = ["at", "customer_link", "by", "withdrawn_at"]
    list_select_related = ["customer", "by"]
    list_filter = ["at"]
    search_fields = ["pk__exact", "customer_id__exact", "customer__api_id__exact"]
    search_help_text = "The id of a note or a customer, whole."
    ordering = ["-at"]
    leads_to = [("whom it mentions", "customers.mention", "note", "pk")]
    fields = ["customer_link", "by", "at", "withdrawn_at", "read_it"]
    readonly_fields = ["customer_link", "read_it"]

    @admin.display(description="what it says")
    def read_it(self, note: Note) -> SafeString:
        address = reverse("customers:detail", args=[note.customer_id])
        return format_html('<a href="{}">Read it on the customer’s page</a>', address)


@admin.register(Mention)
class MentionAdmin(RecordAdmin[Mention]):
    list_display = ["at", "note_link", "person", "seen_at"]
    list_select_related = ["note", "person"]
    list_filter = ["at"]
    search_fields = ["pk__exact", "note_id__exact", "person__username__exact"]
    search_help_text = "The id of a mention or a note, or a person’s name, whole."
    ordering = ["-at"]
    fields = ["note_link", "person", "at", "seen_at"]
    readonly_fields = ["note_link"]

    @admin.display(description="note")
    def note_link(self, mention: Mention) -> str | SafeString:
        return link_to(mention.note)


class UnexpectedFilter(Among):
    title = "what was unexpected"
    parameter_name = "unexpected"
    among = {"yes": ("Steps that are not in our table", Q(unexpected=True))}


@admin.register(StatusChange)
class StatusChangeAdmin(OfCustomerAdmin[StatusChange]):
    list_display = ["at", "customer_link", "machine", "from_status", "to_status", "source", "by", "unexpected"]
    list_select_related = ["customer", "by"]
    list_filter = [UnexpectedFilter, "at"]
    search_fields = ["object_id__exact", "customer_id__exact", "customer__api_id__exact"]
    search_help_text = "The id of a customer, a request, a document or a card, whole."
    exclude = ["customer", "object_id", "note"]
    readonly_fields = ["customer_link", "row", "said"]

    @admin.display(description="whose status")
    def row(self, change: StatusChange) -> SafeString:
        return link(MACHINES[change.machine], change.object_id, "Open")

    @admin.display(description="note")
    def said(self, change: StatusChange) -> str:
        return veil(change.customer)(change.note)
