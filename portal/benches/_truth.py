"""Whether what was approved should have been: read from the answers and from the books."""

import json
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

import psycopg

from portal.benches._load import Answer, Request
from portal.benches._population import TIGHT_LIMIT, card_key, is_tight, may_spend
from portal.benches._report import Report

APPROVED = b'"00"'


def check_approvals(database: str, answers: Sequence[Answer], report: Report) -> None:
    """Report every approval on a card that may not spend, beyond a limit, or without a row that records it."""
    approved = [answer.request for answer in answers if answer.status == 200 and APPROVED in answer.body]
    wrong = [request for request in approved if not may_spend(request.card)]
    wrong += _beyond_the_limit(approved)
    recorded = _approved_in_the_books(database, answers)
    unrecorded = [request for request in approved if request.mark not in recorded]
    unsaid = recorded - {request.mark for request in approved}
    report.figure("approved that should not be", str(len(wrong)), against="none", met=not wrong)
    report.figure("approved and not recorded", str(len(unrecorded)), against="none", met=not unrecorded)
    if unsaid:
        report.figure("recorded as approved, answered otherwise", str(len(unsaid)), against="listed for a person")


def _beyond_the_limit(approved: Sequence[Request]) -> list[Request]:
    """Return the approvals after which a card had spent more in this run alone than it may in a day."""
    spent: dict[int, Decimal] = defaultdict(Decimal)
    beyond = []
    for request in approved:
        if not is_tight(request.card):
            continue
        spent[request.card] += Decimal(json.loads(request.body)["data"]["bill_amount"])
        if spent[request.card] > TIGHT_LIMIT:
            beyond.append(request)
    return beyond


def _approved_in_the_books(database: str, answers: Sequence[Answer]) -> set[str]:
    """Return the marks of the purchases that stand as approved: the merchant's name carries them."""
    cards = list({card_key(answer.request.card) for answer in answers})
    asked = {answer.request.mark for answer in answers}
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT merchant_name FROM cards_authorization WHERE response_code = '00' AND card_id = ANY(%s)", [cards]
        ).fetchall()
    return asked & {str(name).rpartition(" ")[2] for (name,) in rows}
