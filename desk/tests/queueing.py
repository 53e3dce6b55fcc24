"""Cases for tests, as short as a test's first lines should be."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from customers.tests.making import make_customer, make_request
from desk.cases import Case


def make_case(number: int = 1, *, hours: float = 0, customer: dict[str, Any] | None = None, **changes: Any) -> Case:
    """Return the case of a new customer, which has waited that many hours; `changes` are the request's."""
    values = {"api_id": f"client-{number}", "last_name": f"Barber{number}", **(customer or {})}
    since = timezone.now() - timedelta(hours=hours)
    request = make_request(make_customer(**values), created_at=since, **changes)
    return Case.objects.get(pk=request.customer_id)
