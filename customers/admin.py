"""Customers and their reviews, to read. Statuses follow the provider; everything else is changed on the pages."""

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
from customers.forms import masked
from customers.models import Customer, Document, EnablementRequest, RequirementSnapshot, StatusChange
from customers.reason_admin import RejectionReasonAdmin as RejectionReasonAdmin
from customers.threshold_admin import QualityThresholdAdmin as QualityThresholdAdmin
from provider.admin import RecordAdmin, RecordInline, link


def pretty(value: Any) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))


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
    fields = ["requirement", "document_type", "status", "reason", "uploaded_at"]


class StatusChangeInline(RecordInline[StatusChange, Customer]):
    model = StatusChange
    fields = ["machine", "from_status", "to_status", "source", "by", "unexpected", "note", "at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StatusChange]:
        return super().get_queryset(request).select_related("by")


@admin.register(Customer)
class CustomerAdmin(RecordAdmin[Customer]):
    list_display = ["__str__", "status", "remote_status", "country", "individual_cards", "created_at", "calls"]
    list_filter = ["status", "individual_cards", "created_at"]
    search_fields = ["api_id__exact", "last_name__icontains", "email__icontains"]
    ordering = ["-created_at"]
    exclude = ["id_number", "id_number_hash", "answers"]
    readonly_fields = ["id_number_masked", "calls"]
    inlines = [EnablementRequestInline, DocumentInline, StatusChangeInline]

    @admin.display(description="ID number")
    def id_number_masked(self, customer: Customer) -> str:
        return masked(customer.id_number) if customer.id_number else "—"

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
    exclude = ["customer", "missing_requirements", "rejected_items"]
    readonly_fields = ["customer_link", "missing", "rejected"]

    @admin.display(description="customer")
    def customer_link(self, request: EnablementRequest) -> SafeString:
        return customer_link(request.customer)

    @admin.display(description="missing requirements")
    def missing(self, request: EnablementRequest) -> SafeString:
        return pretty(request.missing_requirements)

    @admin.display(description="rejected items")
    def rejected(self, request: EnablementRequest) -> SafeString:
        return pretty(request.rejected_items)


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
        return Difference.from_json(snapshot.difference).sentences or "—"

    @admin.display(description="missing requirements")
    def missing(self, snapshot: RequirementSnapshot) -> SafeString:
        return pretty(snapshot.missing_requirements)

    @admin.display(description="rejected items")
    def rejected(self, snapshot: RequirementSnapshot) -> SafeString:
        return pretty(snapshot.rejected_items)


@admin.register(Document)
class DocumentAdmin(RecordAdmin[Document]):
    """Measurements and digests only: the images and what is written on them are for officers, on the pages."""

    list_display = ["customer_link", "requirement", "document_type", "status", "uploaded_at", "request_link"]
    list_select_related = ["customer", "request"]
    list_filter = ["status", "document_type", "uploaded_at"]
    search_fields = ["front_sha256__exact", "back_sha256__exact", "customer__api_id__exact"]
    exclude = ["customer", "request", "front", "back", "metadata", "reading"]
    readonly_fields = ["customer_link", "request_link"]

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
    exclude = ["customer"]
    readonly_fields = ["customer_link"]

    @admin.display(description="customer")
    def customer_link(self, change: StatusChange) -> SafeString:
        return customer_link(change.customer)
