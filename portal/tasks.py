from typing import Any

from celery import shared_task

from portal.heartbeats import pulse
from portal.models import messages_in


@shared_task
def message_came(*, queue: str, **_: Any) -> None:
    """Note that a message of beat's came through this queue."""
    pulse(messages_in(queue))
