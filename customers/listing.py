"""The customers list, page by page."""

from dataclasses import dataclass

from customers.models import Customer
from customers.paging import Page, page_of
from customers.statuses import CustomerStatus
from provider.models import Country


@dataclass(frozen=True)
class Row:
    customer: Customer
    country: str


@dataclass(frozen=True)
class Listed:
    rows: list[Row]
    page: Page[Customer]
    total: int


def listed(*, status: str = "", older_than: str = "", newer_than: str = "") -> Listed:
    """Return one page of the list. Raises BadRequest for an address that we did not write."""
    customers = Customer.objects.all()
    if status in CustomerStatus.values:
        customers = customers.filter(status=status)
    page = page_of(customers, by="created_at", older=older_than, newer=newer_than)
    return Listed(rows=_rows(page.rows), page=page, total=customers.count())


def _rows(customers: list[Customer]) -> list[Row]:
    names = dict(Country.objects.values_list("alpha3", "name"))
    return [Row(customer, names.get(customer.country, customer.country)) for customer in customers]
