"""Which customers are closed, and since when: nothing is going on with them, and nothing has happened for a while.

The definition and its reasons: docs/decisions/0016-when-documents-are-erased.md.
"""

from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q

from cards.models import Card
from cards.statuses import CLOSED
from customers.models import Customer, CustomerQuerySet, Document, EnablementRequest, StatusChange
from customers.statuses import CustomerStatus
from provider.models import ProviderCall


def closed_customers(*, before: datetime) -> CustomerQuerySet:
    """Return the customers who were closed before this moment and stayed so."""
    cards = Card.objects.filter(customer=OuterRef("pk"))
    requests = EnablementRequest.objects.filter(customer=OuterRef("pk"))
    calls = ProviderCall.objects.filter(customer_id=OuterRef("pk"))
    is_over = Q(status=CustomerStatus.REJECTED) | (Q(status=CustomerStatus.ACTIVE) & Exists(cards))
    goes_on = Exists(requests.open()) | Exists(cards.exclude(status__in=CLOSED)) | Exists(calls.open())
    return Customer.objects.filter(is_over, created_at__lt=before).exclude(goes_on).exclude(_has_moved(before))


def _has_moved(since: datetime) -> Q:
    theirs = Q(customer=OuterRef("pk"))
    documents = Q(created_at__gte=since) | Q(uploaded_at__gte=since)
    moved = [
        StatusChange.objects.filter(theirs, at__gte=since),
        EnablementRequest.objects.filter(theirs, created_at__gte=since),
        Document.objects.filter(documents, theirs),
        Card.objects.filter(theirs, issued_at__gte=since),
        ProviderCall.objects.filter(customer_id=OuterRef("pk"), answered_at__gte=since),
    ]
    return reduce(or_, (Q(Exists(rows)) for rows in moved))
