"""Fill a database of its own with cards, their customers and their purchases; what is there already is kept."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from psycopg import Connection, sql

from portal.benches._population import Filling, fillings
from portal.benches._postgres import Server
from portal.benches._processes import manage, portal_env
from portal.benches._report import say

VERSION = 2  # of the generated rows: a database made by another one is made anew
CARDS, EVENTS = 1_000_000, 5_000_000
PROGRESS_EVERY = 5.0  # seconds
# What a trigger adds row by row, which are set aside here.
KNOWN_WORDS = """
INSERT INTO customers_nameword (word)
SELECT DISTINCT word FROM customers_customer, unnest(string_to_array(btrim(search_name), ' ')) AS word WHERE word <> ''
"""


def ready(server: Server, *, cards: int, events: int) -> str:
    """Return the address of a database that holds this much, made now or kept from an earlier run."""
    name = _name(cards, events)
    if not (server.has(name) and _is_whole(server, name)):
        return anew(server, cards=cards, events=events)
    manage(portal_env(server.url(name)), "migrate", "--verbosity", "0")
    return server.url(name)


def anew(server: Server, *, cards: int, events: int) -> str:
    """Make the database, whatever stood there, and return its address."""
    name = _name(cards, events)
    say(f"• making {name}: {cards:,} cards and {events:,} events")
    address = server.create(name)
    manage(portal_env(address), "migrate", "--verbosity", "0")
    with server.connect(name) as connection:
        _fill(connection, cards=cards, events=events)
    return address


def _name(cards: int, events: int) -> str:
    return f"bench_{cards}_{events}"


def _is_whole(server: Server, name: str) -> bool:
    with server.connect(name) as connection:
        if connection.execute("SELECT to_regclass('bench_marker')").fetchone() == (None,):
            return False
        return connection.execute("SELECT version FROM bench_marker").fetchone() == (VERSION,)


def _fill(connection: Connection[Any], *, cards: int, events: int) -> None:
    connection.execute("SET maintenance_work_mem = '512MB'")
    connection.execute("SET session_replication_role = replica")  # the rows fit each other; no trigger need look
    for filling in fillings(cards=cards, events=events):
        _load(connection, filling)
    say("    tidying up")
    connection.execute("SELECT setval(pg_get_serial_sequence('cards_transactionevent', 'id'), %s)", [events])
    connection.execute(KNOWN_WORDS)
    connection.execute("VACUUM ANALYZE")
    connection.execute("CHECKPOINT")
    # Last, so that a filling that was cut short begins again.
    connection.execute("CREATE TABLE bench_marker (version int, cards int, events int, made_at timestamptz)")
    connection.execute("INSERT INTO bench_marker VALUES (%s, %s, %s, now())", [VERSION, cards, events])


def _load(connection: Connection[Any], filling: Filling) -> None:
    label = str(filling.table.model._meta.verbose_name_plural)
    started = said = monotonic()
    with indexes_set_aside(connection, filling.table.name):
        for done in filling.table.load(connection, filling.rows):
            if monotonic() - said > PROGRESS_EVERY:
                said = monotonic()
                say(f"    {label}: {done:,} of {filling.count:,}")
    say(f"    {label}: {filling.count:,} in {monotonic() - started:.0f} s")


@contextmanager
def indexes_set_aside(connection: Connection[Any], table: str) -> Iterator[None]:
    """Build the indexes that no constraint owns once, at the end, instead of row by row."""
    found = connection.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indrelid = %s::regclass AND NOT indisunique",
        [table],
    ).fetchall()
    for name, _ in found:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.SQL(name)))
    yield
    for _, definition in found:
        connection.execute(definition)


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench generate", description=__doc__)
    parser.add_argument("--cards", type=int, default=CARDS)
    parser.add_argument("--events", type=int, default=EVENTS, help="a multiple of 5")
    asked = parser.parse_args()
    ready(Server(), cards=asked.cards, events=asked.events)
    say("• ready")


if __name__ == "__main__":
    main()
