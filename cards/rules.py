"""Whether a purchase may pass: pure functions over what is asked and where the card stands.

The same functions answer while the issuer waits, say afterwards why, and say whether the purchase would pass now.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cards.authorizations import Reason
from cards.statuses import ApprovalMethod, CardStatus
from customers.statuses import CustomerStatus

# The contract (section 12) answers approvals with 00 and forwards every other value as the ISO 8583 code it is. These
# are field 39, "action" or "response code", of ISO 8583:1987 in the card schemes' reading: 05 do not honour, 51 not
# sufficient funds, 61 exceeds withdrawal amount limit, 62 restricted card, 65 exceeds withdrawal frequency limit.
APPROVE, DECLINE, SHORT, OVER_LIMIT, RESTRICTED, TOO_FREQUENT = "00", "05", "51", "61", "62", "65"

USD = "USD"
ATM = "ATM"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a purchase would cost, fees included: every limit is about that (contract section 4.16)."""

    cost: Decimal
    currency: str = USD
    channel: str = ""


@dataclass(frozen=True, kw_only=True)
class Spending:
    """What was spent on the card within one sliding window, and when the first of it leaves the window."""

    name: str
    length: timedelta
    limit: Decimal | None
    used: Decimal = Decimal(0)
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Frequency:
    """One velocity rule, and how often the card was approved within its window."""

    most: int
    seconds: int
    used: int = 0
    frees_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class State:
    """Where the card stands, read under its lock. Without a card there is nothing else."""

    card_status: str | None = None
    customer_status: str | None = None
    approval_method: str = ""
    transaction_limit: Decimal | None = None
    spendings: Sequence[Spending] = ()
    frequencies: Sequence[Frequency] = ()
    balance: Decimal | None = None
    holding: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What one rule says, and how much room it leaves where it counts something."""

    rule: str
    passed: bool
    sentence: str
    used: Decimal | None = None
    limit: Decimal | None = None
    frees_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: _plain(value) for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Decision:
    response_code: str
    reason: Reason
    verdicts: tuple[Verdict, ...]

    @property
    def broken(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if not verdict.passed]


def judge(asked: Asked, state: State) -> Decision:
    """Apply every rule; the first that is broken gives the answer."""
    if state.card_status is None:
        unknown = Verdict(rule="card_known", passed=False, sentence="The card is not known here.")
        return Decision(DECLINE, Reason.CARD_UNKNOWN, (unknown,))
    verdicts = tuple(verdict for rule in RULES for verdict in rule(asked, state))
    broken = next((verdict for verdict in verdicts if not verdict.passed), None)
    return Decision(*ANSWERS[broken.rule], verdicts) if broken else Decision(APPROVE, Reason.APPROVED, verdicts)


def _card_active(_: Asked, state: State) -> Iterator[Verdict]:
    passed = state.card_status == CardStatus.ACTIVE
    yield Verdict(rule="card_active", passed=passed, sentence=f"The card is {_word(state.card_status)}.")


def _customer_active(_: Asked, state: State) -> Iterator[Verdict]:
    passed = state.customer_status == CustomerStatus.ACTIVE
    yield Verdict(rule="customer_active", passed=passed, sentence=f"The customer is {_word(state.customer_status)}.")


def _in_dollars(asked: Asked, _: State) -> Iterator[Verdict]:
    """Refuse a bill that no limit can be compared with; the provider bills in US dollars only (section 12.1)."""
    if asked.currency != USD:
        yield Verdict(rule="in_dollars", passed=False, sentence="The bill is not in US dollars.")


def _transaction_limit(asked: Asked, state: State) -> Iterator[Verdict]:
    """Compare with the limit per transaction, which cash machines are exempt from (section 4.0)."""
    limit = state.transaction_limit
    if limit is None or asked.channel == ATM:
        return
    sentence = f"It costs {_usd(asked.cost)}; one purchase may cost {_usd(limit)}."
    yield Verdict(rule="transaction_limit", passed=asked.cost <= limit, sentence=sentence, used=Decimal(0), limit=limit)


def _spending_limits(asked: Asked, state: State) -> Iterator[Verdict]:
    for spending in state.spendings:
        if spending.limit is None:
            continue
        total = spending.used + asked.cost
        yield Verdict(
            rule=f"{spending.name}_limit",
            passed=total <= spending.limit,
            sentence=f"{_usd(spending.used)} spent in {_span(spending.length)}; with this {_usd(total)} of "
            f"{_usd(spending.limit)}.",
            used=spending.used,
            limit=spending.limit,
            frees_at=spending.since + spending.length if spending.since else None,
        )


def _card_balance(asked: Asked, state: State) -> Iterator[Verdict]:
    """Compare with the card's own money, which only a top-up card spends (section 4.16)."""
    if state.approval_method != ApprovalMethod.TOPUP or state.balance is None:
        return
    sentence = f"It costs {_usd(asked.cost)}; the card has {_usd(state.balance)}."
    yield Verdict(rule="card_balance", passed=asked.cost <= state.balance, sentence=sentence, limit=state.balance)


def _holding_balance(asked: Asked, state: State) -> Iterator[Verdict]:
    if state.holding is None:
        return
    sentence = f"It costs {_usd(asked.cost)}; the holding wallet has {_usd(state.holding)}."
    yield Verdict(rule="holding_balance", passed=asked.cost <= state.holding, sentence=sentence, limit=state.holding)


def _velocity(_: Asked, state: State) -> Iterator[Verdict]:
    """Count approved authorizations, each rule within its window. Last, so that only it can stop the card."""
    for rule in state.frequencies:
        window = _span(timedelta(seconds=rule.seconds))
        yield Verdict(
            rule="velocity",
            passed=rule.used < rule.most,
            sentence=f"{rule.used} approved in {window}; the rule allows {rule.most}.",
            used=Decimal(rule.used),
            limit=Decimal(rule.most),
            frees_at=rule.frees_at,
        )


Rule = Callable[[Asked, State], Iterator[Verdict]]

RULES: tuple[Rule, ...] = (
    _card_active, _customer_active, _in_dollars, _transaction_limit, _spending_limits, _card_balance, _holding_balance,
    _velocity,
)  # fmt: skip

ANSWERS = {
    "card_active": (RESTRICTED, Reason.CARD_NOT_ACTIVE),
    "customer_active": (RESTRICTED, Reason.CUSTOMER_NOT_ACTIVE),
    "in_dollars": (DECLINE, Reason.BAD_AMOUNT),
    "transaction_limit": (OVER_LIMIT, Reason.TRANSACTION_LIMIT),
    "daily_limit": (OVER_LIMIT, Reason.DAILY_LIMIT),
    "weekly_limit": (OVER_LIMIT, Reason.WEEKLY_LIMIT),
    "monthly_limit": (OVER_LIMIT, Reason.MONTHLY_LIMIT),
    "card_balance": (SHORT, Reason.CARD_SHORT),
    "holding_balance": (SHORT, Reason.HOLDING_SHORT),
    "velocity": (TOO_FREQUENT, Reason.TOO_FREQUENT),
}


def _word(status: str | None) -> str:
    return (status or "unknown").lower()


def _usd(amount: Decimal) -> str:
    return f"{amount:.2f} {USD}"


def _span(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds % size == 0 and seconds > size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime) else value
