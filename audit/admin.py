from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html

from audit.kinds import Kind
from audit.models import Event, Seal

FARTHEST = 5_000  # rows an admin pages through before a filter is the better tool


class NearPaginator(Paginator):  # type: ignore[type-arg]
    """Counts as far as anybody turns pages, and never the whole log."""

    @cached_property
    def count(self) -> int:
        return cast("QuerySet[Any]", self.object_list)[:FARTHEST].count()


class KindFilter(admin.SimpleListFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return Kind.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class AppendOnly:
    """Rows that PostgreSQL lets nobody change or remove."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Event)
class EventAdmin(AppendOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Where and when. What was recorded of a customer is read on the audit page, which records the reading."""

    list_display = ["seq", "at", "actor_name", "label", "object_type", "source", "ip"]
    list_filter = [KindFilter, "source", "at"]
    readonly_fields = ["seq", "at", "actor_name", "actor_id", "label", "object_type", "object_id", "customer_id"]
    readonly_fields += ["source", "ip", "request_id", "recorded"]
    exclude = ["kind", "detail"]
    ordering = ["-seq"]
    paginator = NearPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    @admin.display(description="what was recorded")
    def recorded(self, event: Event) -> str:
        return format_html('<a href="{}">Open it on the audit page</a>', reverse("audit:event", args=[event.pk]))


@admin.register(Seal)
class SealAdmin(AppendOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """The chain that `audit_verify` holds the log against."""

    list_display = ["number", "sealed_at", "first", "last", "key_id"]
    fields = ["number", "sealed_at", "first", "last", "drawn", "waiting", "key_id", "head"]
    readonly_fields = ["first", "last", "head"]
    ordering = ["-number"]
    paginator = NearPaginator
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seal]:
        return super().get_queryset(request).defer("digests")

    def first(self, seal: Seal) -> int:
        return seal.seqs[0]

    def last(self, seal: Seal) -> int:
        return seal.seqs[-1]
