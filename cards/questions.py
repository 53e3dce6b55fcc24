"""Would a purchase that was declined pass now: the rules of the decision itself, over where the card stands today."""

from datetime import datetime

from django.db import connection

from cards.authorizations import Authorization
from cards.counters import count, read_card
from cards.rules import Asked, Decision, State, judge


def would_pass(decided: Authorization, *, now: datetime) -> Decision | None:
    """Apply the rules anew, without a lock and without a trace; None where no amount could be read."""
    if decided.cost is None:
        return None
    asked = Asked(cost=decided.cost, currency=decided.bill_currency, channel=decided.channel)
    with connection.cursor() as cursor:
        card = read_card(cursor, decided.card_api_id, lock=False)
        state = count(cursor, card, key="", now=now).state if card else State()
    return judge(asked, state)
