"""Takes over a card that was issued in the provider's own portal."""

from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from cards.actions import refresh_now
from cards.models import LIMITS, Card, CardClock
from cards.statuses import CARD_WORDS, ApprovalMethod, CardStatus
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
    card, _ = Card.objects.get_or_create(api_id=row.key, defaults={"customer": customer, **_columns(row.values)})
    CardClock.objects.get_or_create(card=card, defaults={"next_poll_at": timezone.now()})
    row.settle(DiscrepancyState.TAKEN, by=by)
    record(kind=Kind.CARD_ADOPTED, by=by, customer_id=customer.pk, subject=card)
    refresh_now(card)
    return card


def _columns(said: dict[str, Any]) -> dict[str, Any]:
    method = said["approval_method"]
    return {
        "holder_name": str(said["card_holder_name"])[:60],
        "approval_method": method if method in ApprovalMethod.values else ApprovalMethod.TOPUP,
        "last4": said["last4"] if str(said["last4"]).isdecimal() and len(said["last4"]) == 4 else "",
        "expiration_month": said["expiration_month"],
        "expiration_year": said["expiration_year"],
        # A word we do not know is no reason to show the card as usable.
        "status": CARD_WORDS.get(str(said["status"]).lower(), CardStatus.INACTIVE),
        "remote_status": str(said["status"])[:40],
        **{name: None if said[name] is None else Decimal(said[name]) for name in LIMITS},
    }
