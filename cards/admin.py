"""Everything about cards, to read: statuses and purchases are written by actions and by the provider's word only."""

from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.records import Among, RecordAdmin, RecordInline, link_to
from cards.actions import refresh_now
from cards.authorizations import DIFFERENCES, Reason
from cards.models import (
    Authorization,
    Card,
    CardClock,
    Challenge,
    Deposit,
    Holding,
    Notice,
    Placement,
    Transaction,
    TransactionEvent,
    Withdrawal,
)
from cards.velocity import PortalMinute, VelocityRule, VelocityRuleSet

M = TypeVar("M", bound=Model)


class OfCardAdmin(RecordAdmin[M]):
    """Rows of a card, found by it."""

    list_select_related = ["card"]
    search_fields = ["pk__exact", "card_id__exact", "card__api_id__exact", "card__last4__exact"]
    search_help_text = "The last four digits of a card, or an id, whole."

    @admin.display(description="card")
    def card_link(self, row: Any) -> str | SafeString:
        return link_to(row.card)


@admin.register(Card)
class CardAdmin(RecordAdmin[Card]):
    list_display = ["masked", "holder_name", "customer_link", "status", "hold_reason", "approval_method", "issued_at"]
    list_filter = ["status", "issued_at"]
    list_select_related = ["customer"]
    search_fields = ["pk__exact", "last4__exact", "api_id__exact", "customer_id__exact", "customer__api_id__exact"]
    search_fields += ["customer__email__iexact"]
    search_help_text = "The last four digits, an id here or at CryptoMate, or the customer’s email address, whole."
    ordering = ["-issued_at"]
    leads_to = [
        ("purchases", "cards.transaction", "card", "pk"),
        ("their events", "cards.transactionevent", "card", "pk"),
        ("decisions", "cards.authorization", "card", "pk"),
        ("deliveries", "webhooks.webhookevent", "card_id", "pk"),
        ("deposits", "cards.deposit", "card", "pk"),
        ("3DS checks", "cards.challenge", "card", "pk"),
        ("notices", "cards.notice", "card", "pk"),
        ("statuses", "customers.statuschange", "object_id", "pk"),
        ("calls to CryptoMate", "provider.providercall", "target_id", "pk"),
        ("audit log of the customer", "audit.event", "customer_id", "customer_id"),
    ]
    actions = ["read_now"]

    def has_refresh_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("cards.refresh_card")

    @admin.action(description="Read at CryptoMate now", permissions=["refresh"])
    def read_now(self, request: HttpRequest, cards: QuerySet[Card]) -> None:
        by: Any = request.user
        for card in cards:
            refresh_now(card=card, by=by)
        self.message_user(request, f"{len(cards)} read at CryptoMate now.")

    @admin.display(description="customer")
    def customer_link(self, card: Card) -> str | SafeString:
        return link_to(card.customer)


class PlacementInline(RecordInline[Placement, Transaction]):
    model = Placement
    fields = ["event", "how"]
    ordering = ["event__occurred_at"]
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Placement]:
        return super().get_queryset(request).select_related("event")


@admin.register(Transaction)
class TransactionAdmin(OfCardAdmin[Transaction]):
    list_display = ["first_at", "merchant_name", "card_link", "state", "bill_amount", "bill_currency", "decline_code"]
    list_filter = ["state", "first_at"]
    ordering = ["-first_at"]
    inlines = [PlacementInline]


@admin.register(TransactionEvent)
class TransactionEventAdmin(OfCardAdmin[TransactionEvent]):
    list_display = ["occurred_at", "kind", "merchant_name", "bill_amount", "purchase_link", "card_link", "source"]
    list_select_related = ["card", "placement__transaction"]
    ordering = ["-pk"]
    readonly_fields = ["purchase_link"]
    leads_to = [("deliveries that said so", "webhooks.webhookevent", "operation_id", "operation_id")]

    @admin.display(description="purchase")
    def purchase_link(self, event: TransactionEvent) -> str | SafeString:
        placement = getattr(event, "placement", None)
        return link_to(placement.transaction if placement else None)


