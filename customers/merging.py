"""Rows of several tables as one list, the newest first, page by page.

The order is total: by time, then by the name of the stream, then by the row's key. A page begins behind the last row of
the one before, so none is lost or shown twice between them, whatever happened at the same moment. Each stream is read
from that place on and no further than a page.
"""

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from django.core.exceptions import BadRequest, ValidationError
from django.db.models import Q, QuerySet

from customers.paging import NO_PLACE, moment_in

PAGE_SIZE = 50
WORD = re.compile(r"(?P<at>[^_]+)_(?P<stream>[a-z]+)_(?P<key>[\w-]+)")


@dataclass(frozen=True)
class Stream:
    """Rows that take part: `at` says when each happened, and `key` tells those of one moment apart."""

    name: str
    rows: QuerySet[Any]
    at: str = "at"
    key: str = "pk"

    def read_key(self, word: str) -> Any:
        """Raises BadRequest for a word that is no key of these rows."""
        meta = self.rows.model._meta
        field = meta.pk if self.key == "pk" else meta.get_field(self.key)
        try:
            return field.to_python(word)
        except ValidationError:
            raise BadRequest(NO_PLACE) from None


@dataclass(frozen=True)
class Place:
    """Where a row stands in the list; written in the address as `<time>_<stream>_<key>`."""

    at: datetime
    stream: str
    key: str

    @classmethod
    def read(cls, word: str) -> Self:
        """Raises BadRequest for a word that we did not write."""
        found = WORD.fullmatch(word)
        if found is None:
            raise BadRequest(NO_PLACE)
        return cls(moment_in(found["at"]), found["stream"], found["key"])

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC).isoformat()}_{self.stream}_{self.key}"


@dataclass(frozen=True)
class Found:
    """A row, and what it is ordered by."""

    at: datetime
    stream: str
    key: int | uuid.UUID
    row: Any

    @property
    def order(self) -> tuple[datetime, str, Any]:
        return self.at, self.stream, self.key

    @property
    def place(self) -> Place:
        return Place(self.at, self.stream, str(self.key))


@dataclass(frozen=True)
class Merged:
    found: list[Found]
    newer: Place | None = None
    older: Place | None = None


def merge(streams: Sequence[Stream], *, older: str = "", newer: str = "", size: int | None = None) -> Merged:
    """Return one page. Raises BadRequest for an address that we did not write."""
    size = size or PAGE_SIZE
    if newer:
        return _newer(streams, Place.read(newer), size)
    return _older(streams, Place.read(older) if older else None, size)


def _older(streams: Sequence[Stream], start: Place | None, size: int) -> Merged:
    found = sorted(_read(streams, start, size + 1), key=lambda each: each.order, reverse=True)
    shown = found[:size]
    return Merged(
        shown,
        newer=shown[0].place if start and shown else None,
        older=shown[-1].place if len(found) > size else None,
    )


def _newer(streams: Sequence[Stream], end: Place, size: int) -> Merged:
    found = sorted(_read(streams, end, size + 1, is_newer=True), key=lambda each: each.order)
    shown = found[:size][::-1]
    if not shown:
        return _older(streams, None, size)
    return Merged(shown, newer=shown[0].place if len(found) > size else None, older=shown[-1].place)


def _read(streams: Iterable[Stream], place: Place | None, most: int, *, is_newer: bool = False) -> Iterable[Found]:
    sign = "" if is_newer else "-"
    for stream in streams:
        rows = stream.rows.filter(_beyond(stream, place, is_newer=is_newer)) if place else stream.rows
        for row in rows.order_by(f"{sign}{stream.at}", f"{sign}{stream.key}")[:most]:
            yield Found(getattr(row, stream.at), stream.name, getattr(row, stream.key), row)


def _beyond(stream: Stream, place: Place, *, is_newer: bool) -> Q:
    """Return which of a stream's rows stand before the place, or behind it."""
    than = "gt" if is_newer else "lt"
    at, other_moment = f"{stream.at}__{than}e", Q(**{f"{stream.at}__{than}": place.at})
    if stream.name == place.stream:
        # The first condition repeats the second for the index: PostgreSQL does not use it for the OR alone.
        beyond = other_moment | Q(**{f"{stream.key}__{than}": stream.read_key(place.key)})
        return Q(**{at: place.at}) & beyond
    is_beyond_in_that_moment = stream.name > place.stream if is_newer else stream.name < place.stream
    return Q(**{at: place.at}) if is_beyond_in_that_moment else other_moment
