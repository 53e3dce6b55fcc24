"""A card that broke a velocity rule is stopped: here at once, at the provider as soon as the worker gets to it."""

import logging
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cards.actions import leave_notice
from cards.models import Authorization, Card, Notice
from cards.statuses import CardStatus, HoldReason
from customers.statuses import Source
from provider.actions import AlreadyUnderway, want
from provider.models import CallKind

logger = logging.getLogger(__name__)

BATCH = 50


def stop_card(authorization_id: UUID) -> bool:
    """Freeze the card of a decision that broke a rule, once. Answers False where it has to be tried again.

    The broker is left alone: the issuer's next question may be waiting.
    """
    try:
        return _stop_card(authorization_id)
    except AlreadyUnderway:
        logger.warning("The card of decision %s is being unfrozen; it is stopped after that", authorization_id)
        return False


@transaction.atomic
def _stop_card(authorization_id: UUID) -> bool:
    decided = Authorization.objects.get(pk=authorization_id)
    # The card first, as everywhere.
    card = Card.objects.select_for_update(no_key=True).get(authorizations=decided)
    if Authorization.objects.filter(pk=decided.pk, freeze_due=True).update(freeze_due=False) and _is_usable(card):
        _freeze(card, _broken_rule(decided))
    return True


def _is_usable(card: Card) -> bool:
    return card.status == CardStatus.ACTIVE


def _freeze(card: Card, rule: str) -> None:
    card.change_status(CardStatus.FROZEN, source=Source.SYSTEM, note="A velocity rule was broken")
    card.hold_reason = HoldReason.VELOCITY
    card.save(update_fields=["hold_reason"])
    payload = {"freeze": True, "hold_reason": HoldReason.VELOCITY.value}
    want(
        kind=CallKind.SET_FROZEN, target=card, customer_id=card.customer_id, by=None, payload=payload, wake_worker=False
    )
    text = f"A velocity rule stopped {card.masked}. {rule}".strip()
    leave_notice(card=card, kind=Notice.Kind.VELOCITY, text=text, at=timezone.now())


def _broken_rule(decided: Authorization) -> str:
    broken = (verdict["sentence"] for verdict in decided.verdicts if not verdict["passed"])
    return next(broken, "")


def stop_cards_left() -> None:
    """Stop the cards that were not stopped with the answer."""
    for pk in Authorization.objects.asking_for_a_freeze().values_list("pk", flat=True)[:BATCH]:
        stop_card(pk)
