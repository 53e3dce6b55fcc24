from typing import Any

from django import template
from django.template.context import RequestContext

from cards import pages
from customers.models import Customer

register = template.Library()


@register.inclusion_tag("cards/_customer_cards.html", takes_context=True)
def customer_cards(context: RequestContext, customer: Customer) -> dict[str, Any]:
    """List the customer's cards, what is being issued, and the way to issue one."""
    return {**pages.customer_cards(customer, context["request"].user), "oob": context.get("oob")}
