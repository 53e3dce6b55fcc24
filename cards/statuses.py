"""The states of a card, which may follow which, and the provider's words for them."""

from django.db import models

from customers.statuses import Transitions


class CardStatus(models.TextChoices):
    ACTIVE = "ACTIVE", "Active"
    FROZEN = "FROZEN", "Frozen"
    BLOCKED = "BLOCKED", "Blocked"
    INACTIVE = "INACTIVE", "Inactive"
    EXPIRED = "EXPIRED", "Expired"
    DELETED = "DELETED", "Deleted"

    @property
    def meaning(self) -> str:
        return {"ACTIVE": "good", "FROZEN": "waiting", "BLOCKED": "bad"}.get(self.value, "neutral")


class HoldReason(models.TextChoices):
    """Why a card is frozen or blocked."""

    OFFICER = "OFFICER", "a person froze it"
    VELOCITY = "VELOCITY", "a velocity rule stopped it"
    PROVIDER = "PROVIDER", "the provider stopped it"


class ApprovalMethod(models.TextChoices):
    TOPUP = "TOPUP", "Top-up: spends what was deposited on the card"
    WEBHOOK = "WEBHOOK", "Webhook: this portal approves each purchase"

    @property
    def short(self) -> str:
        return {"TOPUP": "Top-up", "WEBHOOK": "Webhook"}[self.value]


class TransactionState(models.TextChoices):
    """Where a purchase stands: what its events add up to, never set by hand."""

    AUTHORIZED = "AUTHORIZED", "Authorized"
    PARTLY_CLEARED = "PARTLY_CLEARED", "Partly cleared"
    CLEARED = "CLEARED", "Cleared"
    OVER_CAPTURED = "OVER_CAPTURED", "Cleared above the hold"
    DECLINED = "DECLINED", "Declined"
    CANCELLED = "CANCELLED", "Cancelled"
    REVERSED = "REVERSED", "Reversed"
    PARTLY_REVERSED = "PARTLY_REVERSED", "Partly reversed"
    REFUNDED = "REFUNDED", "Refunded"
    PARTLY_REFUNDED = "PARTLY_REFUNDED", "Partly refunded"

    @classmethod
    def unsettled(cls) -> list["TransactionState"]:
        return [cls.AUTHORIZED, cls.PARTLY_CLEARED, cls.PARTLY_REVERSED]

    @property
    def meaning(self) -> str:
        known = {
            "AUTHORIZED": "waiting", "PARTLY_REVERSED": "waiting", "PARTLY_CLEARED": "waiting",
            "CLEARED": "good", "OVER_CAPTURED": "good", "DECLINED": "bad",
        }  # fmt: skip
        return known.get(self.value, "neutral")


class EventKind(models.TextChoices):
    AUTHORIZED = "AUTHORIZED", "Authorized"
    DECLINED = "DECLINED", "Declined"
    CLEARED = "CLEARED", "Cleared"
    REVERSAL = "REVERSAL", "Reversal"
    REFUND = "REFUND", "Refund"

    @property
    def meaning(self) -> str:
        return {"AUTHORIZED": "waiting", "CLEARED": "good", "DECLINED": "bad"}.get(self.value, "neutral")


class Match(models.TextChoices):
    """How an event was found to belong to its purchase."""

    OPENS = "OPENS", "opened this purchase"
    OPERATION_ID = "OPERATION_ID", "same operation id"
    MERCHANT_AND_AMOUNT = "MERCHANT", "same merchant, fitting amount"
    ALONE = "ALONE", "no earlier event fits, so it stands alone"
    LISTED = "LISTED", "the provider's list names it too; counted once"


C = CardStatus

CLOSED = frozenset({C.INACTIVE, C.EXPIRED, C.DELETED})
HELD = [C.FROZEN, C.BLOCKED]

CARD_TRANSITIONS: Transitions = {
    C.ACTIVE: frozenset({C.FROZEN, C.BLOCKED}) | CLOSED,
    C.FROZEN: frozenset({C.ACTIVE}) | CLOSED,
    C.BLOCKED: frozenset({C.ACTIVE}) | CLOSED,
    C.INACTIVE: frozenset(),
    C.EXPIRED: frozenset(),
    C.DELETED: frozenset(),
}

# The provider's words, folded to lower case (contract section 4.0). A word that is not here changes nothing.
CARD_WORDS = {status.value.lower(): status for status in C}
