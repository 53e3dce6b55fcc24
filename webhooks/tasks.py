from typing import Any

from celery import shared_task
from django.utils import timezone

from webhooks import actions

BATCH = 100


@shared_task
def sweep_events(**_: Any) -> None:
    """Handle the deliveries that are due; several workers at it share them and never take the same one."""
    actions.process_due(now=timezone.now(), limit=BATCH)
