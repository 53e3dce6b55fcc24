"""What is written of decisions after they were answered: how long each took, and those the database could not take."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from cards import decisions
from cards.authorizations import Authorization, Reason, Standing
from cards.decisions import Answer, columns_of

# After the answer nobody waits for the disk: a power cut may take the last moments of these, never a decision.
NOT_DURABLE = "SET LOCAL synchronous_commit = off"

TIMES = """
UPDATE cards_authorization AS decided SET milliseconds = given.milliseconds, answer_ms = given.answer_ms
FROM unnest(%s::uuid[], %s::jsonb[], %s::float8[]) AS given (id, milliseconds, answer_ms) WHERE decided.id = given.id
"""

# The COMMIT of an approval arrived after all, and we had declined.
TAKE_BACK = """
UPDATE cards_authorization SET response_code = '05', reason = %s, standing = %s, freeze_due = false
WHERE id = %s AND response_code = '00'
"""


def write_down(answers: Sequence[Answer]) -> list[Answer]:
    """Complete the rows of what was answered; return what has to wait, because its card is locked elsewhere.

    Raises django.db.Error while the database is away.
    """
    connection = connections[decisions.DATABASE]
    with transaction.atomic(using=decisions.DATABASE, savepoint=False), connection.cursor() as cursor:
        cursor.execute(NOT_DURABLE)
        timed = [answer for answer in answers if answer.is_written and answer.reason]
        if timed:
            cursor.execute(TIMES, _times(timed))
        for answer in answers:
            if answer.may_be_written and answer.reason:
                cursor.execute(TAKE_BACK, [answer.reason.value, Standing.NOT_SENT.value, answer.question.row_id])
        return _insert(cursor, [answer for answer in answers if not answer.is_written])


def _times(answers: Sequence[Answer]) -> list[Any]:
    return [
        [answer.question.row_id for answer in answers],
        [json.dumps(answer.milliseconds) for answer in answers],
        [answer.answer_ms for answer in answers],
    ]


def _insert(cursor: CursorWrapper, answers: Sequence[Answer]) -> list[Answer]:
    """Insert a row for each whose card is not locked; return the others."""
    if not answers:
        return []
    named = [answer.question.card_api_id for answer in answers]
    cursor.execute("SELECT api_id FROM cards_card WHERE api_id = ANY(%s)", [named])
    known = {api_id for (api_id,) in cursor.fetchall()}
    # What the foreign key would lock anyway, and wait for.
    cursor.execute(
        "SELECT api_id, id, customer_id FROM cards_card WHERE api_id = ANY(%s) FOR KEY SHARE SKIP LOCKED", [named]
    )
    cards = {api_id: (card_id, customer_id) for api_id, card_id, customer_id in cursor.fetchall()}
    for answer in answers:
        answer.card_id, answer.customer_id = cards.get(answer.question.card_api_id, (None, None))
    waiting = [answer for answer in answers if answer.card_id is None and answer.question.card_api_id in known]
    rows = [_row(answer) for answer in answers if answer not in waiting]
    Authorization.objects.using(decisions.DATABASE).bulk_create(rows, ignore_conflicts=True)
    return waiting


def _row(answer: Answer) -> Authorization:
    question = answer.question
    return Authorization(
        id=question.row_id,
        card_id=answer.card_id,
        delivery_key=question.delivery_key,
        operation_id=question.operation_id,
        card_api_id=question.card_api_id,
        response_code=answer.response_code,
        reason=answer.reason or Reason.OUR_FAULT,
        verdicts=[{"rule": "amount", "passed": False, "sentence": question.problem}] if question.problem else [],
        milliseconds=answer.milliseconds,
        answer_ms=answer.answer_ms,
        decided_at=question.asked_at,
        **(columns_of(question.purchase) if question.purchase else {}),
    )
