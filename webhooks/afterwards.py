"""What is done with an answered purchase when the answer has left: its times, its delivery, what it could not write.

One thread of each process writes for all, a few rows at a time: an issuer's next question does not wait for it. What it
holds when a machine fails is the log of the last moments, never a decision.
"""

import atexit
import logging
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from django.db import DataError, Error, IntegrityError, connections, transaction

from cards import decisions
from cards.decisions import Answer, is_away, outage
from cards.journal import write_down
from cards.postgresql.patience import answering_by
from webhooks.actions import Arrival, as_row
from webhooks.deliveries import Delivery
from webhooks.models import Outcome, WebhookEvent

logger = logging.getLogger(__name__)

GATHER_FOR = 0.2  # seconds; what comes within them is written together
MOST_AT_ONCE = 200
MOST_KEPT = 5000  # a few megabytes
WRITE_WITHIN = 1.0  # seconds
AGAIN_AFTER = 1.0


@dataclass(frozen=True)
class Answered:
    """A delivery that was answered, before it is stored."""

    delivery: Delivery
    arrival: Arrival
    answer: Answer


kept: deque[Answered] = deque()
_writing = threading.Lock()
_starting = threading.Lock()
_wake = threading.Event()
_writer: threading.Thread | None = None


def keep(answered: Answered) -> None:
    """Have it written soon. Bounded: a database that stays away must not fill the memory."""
    if len(kept) >= MOST_KEPT:
        logger.error("A purchase that was declined is not on record: too many wait for the database")
        return
    kept.append(answered)
    hand_over()


def hand_over() -> None:
    """Wake the thread that writes; it is started with the first answer of the process."""
    if _writer is None or not _writer.is_alive():
        _start_writer()
    _wake.set()


def _start_writer() -> None:
    global _writer
    with _starting:
        if _writer is None or not _writer.is_alive():
            _writer = threading.Thread(target=_write_for_ever, name="writing answered purchases", daemon=True)
            _writer.start()


def _write_for_ever() -> None:
    pause = threading.Event()
    while True:
        _wake.wait(AGAIN_AFTER if kept else None)
        _wake.clear()
        pause.wait(GATHER_FOR)
        write_kept()


def write_kept() -> None:
    """Write whatever is kept; what cannot be written now stays."""
    with _writing:
        while kept and not outage.is_on:
            if not _write_some():
                return


def _write_some() -> bool:
    """Write the oldest; answer whether to go on."""
    some = [kept.popleft() for _ in range(min(len(kept), MOST_AT_ONCE))]
    try:
        waiting = _write(some)
    except (DataError, IntegrityError):
        waiting = _write_each(some)
    except Error as error:
        logger.error("Answered purchases wait to be written: %s", type(error).__name__)  # noqa: TRY400 - its text quotes the row
        waiting = some
        _leave_broken_connection()
        if is_away(error):
            outage.begin()  # its end is when they are written
    kept.extend(waiting)
    return not waiting


def _leave_broken_connection() -> None:
    """Let the next try begin a connection anew. Around a request Django sees to that; this thread lives on."""
    connection = connections[decisions.DATABASE]
    with answering_by(monotonic() + WRITE_WITHIN, connection=connection):
        connection.close_if_unusable_or_obsolete()


def _write(some: Sequence[Answered]) -> list[Answered]:
    """Write these together; return those that have to wait."""
    with (
        answering_by(monotonic() + WRITE_WITHIN, connection=connections[decisions.DATABASE]),
        transaction.atomic(using=decisions.DATABASE),
    ):
        left = {id(answer) for answer in write_down([answered.answer for answered in some])}
        waiting = [answered for answered in some if id(answered.answer) in left]
        rows = [_row(answered) for answered in some if id(answered.answer) not in left]
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


outage.afterwards.append(hand_over)
atexit.register(write_kept)
