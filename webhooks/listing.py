"""What the delivery log shows: pages of deliveries and of decisions, and one delivery with what it touched."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from django.http import QueryDict

from cards.models import Authorization, Card, Transaction
from customers.models import Customer
from webhooks.masking import mask
from webhooks.models import WebhookEvent
from webhooks.paging import Page, Row, filters_of, page_of

LONGEST_POLL = 30  # seconds


@dataclass(frozen=True)
class Listed(Generic[Row]):
    """A page, a mark that changes with anything on it, and the address that asks for it again (on the first page)."""

    page: Page[Row]
    mark: str
    again_url: str


@dataclass(frozen=True)
class Shown:
    """One delivery's body and the rows it is tied to; `look_again` is in seconds and empty at rest."""

    body: str
    is_masked: bool
    card: Card | None
    customer: Customer | None
    purchase: Transaction | None
    decision: Authorization | None
    look_again: int | None


def deliveries(rows: QuerySet[WebhookEvent], *, asked: QueryDict) -> Listed[WebhookEvent]:
    page = page_of(rows.defer("body"), moment="received_at", asked=asked)
    return _listed(page, [(event.pk, event.outcome, event.attempts) for event in page.rows], asked)


def authorizations(*, asked: QueryDict) -> Listed[Authorization]:
    page = page_of(Authorization.objects.select_related("card"), moment="decided_at", asked=asked)
    return _listed(page, [decision.pk for decision in page.rows], asked)


def _listed(page: Page[Row], facts: list[Any], asked: QueryDict) -> Listed[Row]:
    mark = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
    query = "&".join(filter(None, [filters_of(asked), f"seen={mark}"]))
    return Listed(page, mark, f"?{query}" if page.is_first else "")


def shown(event: WebhookEvent, *, to: User | AnonymousUser, now: datetime) -> Shown:
    """Gather what this person may see of the delivery and of what it touched."""
    body = event.body if to.has_perm("customers.change_customer") else mask(event.body)
    return Shown(
        body=json.dumps(body, indent=2, ensure_ascii=False),
        is_masked=body != event.body,
        card=_card(event) if to.has_perm("cards.view_card") else None,
        customer=_customer(event) if to.has_perm("customers.view_customer") else None,
        purchase=_purchase(event) if to.has_perm("cards.view_transaction") else None,
        decision=Authorization.objects.filter(delivery_key=event.delivery_key).first(),
        look_again=_seconds_until_news(event, now),
    )


def _card(event: WebhookEvent) -> Card | None:
    return Card.objects.filter(pk=event.card_id).first() if event.card_id else None


def _customer(event: WebhookEvent) -> Customer | None:
    return Customer.objects.filter(pk=event.customer_id).first() if event.customer_id else None


def _purchase(event: WebhookEvent) -> Transaction | None:
    recorded = Transaction.objects.filter(
        card=event.card_id,
        placements__event__operation_id=event.operation_id,
        placements__event__kind=event.event_type.upper(),
    )
    return recorded.first()


def _seconds_until_news(event: WebhookEvent, now: datetime) -> int | None:
    if event.next_attempt_at is None:
        return None
    return min(LONGEST_POLL, max(1, round((event.next_attempt_at - now).total_seconds()) + 1))
