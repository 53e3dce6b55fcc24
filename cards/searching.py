"""Cards and purchases as they are searched. Each way has an index, or a bound that is said on the page."""

from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from functools import reduce
from operator import and_
from uuid import UUID

from django.db.models import Case, Q, QuerySet, When
from django.db.models.functions import Coalesce

from cards.models import Card, CardQuerySet, Transaction, TransactionEvent, TransactionQuerySet
from cards.statuses import CardStatus

# Purchases among which a merchant is looked for by name: an index on names would cost every purchase that comes in.
WINDOW = 20_000


def cards_ending_in(last4: str) -> CardQuerySet:
    """Return the cards, the active ones first."""
    is_other = Case(When(status=CardStatus.ACTIVE, then=0), default=1)
    return Card.objects.ending_in(last4).with_customer().order_by(is_other, "-issued_at", "-pk")


def cards_by_ids(typed: str, pk: UUID | None) -> CardQuerySet:
    return Card.objects.with_customer().filter(Q(pk=pk) if pk else Q(api_id=typed))


def purchases_with(*, amount: Decimal | None, merchant: str, of_cards: Collection[UUID] | None) -> TransactionQuerySet:
    """Return the purchases that were billed this amount at a merchant with these words in its name, newest first.

    Without cards to look among, merchants are looked for in the last WINDOW purchases, or in as many of the amount.
    """
    found = Transaction.objects.with_card().order_by("-first_at")
    if of_cards is not None:
        # In no index's order: else the planner may walk through everybody's purchases until it meets enough of theirs.
        found = found.filter(card__in=of_cards).order_by(Coalesce("first_at", "last_at").desc())
    if amount is not None:
        found = found.filter(bill_amount=amount)
    if not merchant:
        return found
    if of_cards is None:
        found = found.filter(first_at__gte=_window_begins(found))
    return found.filter(reduce(and_, [Q(merchant_name__icontains=word) for word in merchant.split()]))


def _window_begins(found: TransactionQuerySet) -> datetime:
    """Return when the last of the purchases that are looked at was made, or the first of all."""
    times = found.select_related(None).values_list("first_at", flat=True)
    return next(iter(times[WINDOW - 1 : WINDOW]), datetime.min.replace(tzinfo=UTC))


def purchases_of_operation(operation_id: str, cards: Collection[UUID]) -> QuerySet[Transaction]:
    """Return the purchases in which these cards have an event of the provider's id."""
    events = TransactionEvent.objects.filter(card__in=cards, operation_id=operation_id)
    return Transaction.objects.with_card().filter(placements__event__in=events).distinct()
