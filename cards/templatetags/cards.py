from typing import Any

from django import template
from django.template.context import RequestContext

from cards import pages
from customers.models import Customer

register = template.Library()

ENDS = (10, 6)  # characters of a long id that people compare


@register.filter
def shortened(word: str) -> str:
    """Leave the two ends of a long id: the whole of it goes to the clipboard."""
    head, tail = ENDS
    return word if len(word) <= head + tail + 1 else f"{word[:head]}…{word[-tail:]}"


@register.inclusion_tag("cards/_customer_cards.html", takes_context=True)
def customer_cards(context: RequestContext, customer: Customer) -> dict[str, Any]:
    """List the customer's cards, what is being issued, and the way to issue one."""
    return {**pages.customer_cards(customer, context["request"].user), "oob": context.get("oob")}
