"""What was asked of the provider and what it lists, to read. A call that waits for a person goes on from here."""

from typing import Any, TypeVar

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.actions import record
from audit.kinds import Kind
from provider.actions import look_again
from provider.models import (
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

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)


class ReadOnly:
    """Rows that only actions write, whoever looks."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecordAdmin(ReadOnly, admin.ModelAdmin[M]):
    show_full_result_count = False


class RecordInline(ReadOnly, admin.TabularInline[M, P]):
    extra = 0


def link(model: str, pk: object, text: object) -> SafeString:
    """Return a link to a row's page; `model` is its label, for example `customers.customer`."""
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{model.replace('.', '_')}_change", args=[pk]), text)


class NeedsAPersonFilter(admin.SimpleListFilter):
    title = "who is next"
    parameter_name = "next"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("person", "A person"), ("worker", "The worker")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ProviderCall]) -> QuerySet[ProviderCall]:
        if self.value() == "person":
            return queryset.filter(state=CallState.UNKNOWN, next_attempt_at=None)
        return queryset.exclude(next_attempt_at=None) if self.value() == "worker" else queryset


@admin.register(ProviderCall)
class ProviderCallAdmin(RecordAdmin[ProviderCall]):
    list_display = ["kind", "state", "customer_link", "attempts", "http_status", "error_code", "trace_id", "wanted_at"]
    list_filter = [NeedsAPersonFilter, "state", "kind", "wanted_at"]
    search_fields = ["trace_id__exact", "customer_id__exact", "target_id__exact"]
    date_hierarchy = "wanted_at"
    ordering = ["-wanted_at"]
    exclude = ["payload", "message"]
    readonly_fields = ["said"]
    actions = ["look_again"]

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
        waiting = [call for call in queryset if call.needs_a_person or call.state == CallState.WANTED]
        for call in waiting:
            with transaction.atomic():
                record(kind=Kind.CALL_HASTENED, by=request.user, customer_id=call.customer_id, subject=call)  # type: ignore[arg-type]
                look_again(call=call)
        self.message_user(
            request, f"{len(waiting)} waiting calls are looked at again now; those under way are left alone."
        )


class IsAcknowledgedFilter(admin.SimpleListFilter):
    title = "whether somebody knows"
    parameter_name = "acknowledged"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "To acknowledge"), ("yes", "Acknowledged")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ShapeChange]) -> QuerySet[ShapeChange]:
        if self.value() == "no":
            return queryset.filter(acknowledged_at=None)
        return queryset.exclude(acknowledged_at=None) if self.value() == "yes" else queryset


@admin.register(ShapeChange)
class ShapeChangeAdmin(RecordAdmin[ShapeChange]):
    list_display = ["what", "kind", "place", "sample", "times", "first_seen_at", "last_seen_at", "acknowledged_by"]
    list_filter = [IsAcknowledgedFilter, "kind", "last_seen_at"]
    list_select_related = ["acknowledged_by"]
    search_fields = ["what", "place"]
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
    list_filter = ["reason"]
    date_hierarchy = "opened_at"
