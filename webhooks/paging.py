"""Pages of a list that grows at its head: each begins after a row, so nothing is skipped or shown twice."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

Row = TypeVar("Row", bound=Model)

PAGE_SIZE = 50
CURSORS = ("before", "after", "seen")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows newest first; the addresses of the pages beside it are empty where there is none."""

    rows: list[Row]
    newer_url: str
    older_url: str

    @property
    def is_first(self) -> bool:
        return not self.newer_url


def page_of(rows: QuerySet[Row], *, moment: str, asked: QueryDict) -> Page[Row]:
    """Cut one page from rows ordered by the time field `moment`. A cursor that makes no sense gives the first page."""
    after, before = _place(asked.get("after", "")), _place(asked.get("before", ""))
    if after:
        found = list(_beyond(rows, moment, *after, sign="gt").order_by(moment, "pk")[: PAGE_SIZE + 1])
        cut, has_older, has_newer = found[:PAGE_SIZE][::-1], True, len(found) > PAGE_SIZE
    else:
        older = _beyond(rows, moment, *before, sign="lt") if before else rows
        found = list(older.order_by(f"-{moment}", "-pk")[: PAGE_SIZE + 1])
        cut, has_older, has_newer = found[:PAGE_SIZE], len(found) > PAGE_SIZE, before is not None
    return Page(
        cut,
        newer_url=_url(asked, "after", cut[0], moment) if cut and has_newer else "",
        older_url=_url(asked, "before", cut[-1], moment) if cut and has_older else "",
    )


def filters_of(asked: QueryDict) -> str:
    """Return the query without the place in the list."""
    kept = asked.copy()
    for name in CURSORS:
        kept.pop(name, None)
    return kept.urlencode()


def _beyond(rows: QuerySet[Row], moment: str, at: datetime, pk: uuid.UUID, *, sign: str) -> QuerySet[Row]:
    # The first condition follows from the second; without it PostgreSQL does not walk the index.
    return rows.filter(
        Q(**{f"{moment}__{sign}e": at}) & (Q(**{f"{moment}__{sign}": at}) | Q(**{moment: at, f"pk__{sign}": pk}))
    )


def _place(cursor: str) -> tuple[datetime, uuid.UUID] | None:
    at, _, pk = cursor.partition("_")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, uuid.UUID(pk)) if moment.tzinfo else None
    except ValueError:
        return None


def _url(asked: QueryDict, name: str, row: Model, moment: str) -> str:
    query = QueryDict(filters_of(asked), mutable=True)
    query[name] = f"{getattr(row, moment).isoformat()}_{row.pk}"
    return f"?{query.urlencode()}"
