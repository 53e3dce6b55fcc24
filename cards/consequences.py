"""What freezing, unfreezing, new limits and deleting will do, in sentences to read before: to purchases that are not
settled, to merchants that charge regularly, and to the next purchase by the rules themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import Count, F, Sum

from cards.explaining import moment
from cards.models import LIMITS, Authorization, Card
from cards.questions import Standing, fits_at, stand
from cards.recurring import LOOK_BACK, Charge, Recurring, recurring
from cards.rules import Asked, Decision, Spending, judge
from cards.statuses import ApprovalMethod, HoldReason, TransactionState

SMALLEST = Decimal("0.01")


@dataclass(frozen=True)
class Unsettled:
    """Approved purchases that are not settled yet, and what is still held for them."""

    count: int
    total: Decimal

    def __str__(self) -> str:
        purchases = "1 approved purchase" if self.count == 1 else f"{self.count} approved purchases"
        return f"{purchases} of {_usd(self.total)} not settled yet"


@dataclass(frozen=True)
class Consequences:
    card: Card
    now: datetime

    @cached_property
    def unsettled(self) -> Unsettled:
        held = F("authorized_total") - F("reversed_total") - F("cleared_total")
        told = self.card.transactions.unsettled().aggregate(count=Count("pk"), total=Sum(held))
        waiting = Authorization.objects.filter(card=self.card).waiting().aggregate(count=Count("pk"), total=Sum("cost"))
        total = (told["total"] or Decimal(0)) + (waiting["total"] or Decimal(0))
        return Unsettled(told["count"] + waiting["count"], total)

    @cached_property
    def recurring(self) -> list[Recurring]:
        columns = ("merchant_name", "first_at", "bill_amount", "bill_currency")
        paid = self.card.transactions.exclude(state__in=(TransactionState.DECLINED, TransactionState.CANCELLED))
        rows = paid.filter(first_at__gt=self.now - LOOK_BACK).values_list(*columns)
        return recurring((Charge(*row) for row in rows), now=self.now)

    @cached_property
    def standing(self) -> Standing:
        return stand(self.card.api_id, now=self.now)

    # --- Freezing and unfreezing

    @property
    def of_freeze(self) -> list[str]:
        charges = [f"{_regular(each)}: declined while the card is frozen." for each in self.recurring]
        if not self.unsettled.count:
            return ["No approved purchase waits to be settled.", *charges]
        return [f"{self.unsettled}: merchants can still settle. A freeze declines new purchases only.", *charges]

    @property
    def of_unfreeze(self) -> list[str]:
        return list(self._of_unfreeze())

    def _of_unfreeze(self) -> Iterator[str]:
        released = stand(self.card.api_id, now=self.now, released=True).state
        for rule in released.frequencies:
            yield (
                f"Unfreezing resets the velocity count: {rule.most - rule.used} of {rule.most} purchases within "
                f"{rule.seconds} seconds can follow, and one more stops the card again."
            )
        if self.card.hold_reason == HoldReason.VELOCITY and (last := self._stopping):
            yield f"The purchase that stopped it, {last[0]}, {_outcome(judge(last[1], released))}."
        else:
            smallest = judge(Asked(cost=SMALLEST), released)
            yield from (f"Then still: {each.sentence}" for each in smallest.broken)
        if self.unsettled.count:
            yield f"{self.unsettled}: nothing changes for them."
        yield from (f"{_regular(each)}: tried by the rules again." for each in self.recurring)

    @property
    def _stopping(self) -> tuple[str, Asked] | None:
        """Return the purchase that broke a velocity rule, in words and as the rules are asked."""
        found = self.card.transactions.too_frequent().newest_first().first()
        if found is None:
            return None
        cost = found.bill_amount + found.fees_total
        asked = Asked(cost=cost, currency=found.bill_currency, channel=found.channel)
        return f"{_usd(cost)} at {found.merchant_name or 'an unnamed merchant'}", asked

    # --- Deleting

    @property
    def of_delete(self) -> list[str]:
        return list(self._of_delete()) or ["No approved purchase waits to be settled."]

    def _of_delete(self) -> Iterator[str]:
        # The contract says neither what becomes of a balance nor of what is not settled: section 4.4.
        balance = self.card.balance
        if self.card.approval_method == ApprovalMethod.TOPUP and balance:
            yield f"{_usd(balance)} are on the card. CryptoMate may refuse to delete it before they are spent."
        if self.unsettled.count:
            yield f"{self.unsettled}: CryptoMate does not say what becomes of them once the card is gone."
        yield from (f"{_regular(each)}: declined from now on." for each in self.recurring)

    # --- New limits

    @property
    def spendings(self) -> list[Spending]:
        return list(self.standing.state.spendings)

    @property
    def regular(self) -> list[str]:
        return [_regular(each) for each in self.recurring]

    def of_limits(self, limits: Mapping[str, Decimal | None]) -> list[str]:
        """Return what the new limits would stop; nothing about a limit that stays as it is."""
        changed = {name: new for name, new in limits.items() if new is not None and new != getattr(self.card, name)}
        return [*self._spent_already(changed), *self._charged_again(changed)]

    def _spent_already(self, changed: Mapping[str, Decimal]) -> Iterator[str]:
        for spending in self.spendings:
            limit = changed.get(f"{spending.name}_limit")
            if limit is None or spending.used < limit or not spending.used:
                continue
            at = fits_at(self.standing.spent, length=spending.length, limit=limit, cost=SMALLEST, now=self.now)
            yield (
                f"{_usd(spending.used)} are spent already: with the {spending.name} limit of {_usd(limit)} every "
                f"purchase is declined{f' until {moment(at)}' if at else ''}."
            )

    def _charged_again(self, changed: Mapping[str, Decimal]) -> Iterator[str]:
        for each in self.recurring:
            below = [LIMITS[name].lower() for name, limit in changed.items() if limit < each.last.amount]
            if below:
                yield f"{_regular(each)}: declined by the {' and the '.join(below)} limit."


def _regular(each: Recurring) -> str:
    last = each.last
    next_on = moment(each.next_at).partition(",")[0]
    return (
        f"{last.merchant} charges {last.amount:,.2f} {last.currency} about every {each.rhythm.name}, "
        f"next around {next_on}"
    )


def _outcome(decision: Decision) -> str:
    broken = decision.broken
    return f"would be declined: {broken[0].sentence.rstrip('.')}" if broken else "would pass then"


def _usd(amount: Decimal) -> str:
    return f"{amount:,.2f} USD"
