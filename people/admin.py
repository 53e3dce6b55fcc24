"""For what two people are needed, chosen by admins; and what was asked of a second person, to read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from audit.records import RecordAdmin
from people.approvals import Act, Approval, FourEyes
from people.confirming import require_confirmation
from people.four_eyes import choose_four_eyes


@admin.register(FourEyes)
class FourEyesAdmin(admin.ModelAdmin[FourEyes]):
    list_display = ["__str__", "is_on", "threshold"]
    readonly_fields = ["act"]
    sortable_by = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FourEyes | None = None) -> bool:
        """Nobody: an act without its row needs one person, and that is chosen on record."""
        return False

    def get_fields(self, request: HttpRequest, obj: FourEyes | None = None) -> Any:
        return ["act", "is_on", *(["threshold"] if obj and obj.act == Act.ISSUE_CARD else [])]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.has_change_permission(request):
            require_confirmation(request)
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: FourEyes, form: Any, change: bool) -> None:  # noqa: FBT001
        choose_four_eyes(setting=obj, by=request.user)  # type: ignore[arg-type] # the admin is behind the door


@admin.register(Approval)
class ApprovalAdmin(RecordAdmin[Approval]):
    """A record to read: decisions are made in the portal, by somebody else than who asked."""

    list_display = ["asked_at", "act", "state", "asked_by", "decided_by", "decided_at", "used_at"]
    list_filter = ["asked_at"]
    search_fields = ["pk__exact", "object_id__exact", "customer_id__exact"]
    search_help_text = "The id of an approval, or of what it is about, whole."
    ordering = ["-asked_at", "-pk"]
    exclude = ["payload", "words", "decision_note"]
    list_select_related = ["asked_by", "decided_by"]
