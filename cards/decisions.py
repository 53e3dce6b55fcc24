"""Approve or decline a purchase while the issuer waits: one short transaction on one locked card row.

Nothing here talks to the broker, a cache or the network. Whatever happens there is an answer in time: what cannot be
decided is declined, with a reason of its own. The design is in docs/decisions.
"""

import json
import logging
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import Error, InterfaceError, OperationalError, connections, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import errors

from cards.authorizations import Reason
from cards.counters import CardRow, count, read_card
from cards.outage import Outage
from cards.postgresql.ids import uuid7
from cards.postgresql.patience import NoAnswer, answering_by
from cards.purchases import Purchase
from cards.rules import APPROVE, DECLINE, Asked, Decision, State, judge

logger = logging.getLogger(__name__)

# Its connections carry the time limits of PostgreSQL's own (portal/settings.py).
DATABASE = "decisions"
# The provider waits 1,200 ms from its timestamp (contract section 12), the way to us and back included.
OLDEST = 0.65  # seconds; older requests are declined unread, which is how a queue gets shorter
ANSWER_WITHIN = 0.65  # seconds from the arrival, a silent database included
ANSWER_BEFORE = 0.9  # seconds from the provider's timestamp
LOOK_FOR_COPY = 0.2  # seconds
SILENT_AFTER = 0.45  # seconds; whatever runs longer PostgreSQL itself ends before, unless it stands still

# SQLSTATE classes: connection exceptions, operator intervention at a shutdown, too many connections.
LOST = ("08", "57P0", "53300")

