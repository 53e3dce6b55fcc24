from typing import Any

from celery import shared_task

from audit import heads, sealing


@shared_task
def seal(**_: Any) -> None:
    """Seal what was recorded since the last time."""
    sealing.seal_all()


@shared_task
def write_head(**_: Any) -> None:
    """Write the newest seal down outside the database."""
    heads.write_head()
