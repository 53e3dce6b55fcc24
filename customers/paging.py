"""Lists page by page, newest first. A page is found by the row before it: page 1,000 is as fast as the first."""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Self, TypeVar

from django.core.exceptions import BadRequest
from django.db.models import Model, Q, QuerySet
from django.urls import reverse

M = TypeVar("M", bound=Model)

PAGE_SIZE = 50
NO_PLACE = "This address names no place in the list."


def moment_in(word: str) -> datetime:
    """Return the moment that an address names. Raises BadRequest for a word that we did not write."""
    try:
        at = datetime.fromisoformat(word)
        moment = at.astimezone(UTC)  # PostgreSQL knows fewer offsets than Python
    except (ValueError, OverflowError):
        raise BadRequest(NO_PLACE) from None
    if at.tzinfo is None:
        raise BadRequest(NO_PLACE)
    return moment


@dataclass(frozen=True)
class Place:
    """Where a row stands in the list; written in the address as `<time>_<id>`."""

    at: datetime
    pk: uuid.UUID

    @classmethod
    def read(cls, word: str) -> Self:
        """Raises BadRequest for a word that we did not write."""
        moment, _, pk = word.partition("_")
        try:
            return cls(moment_in(moment), uuid.UUID(pk))
        except ValueError:
            raise BadRequest(NO_PLACE) from None

    def __str__(self) -> str:
        return f"{self.at.isoformat()}_{self.pk}"


@dataclass(frozen=True)
class Page(Generic[M]):
    rows: list[M]
    newer: Place | None
    older: Place | None


def page_of(rows: QuerySet[M], *, by: str, older: str = "", newer: str = "") -> Page[M]:
    """Return one page of rows, ordered by the column `by`. Raises BadRequest for an address that we did not write."""
    if newer:
        return _newer_page(rows, by, Place.read(newer))
    return _older_page(rows, by, Place.read(older) if older else None)


def beside(page: Page[Any], name: str, **query: str) -> dict[str, str]:
    """Return the addresses of the pages beside this one, by the names templates know; empty where there is none.

    `name` is the list's, and `query` what it is narrowed down to: what is empty is left out.
    """
    asked = {each: value for each, value in query.items() if value}
    places = {"newer": page.newer, "older": page.older}
    return {
        f"{direction}_url": reverse(name, query={direction: str(place), **asked}) if place else ""
        for direction, place in places.items()
    }


def _older_page(rows: QuerySet[M], by: str, start: Place | None) -> Page[M]:
    # The first condition repeats the second for the index: PostgreSQL does not use it for the OR alone.
    after = Q(**{f"{by}__lte": start.at}) & (Q(**{f"{by}__lt": start.at}) | Q(pk__lt=start.pk)) if start else Q()
    found = list(rows.filter(after).order_by(f"-{by}", "-pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    has_older = len(found) > PAGE_SIZE
    return Page(shown, _place(shown[0], by) if start and shown else None, _place(shown[-1], by) if has_older else None)


def _newer_page(rows: QuerySet[M], by: str, end: Place) -> Page[M]:
    before = Q(**{f"{by}__gte": end.at}) & (Q(**{f"{by}__gt": end.at}) | Q(pk__gt=end.pk))
    found = list(rows.filter(before).order_by(by, "pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE][::-1]
    if not shown:
        return _older_page(rows, by, None)
    return Page(shown, _place(shown[0], by) if len(found) > PAGE_SIZE else None, _place(shown[-1], by))


def _place(row: M, by: str) -> Place:
    return Place(getattr(row, by), row.pk)


def digest(parts: Iterable[object]) -> str:
    """Return a short word that changes when any of the parts does: what the browser says it has seen."""
    return hashlib.sha256(repr(list(parts)).encode()).hexdigest()[:16]
