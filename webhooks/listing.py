"""What the delivery log shows: pages of deliveries and of decisions, and one delivery with what it touched."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar, cast

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.utils import timezone

from audit.sight import sees_personal_data
from cards.models import Authorization, Card, Transaction
from customers.masking import Sight, as_it_is, sight_of
from customers.models import Customer
from customers.paging import Page, digest, page_of
from customers.policies import reason_against
from people.approvals import Act, Approval
from people.waiting import Waiting, waiting
from webhooks.masking import mask
from webhooks.models import WebhookEvent
from webhooks.policies import check_can_process_again
from webhooks.previews import Preview, preview

M = TypeVar("M", bound=Model)

LONGEST_POLL = 30  # seconds
MOST_PREVIEWED = 25


@dataclass(frozen=True)
class Listed(Generic[M]):
    """One page of rows, the addresses beside it, and on the first page the one that asks whether anything is new."""

    rows: list[M]
    newer_url: str
    older_url: str
    again_url: str
    seen: str


@dataclass(frozen=True)
class Shown:
    """One delivery's body and the rows it is tied to; `look_again` is in seconds and empty at rest."""

    body: str
    is_masked: bool
    may_open_in_full: bool
    sight: Sight | None  # of the customer it is about, where we know one
    why_not_again: str
    card: Card | None
    customer: Customer | None
    purchase: Transaction | None
    decision: Authorization | None
    look_again: int | None
    approvals: list[Waiting]


def deliveries(rows: QuerySet[WebhookEvent], *, asked: QueryDict) -> Listed[WebhookEvent]:
    """Return one page of the log. Raises BadRequest for an address that we did not write."""
    page = page_of(rows.defer("body"), by="received_at", **_place_in(asked))
    return _listed(page, digest((event.pk, event.outcome, event.attempts) for event in page.rows), asked)


def authorizations(filters: Mapping[str, str], *, asked: QueryDict) -> Listed[Authorization]:
    """Return one page of decisions. Raises BadRequest for an address that we did not write."""
    rows = Authorization.objects.chosen(filters).with_card()
    page = page_of(rows, by="decided_at", **_place_in(asked))
    return _listed(page, digest((decision.pk, decision.standing) for decision in page.rows), asked)


@dataclass(frozen=True)
class Failed:
    """What failed since a moment: how many there are, and what handling the first of them again would change."""

    since: datetime
    count: int
    previews: list[Preview]

    @property
    def not_shown(self) -> int:
        return self.count - len(self.previews)


def failed_since(moment: datetime) -> Failed:
    failed = WebhookEvent.objects.failed_since(moment)
    return Failed(moment, failed.count(), [preview(event) for event in failed[:MOST_PREVIEWED]])


def waiting_replays(person: User, *, of: WebhookEvent | None = None) -> list[Waiting]:
    """Return what waits for a second person before deliveries are handled again: all of it, or what has this one."""
    standing = Approval.objects.asked(now=timezone.now()).filter(act=Act.REPLAY).with_people()
    wanted = [each for each in standing if of is None or str(of.pk) in each.payload["deliveries"]]
    return [waiting(each, person, hide=as_it_is) for each in wanted]


def _place_in(asked: QueryDict) -> dict[str, str]:
    return {name: asked.get(name, "") for name in ("older", "newer")}


def _listed(page: Page[M], seen: str, asked: QueryDict) -> Listed[M]:
    return Listed(
        rows=page.rows,
        newer_url=_url(asked, newer=page.newer) if page.newer else "",
        older_url=_url(asked, older=page.older) if page.older else "",
        again_url="" if page.newer else _url(asked, seen=seen),
        seen=seen,
    )


def _url(asked: QueryDict, **place: object) -> str:
    """Return the same filters with another place in the list."""
    query = asked.copy()
    for name in ("older", "newer", "seen"):
        query.pop(name, None)
    query.update({name: str(value) for name, value in place.items()})
    return f"?{query.urlencode()}"


def shown(event: WebhookEvent, *, to: User | AnonymousUser, now: datetime, in_full: bool = False) -> Shown:
    """Gather what this person may see of the delivery and of what it touched. Whoever shows it in full records that."""
    body = event.body if in_full else mask(event.body)
    customer = _customer(event) if to.has_perm("customers.view_customer") else None
    return Shown(
        body=json.dumps(body, indent=2, ensure_ascii=False),
        is_masked=body != event.body,
        may_open_in_full=sees_personal_data(to, event.customer_id),
        sight=sight_of(to, customer) if customer else None,
        why_not_again=reason_against(check_can_process_again, event),
        card=_card(event) if to.has_perm("cards.view_card") else None,
        customer=customer,
        purchase=_purchase(event) if to.has_perm("cards.view_transaction") else None,
        decision=Authorization.objects.filter(delivery_key=event.delivery_key).first(),
        look_again=None if in_full else _seconds_until_news(event, now),
        approvals=waiting_replays(cast("User", to), of=event),
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
