from typing import Any

from django import template
from django.template.context import RequestContext

from customers.models import Customer
from desk.case_page import bar_of, case_of
from desk.case_views import LAST_FILTERS
from desk.filters import Filters

register = template.Library()


@register.inclusion_tag("desk/_case_bar.html", takes_context=True)
def case_bar(context: RequestContext, customer: Customer) -> dict[str, Any]:
    """Say whom the customer's case waits for and who is at it, and lead to the next one."""
    request, case = context["request"], case_of(customer)
    if case is None:
        return {"bar": None}
    filters = Filters.from_query(request.session.get(LAST_FILTERS, ""))
    return {"bar": bar_of(case, request.user), "filters": filters, "csrf_token": context.get("csrf_token")}
