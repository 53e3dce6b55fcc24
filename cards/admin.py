"""Everything about cards, to read: statuses and purchases are written by actions and by the provider's word only."""

from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

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
from provider.admin import RecordAdmin


def link_to(target: Model | None) -> str | SafeString:
    if target is None:
        return "—"
    name = f"admin:{target._meta.app_label}_{target._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[target.pk]), target)


@admin.register(Card)
class CardAdmin(RecordAdmin[Card]):
    list_display = ["masked", "holder_name", "customer_link", "status", "hold_reason", "approval_method", "issued_at"]
    list_filter = ["status", "hold_reason", "approval_method", "issued_at"]
    list_select_related = ["customer"]
    search_fields = ["last4__exact", "api_id__startswith"]
    ordering = ["-issued_at"]

    @admin.display(description="customer")
    def customer_link(self, card: Card) -> str | SafeString:
        return link_to(card.customer)


class PlacementInline(admin.TabularInline[Placement, Transaction]):
    model = Placement
    extra = 0
    can_delete = False
    fields = ["event", "how"]
    readonly_fields = ["event", "how"]
    ordering = ["event__occurred_at"]


@admin.register(Transaction)
class TransactionAdmin(RecordAdmin[Transaction]):
    list_display = ["first_at", "merchant_name", "card_link", "state", "bill_amount", "bill_currency", "decline_code"]
    list_filter = ["state", "first_at", "decline_code"]
    list_select_related = ["card"]
    search_fields = ["card__last4__exact", "merchant_name__istartswith"]
    ordering = ["-first_at"]
    inlines = [PlacementInline]

    @admin.display(description="card")
    def card_link(self, purchase: Transaction) -> str | SafeString:
        return link_to(purchase.card)


@admin.register(TransactionEvent)
class TransactionEventAdmin(RecordAdmin[TransactionEvent]):
    list_display = ["occurred_at", "kind", "merchant_name", "bill_amount", "purchase_link", "card_link", "source"]
    list_filter = ["kind", "source", "occurred_at"]
    list_select_related = ["card", "placement__transaction"]
    search_fields = ["operation_id__startswith", "card__last4__exact"]
    ordering = ["-occurred_at"]

    @admin.display(description="purchase")
    def purchase_link(self, event: TransactionEvent) -> str | SafeString:
        placement = getattr(event, "placement", None)
        return link_to(placement.transaction if placement else None)

    @admin.display(description="card")
    def card_link(self, event: TransactionEvent) -> str | SafeString:
        return link_to(event.card)


@admin.register(Placement)
class PlacementAdmin(RecordAdmin[Placement]):
    list_display = ["event", "transaction", "how", "repeats"]
    list_filter = ["how"]
    list_select_related = ["event", "transaction"]


@admin.register(Authorization)
class AuthorizationAdmin(RecordAdmin[Authorization]):
    list_display = ["decided_at", "response_code", "reason", "merchant_name", "bill_amount", "card_link"]
    list_filter = ["reason", "decided_at"]
    list_select_related = ["card"]
    search_fields = ["card_api_id__startswith", "delivery_key__startswith"]

    @admin.display(description="card")
    def card_link(self, authorization: Authorization) -> str | SafeString:
        return link_to(authorization.card)


@admin.register(Deposit)
class DepositAdmin(RecordAdmin[Deposit]):
    list_display = ["at", "net_amount", "amount", "blockchain", "wallet_address", "source", "card_link"]
    list_filter = ["blockchain", "source", "at", ("card", admin.EmptyFieldListFilter)]
    list_select_related = ["card"]
    search_fields = ["transaction_hash__startswith", "wallet_address__startswith"]

    @admin.display(description="card")
    def card_link(self, deposit: Deposit) -> str | SafeString:
        return link_to(deposit.card)


@admin.register(Holding)
class HoldingAdmin(RecordAdmin[Holding]):
    list_display = ["__str__", "balance", "on_cards", "accumulated_fees", "is_enabled", "is_missing", "read_at"]


@admin.register(Withdrawal)
class WithdrawalAdmin(RecordAdmin[Withdrawal]):
    list_display = ["at", "amount", "state", "blockchain", "to_address", "card_link"]
    list_filter = ["state", "at"]
    list_select_related = ["card"]
    search_fields = ["transaction_hash__startswith", "operation_id__startswith"]

    @admin.display(description="card")
    def card_link(self, withdrawal: Withdrawal) -> str | SafeString:
        return link_to(withdrawal.card)


@admin.register(Challenge)
class ChallengeAdmin(RecordAdmin[Challenge]):
    list_display = ["received_at", "merchant_name", "amount", "currency", "decision", "expires_at", "card"]
    list_filter = ["decision", "received_at"]
    list_select_related = ["card"]


@admin.register(Notice)
class NoticeAdmin(RecordAdmin[Notice]):
    list_display = ["created_at", "kind", "text", "seen_at", "seen_by", "customer"]
    list_filter = ["kind", ("seen_at", admin.EmptyFieldListFilter)]
    list_select_related = ["customer", "seen_by"]


@admin.register(VelocityRule)
class VelocityRuleAdmin(RecordAdmin[VelocityRule]):
    """Replaced together at the provider, on their page; here to be read."""

    list_display = ["max_authorizations", "time_window_seconds"]


@admin.register(VelocityRuleSet)
class VelocityRuleSetAdmin(RecordAdmin[VelocityRuleSet]):
    list_display = ["__str__", "read_at"]


@admin.register(PortalMinute)
class PortalMinuteAdmin(RecordAdmin[PortalMinute]):
    list_display = ["minute"]


@admin.register(CardClock)
class CardClockAdmin(RecordAdmin[CardClock]):
    list_display = ["card", "moved_at", "polled_at", "next_poll_at"]
    list_select_related = ["card"]
    search_fields = ["card__last4__exact"]
    ordering = ["-next_poll_at"]
