"""What was asked of the provider and what it lists, to read. A call that waits for a person goes on from here."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.records import Among, RecordAdmin, RecordInline, link
from provider.actions import hasten
from provider.models import (
    OPEN_STATES,
    CallKind,
    CallState,
    Circuit,
    Country,
    IdentificationType,
    Outage,
    ProviderCall,
    Subdivision,
    Turn,
)
from provider.shape_changes import ShapeChange
from provider.shape_watch import acknowledge

CUSTOMER, CARD = "customers.customer", "cards.card"
# Whose row a call's target is: the apps that want calls import this one.
TARGETS = {
    CallKind.REGISTER_CLIENT: CUSTOMER, CallKind.UPDATE_CLIENT: CUSTOMER, CallKind.REQUEST_PRODUCT: CUSTOMER,
    CallKind.UPLOAD_DOCUMENT: "customers.document", CallKind.SUBMIT_REQUEST: "customers.enablementrequest",
    CallKind.ISSUE_CARD: CUSTOMER, CallKind.SET_FROZEN: CARD, CallKind.SET_LIMITS: CARD,
    CallKind.DELETE_CARD: CARD,
    CallKind.RESPOND_TO_CHALLENGE: "cards.challenge", CallKind.SET_VELOCITY_RULES: "cards.velocityruleset",
}  # fmt: skip


class NeedsAPersonFilter(Among):
    title = "who is next"
    parameter_name = "next"
    among = {
        "person": ("A person", Q(state=CallState.UNKNOWN, next_attempt_at=None)),
        "worker": ("The worker", Q(state__in=OPEN_STATES, next_attempt_at__isnull=False)),
        "nobody": ("Nobody: refused", Q(state=CallState.REFUSED)),
    }


@admin.register(ProviderCall)
class ProviderCallAdmin(RecordAdmin[ProviderCall]):
    list_display = ["kind", "state", "customer_link", "attempts", "http_status", "error_code", "trace_id", "wanted_at"]
    list_filter = [NeedsAPersonFilter, "wanted_at"]
    search_fields = ["pk__exact", "trace_id__exact", "customer_id__exact", "target_id__exact"]
    search_help_text = "A trace id, or the id of a customer, a request, a document, a card or a call, whole."
    ordering = ["-wanted_at"]
    exclude = ["payload", "message", "target_id", "customer_id"]
    readonly_fields = ["said", "target", "customer_link"]
    leads_to = [
        ("what was missing after it", "customers.requirementsnapshot", "call", "pk"),
        ("statuses it changed", "customers.statuschange", "call", "pk"),
    ]
    actions = ["look_again"]

    @admin.display(description="what it is about")
    def target(self, call: ProviderCall) -> SafeString:
        return link(TARGETS[CallKind(call.kind)], call.target_id, "Open")

    @admin.display(description="customer")
    def customer_link(self, call: ProviderCall) -> str | SafeString:
        return link("customers.customer", call.customer_id, "Open") if call.customer_id else "—"

    @admin.display(description="message")
    def said(self, call: ProviderCall) -> str | SafeString:
        """The provider may quote a customer's data: the customer's page shows its words to those who may see them."""
        if not call.customer_id or not call.message:
            return call.message or "—"
        address = reverse("customers:calls", args=[call.customer_id])
        return format_html('<a href="{}">Read it among the customer’s calls</a>', address)

    def has_hasten_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("provider.hasten_providercall")

    @admin.action(description="Look again", permissions=["hasten"])
    def look_again(self, request: HttpRequest, queryset: QuerySet[ProviderCall]) -> None:
        by: Any = request.user
        count = sum(hasten(call=call, by=by) for call in queryset)
        self.message_user(request, f"{count} waiting calls are looked at again now; those under way are left alone.")


class IsAcknowledgedFilter(Among):
    title = "whether somebody knows"
    parameter_name = "acknowledged"
    among = {
        "no": ("To acknowledge", Q(acknowledged_at=None)),
        "yes": ("Acknowledged", Q(acknowledged_at__isnull=False)),
    }


@admin.register(ShapeChange)
class ShapeChangeAdmin(RecordAdmin[ShapeChange]):
    list_display = ["what", "kind", "place", "sample", "times", "first_seen_at", "last_seen_at", "acknowledged_by"]
    list_filter = [IsAcknowledgedFilter, "kind", "last_seen_at"]
    list_select_related = ["acknowledged_by"]
    search_fields = ["what__icontains", "place__icontains"]
    actions = ["acknowledge"]

    def has_acknowledge_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("provider.acknowledge_shapechange")

    @admin.action(description="Acknowledge", permissions=["acknowledge"])
    def acknowledge(self, request: HttpRequest, queryset: QuerySet[ShapeChange]) -> None:
        by: Any = request.user
        count = acknowledge(changes=list(queryset), by=by, now=timezone.now())
        self.message_user(request, f"{count} acknowledged. They stay listed, and are counted on.")


class SubdivisionInline(RecordInline[Subdivision, Country]):
    model = Subdivision
    fields = ["code", "name"]


class IdentificationTypeInline(RecordInline[IdentificationType, Country]):
    model = IdentificationType
    fields = ["type", "description"]


@admin.register(Country)
class CountryAdmin(RecordAdmin[Country]):
    list_display = ["name", "alpha3", "alpha2", "postal_code_format", "refreshed_at"]
    search_fields = ["name__istartswith", "alpha3__iexact"]
    inlines = [IdentificationTypeInline, SubdivisionInline]


@admin.register(Subdivision)
class SubdivisionAdmin(RecordAdmin[Subdivision]):
    list_display = ["name", "code", "country"]
    list_select_related = ["country"]
    list_filter = ["country"]
    search_fields = ["name__istartswith", "code__iexact"]


@admin.register(IdentificationType)
class IdentificationTypeAdmin(RecordAdmin[IdentificationType]):
    list_display = ["description", "type", "country"]
    list_select_related = ["country"]
    list_filter = ["country"]


@admin.register(Turn)
class TurnAdmin(RecordAdmin[Turn]):
    list_display = ["number", "free_at"]
    ordering = ["number"]


@admin.register(Circuit)
class CircuitAdmin(RecordAdmin[Circuit]):
    list_display = ["__str__", "failures", "failing_since", "opened_at", "probe_at", "blocked_until"]


@admin.register(Outage)
class OutageAdmin(RecordAdmin[Outage]):
    list_display = ["reason", "since", "opened_at", "closed_at", "error", "trace_id"]
    list_filter = ["reason", "opened_at"]
    ordering = ["-opened_at"]
