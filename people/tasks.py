from typing import Any

from celery import shared_task

from people.actions import forget_what_ended


@shared_task
def tidy(**_: Any) -> None:
    """Let go of sessions that have ended, and of counts and values that have had their time."""
    forget_what_ended()
