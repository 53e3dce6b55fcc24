"""The pages about money: the holding wallet, and one purchase with all that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F, Sum
from django.utils import timezone

from cards.explaining import why_declined
from cards.models import Authorization, Deposit, Holding, Transaction, TransactionEvent, Withdrawal
from cards.placing import in_order
from cards.statuses import Match, TransactionState
from customers.paging import digest
from customers.policies import check_person_may
from provider.waking import wake

STALE_AFTER = timedelta(seconds=60)
SHOWN = 20
# A purchase in these states took nothing from the wallet, or gave it back.
FREE = (TransactionState.DECLINED, TransactionState.CANCELLED, TransactionState.REVERSED, TransactionState.REFUNDED)


@dataclass(frozen=True)
class HoldingPage:
    wallet: Holding | None
    spent_since: Decimal  # by purchases made after the wallet was read
    withdrawals: Sequence[Withdrawal]
    deposits: Sequence[Deposit]  # to the wallet itself, or to addresses that belong to no card we know

    @property
    def usable(self) -> Decimal | None:
        """Return what purchases can still use, or None while the wallet was not read."""
        if self.wallet is None or self.wallet.balance is None:
            return None
        return max(Decimal(0), self.wallet.balance - self.spent_since)

    @property
    def is_stale(self) -> bool:
        read_at = self.wallet.read_at if self.wallet else None
        return read_at is None or timezone.now() - read_at > STALE_AFTER

    @property
    def seen(self) -> str:
        rows = [row.pk for row in self.withdrawals] + [row.pk for row in self.deposits]
        return digest([self.wallet and self.wallet.read_at, self.spent_since, *rows])


def holding_page() -> HoldingPage:
    wallet = Holding.objects.first()
    return HoldingPage(
        wallet=wallet,
        spent_since=_spent_since(wallet) if wallet and wallet.balance is not None else Decimal(0),
        withdrawals=list(Withdrawal.objects.newest_first()[:SHOWN]),
        deposits=list(Deposit.objects.filter(card=None).order_by("-at")[:SHOWN]),
    )


def _spent_since(wallet: Holding) -> Decimal:
    newer = Transaction.objects.filter(first_at__gt=wallet.read_at).exclude(state__in=FREE)
    spent = newer.aggregate(total=Sum(F("bill_amount") + F("fees_total")))["total"]
    return spent or Decimal(0)


def ask_for_holding(page: HoldingPage) -> None:
    """Have a worker read the wallet when what we show is old."""
    if page.is_stale:
        read_soon()


def refresh_now(*, by: User) -> None:
    """Have a worker read the wallet now, because a person asked. Raises NotAllowed."""
    check_person_may(by, "cards.refresh_card")
    read_soon()


def read_soon() -> None:
    wake("cards.tasks.refresh_holding")


def purchase_page(purchase: Transaction, user: User) -> dict[str, Any]:
    """Return what the page of one purchase is drawn from."""
    events = sorted(TransactionEvent.objects.of_purchase(purchase), key=in_order)
    answers = list(Authorization.objects.about(event.pk for event in events))
    return {
        "transaction": purchase,
        "events": events,
        "answers": answers,
        "why": why_declined(purchase, answers, user=user, now=timezone.now()),
        "stands_alone": any(event.placement.how == Match.ALONE for event in events),
        "repeats": any(event.placement.repeats for event in events),
    }
