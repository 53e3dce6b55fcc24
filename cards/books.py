"""What stands in a card's books, read as plain SQL while its row is locked. See cards/postgresql/writing.py for why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from cards.models import Card, TransactionEvent
from cards.placing import Key, links

# The limit on waiting is in force before the row is asked for.
LOCKED_CARD = """
WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', %(patience)s, true))
SELECT card.id, card.customer_id, card.approval_method FROM patience, cards_card AS card
WHERE card.api_id = %(api_id)s FOR NO KEY UPDATE OF card
"""
# A statement of its own: under READ COMMITTED the locking one sees what was there before it waited.
PAGE = """
SELECT
    (SELECT nextval('cards_transactionevent_id_seq')),
    EXISTS (SELECT FROM cards_authorization WHERE card_id = %(card)s AND decided_at > %(asked_after)s),
    event.id, event.kind, event.operation_id, event.digest, event.transaction_currency, event.merchant_id,
    event.merchant_name, placement.transaction_id, placement.how
FROM (VALUES (1)) AS page
LEFT JOIN cards_transactionevent AS event ON event.card_id = %(card)s
LEFT JOIN cards_placement AS placement ON placement.event_id = event.id
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What ties an event of the card to others, and where it stands."""

    pk: int
    kind: str
    operation_id: str
    digest: str
    currency: str
    merchant_id: str
    merchant_name: str
    purchase: UUID | None
    how: str | None

    def is_of(self, event: TransactionEvent) -> bool:
        """Answer whether it is this very event, recorded before."""
        return (self.kind, self.operation_id, self.digest) == (event.kind, event.operation_id, event.digest)

    @property
    def links(self) -> list[Key]:
        return links(self.operation_id, self.currency, self.merchant_id, self.merchant_name)


@dataclass(frozen=True)
class Page:
    """The card's entries, the key that its next event gets, and whether we were asked about a purchase lately."""

    next_pk: int
    was_asked: bool
    entries: list[Entry]


def lock_card(api_id: str, *, patience: str) -> Card | None:
    """Lock the card as whoever changes its books does, and return what they need of it.

    `patience` is how long to wait, in PostgreSQL's words; it holds for the rest of the transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCKED_CARD, {"patience": patience, "api_id": api_id})
        row = cursor.fetchone()
    return _card(*row) if row else None


def _card(pk: UUID, customer_id: UUID, approval_method: str) -> Card:
    return Card.from_db(connection.alias, ["id", "customer_id", "approval_method"], [pk, customer_id, approval_method])


def read_page(card: Card, *, asked_after: datetime) -> Page:
    with connection.cursor() as cursor:
        cursor.execute(PAGE, {"card": card.pk, "asked_after": asked_after})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    next_pk, was_asked = rows[0][:2]
    return Page(next_pk, was_asked, [Entry(*row[2:]) for row in rows if row[2] is not None])
