"""The customers list, page by page. Each is found by the row before it: page 1,000 is as fast as the first."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from django.core.exceptions import BadRequest
from django.db.models import Q, QuerySet

from customers.models import Customer
from customers.statuses import CustomerStatus
from provider.models import Country

PAGE_SIZE = 50


@dataclass(frozen=True)
class Place:
    """Where a row stands in the list, newest first; written in the address as `<time>_<id>`."""

    created_at: datetime
    pk: uuid.UUID

    @classmethod
    def of(cls, customer: Customer) -> Self:
        return cls(customer.created_at, customer.pk)

    @classmethod
    def read(cls, word: str) -> Self:
        """Raises BadRequest for a word that we did not write."""
        moment, _, pk = word.partition("_")
        try:
            at = datetime.fromisoformat(moment)
            place = cls(at.astimezone(UTC), uuid.UUID(pk))  # PostgreSQL knows fewer offsets than Python
        except (ValueError, OverflowError):
            raise BadRequest("This address names no place in the list.") from None
        if at.tzinfo is None:
            raise BadRequest("This address names no place in the list.")
        return place

    def __str__(self) -> str:
        return f"{self.created_at.isoformat()}_{self.pk}"


@dataclass(frozen=True)
class Row:
    customer: Customer
    country: str


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    newer: Place | None
    older: Place | None
    total: int


def page(*, status: str = "", older_than: str = "", newer_than: str = "") -> Page:
    """Return one page of the list. Raises BadRequest for an address that we did not write."""
    rows = Customer.objects.all()
    if status in CustomerStatus.values:
        rows = rows.filter(status=status)
    total = rows.count()
    if newer_than:
        return _newer_page(rows, Place.read(newer_than), total)
    return _older_page(rows, Place.read(older_than) if older_than else None, total)


def _older_page(rows: QuerySet[Customer], start: Place | None, total: int) -> Page:
    # The first condition repeats the second for the index: PostgreSQL does not use it for the OR alone.
    after = (
        Q(created_at__lte=start.created_at) & (Q(created_at__lt=start.created_at) | Q(pk__lt=start.pk))
        if start
        else Q()
    )
    found = list(rows.filter(after).order_by("-created_at", "-pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return Page(
        rows=_rows(shown),
        newer=Place.of(shown[0]) if start and shown else None,
        older=Place.of(shown[-1]) if len(found) > PAGE_SIZE else None,
        total=total,
    )


def _newer_page(rows: QuerySet[Customer], end: Place, total: int) -> Page:
    before = Q(created_at__gte=end.created_at) & (Q(created_at__gt=end.created_at) | Q(pk__gt=end.pk))
    found = list(rows.filter(before).order_by("created_at", "pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE][::-1]
    if not shown:
        return _older_page(rows, None, total)
    return Page(
        rows=_rows(shown),
        newer=Place.of(shown[0]) if len(found) > PAGE_SIZE else None,
        older=Place.of(shown[-1]),
        total=total,
    )


def _rows(customers: list[Customer]) -> list[Row]:
    names = dict(Country.objects.values_list("alpha3", "name"))
    return [Row(customer, names.get(customer.country, customer.country)) for customer in customers]
