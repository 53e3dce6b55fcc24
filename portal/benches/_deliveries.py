"""The webhooks a bench sends, in the shape of the provider's samples, and which of its cards they are for."""

import json
import random
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from time import time_ns
from typing import Any

from portal.benches._load import Request
from portal.benches._population import card_api_id, is_frozen, is_of_rejected_customer, is_tight
from portal.env import DEMO_VALUES

PATH = "/webhooks/cryptomate/"
DECISION_PATH = "/decision/"  # of the floor alone: what is said before the answer
HEAD = f"X-Webhook-Key: {DEMO_VALUES['CRYPTOMATE_WEBHOOK_KEY']}\r\n".encode()
SETTLED_AFTER = 100  # purchases; the answers to eight clients have long come by then
USUAL, TIGHT_PURCHASE = Decimal("12.50"), Decimal(30)
# Of each hundred purchases so many are on a card that may not spend, or is about to reach its limit.
FROZEN_SHARE, TIGHT_SHARE, STRANGE_SHARE = 3, 3, 1


def authorization(number: int, mark: str, amount: Decimal = USUAL) -> Request:
    return _purchase("authorization", "pending", number, mark, amount)


def authorized(number: int, mark: str, amount: Decimal = USUAL) -> Request:
    return _purchase("authorized", "success", number, mark, amount)


def cleared(number: int, mark: str, amount: Decimal = USUAL) -> Request:
    return _purchase("cleared", "success", number, mark, amount)


def authorizations(cards: int) -> Iterator[Request]:
    """Return purchases without end: cards at random, and now and then one that must not be approved."""
    run = new_run()
    chance = random.Random(run)  # noqa: S311 - see purchase_events
    special = _special(cards)  # now, and not when the first purchase is due

    def one(number: int) -> Request:
        kind = chance.randrange(100)
        card = next((special[share] for share in special if kind in share), None)
        chosen = chance.choice(card) if card else chance.randrange(cards)
        amount = TIGHT_PURCHASE if is_tight(chosen) else Decimal(chance.randrange(300, 6000)) / 100
        return authorization(chosen, f"{run}-{number}", amount)

    return map(one, count())


def purchase_events(cards: int) -> Iterator[Request]:
    """Return what the provider sends after a purchase, without end, each on a card at random.

    Other cards in every run: the database is kept, and the books of cards drawn again would grow from run to run.
    """
    run = new_run()
    chance = random.Random(run)  # noqa: S311 - it chooses cards
    for number in count():
        yield authorized(chance.randrange(cards), f"{run}-{number}")


def purchases_and_settlements(cards: int) -> Iterator[Request]:
    """Return the same, and after a while what settles each purchase: an event that joins one that is there."""
    waiting: deque[Request] = deque()
    for hold in purchase_events(cards):
        yield hold
        waiting.append(hold)
        if len(waiting) > SETTLED_AFTER:
            earlier = waiting.popleft()
            yield cleared(earlier.card, earlier.mark)


def new_run() -> str:
    """Return what tells the deliveries of this run from those of every other."""
    return f"bench-{time_ns():x}"


def _special(cards: int) -> dict[range, list[int]]:
    first, second = FROZEN_SHARE, FROZEN_SHARE + TIGHT_SHARE
    closed = [number for number in range(min(cards, 5000)) if is_frozen(number) or is_of_rejected_customer(number)]
    tight = [number for number in range(min(cards, 5000)) if is_tight(number) and not is_frozen(number)]
    strange = [cards + number for number in range(1000)]
    return {
        range(first): closed,
        range(first, second): tight,
        range(second, second + STRANGE_SHARE): strange,
    }


def _purchase(event_type: str, status: str, number: int, mark: str, amount: Decimal) -> Request:
    body = {
        "product": "individual_cards",
        "event_type": event_type,
        "operation_id": mark,
        "status": status,
        "data": purchase_data(number, mark, amount),
    }
    return Request(PATH, HEAD, json.dumps(body).encode(), mark=mark, card=number)


def purchase_data(number: int, mark: str, amount: Decimal = USUAL) -> dict[str, Any]:
    return {
        "card_id": card_api_id(number),
        "bill_amount": str(amount),
        "bill_currency_number": "840",
        "bill_currency_code": "USD",
        "exchange_rate": "1.0",
        "fees": {"atm_fees": "0.00", "fx_fees": "0.00"},
        "transaction_amount": str(amount),
        "transaction_currency_number": "840",
        "transaction_currency_code": "USD",
        "channel": "POS",
        "created_at": datetime.now(UTC).isoformat(),
        "merchant_data": {
            "id": f"mch_{mark}",
            "name": f"Acme Coffee {mark}",
            "city": "Miami",
            "post_code": "33101",
            "state": "FL",
            "country": "USA",
            "mcc_category": "Restaurants",
            "mcc_code": "5812",
        },
        "decline_reason": None,
        "metadata": {"account": "0x8f3Cf7ad23Cd3CaDbD9735AFf958023239c6A063"},
    }
