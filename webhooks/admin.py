import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.records import Among, RecordAdmin, link, list_link
from customers.policies import NotAllowed, reason_against
from people.approvals import Act, Approval
from people.four_eyes import needs_two
from people.waiting import TOLD
from webhooks import actions
from webhooks.forms import TYPES
from webhooks.masking import mask
from webhooks.models import AUTHORIZATION, Refusal, WebhookEvent
from webhooks.policies import check_can_process_again


class TypeFilter(Among):
    title = "event type"
    parameter_name = "event_type"
    among = {name: (name, Q(event_type=name)) for name in TYPES}


class WaitingFilter(Among):
    title = "what is handled again"
    parameter_name = "waiting"
    among = {"yes": ("What the sweep looks at", Q(next_attempt_at__isnull=False))}


@admin.register(WebhookEvent)
class WebhookEventAdmin(RecordAdmin[WebhookEvent]):
    """A record to read. Its one action has the sweep handle deliveries again."""

    list_display = [
        "received_at", "event_type", "outcome", "operation_id", "attempts", "next_attempt_at", "error", "product",
    ]  # fmt: skip
    list_filter = ["outcome", TypeFilter, WaitingFilter, "received_at"]
    search_fields = [
        "pk__exact", "operation_id__exact", "card_api_id__exact", "card_id__exact", "customer_id__exact",
    ]  # fmt: skip
    search_help_text = "An operation id, CryptoMate’s id of a card, or the id of a card or a customer here, whole."
    ordering = ["-received_at"]
    actions = ["process_again"]
    exclude = ["body", "card_id", "customer_id"]
    readonly_fields = ["card", "customer", "answer", "body_without_personal_data"]
    leads_to = [
        ("purchases of the card", "cards.transaction", "card", "card_id"),
        ("deliveries about the card", "webhooks.webhookevent", "card_id", "card_id"),
        ("deliveries about the customer", "webhooks.webhookevent", "customer_id", "customer_id"),
    ]

    def has_process_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("webhooks.reprocess")

    @admin.action(description="Process again", permissions=["process"])
    def process_again(self, request: HttpRequest, queryset: QuerySet[WebhookEvent]) -> None:
        if queryset.count() > actions.MOST_AT_ONCE:
            most = f"Choose at most {actions.MOST_AT_ONCE:,} deliveries at once: narrow them down first."
            self.message_user(request, most, messages.WARNING)
            return
        if len(queryset) > 1 and needs_two(Act.REPLAY):
            self._ask_for_second_person(request, queryset)
            return
        refusals = [refusal for each in queryset if (refusal := self._process_again(request, each))]
        started = len(queryset) - len(refusals)
        if started:
            self.message_user(request, f"{started} will be handled again within seconds.", messages.SUCCESS)
        for sentence in dict.fromkeys(refusals):
            self.message_user(request, f"{refusals.count(sentence)} left alone: {sentence}", messages.WARNING)

    def _ask_for_second_person(self, request: HttpRequest, queryset: QuerySet[WebhookEvent]) -> None:
        """Ask for all that can be handled again; what cannot is left out."""
        by: Any = request.user
        events = [
            event for event in queryset.order_by("received_at") if not reason_against(check_can_process_again, event)
        ]
        try:
            asked = actions.process_many_again(events, by=by, now=timezone.now())
        except NotAllowed as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
            return
        said = TOLD if isinstance(asked, Approval) else f"{asked} will be handled again within seconds."
        self.message_user(request, said, messages.INFO)

    def _process_again(self, request: HttpRequest, event: WebhookEvent) -> str:
        by: Any = request.user
        try:
            actions.process_again(event, by=by, now=timezone.now())
        except NotAllowed as refusal:
            return str(refusal)
        return ""

    @admin.display(description="card")
    def card(self, event: WebhookEvent) -> str | SafeString:
        return link("cards.card", event.card_id, event.card_id) if event.card_id else "—"

    @admin.display(description="our answer")
    def answer(self, event: WebhookEvent) -> str | SafeString:
        is_asking = event.event_type == AUTHORIZATION
        return list_link("cards.authorization", "Open", {"delivery_key": event.delivery_key}) if is_asking else "—"

    @admin.display(description="customer")
    def customer(self, event: WebhookEvent) -> str | SafeString:
        return link("customers.customer", event.customer_id, event.customer_id) if event.customer_id else "—"

    @admin.display(description="body, personal data masked")
    def body_without_personal_data(self, event: WebhookEvent) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(mask(event.body), indent=2, ensure_ascii=False))


@admin.register(Refusal)
class RefusalAdmin(RecordAdmin[Refusal]):
    list_display = ["hour", "kind", "count", "last_at"]
    list_filter = ["kind"]
    ordering = ["-hour"]