@admin.register(Placement)
class PlacementAdmin(RecordAdmin[Placement]):
    list_display = ["event", "transaction", "how", "repeats"]
    list_select_related = ["event", "transaction"]
    search_fields = ["pk__exact", "transaction_id__exact"]
    search_help_text = "The id of an event or a purchase, whole."


class ReasonFilter(Among):
    title = "why it was declined"
    parameter_name = "reason"
    among = {
        reason.value: (str(reason.label), Q(~Q(response_code="00"), reason=reason))
        for reason in Reason
        if reason != Reason.APPROVED
    }


class StandingFilter(Among):
    title = "where CryptoMate did otherwise"
    parameter_name = "standing"
    among = {standing.value: (str(standing.label), Q(standing=standing)) for standing in DIFFERENCES}


@admin.register(Authorization)
class AuthorizationAdmin(OfCardAdmin[Authorization]):
    list_display = ["decided_at", "response_code", "reason", "merchant_name", "bill_amount", "card_link"]
    list_filter = [StandingFilter, ReasonFilter, "decided_at"]
    search_fields = [*OfCardAdmin.search_fields, "delivery_key__exact"]
    leads_to = [("the delivery that asked", "webhooks.webhookevent", "operation_id", "operation_id")]


@admin.register(Deposit)
class DepositAdmin(OfCardAdmin[Deposit]):
    list_display = ["at", "net_amount", "amount", "blockchain", "wallet_address", "source", "card_link"]
    list_filter = ["at", ("card", admin.EmptyFieldListFilter)]
    search_fields = [*OfCardAdmin.search_fields, "transaction_hash__exact", "movement_id__exact"]
    search_help_text = "A transaction hash, the last four digits of a card, or an id, whole."


@admin.register(Holding)
class HoldingAdmin(RecordAdmin[Holding]):
    list_display = ["__str__", "balance", "on_cards", "accumulated_fees", "is_enabled", "is_missing", "read_at"]


@admin.register(Withdrawal)
class WithdrawalAdmin(OfCardAdmin[Withdrawal]):
    list_display = ["at", "amount", "state", "blockchain", "to_address", "card_link"]
    list_filter = ["state", "at"]
    search_fields = [*OfCardAdmin.search_fields, "transaction_hash__exact", "operation_id__exact"]
    search_help_text = "A transaction hash, the last four digits of a card, or an id, whole."
    ordering = ["-at"]


@admin.register(Challenge)
class ChallengeAdmin(OfCardAdmin[Challenge]):
    list_display = ["received_at", "merchant_name", "amount", "currency", "decision", "expires_at", "card_link"]
    list_filter = ["received_at"]
    search_fields = [*OfCardAdmin.search_fields, "challenge_id__exact"]
    leads_to = [("calls to CryptoMate", "provider.providercall", "target_id", "pk")]


@admin.register(Notice)
class NoticeAdmin(OfCardAdmin[Notice]):
    list_display = ["created_at", "kind", "text", "seen_at", "seen_by", "customer_link", "card_link"]
    list_filter = ["created_at"]
    list_select_related = ["customer", "card", "seen_by"]

    @admin.display(description="customer")
    def customer_link(self, notice: Notice) -> str | SafeString:
        return link_to(notice.customer)


@admin.register(VelocityRule)
class VelocityRuleAdmin(RecordAdmin[VelocityRule]):
    """Replaced together at the provider, on their page; here to be read."""

    list_display = ["max_authorizations", "time_window_seconds", "their_page"]

    @admin.display(description="")
    def their_page(self, _rule: VelocityRule) -> SafeString:
        return format_html('<a href="{}">Change the rules</a>', reverse("cards:velocity_rules"))


@admin.register(VelocityRuleSet)
class VelocityRuleSetAdmin(RecordAdmin[VelocityRuleSet]):
    list_display = ["__str__", "read_at"]


@admin.register(PortalMinute)
class PortalMinuteAdmin(RecordAdmin[PortalMinute]):
    list_display = ["minute"]


@admin.register(CardClock)
class CardClockAdmin(OfCardAdmin[CardClock]):
    list_display = ["card", "moved_at", "polled_at", "next_poll_at"]
    ordering = ["pk"]
