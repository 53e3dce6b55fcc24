"""A purchase that waits for our answer: answered first, and everything else done when the answer has left."""

import logging
from time import monotonic

from django.db import Error, connections
from django.http import JsonResponse

from cards import stopping
from cards.authorizations import CLOCK, Reason
from cards.decisions import Answer, Question, decide
from cards.postgresql.patience import answering_by
from cards.purchases import Purchase, UnreadablePurchase
from webhooks import afterwards
from webhooks.actions import Arrival
from webhooks.afterwards import Answered
from webhooks.deliveries import Delivery
from webhooks.provider_clock import provider_clock
from webhooks.shapes import compare_shape

logger = logging.getLogger(__name__)

STOP_WITHIN = 2.0  # seconds


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
    if behind := provider_clock.behind:
        answer.milliseconds[CLOCK] = round(behind * 1000, 2)
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
        age=provider_clock.age(sent=arrival.request_timestamp, received=arrival.received_at),
    )


def _purchase(delivery: Delivery) -> tuple[Purchase | None, str]:
    try:
        return Purchase.from_data(delivery.data), ""
    except UnreadablePurchase as problem:
        return None, str(problem)


def finish(answered: Answered) -> None:
    """Do what the answer did not wait for."""
    answer = answered.answer
    answer.note_left()
    afterwards.keep(answered)
    compare_shape(answered.delivery)
    if answer.reason == Reason.TOO_FREQUENT and answer.is_written:
        _stop_card(answer)


def _stop_card(answer: Answer) -> None:
    """Stop the card that broke a velocity rule. Where that fails its decision says so, and the sweep does it."""
    try:
        with answering_by(monotonic() + STOP_WITHIN, connection=connections["default"]):
            stopping.stop_card(answer.question.row_id)
    except Error as error:
        logger.error("A card waits to be stopped: %s", type(error).__name__)  # noqa: TRY400 - its text quotes the row
