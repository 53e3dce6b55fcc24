"""Approve or decline a purchase while the issuer waits: one short transaction on one locked card row."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from time import perf_counter

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from cards.models import Authorization, Card
from cards.purchases import Purchase
from cards.statuses import CardStatus
from customers.statuses import CustomerStatus

APPROVE, DECLINE, RESTRICTED = "00", "05", "62"
LOCK_TIMEOUT, STATEMENT_TIMEOUT = "300ms", "500ms"

Reason = Authorization.Reason


@dataclass(frozen=True)
class State:
    """What the rule looks at, read under the card's lock. Statuses are None where there is no such card."""

    card_status: str | None
    customer_status: str | None


@dataclass(frozen=True)
class Verdict:
    """What one rule says."""

    rule: str
    passes: bool


@dataclass(frozen=True)
class Decision:
    response_code: str
    reason: Authorization.Reason
    verdicts: tuple[Verdict, ...]


def judge(purchase: Purchase, state: State) -> Decision:
    """Apply the rules. Pure, so that it also answers why a purchase was declined and whether it would pass now."""
    verdicts = (
        Verdict("card is known", passes=state.card_status is not None),
        Verdict("card is active", passes=state.card_status == CardStatus.ACTIVE),
        Verdict("customer is active", passes=state.customer_status == CustomerStatus.ACTIVE),
    )
    return Decision(*_outcome(verdicts), verdicts)


def _outcome(verdicts: Sequence[Verdict]) -> tuple[str, Authorization.Reason]:
    against = {
        "card is known": (DECLINE, Reason.CARD_UNKNOWN),
        "card is active": (RESTRICTED, Reason.CARD_NOT_ACTIVE),
        "customer is active": (RESTRICTED, Reason.CUSTOMER_NOT_ACTIVE),
    }
    return next((against[verdict.rule] for verdict in verdicts if not verdict.passes), (APPROVE, Reason.APPROVED))


def decide(*, card_api_id: str, delivery_key: str, purchase: Purchase) -> Authorization:
    """Decide on a purchase and record the answer, which is the row's `response_code`.

    The same delivery gets the answer it got before. Raises django.db.OperationalError when the card stays locked or the
    database is away: the caller declines.
    """
    started = perf_counter()
    try:
        with transaction.atomic():
            card = _locked_card(card_api_id)
            locked = perf_counter()
            decision = judge(purchase, _state_of(card))
            spent = {"lock": _ms(started, locked), "rules": _ms(locked, perf_counter())}
            return _record(card, card_api_id, delivery_key, purchase, decision, spent)
    except IntegrityError:
        return Authorization.objects.get(delivery_key=delivery_key)


def _locked_card(api_id: str) -> Card | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)",
            [LOCK_TIMEOUT, STATEMENT_TIMEOUT],
        )
    cards = Card.objects.select_for_update(of=("self",), no_key=True).select_related("customer")
    return cards.filter(api_id=api_id).first()


def _state_of(card: Card | None) -> State:
    return State(card.status, card.customer.status) if card else State(None, None)


def _record(
    card: Card | None,
    card_api_id: str,
    delivery_key: str,
    purchase: Purchase,
    decision: Decision,
    spent: dict[str, float],
) -> Authorization:
    return Authorization.objects.create(
        card=card,
        card_api_id=card_api_id,
        delivery_key=delivery_key,
        response_code=decision.response_code,
        reason=decision.reason,
        verdicts=[asdict(verdict) for verdict in decision.verdicts],
        milliseconds=spent,
        bill_amount=purchase.bill_amount,
        bill_currency=purchase.bill_currency,
        transaction_amount=purchase.transaction_amount,
        transaction_currency=purchase.transaction_currency,
        merchant_name=purchase.merchant_name,
        mcc=purchase.mcc,
        decided_at=timezone.now(),
    )


def _ms(start: float, end: float) -> float:
    return round((end - start) * 1000, 2)
