from typing import Any

from celery import shared_task
from django.utils import timezone

from portal.models import Heartbeat


@shared_task
def beat_seen(**_: Any) -> None:
    Heartbeat.beat("worker", at=timezone.now())
