"""What would happen to a purchase that nobody has made: each check of the decision, and how much room it leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import Q

from cards.models import LIMITS, Card, Transaction
from cards.questions import LENGTHS, passes_at, would_pass
from cards.rules import Asked, Decision, Verdict
from cards.statuses import ApprovalMethod, TransactionState

# What CryptoMate declines by the kind of merchant, and what by a risk it does not explain (contract section 7).
BY_KIND, BY_RISK = ("C011", "C103"), ("M211",)
VELOCITY = "velocity"
COUNTING = (*LENGTHS, VELOCITY)
NONE = Q(pk__in=[])


@dataclass(frozen=True, kw_only=True)
class Supposed:
    """A purchase as a caller describes it. Our rules look at its cost and channel; the rest is for CryptoMate."""

    cost: Decimal
    merchant: str = ""
    mcc: str = ""
    country: str = ""
    channel: str = ""


@dataclass(frozen=True)
class Check:
    """One rule's verdict with the room that is left before the purchase, in dollars or in purchases."""

    verdict: Verdict

    @property
    def left(self) -> Decimal | None:
        """Return the room, or None for a rule that counts nothing: its sentence says it all."""
        verdict = self.verdict
        if verdict.rule not in COUNTING or verdict.limit is None:
            return None
        return max(Decimal(0), verdict.limit - (verdict.used or 0))

    @property
    def counts_purchases(self) -> bool:
        return self.verdict.rule == VELOCITY


@dataclass(frozen=True)
class DryRun:
    card: Card
    supposed: Supposed
    decision: Decision

    @property
    def passes(self) -> bool:
        return not self.decision.broken

    @property
    def checks(self) -> list[Check]:
        return [Check(verdict) for verdict in self.decision.verdicts]

    @property
    def unlimited(self) -> Sequence[str]:
        return [label for name, label in LIMITS.items() if getattr(self.card, name) is None]

    @property
    def passes_at(self) -> datetime | None:
        return passes_at(self.decision)

    @property
    def is_decided_by_us(self) -> bool:
        return self.card.approval_method == ApprovalMethod.WEBHOOK

    @cached_property
    def earlier(self) -> Transaction | None:
        """Return the newest purchase with this card that CryptoMate declined for what our rules do not look at."""
        supposed = self.supposed
        named = Q(merchant_name__iexact=supposed.merchant) if supposed.merchant else NONE
        kind = Q(mcc=supposed.mcc) if supposed.mcc else NONE
        place = Q(merchant_country__iexact=supposed.country) if supposed.country else NONE
        by_kind = Q(decline_code__in=BY_KIND) & (named | kind)
        by_risk = Q(decline_code__in=BY_RISK) & (named | place)
        declined = self.card.transactions.with_card_status().in_state(TransactionState.DECLINED)
        return declined.filter(by_kind | by_risk).newest_first().first()


def dry_run(card: Card, supposed: Supposed, *, now: datetime) -> DryRun:
    asked = Asked(cost=supposed.cost, channel=supposed.channel)
    return DryRun(card, supposed, would_pass(card.api_id, asked, now=now))
