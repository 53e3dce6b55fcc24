"""What stands in a card's books, in plain SQL. See cards/postgresql/writing.py for why.

Whoever changes a card's books turns the page: the version on the card's clock goes up by one. What was worked out from
a page that somebody turned meanwhile is never written. Who needs several statements locks the page before reading it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model

from cards.clocks import POLL_AFTER
from cards.comparing import MAY_BE_ABOUT
from cards.models import Card, TransactionEvent
from cards.pairing import folded
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
CARD = """
SELECT
    card.id, customer_id, approval_method, coalesce(clock.version, 0) AS version,
    nextval('cards_transactionevent_id_seq') AS next_pk,
    EXISTS (SELECT FROM cards_authorization WHERE card_id = card.id AND decided_at > %s{about}) AS was_asked
FROM cards_card AS card LEFT JOIN cards_cardclock AS clock ON clock.card_id = card.id
WHERE card.{column} = %s
"""
CARD_ASKED_ABOUT = CARD.format(column="api_id", about=f" AND ({MAY_BE_ABOUT})")
ENTRIES = """
SELECT event.id, kind, operation_id, digest, transaction_currency, merchant_id, merchant_name
FROM card JOIN cards_transactionevent AS event ON event.card_id = card.id
"""
# A statement of its own: under READ COMMITTED the locking one sees what was there before it waited.
PAGE = f"""
WITH card AS MATERIALIZED ({CARD}), entry AS ({ENTRIES})
SELECT card.*, entry.* FROM card LEFT JOIN entry ON true
"""  # noqa: S608 - of constants
PAGES = {column: numbered(PAGE.format(column=column, about="")) for column in ("id", "api_id")}
COLUMNS = [str(field.column) for field in TransactionEvent._meta.concrete_fields]
PLACED_EVENTS = numbered(f"""
SELECT {", ".join(f"event.{column}" for column in COLUMNS)}, placement.transaction_id, placement.how
FROM cards_transactionevent AS event LEFT JOIN cards_placement AS placement ON placement.event_id = event.id
WHERE event.id = ANY(%s)
""")  # noqa: S608 - names of our own columns
MOVED = """
INSERT INTO cards_cardclock (card_id, version, moved_at, next_poll_at)
SELECT {card}, 1, %s::timestamptz, %s::timestamptz FROM patience{where}
ON CONFLICT (card_id) DO UPDATE
SET version = cards_cardclock.version + 1, moved_at = excluded.moved_at,
    next_poll_at = least(cards_cardclock.next_poll_at, excluded.next_poll_at)
WHERE {unturned}
RETURNING card_id
"""
MOVED_ON = MOVED.format(card="%s::uuid", where="", unturned="cards_cardclock.version = %s OR %s")
# The events that share a link with a new one (see cards/placing.py), and those of which only Python can tell: of other
# letters than ASCII, PostgreSQL folds the case as its locale says. Names are compared without spaces: it folds no runs.
TIED = """
operation_id = %s AND operation_id <> '' OR transaction_currency = %s AND (
    merchant_id = %s AND merchant_id <> '' OR lower(replace(merchant_name, ' ', '') COLLATE "C") = %s
    OR octet_length(merchant_name) > char_length(merchant_name)
)
"""
MOVED_ALONE = MOVED.format(
    card="card.id",
    where=f", card WHERE NOT was_asked AND NOT EXISTS (SELECT FROM entry WHERE {TIED})",
    unturned="cards_cardclock.version = (SELECT version FROM card)",
)
PAGE_UNLESS_TURNED = """
SELECT EXISTS (SELECT FROM turned), card.*, entry.* FROM card LEFT JOIN entry ON NOT EXISTS (SELECT FROM turned)
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
    """A card's entries, the key that its next event gets, and whether an answer of ours may be about what comes."""

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
        return _page(cursor.fetchall())


def _page(rows: Sequence[tuple[Any, ...]]) -> Page | None:
    if not rows:
        return None
    found = Card.from_db(connection.alias, ["id", "customer_id", "approval_method"], rows[0][:3])
    version, next_pk, was_asked = rows[0][3:6]
    return Page(found, version, next_pk, was_asked, [Entry(*row[6:]) for row in rows if row[6] is not None])


def write_alone(
    card_api_id: str,
    event: TransactionEvent,
    rows: Iterable[Model],
    *,
    asked_after: datetime,
    now: datetime,
    patience: str,
) -> tuple[bool, Page | None]:
    """Turn the page and write the rows, where nothing in the books is tied to the event; answer whether they were.

    With the answer comes the page as it stood, if anybody needs it and there is such a card. The rows, of which the
    event is one, get its key, the card and the card's customer where they have columns for them.
    """
    writing = Together()
    asked = [asked_after, event.operation_id, event.bill_amount, event.transaction_amount, event.transaction_currency]
    writing.add(CARD_ASKED_ABOUT, [*asked, card_api_id], name="card AS MATERIALIZED")
    writing.add(ENTRIES, [], name="entry AS MATERIALIZED")
    writing.add(PATIENCE, [patience], name="patience AS MATERIALIZED")
    name = folded(event.merchant_name).replace(" ", "")
    links = [event.operation_id, event.transaction_currency, event.merchant_id, name]
    writing.add(MOVED_ALONE, [now, now + POLL_AFTER, *links], name="turned AS")
    for row in rows:
        key = {"id": "next_pk"} if row is event else {}
        writing.insert(row, per="turned, card", event_id="next_pk", card_id="id", customer_id="customer_id", **key)
    writing.add(PAGE_UNLESS_TURNED, [])
    found = writing.fetch()
    is_written = any(row[0] for row in found)
    return is_written, None if is_written else _page([row[1:] for row in found])


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
    writing.add(MOVED_ON, [page.card.pk, now, now + POLL_AFTER, page.version, False], name="turned AS")
    writing.insert(event, card_id="(SELECT card_id FROM turned)")


def note_movement(page: Page, writing: Together, *, now: datetime) -> None:
    """Add to the writing, where the caller holds the card's lock: money moved, so the card's list is due soon."""
    writing.add(PATIENCE, [None], name="patience AS MATERIALIZED")
    writing.add(MOVED_ON, [page.card.pk, now, now + POLL_AFTER, page.version, True])


def note_change(page: Page, writing: Together) -> None:
    """Add to the writing, under the lock as well: the books were changed though nothing happened on the card."""
    writing.add("UPDATE cards_cardclock SET version = version + 1 WHERE card_id = %s", [page.card.pk])
