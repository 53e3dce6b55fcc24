import logging
import uuid
from typing import Any

from celery import shared_task

from cards import following
from cards.models import Card
from cryptomate import CryptoMateError
from provider.budget import BudgetSpent
from provider.client import provider_client

logger = logging.getLogger(__name__)


@shared_task
def refresh_card(*, card_id: str, **_: Any) -> None:
    """Read one card at the provider. Where it does not answer, the next look at the card asks again."""
    try:
        following.refresh_card(Card.objects.get(pk=uuid.UUID(card_id)), client=provider_client())
    except (CryptoMateError, BudgetSpent) as error:
        logger.warning("Card %s could not be refreshed: %s", card_id, error)
