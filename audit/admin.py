from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.kinds import Kind
from audit.models import Event, Seal
from audit.records import Among, RecordAdmin, link


class KindFilter(Among):
    title = "kind"
    parameter_name = "kind"
    among = {kind.value: (str(kind.label), Q(kind=kind)) for kind in Kind}


@admin.register(Event)
class EventAdmin(RecordAdmin[Event]):
    """Where and when. What was recorded of a customer is read on the audit page, which records the reading."""

    list_display = ["seq", "at", "actor_name", "label", "object_type", "customer", "source", "ip"]
    list_filter = [KindFilter, "at"]
    search_fields = ["pk__exact", "seq__exact", "actor_name__exact", "customer_id__exact"]
    search_help_text = "A person, a customer’s id, or an event’s number or id, whole."
    fields = ["seq", "at", "actor_name", "actor_id", "label", "about", "customer", "source", "ip", "request_id"]
    fields += ["recorded"]
    readonly_fields = ["seq", "at", "label", "about", "customer", "recorded"]
    ordering = ["-seq"]

    def about(self, event: Event) -> str | SafeString:
        opens = {model._meta.label_lower for model in admin.site._registry}
        is_here = event.object_id and event.object_type in opens
        return link(event.object_type, event.object_id, event.about) if is_here else event.about or "—"

    @admin.display(description="customer")
    def customer(self, event: Event) -> str | SafeString:
        return link("customers.customer", event.customer_id, "Open") if event.customer_id else "—"

    @admin.display(description="what was recorded")
    def recorded(self, event: Event) -> SafeString:
        return format_html('<a href="{}">Open it on the audit page</a>', reverse("audit:event", args=[event.pk]))


@admin.register(Seal)
class SealAdmin(RecordAdmin[Seal]):
    """The chain that `audit_verify` holds the log against."""

    list_display = ["number", "sealed_at", "first", "last", "key_id"]
    fields = ["number", "sealed_at", "first", "last", "drawn", "waiting", "key_id", "head"]
    readonly_fields = ["first", "last", "head"]
    ordering = ["-number"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seal]:
        return super().get_queryset(request).defer("digests")

    def first(self, seal: Seal) -> int:
        return seal.seqs[0]

    def last(self, seal: Seal) -> int:
        return seal.seqs[-1]
