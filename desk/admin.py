"""Cases, to read: they follow the customers, and people work on them on the queue. Targets are for admins to choose."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from audit.records import RecordAdmin, link_to
from desk.cases import Case, Spell
from desk.saved_filters import SavedFilter
from desk.target_actions import choose_target
from desk.targets import Target


@admin.register(Case)
class CaseAdmin(RecordAdmin[Case]):
    list_display = ["customer_link", "waits_for", "reason", "since", "assigned_to", "held_by", "snoozed_until"]
    list_filter = ["waits_for"]
    list_select_related = ["customer", "assigned_to", "held_by"]
    search_fields = ["pk__exact", "customer__api_id__exact", "customer__email__iexact"]
    search_help_text = "The customer’s id here or at CryptoMate, or their email address, whole."
    ordering = ["since", "pk"]
    exclude = ["snooze_note", "escalation_note"]
    leads_to = [
        ("how long it lay with whom", "desk.spell", "customer", "pk"),
        ("statuses", "customers.statuschange", "customer", "pk"),
        ("audit log of the customer", "audit.event", "customer_id", "pk"),
    ]

    @admin.display(description="customer")
    def customer_link(self, case: Case) -> str | SafeString:
        return link_to(case.customer)


@admin.register(Spell)
class SpellAdmin(RecordAdmin[Spell]):
    list_display = ["began_at", "ended_at", "waits_for", "reason", "customer_link"]
    list_select_related = ["customer"]
    search_fields = ["customer_id__exact"]
    search_help_text = "The customer’s id here, whole."
    ordering = ["-began_at", "-pk"]

    @admin.display(description="customer")
    def customer_link(self, spell: Spell) -> str | SafeString:
        return link_to(spell.customer)


@admin.register(SavedFilter)
class SavedFilterAdmin(RecordAdmin[SavedFilter]):
    list_display = ["name", "owner", "query"]
    list_select_related = ["owner"]
    search_fields = ["owner__username__exact"]
    search_help_text = "A person’s user name, whole."
    ordering = ["owner_id", "name"]


@admin.register(Target)
class TargetAdmin(admin.ModelAdmin[Target]):
    list_display = ["__str__", "due_soon_after_hours", "late_after_hours"]
    fields = ["waits_for", "due_soon_after_hours", "late_after_hours"]
    readonly_fields = ["waits_for"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # there is one of each side

    def has_delete_permission(self, request: HttpRequest, obj: Target | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Target, form: Any, change: bool) -> None:  # noqa: FBT001
        choose_target(target=obj, by=request.user)  # type: ignore[arg-type]
