"""Whether what usually comes still comes: deliveries since the last one, compared with the same hours of other days."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import connection

from cards.velocity import PortalMinute

QUIET_MINUTES = 30  # so long deliveries could come in, and none did
DAYS = 7
BUSY_DAYS = 4  # on so many of these days some came at this time: then it is usual
BUSY = 5  # deliveries; fewer may as well not come
LONGEST = timedelta(hours=24)

# One probe of the index for each kind, however many deliveries there are.
NEWEST = """
SELECT watched.event_type, newest.received_at
FROM unnest(%s::text[]) AS watched (event_type)
CROSS JOIN LATERAL (
    SELECT received_at FROM webhooks_webhookevent
    WHERE event_type = watched.event_type ORDER BY received_at DESC, id DESC LIMIT 1
) AS newest
"""
# At most a few rows for each kind and day.
BUSY_ON = """
SELECT count(*) FROM (
    SELECT days.back
    FROM generate_series(1, %s) AS days (back)
    CROSS JOIN unnest(%s::text[]) AS watched (event_type)
    CROSS JOIN LATERAL (
        SELECT id FROM webhooks_webhookevent
        WHERE event_type = watched.event_type
        AND received_at > %s::timestamptz - days.back * interval '1 day'
        AND received_at <= %s::timestamptz - days.back * interval '1 day'
        LIMIT %s
    ) AS few
    GROUP BY days.back HAVING count(*) >= %s
) AS busy_days
"""


def newest_of(kinds: Iterable[str]) -> dict[str, datetime]:
    """Return when the last delivery of each kind came; a kind that never came is left out."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [sorted(kinds)])
        return dict(cursor.fetchall())


def quiet_since(kinds: Iterable[str], newest: Mapping[str, datetime], *, now: datetime) -> datetime | None:
    """Return since when none of these kinds came, where some usually do at this time; else None.

    Minutes in which no web process ran count for nothing: it was our silence then.
    """
    watched = sorted(set(kinds) & set(newest))
    last = max((newest[kind] for kind in watched), default=None)
    if last is None or now - last < timedelta(minutes=QUIET_MINUTES):
        return None
    listening_since = PortalMinute.ago(QUIET_MINUTES)
    if listening_since is None or listening_since < last:
        return None
    return last if _is_usual(watched, since=max(last, now - LONGEST), until=now) else None


def _is_usual(kinds: list[str], *, since: datetime, until: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(BUSY_ON, [DAYS, kinds, since, until, BUSY, BUSY])
        [busy_days] = cursor.fetchone()
    return bool(busy_days >= BUSY_DAYS)
