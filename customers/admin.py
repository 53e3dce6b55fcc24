"""Customers and their reviews, to read. Statuses follow the provider; everything else is changed on the pages.

Personal data are masked here, whoever looks: the pages show them to those who may see them, and record it.
"""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from customers.comparison_admin import ComparisonAdmin as ComparisonAdmin
from customers.differences import Difference
from customers.facts import mask_phone
from customers.masking import veil
from customers.models import Customer, Document, EnablementRequest, RequirementSnapshot, StatusChange
from customers.reason_admin import RejectionReasonAdmin as RejectionReasonAdmin
from customers.threshold_admin import QualityThresholdAdmin as QualityThresholdAdmin
from provider.admin import RecordAdmin, RecordInline, link
from vault.masking import in_all_text, mask_email, mask_number


def pretty(value: Any, customer: Customer) -> SafeString:
    masked = in_all_text(value, veil(customer))
    return format_html("<pre>{}</pre>", json.dumps(masked, indent=2, ensure_ascii=False))


def customer_link(customer: Customer) -> SafeString:
    return link("customers.customer", customer.pk, customer)


def request_link(request: EnablementRequest) -> SafeString:
    return link("customers.enablementrequest", request.pk, f"{request.get_status_display()}, {request.api_id}")


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


class StatusChangeInline(RecordInline[StatusChange, Customer]):
    model = StatusChange
    fields = ["machine", "from_status", "to_status", "source", "by", "unexpected", "said", "at"]
    readonly_fields = ["said"]

    @admin.display(description="note")
    def said(self, change: StatusChange) -> str:
        return veil(change.customer)(change.note)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StatusChange]:
        return super().get_queryset(request).select_related("by", "customer")


@admin.register(Customer)
class CustomerAdmin(RecordAdmin[Customer]):
    list_display = ["__str__", "status", "remote_status", "country", "individual_cards", "created_at", "calls"]
    list_filter = ["status", "individual_cards", "created_at"]
    search_fields = ["api_id__exact", "last_name__icontains", "email__iexact"]  # a part would let e-mails be guessed
    ordering = ["-created_at"]
    fields = [
        "api_id", "status", "remote_status", "first_name", "second_name", "last_name", "email_masked", "phone_masked",
        "country", "individual_cards", "id_type", "id_number_masked", "created_at", "created_by", "page", "calls",
    ]  # fmt: skip
    inlines = [EnablementRequestInline, DocumentInline, StatusChangeInline]

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

    @admin.display(description="calls to the provider")
    def calls(self, customer: Customer) -> SafeString:
        address = reverse("admin:provider_providercall_changelist", query={"q": customer.pk})
        return format_html('<a href="{}">Show</a>', address)


@admin.register(EnablementRequest)
class EnablementRequestAdmin(RecordAdmin[EnablementRequest]):
    list_display = ["customer_link", "status", "remote_status", "submitted_at", "decided_at", "next_sync_at"]
    list_select_related = ["customer"]
    list_filter = ["status", "submitted_at", "decided_at"]
    search_fields = ["api_id__exact", "customer__api_id__exact", "customer__last_name__icontains"]
    ordering = ["-created_at"]
    exclude = ["customer", "missing_requirements", "rejected_items", "rejection_description"]
    readonly_fields = ["customer_link", "missing", "rejected", "description"]

    @admin.display(description="customer")
    def customer_link(self, request: EnablementRequest) -> SafeString:
        return customer_link(request.customer)

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
    list_filter = ["occasion", "taken_at"]
    search_fields = ["request__api_id__exact"]
    exclude = ["request", "missing_requirements", "rejected_items", "difference"]
    readonly_fields = ["customer_link", "request_link", "said", "missing", "rejected"]

    @admin.display(description="customer")
    def customer_link(self, snapshot: RequirementSnapshot) -> SafeString:
        return customer_link(snapshot.request.customer)

    @admin.display(description="request")
    def request_link(self, snapshot: RequirementSnapshot) -> SafeString:
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
class DocumentAdmin(RecordAdmin[Document]):
    """Measurements and digests only: the images and what is written on them are for officers, on the pages."""

    list_display = ["customer_link", "requirement", "document_type", "status", "uploaded_at", "request_link"]
    list_select_related = ["customer", "request"]
    list_filter = ["status", "document_type", "uploaded_at"]
    search_fields = ["front_sha256__exact", "back_sha256__exact", "customer__api_id__exact"]
    exclude = ["customer", "request", "front", "back", "metadata", "reading", "reason", "override_reason"]
    readonly_fields = ["customer_link", "request_link", "refusal", "overriding"]

    @admin.display(description="reason")
    def refusal(self, document: Document) -> str:
        return veil(document.customer)(document.reason)

    @admin.display(description="sent in spite of warnings because")
    def overriding(self, document: Document) -> str:
        return veil(document.customer)(document.override_reason or "")

    @admin.display(description="customer")
    def customer_link(self, document: Document) -> SafeString:
        return customer_link(document.customer)

    @admin.display(description="request")
    def request_link(self, document: Document) -> SafeString:
        return request_link(document.request)


@admin.register(StatusChange)
class StatusChangeAdmin(RecordAdmin[StatusChange]):
    list_display = ["at", "customer_link", "machine", "from_status", "to_status", "source", "by", "unexpected"]
    list_select_related = ["customer", "by"]
    list_filter = ["unexpected", "machine", "source", "to_status", "at"]
    search_fields = ["customer__api_id__exact", "object_id__exact"]
    exclude = ["customer", "note"]
    readonly_fields = ["customer_link", "said"]

    @admin.display(description="note")
    def said(self, change: StatusChange) -> str:
        return veil(change.customer)(change.note)

    @admin.display(description="customer")
    def customer_link(self, change: StatusChange) -> SafeString:
        return customer_link(change.customer)
