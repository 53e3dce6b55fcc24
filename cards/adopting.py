"""Takes over a card that was issued in the provider's own portal."""

from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from cards.actions import read_soon
from cards.models import LIMITS, Card, CardClock
from cards.statuses import ApprovalMethod
from customers.comparisons import Discrepancy, DiscrepancyState, Side
from customers.discrepancy_actions import check_may_decide, lock
from customers.policies import NotAllowed


@transaction.atomic
def adopt_card(*, discrepancy: Discrepancy, by: User, seen: str = "") -> Card:
    """Keep the card as the customer's, and read it at the provider at once. Raises NotAllowed."""
    check_may_decide(discrepancy, by)
    customer, row = lock(discrepancy, seen=seen)
    if customer is None or row.record != Side.REMOTE_CARD or not row.values:
        raise NotAllowed("CryptoMate does not say whose card this is. Ask its support.")
    limits = {name: Decimal(value) for name in LIMITS if (value := row.values.get(name)) is not None}
    columns = {"customer": customer, "approval_method": ApprovalMethod.TOPUP, **row.values, **limits}
    card, _ = Card.objects.get_or_create(api_id=row.key, defaults=columns)
    CardClock.objects.get_or_create(card=card, defaults={"next_poll_at": timezone.now()})
    row.settle(DiscrepancyState.TAKEN, by=by)
    record(kind=Kind.CARD_ADOPTED, by=by, customer_id=customer.pk, subject=card)
    read_soon(card)
    return card
