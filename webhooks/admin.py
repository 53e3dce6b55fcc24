import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from customers.policies import NotAllowed
from provider.admin import RecordAdmin
from webhooks import actions
from webhooks.masking import mask
from webhooks.models import Refusal, WebhookEvent


@admin.register(WebhookEvent)
class WebhookEventAdmin(RecordAdmin[WebhookEvent]):
    """A record to read. Its one action has the sweep handle deliveries again."""

    list_display = [
        "received_at", "product", "event_type", "operation_id", "outcome", "attempts", "next_attempt_at", "error",
    ]  # fmt: skip
    list_filter = ["outcome", "product", "event_type", ("next_attempt_at", admin.EmptyFieldListFilter), "received_at"]
    search_fields = ["operation_id__startswith", "card_api_id__startswith", "trace_id__startswith"]
    date_hierarchy = "received_at"
    ordering = ["-received_at"]
    actions = ["process_again"]
    exclude = ["body", "card_id", "customer_id"]
    readonly_fields = ["card", "customer", "body_without_personal_data"]

    def has_process_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("webhooks.reprocess")

    @admin.action(description="Process again", permissions=["process"])
    def process_again(self, request: HttpRequest, queryset: QuerySet[WebhookEvent]) -> None:
        refusals = [refusal for each in queryset if (refusal := self._process_again(request, each))]
        started = len(queryset) - len(refusals)
        if started:
            self.message_user(request, f"{started} will be handled again within seconds.", messages.SUCCESS)
        for sentence in dict.fromkeys(refusals):
            self.message_user(request, f"{refusals.count(sentence)} left alone: {sentence}", messages.WARNING)

    def _process_again(self, request: HttpRequest, event: WebhookEvent) -> str:
        by: Any = request.user
        try:
            actions.process_again(event, by=by, now=timezone.now())
        except NotAllowed as refusal:
            return str(refusal)
        return ""

    @admin.display(description="card")
    def card(self, event: WebhookEvent) -> str | SafeString:
        return _link("cards_card", event.card_id)

    @admin.display(description="customer")
    def customer(self, event: WebhookEvent) -> str | SafeString:
        return _link("customers_customer", event.customer_id)

    @admin.display(description="body, personal data masked")
    def body_without_personal_data(self, event: WebhookEvent) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(mask(event.body), indent=2, ensure_ascii=False))


@admin.register(Refusal)
class RefusalAdmin(RecordAdmin[Refusal]):
    list_display = ["hour", "kind", "count", "last_at"]
    list_filter = ["kind"]
    ordering = ["-hour"]


def _link(model: str, pk: Any) -> str | SafeString:
    if pk is None:
        return "—"
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{model}_change", args=[pk]), pk)
