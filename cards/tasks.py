import logging
import uuid
from typing import Any

from celery import shared_task
from django.utils import timezone

from cards import following, polling, stopping, uptime, velocity_rules
from cards.models import Card
from cryptomate import CryptoMateError
from provider import circuit
from provider.circuit import Held
from provider.client import provider_client

logger = logging.getLogger(__name__)

POLLS = 20  # cards in one sweep


@shared_task
def refresh_card(*, card_id: str, **_: Any) -> None:
    """Read one card at the provider. Where it does not answer, the next look at the card asks again."""
    try:
        following.refresh_card(Card.objects.get(pk=uuid.UUID(card_id)), client=provider_client())
    except Held:
        return
    except CryptoMateError as error:
        logger.warning("Card %s could not be refreshed: %r", card_id, error)


@shared_task
def poll_due_cards(**_: Any) -> None:
    """Wake a worker for each card whose movements are due to be read, unless the provider may not be called."""
    if circuit.look().is_shut:
        return
    for card_id in polling.claim_due(now=timezone.now(), limit=POLLS):
        poll_card.apply_async(kwargs={"card_id": str(card_id)}, expires=polling.LEASE.total_seconds())


@shared_task
def poll_card(*, card_id: str, **_: Any) -> None:
    """Read one card's movements. Where that fails, the next reading is put off ever further."""
    card = Card.objects.get(pk=uuid.UUID(card_id))
    try:
        found = polling.poll_card(card, client=provider_client())
    except Held:
        return
    except CryptoMateError as error:
        polling.postpone(card, now=timezone.now())
        logger.warning("The movements of card %s could not be read: %r", card_id, error)
    else:
        if found:
            logger.info("The list of card %s had %s movements that no webhook told", card_id, found)


@shared_task
def refresh_holding(**_: Any) -> None:
    """Read the holding wallet. Where it does not answer, the page says how old its figures are."""
    try:
        following.refresh_holding(client=provider_client())
    except Held:
        return
    except CryptoMateError as error:
        logger.warning("The holding wallet could not be read: %r", error)


@shared_task
def stop_cards(**_: Any) -> None:
    """Stop the cards that broke a velocity rule and were not stopped with the answer."""
    stopping.stop_cards_left()


@shared_task
def refresh_velocity_rules(**_: Any) -> None:
    """Read the velocity rules. Where the provider does not answer, the page says how old they are."""
    try:
        velocity_rules.refresh_if_stale(client=provider_client(), now=timezone.now())
    except Held:
        return
    except CryptoMateError as error:
        logger.warning("The velocity rules could not be read: %r", error)


@shared_task
def follow_up_decisions(**_: Any) -> None:
    """Stop counting approvals that nothing followed, and compare those that were written down late."""
    uptime.follow_up_decisions(now=timezone.now())
