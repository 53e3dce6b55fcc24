"""A purchase that waits for our answer: answered first, and everything else done when the answer has left."""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

from django.db import DataError, Error, IntegrityError, connections, transaction
from django.http import JsonResponse

from cards import decisions, stopping
from cards.authorizations import Reason
from cards.decisions import Answer, Question, decide, is_away, outage
from cards.journal import write_down
from cards.postgresql.patience import answering_by
from cards.purchases import Purchase, UnreadablePurchase
from webhooks.actions import Arrival, as_row
from webhooks.deliveries import Delivery
from webhooks.models import Outcome, WebhookEvent

logger = logging.getLogger(__name__)

# An older timestamp, or one in the future, is a clock that goes wrong.
OLDEST_TIMESTAMP = timedelta(seconds=10)

MOST_AT_ONCE = 200
MOST_KEPT = 5000  # a few megabytes
WRITE_WITHIN = 1.0  # seconds
AGAIN_AFTER = 1.0
STOP_WITHIN = 2.0


@dataclass(frozen=True)
class Answered:
    """A delivery that was answered, before it is stored."""

    delivery: Delivery
    arrival: Arrival
    answer: Answer


class AuthorizationResponse(JsonResponse):
    """Leaves before the rest is done: the server closes a response when it has sent it."""

    def __init__(self, answered: Answered) -> None:
        super().__init__({"response_code": answered.answer.response_code})
        self._answered = answered

    def close(self) -> None:
        try:
            if not self.closed:
                finish(self._answered)
        finally:
            super().close()


def authorize(delivery: Delivery, arrival: Arrival) -> AuthorizationResponse:
    """Answer a purchase that waits for it. What cannot be decided in time is declined."""
    answer = decide(_question(delivery, arrival))
    return AuthorizationResponse(Answered(delivery, arrival, answer))


def _question(delivery: Delivery, arrival: Arrival) -> Question:
    purchase, problem = _purchase(delivery)
    return Question(
        delivery_key=delivery.key,
        operation_id=delivery.operation_id,
        card_api_id=delivery.card_api_id,
        purchase=purchase,
        problem=problem,
        asked_at=arrival.received_at,
        arrived=arrival.started,
        age=_age(arrival),
    )


def _purchase(delivery: Delivery) -> tuple[Purchase | None, str]:
    try:
        return Purchase.from_data(delivery.data), ""
    except UnreadablePurchase as problem:
        return None, str(problem)


def _age(arrival: Arrival) -> float:
    """Return for how many seconds the request was under way, by the provider's clock where that is plausible."""
    if arrival.request_timestamp is None:
        return 0.0
    age = arrival.received_at - arrival.request_timestamp
    return age.total_seconds() if timedelta(0) < age <= OLDEST_TIMESTAMP else 0.0


# --- After the answer


_kept: deque[Answered] = deque()
_writing = threading.Lock()


def finish(answered: Answered) -> None:
    """Write down what the answer did not wait for, together with what others left to be written."""
    answer = answered.answer
    answer.note_left()
    _keep(answered)
    write_kept()
    if answer.reason == Reason.TOO_FREQUENT and answer.is_written:
        _stop_card(answer)


def _keep(answered: Answered) -> None:
    if len(_kept) >= MOST_KEPT:
        logger.error("A purchase that was declined is not on record: too many wait for the database")
        return
    _kept.append(answered)


def write_kept() -> None:
    """Write whatever is kept, many rows at a time. One thread does it; the others leave theirs to it."""
    while _kept and not outage.is_on and _writing.acquire(blocking=False):
        try:
            if not _write_some():
                return
        finally:
            _writing.release()


def _write_some() -> bool:
    """Write the oldest; answer whether to go on."""
    some = [_kept.popleft() for _ in range(min(len(_kept), MOST_AT_ONCE))]
    try:
        waiting = _write(some)
    except (DataError, IntegrityError):
        waiting = _write_each(some)
    except Error as error:
        logger.error("Answered purchases wait to be written: %s", type(error).__name__)  # noqa: TRY400 - its text quotes the row
        waiting = some
        if is_away(error):
            outage.begin()  # its end is when they are written
    if waiting:
        _kept.extendleft(reversed(waiting))
        _try_again_soon()
    return not waiting


def _write(some: Sequence[Answered]) -> list[Answered]:
    """Write these together; return those that have to wait."""
    with (
        answering_by(monotonic() + WRITE_WITHIN, connection=connections[decisions.DATABASE]),
        transaction.atomic(using=decisions.DATABASE),
    ):
        left = {id(answer) for answer in write_down([answered.answer for answered in some])}
        waiting = [answered for answered in some if id(answered.answer) in left]
        rows = [_row(answered) for answered in some if answered not in waiting]
        WebhookEvent.objects.using(decisions.DATABASE).bulk_create(rows, ignore_conflicts=True)
    return waiting


def _write_each(some: Sequence[Answered]) -> list[Answered]:
    """Write one by one what was refused together, so that one row cannot hold up the others."""
    waiting: list[Answered] = []
    for answered in some:
        try:
            waiting += _write([answered])
        except (DataError, IntegrityError) as error:
            logger.error("An answered purchase cannot be written: %s", type(error).__name__)  # noqa: TRY400 - as above
    return waiting


def _try_again_soon() -> None:
    """Write what waits though nobody asks any more."""
    again = threading.Timer(AGAIN_AFTER, write_kept)
    again.daemon = True
    again.start()


def _row(answered: Answered) -> WebhookEvent:
    answer = answered.answer
    outcome: dict[str, Any] = {
        "outcome": Outcome.HANDLED,
        "outcome_note": _note(answer),
        "handled_at": answered.arrival.received_at,
        "attempts": 1,
        "card_id": answer.card_id,
        "customer_id": answer.customer_id,
    }
    return as_row(answered.delivery, answered.arrival, **outcome)


def _note(answer: Answer) -> str:
    if answer.is_approved:
        return "Approved"
    return f"Declined: {answer.reason.label}" if answer.reason else "Declined"


def _stop_card(answer: Answer) -> None:
    """Stop the card that broke a velocity rule. Where that fails its decision says so, and the sweep does it."""
    try:
        with answering_by(monotonic() + STOP_WITHIN, connection=connections["default"]):
            stopping.stop_card(answer.question.row_id)
    except Error as error:
        logger.error("A card waits to be stopped: %s", type(error).__name__)  # noqa: TRY400 - as above


outage.afterwards.append(write_kept)
