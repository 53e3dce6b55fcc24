"""Where a person is mentioned, as their own list shows it."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User

from audit.sight import SEES, shown_customers
from customers.masking import as_it_is, veil
from customers.models import Mention
from customers.paging import beside, page_of

MOST_UNSEEN = 50  # marked one by one, those beneath come up


@dataclass(frozen=True)
class Row:
    mention: Mention
    text: str


@dataclass(frozen=True)
class Listed:
    unseen: list[Row]
    seen: list[Row]
    newer_url: str
    older_url: str


def mentions_of(person: User, *, older: str = "", newer: str = "") -> Listed:
    """Return what the person has not seen, on the first page, and one page of what they have, the newest first.

    Raises BadRequest for an address that we did not write.
    """
    mine = Mention.objects.of(person).with_note()
    page = page_of(mine.seen(), by="at", older=older, newer=newer)
    unseen = [] if page.newer else list(mine.unseen().order_by("-at", "-pk")[:MOST_UNSEEN])
    shown = None if person.has_perm(SEES) else shown_customers(person)
    return Listed(
        unseen=[_row(each, shown) for each in unseen],
        seen=[_row(each, shown) for each in page.rows],
        **beside(page, "desk:mentions"),
    )


def _row(mention: Mention, shown: set[UUID | None] | None) -> Row:
    customer = mention.note.customer
    hide = as_it_is if shown is None or customer.pk in shown else veil(customer)
    return Row(mention, hide(mention.note.shown_text))
