"""Requests for a product, and their customers: many that are closed, and some that are in review.

Those in review follow from their number alone, like the clients that `python -m sandbox.crowd` makes. The closed ones
are copies that PostgreSQL makes of one; what is encrypted in them opens in that one only, and nobody reads it.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from psycopg import Connection, sql

from customers.following import FIRST_LOOK, LONGEST_WAIT, LOOKS_PER_SECOND
from customers.models import EnablementRequest
from customers.statuses import CustomerStatus, RequestStatus
from portal.benches._population import CUSTOMERS, customer_key, customer_row, key
from portal.benches._postgres import Server
from portal.benches._processes import manage, portal_env
from portal.benches._report import say
from portal.benches._rows import Table
from portal.benches.generate import indexes_set_aside

FIRST_CLOSED = 10_000_000  # the numbers below are for open ones
JUST_SUBMITTED = 40  # of the open ones: these begin with the first, short interval
LOOKED_AT_OFTEN = 30  # looks without a change: by then they come as rarely as they ever do
DECIDED_AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
REQUESTS = Table(
    EnablementRequest,
    varying=("id", "customer_id", "api_id", "status", "remote_status", "decided_at", "next_sync_at", "syncs"),
    constant={"submitted_at": DECIDED_AT - timedelta(days=1), "created_at": DECIDED_AT - timedelta(days=2)},
)

COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
CLOSED_CUSTOMER = {
    "id": "md5('customer ' || n)::uuid", "api_id": "'closed-' || n", "last_name": "'Number ' || n",
    "email": "'closed.' || n || '@example.com'", "created_at": "created_at - n * interval '1 minute'",
}  # fmt: skip
CLOSED_REQUEST = {
    "id": "md5('request ' || n)::uuid", "customer_id": "md5('customer ' || n)::uuid", "api_id": "'closed-' || n",
    "decided_at": "decided_at - n * interval '1 minute'",
}  # fmt: skip


def client_id(number: int) -> str:
    return f"crowdclient{number:021}"


def request_id(number: int) -> str:
    return f"crowdrequest{number:020}"


def request_key(number: int) -> UUID:
    return key("request", number)


def longest_wait(open_requests: int) -> timedelta:
    """Return the interval that the portal's policy promises at the longest."""
    return max(LONGEST_WAIT, timedelta(seconds=open_requests / LOOKS_PER_SECOND))


def database_with(server: Server, *, open_requests: int, closed: int, now: datetime) -> str:
    """Return a database made anew from one that holds the closed requests; that one is kept."""
    base = _closed_ones(server, closed)
    name = f"bench_sync_{open_requests}_of_{closed}"
    server.drop(name)
    with server.connect() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (name, base))))
    with server.connect(name) as connection:
        connection.execute("SET session_replication_role = replica")  # the rows fit each other; no trigger need look
        load_open(connection, total=open_requests, now=now)
        connection.execute("VACUUM ANALYZE")
    return server.url(name)


def _closed_ones(server: Server, closed: int) -> str:
    name = f"bench_sync_{closed}"
    if server.has(name) and _is_whole(server, name):
        manage(portal_env(server.url(name)), "migrate", "--verbosity", "0")
        return name
    say(f"• making {name}: {closed:,} customers whose request is closed")
    began = monotonic()
    manage(portal_env(server.create(name)), "migrate", "--verbosity", "0")
    with server.connect(name) as connection:
        connection.execute("SET session_replication_role = replica")
        if closed:
            _load(connection, range(FIRST_CLOSED, FIRST_CLOSED + 1), _closed_row)
            _copy(connection, CUSTOMERS.name, closed - 1, CLOSED_CUSTOMER)
            _copy(connection, REQUESTS.name, closed - 1, CLOSED_REQUEST)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CREATE TABLE bench_marker ()")  # last: a filling that was cut short begins again
    say(f"    in {monotonic() - began:.0f} s")
    return name


def _is_whole(server: Server, name: str) -> bool:
    with server.connect(name) as connection:
        return connection.execute("SELECT to_regclass('bench_marker')").fetchone() != (None,)


def load_open(connection: Connection[Any], *, total: int, now: datetime) -> None:
    _load(connection, range(total), lambda number: _open_row(number, total, now))


def _load(connection: Connection[Any], numbers: range, row_of: Callable[[int], Mapping[str, Any]]) -> None:
    for table, rows in ((CUSTOMERS, map(_customer_row, numbers)), (REQUESTS, map(row_of, numbers))):
        for _ in table.load(connection, rows):
            pass


def _copy(connection: Connection[Any], table: str, times: int, changed: Mapping[str, str]) -> None:
    """Copy the one row there is, with these columns changed: SQL in which n is the copy's number."""
    names = [str(name) for (name,) in connection.execute(COLUMNS, [table]).fetchall()]
    values = sql.SQL(", ").join(sql.SQL(changed[name]) if name in changed else sql.Identifier(name) for name in names)
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    statement = sql.SQL("INSERT INTO {0} ({1}) SELECT {2} FROM {0}, generate_series(1, %s) n")
    with indexes_set_aside(connection, table):
        connection.execute(statement.format(sql.Identifier(table), columns, values), [times])


def _customer_row(number: int) -> Mapping[str, Any]:
    if number >= FIRST_CLOSED:
        return customer_row(number)
    return {**customer_row(number), "api_id": client_id(number), "status": CustomerStatus.PENDING}


def _closed_row(number: int) -> Mapping[str, Any]:
    return _row(number, RequestStatus.ENABLED, decided_at=DECIDED_AT, next_sync_at=None)


def _open_row(number: int, total: int, now: datetime) -> Mapping[str, Any]:
    """Return a request in review whose next look is as likely at one moment of the interval as at any other."""
    dates = {"decided_at": None, "next_sync_at": now + longest_wait(total) * (number * 7919 % total / total)}
    if number < JUST_SUBMITTED:
        dates["next_sync_at"] = now + FIRST_LOOK[RequestStatus.IN_KYC]
        return {**_row(number, RequestStatus.IN_KYC, **dates), "syncs": 1}
    return _row(number, RequestStatus.IN_KYC, **dates)


def _row(number: int, status: RequestStatus, **dates: datetime | None) -> Mapping[str, Any]:
    return {
        "id": request_key(number),
        "customer_id": customer_key(number),
        "api_id": request_id(number),
        "status": status,
        "remote_status": status.lower(),
        "syncs": LOOKED_AT_OFTEN,
        **dates,
    }
