from typing import Any

from celery import shared_task
from django.utils import timezone

from people.actions import forget_what_ended
from people.four_eyes import expire_due


@shared_task
def tidy(**_: Any) -> None:
    """Let go of sessions that have ended, and of counts and values that have had their time."""
    forget_what_ended()


@shared_task
def expire_approvals(**_: Any) -> None:
    """Let go of what nobody decided, or used, in time."""
    expire_due(now=timezone.now())
