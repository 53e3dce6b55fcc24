"""The timeline's strand of deliveries about a customer. What came about a card stands there as what it led to."""

from django.db.models import Q, QuerySet
from django.urls import reverse

from customers.models import Customer
from customers.timeline import Entry, Part, Reader, Strand
from webhooks.models import WebhookEvent


def _deliveries(customer: Customer) -> QuerySet[WebhookEvent]:
    return WebhookEvent.objects.filter(customer_id=customer.pk, card_id=None).defer("body")


def _of_delivery(event: WebhookEvent, _: Reader) -> Entry:
    return Entry(
        at=event.received_at,
        text=f"Delivery, {event.title.lower()}: {event.status or 'unreadable'}",
        meaning=event.outcome_choice.meaning,
        note=" · ".join(filter(None, [event.outcome_choice.label, event.outcome_note, event.error])),
        picture="events",
        url=reverse("webhooks:event", args=[event.pk]),
    )


DELIVERIES = Strand(
    "deliveries", _deliveries, _of_delivery, at="received_at", parts={Part.PROVIDER: Q()},
    permission="webhooks.view_webhookevent", is_brief=False,
)  # fmt: skip
