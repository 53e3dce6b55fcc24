from typing import Any

from django import template
from django.utils import timezone

from customers.models import Customer
from desk.clocks import clocks_of
from desk.models import Case

register = template.Library()


@register.inclusion_tag("desk/_clocks.html")
def clocks(customer: Customer) -> dict[str, Any]:
    """Show how long the customer's case has lain with whom, and by when the present stage is due."""
    case = Case.objects.filter(pk=customer.pk).first()
    return {"clocks": clocks_of(case, now=timezone.now()) if case else None}
