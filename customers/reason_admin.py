"""The table of rejection reasons, which admins write, and what still waits to be written."""

import re
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.records import RecordAdmin
from customers.new_kinds import NewKind
from customers.reason_actions import write_reason
from customers.reasons import MASK, RejectionReason, UnknownReason
from customers.unsaved import UnsavedAnswers
from vault.masking import MASK as HIDDEN

LONGEST_PATTERN = 200


@admin.register(RejectionReason)
class RejectionReasonAdmin(admin.ModelAdmin[RejectionReason]):
    list_display = ["pattern", "is_expression", "remedy", "customer_text", "position", "is_active"]
    list_filter = ["remedy", "is_active"]
    search_fields = ["pattern__icontains", "staff_text__icontains", "customer_text__icontains"]
    fields = ["pattern", "is_expression", "remedy", "staff_text", "customer_text", "position", "is_active"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was told to people stays readable: a reason is put out of use, not removed."""
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with the words of the unwritten reason that the link named."""
        unknown = _unknown(request.GET.get("unknown", ""))
        return pattern_for(unknown.words) if unknown else {}

    def save_model(self, request: HttpRequest, obj: RejectionReason, form: Any, change: bool) -> None:  # noqa: FBT001
        write_reason(reason=obj, by=request.user)  # type: ignore[arg-type]


class IsWrittenFilter(admin.SimpleListFilter):
    title = "written up"
    parameter_name = "written"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Written up"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": "To be written"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[UnknownReason]) -> QuerySet[UnknownReason]:
        if self.value() == "all":
            return queryset
        return queryset.filter(written_at__isnull=self.value() != "yes")


@admin.register(UnknownReason)
class UnknownReasonAdmin(RecordAdmin[UnknownReason]):
    list_display = ["words", "times", "first_seen_at", "last_seen_at"]
    list_filter = [IsWrittenFilter, "last_seen_at"]
    fields = ["words", "times", "first_seen_at", "last_seen_at", "written_at"]

    def get_list_display(self, request: HttpRequest) -> Any:
        may_write = request.user.has_perm("customers.add_rejectionreason")
        return [*super().get_list_display(request), *(["write"] if may_write else [])]

    @admin.display(description="")
    def write(self, unknown: UnknownReason) -> str | SafeString:
        if unknown.written_at:
            return "Written up"
        address = reverse("admin:customers_rejectionreason_add", query={"unknown": unknown.pk})
        return format_html('<a href="{}">Write this reason</a>', address)


@admin.register(NewKind)
class NewKindAdmin(RecordAdmin[NewKind]):
    list_display = ["word", "example", "times", "first_seen_at", "last_seen_at"]
    list_filter = ["last_seen_at"]


@admin.register(UnsavedAnswers)
class UnsavedAnswersAdmin(RecordAdmin[UnsavedAnswers]):
    """That there are some, and whose: what was typed is theirs alone."""

    list_display = ["customer", "person", "card", "kept_at"]
    list_select_related = ["customer", "person"]
    exclude = ["typed"]


def pattern_for(words: str) -> dict[str, Any]:
    """Return what recognises these words: as they are, or as an expression where something was masked."""
    if MASK not in words and HIDDEN not in words:
        return {"pattern": words[:LONGEST_PATTERN]}
    expression = re.sub(r"([^\w\s#])", r"\\\1", words).replace(r"#\@#", r"\S+@\S+")
    expression = expression.replace("".join(rf"\{dot}" for dot in HIDDEN), ".+")
    expression = re.sub(r"#+", r"\\d+", expression)
    return {"pattern": expression[:LONGEST_PATTERN], "is_expression": True}


def _unknown(pk: str) -> UnknownReason | None:
    try:
        return UnknownReason.objects.filter(pk=pk).first()
    except ValidationError:  # it is no id
        return None
