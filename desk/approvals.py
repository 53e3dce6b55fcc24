"""What waits for a second person, and what was decided: the list, with what each is about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.sight import SEES, shown_customers
from cards.models import Card
from customers.masking import Hide, as_it_is, veil
from customers.models import Customer
from customers.paging import Page, page_of
from people.approvals import Approval
from people.waiting import Waiting, waiting
from vault.masking import mask_text


@dataclass(frozen=True)
class Row:
    each: Waiting
    name: str  # of what it is about
    url: str


@dataclass(frozen=True)
class Listed:
    rows: list[Row]
    page: Page[Approval]


def listed(person: User, *, is_settled: bool, older: str, newer: str) -> Listed:
    """Return a page of what the person asked for or may decide. Raises BadRequest for an address we did not write."""
    concerning = Approval.objects.concerning(person).with_people()
    rows = concerning.settled() if is_settled else concerning.standing(now=timezone.now())
    page = page_of(rows, by="asked_at", older=older, newer=newer)
    return Listed(rows_of(page.rows, person), page)


def rows_of(approvals: Iterable[Approval], person: User) -> list[Row]:
    found = list(approvals)
    customers = Customer.objects.in_bulk({each.customer_id for each in found if each.customer_id})
    cards = Card.objects.in_bulk([UUID(each.object_id) for each in found if _is_about(each, Card)])
    revealed = set() if person.has_perm(SEES) else shown_customers(person)
    return [
        _row(each, waiting(each, person, hide=_hide(person, customer, revealed)), customer, cards)
        for each in found
        for customer in [customers.get(each.customer_id) if each.customer_id else None]
    ]


def _row(approval: Approval, shown: Waiting, customer: Customer | None, cards: Mapping[UUID, Card]) -> Row:
    if _is_about(approval, Card):
        card = cards[UUID(approval.object_id)]
        return Row(shown, f"{card.masked} of {customer}", reverse("cards:detail", args=[card.pk]))
    if _is_about(approval, Event):
        return Row(shown, "Audit log", reverse("audit:index"))
    if customer:
        return Row(shown, str(customer), reverse("customers:detail", args=[customer.pk]))
    return Row(shown, "Deliveries", reverse("webhooks:events"))


def _is_about(approval: Approval, model: type[Model]) -> bool:
    return approval.object_type == model._meta.label_lower


def _hide(person: User, customer: Customer | None, revealed: set[UUID | None]) -> Hide:
    if person.has_perm(SEES) or (customer and customer.pk in revealed):
        return as_it_is
    return veil(customer) if customer else mask_text