outage = Outage(DATABASE)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One purchase that waits for an answer. No purchase: what was sent has no amount that could be read."""

    delivery_key: str
    card_api_id: str
    purchase: Purchase | None
    asked_at: datetime
    operation_id: str = ""
    problem: str = ""  # why the amount could not be read
    arrived: float = field(default_factory=monotonic)
    age: float = 0.0  # seconds it had been under way when it arrived, as far as the provider's clock tells
    row_id: UUID = field(default_factory=uuid7)

    @property
    def is_too_old(self) -> bool:
        return self.age + monotonic() - self.arrived > OLDEST

    @property
    def answer_by(self) -> float:
        return self.arrived + min(ANSWER_WITHIN, ANSWER_BEFORE - self.age)


@dataclass(kw_only=True)
class Answer:
    """What is answered, and what is known of its row: written down, written down before, to be written, or unsure."""

    question: Question
    response_code: str
    reason: Reason | None = None
    is_written: bool = False
    may_be_written: bool = False
    card_id: UUID | None = None
    customer_id: UUID | None = None
    milliseconds: dict[str, float] = field(default_factory=dict)
    answer_ms: float | None = None

    @property
    def is_approved(self) -> bool:
        return self.response_code == APPROVE

    def note_left(self) -> None:
        """Note that the answer has just been sent."""
        question = self.question
        self.answer_ms = round((question.age + monotonic() - question.arrived) * 1000, 2)


class Stopwatch:
    """What each step took, in milliseconds, from the arrival on."""

    def __init__(self, start: float) -> None:
        self.milliseconds: dict[str, float] = {}
        self._last = start

    def lap(self, step: str) -> None:
        now = monotonic()
        self.milliseconds[step] = round((now - self._last) * 1000, 2)
        self._last = now


def decide(question: Question) -> Answer:
    """Decide on a purchase. The same delivery gets the answer it got before; there is an answer in any case."""
    if question.purchase is None:
        return _unwritten(question, Reason.BAD_AMOUNT)
    if outage.is_on:
        return _unwritten(question, Reason.DATABASE_AWAY)
    watch = Stopwatch(question.arrived)
    watch.lap("parse")
    if question.is_too_old:
        return _answer_of_old(question)
    try:
        with answering_by(question.answer_by, connection=connections[DATABASE]):
            return _decide(question, question.purchase, watch)
    except Error as error:
        return _failed(question, watch, error)


def _answer_of_old(question: Question) -> Answer:
    """Decline what is too old to be answered in time, unless it is the copy of a delivery that was answered."""
    connection = connections[DATABASE]
    try:
        with answering_by(monotonic() + LOOK_FOR_COPY, connection=connection), connection.cursor() as cursor:
            return _earlier(cursor, question) or _unwritten(question, Reason.TOO_LATE)
    except Error:
        return _unwritten(question, Reason.TOO_LATE)


def _decide(question: Question, purchase: Purchase, watch: Stopwatch) -> Answer:
    try:
        return _transact(question, purchase, watch)
    except (OperationalError, InterfaceError) as error:
        # A connection kept from before a restart of the database is found dead by its first statement.
        if "lock" in watch.milliseconds or not _is_lost(error):
            raise
    connections[DATABASE].close()
    return _transact(question, purchase, watch)


def _transact(question: Question, purchase: Purchase, watch: Stopwatch) -> Answer:
    connection = connections[DATABASE]
    with transaction.atomic(using=DATABASE), connection.cursor() as cursor:
        card = read_card(cursor, question.card_api_id, lock=True)
        watch.lap("lock")
        state, earlier = _state(cursor, card, question)
        watch.lap("counters")
        if earlier is not None:
            return _repeat(question, earlier, card)
        decision = judge(asked_by(purchase), state)
        watch.lap("rules")
        answer = _answer(question, decision, card, watch)
        answer.is_written = _insert(cursor, answer, decision, purchase)
        watch.lap("insert")
    watch.lap("commit")
    if answer.is_written:
        return answer
    with connection.cursor() as cursor:
        return _earlier(cursor, question) or _unwritten(question, Reason.OUR_FAULT)


def asked_by(purchase: Purchase) -> Asked:
    return Asked(cost=cost_of(purchase), currency=purchase.bill_currency, channel=purchase.channel)


def cost_of(purchase: Purchase) -> Decimal:
    return purchase.bill_amount + purchase.atm_fees + purchase.fx_fees


def _state(cursor: CursorWrapper, card: CardRow | None, question: Question) -> tuple[State, str | None]:
    if card is None:
        return State(), None
    counted = count(cursor, card, key=question.delivery_key, now=question.asked_at)
    return counted.state, counted.earlier_answer


def _answer(question: Question, decision: Decision, card: CardRow | None, watch: Stopwatch) -> Answer:
    return Answer(
        question=question,
        response_code=decision.response_code,
        reason=decision.reason,
        card_id=card.pk if card else None,
        customer_id=card.customer_id if card else None,
        milliseconds=watch.milliseconds,
    )


INSERT = """
INSERT INTO cards_authorization (
    id, card_id, delivery_key, operation_id, card_api_id, response_code, reason, verdicts, milliseconds, bill_amount,
    bill_currency, transaction_amount, transaction_currency, cost, merchant_id, merchant_name, mcc, channel,
    decided_at, freeze_due, standing
) VALUES (
    %(id)s, %(card)s, %(key)s, %(operation_id)s, %(card_api_id)s, %(response_code)s, %(reason)s, %(verdicts)s::jsonb,
    %(milliseconds)s::jsonb, %(bill_amount)s, %(bill_currency)s, %(transaction_amount)s, %(transaction_currency)s,
    %(cost)s, %(merchant_id)s, %(merchant_name)s, %(mcc)s, %(channel)s, %(decided_at)s, %(freeze_due)s,
    'WAITING'
) ON CONFLICT (delivery_key) DO NOTHING
"""


def _insert(cursor: CursorWrapper, answer: Answer, decision: Decision, purchase: Purchase) -> bool:
    """Write the answer down; answer whether it is ours, and not that of the same delivery beside this one."""
    question = answer.question
    cursor.execute(
        INSERT,
        {
            "id": question.row_id,
            "card": answer.card_id,
            "key": question.delivery_key,
            "operation_id": question.operation_id,
            "card_api_id": question.card_api_id,
            "response_code": answer.response_code,
            "reason": decision.reason.value,
            "verdicts": json.dumps([verdict.as_json() for verdict in decision.verdicts]),
            "milliseconds": json.dumps(answer.milliseconds),
            "decided_at": question.asked_at,
            "freeze_due": decision.reason == Reason.TOO_FREQUENT,
            **columns_of(purchase),
        },
    )
    return bool(cursor.rowcount)


def columns_of(purchase: Purchase) -> dict[str, Any]:
    """Return the columns of a decision that say what was asked."""
    return {
        "bill_amount": purchase.bill_amount,
        "bill_currency": purchase.bill_currency,
        "transaction_amount": purchase.transaction_amount,
        "transaction_currency": purchase.transaction_currency,
        "cost": cost_of(purchase),
        "merchant_id": purchase.merchant_id,
        "merchant_name": purchase.merchant_name,
        "mcc": purchase.mcc,
        "channel": purchase.channel,
    }


def _earlier(cursor: CursorWrapper, question: Question) -> Answer | None:
    cursor.execute("SELECT response_code FROM cards_authorization WHERE delivery_key = %s", [question.delivery_key])
    row = cursor.fetchone()
    return _repeat(question, row[0], None) if row else None


def _repeat(question: Question, response_code: str, card: CardRow | None) -> Answer:
    return Answer(
        question=question,
        response_code=response_code,
        is_written=True,
        card_id=card.pk if card else None,
        customer_id=card.customer_id if card else None,
    )


def _unwritten(question: Question, reason: Reason) -> Answer:
    return Answer(question=question, response_code=DECLINE, reason=reason)


# --- When the database does not do its part


def _failed(question: Question, watch: Stopwatch, error: Error) -> Answer:
    reason = _reason_of(error, watch)
    # Only the error's name: its own text quotes the row.
    logger.error("A purchase was not decided: %s", type(error.__cause__ or error).__name__)
    if reason == Reason.DATABASE_AWAY or monotonic() - question.arrived > SILENT_AFTER:
        outage.begin()
    answer = _unwritten(question, reason)
    answer.milliseconds = watch.milliseconds
    # The COMMIT may have left before the silence: whoever writes the row down finds out.
    answer.may_be_written = "insert" in watch.milliseconds
    return answer


def _reason_of(error: Error, watch: Stopwatch) -> Reason:
    cause = error.__cause__
    if isinstance(cause, NoAnswer):
        return Reason.DATABASE_SILENT
    if isinstance(cause, errors.LockNotAvailable):
        return Reason.CARD_LOCKED
    if isinstance(cause, errors.QueryCanceled):
        # Behind others that wait, the row is waited for twice, and the statement's time runs out before the lock's.
        return Reason.DATABASE_SLOW if "lock" in watch.milliseconds else Reason.CARD_LOCKED
    return Reason.DATABASE_AWAY if _is_lost(error) else Reason.OUR_FAULT


def is_away(error: Error) -> bool:
    """Tell a database that nobody should ask for a moment from one that did not do this one thing."""
    return isinstance(error.__cause__, NoAnswer) or _is_lost(error)


def _is_lost(error: Error) -> bool:
    """Tell a connection that broke, or was never made, from a database that refuses what it is given."""
    if isinstance(error.__cause__, NoAnswer) or not isinstance(error, OperationalError | InterfaceError):
        return False
    code = getattr(error.__cause__, "sqlstate", None)
    return code is None or code.startswith(LOST)
