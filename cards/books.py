"""What stands in a card's books, in plain SQL. See cards/postgresql/writing.py for why.

Whoever changes a card's books turns the page: the version on the card's clock goes up by one. What was worked out from
a page that somebody turned meanwhile is never written. Who needs several statements locks the page before reading it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from cards.clocks import POLL_AFTER
from cards.models import Card, TransactionEvent
from cards.placing import Key, links
from cards.postgresql.writing import Together, numbered, raw_cursor

# The limit on waiting is in force before the row is asked for.
PATIENCE = "SELECT set_config('lock_timeout', coalesce(%s, current_setting('lock_timeout')), true)"
LOCK = f"""
WITH patience AS MATERIALIZED ({PATIENCE}), card AS MATERIALIZED (
    SELECT id FROM patience, cards_card WHERE {{column}} = %s FOR NO KEY UPDATE OF cards_card
)
INSERT INTO cards_cardclock (card_id, version) SELECT id, 0 FROM card
ON CONFLICT (card_id) DO UPDATE SET version = cards_cardclock.version
"""  # noqa: S608 - of two constants
# A statement of its own: under READ COMMITTED the locking one sees what was there before it waited.
PAGE = """
SELECT
    card.id, card.customer_id, card.approval_method, coalesce(clock.version, 0),
    (SELECT nextval('cards_transactionevent_id_seq')),
    EXISTS (SELECT FROM cards_authorization WHERE card_id = card.id AND decided_at > %s),
    event.id, event.kind, event.operation_id, event.digest, event.transaction_currency, event.merchant_id,
    event.merchant_name
FROM cards_card AS card
LEFT JOIN cards_cardclock AS clock ON clock.card_id = card.id
LEFT JOIN cards_transactionevent AS event ON event.card_id = card.id
WHERE card.{column} = %s
"""
PAGES = {column: numbered(PAGE.format(column=column)) for column in ("id", "api_id")}
COLUMNS = [str(field.column) for field in TransactionEvent._meta.concrete_fields]
PLACED_EVENTS = numbered(f"""
SELECT {", ".join(f"event.{column}" for column in COLUMNS)}, placement.transaction_id, placement.how
FROM cards_transactionevent AS event LEFT JOIN cards_placement AS placement ON placement.event_id = event.id
WHERE event.id = ANY(%s)
""")  # noqa: S608 - names of our own columns
MOVED = """
INSERT INTO cards_cardclock (card_id, version, moved_at, next_poll_at)
SELECT %s::uuid, 1, %s::timestamptz, %s::timestamptz FROM patience
ON CONFLICT (card_id) DO UPDATE
SET version = cards_cardclock.version + 1, moved_at = excluded.moved_at,
    next_poll_at = least(cards_cardclock.next_poll_at, excluded.next_poll_at)
WHERE cards_cardclock.version = %s OR %s
RETURNING card_id
"""


Standing = Mapping[int, tuple[UUID, str]]  # by event: its purchase, and how it was found to belong there


@dataclass(frozen=True, slots=True)
class Entry:
    """What ties an event of the card to others."""

    pk: int
    kind: str
    operation_id: str
    digest: str
    currency: str
    merchant_id: str
    merchant_name: str

    def is_of(self, event: TransactionEvent) -> bool:
        """Answer whether it is this very event, recorded before."""
        return (self.kind, self.operation_id, self.digest) == (event.kind, event.operation_id, event.digest)

    @property
    def links(self) -> list[Key]:
        return links(self.operation_id, self.currency, self.merchant_id, self.merchant_name)


@dataclass(frozen=True)
class Page:
    """A card's entries, the key that its next event gets, and whether we were asked about a purchase lately."""

    card: Card
    version: int
    next_pk: int
    was_asked: bool
    entries: list[Entry]

    def find(self, event: TransactionEvent) -> int | None:
        """Return the key of this very event where it was recorded before."""
        return next((entry.pk for entry in self.entries if entry.is_of(event)), None)


def lock(card: UUID | str, *, patience: str | None = None) -> bool:
    """Lock a card and its page, for changes in several statements; answer whether there is such a card.

    `card` is its id here or, as a text, the provider's. `patience` is how long to wait, in PostgreSQL's words; it holds
    for the rest of the transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK.format(column=_column(card)), [patience, card])
        return bool(cursor.rowcount)


def read_page(card: UUID | str, *, asked_after: datetime) -> Page | None:
    """Return what stands in the books of the card, named as above; None where there is no such card."""
    with raw_cursor() as cursor:
        cursor.execute(PAGES[_column(card)], [asked_after, card])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    if not rows:
        return None
    found = Card.from_db(connection.alias, ["id", "customer_id", "approval_method"], rows[0][:3])
    version, next_pk, was_asked = rows[0][3:6]
    return Page(found, version, next_pk, was_asked, [Entry(*row[6:]) for row in rows if row[6] is not None])


def read_events(keys: Collection[int]) -> tuple[list[TransactionEvent], Standing]:
    """Return the events of these keys, in no order, and where those of them stand that were placed."""
    if not keys:
        return [], {}
    with raw_cursor() as cursor:
        cursor.execute(PLACED_EVENTS, [list(keys)])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    events = [TransactionEvent.from_db(connection.alias, COLUMNS, row[:-2]) for row in rows]
    return events, {event.pk: row[-2:] for event, row in zip(events, rows, strict=True) if row[-1] is not None}


def _column(card: UUID | str) -> str:
    return "id" if isinstance(card, UUID) else "api_id"


def turn(page: Page, event: TransactionEvent, writing: Together, *, now: datetime, patience: str) -> None:
    """Add to the writing: turn the page and insert a new event, or, where somebody turned it before, nothing at all.

    The event has its card from the page that was turned. Without one PostgreSQL refuses it, and with it all the rest.
    """
    writing.add(PATIENCE, [patience], name="patience AS MATERIALIZED")
    writing.add(MOVED, [page.card.pk, now, now + POLL_AFTER, page.version, False], name="turned AS")
    writing.insert(event, card_id="(SELECT card_id FROM turned)")


def note_movement(page: Page, writing: Together, *, now: datetime) -> None:
    """Add to the writing, where the caller holds the card's lock: money moved, so the card's list is due soon."""
    writing.add(PATIENCE, [None], name="patience AS MATERIALIZED")
    writing.add(MOVED, [page.card.pk, now, now + POLL_AFTER, page.version, True])


def note_change(page: Page, writing: Together) -> None:
    """Add to the writing, under the lock as well: the books were changed though nothing happened on the card."""
    writing.add("UPDATE cards_cardclock SET version = version + 1 WHERE card_id = %s", [page.card.pk])
