import uuid
from typing import Any

from celery import shared_task
from django.utils import timezone

from provider import actions, reference
from provider.client import provider_client
from provider.models import ProviderCall

BATCH = 50
SWEEP_SECONDS = 1.0


@shared_task
def carry_out(*, call_id: str, **_: Any) -> None:
    actions.carry_out(uuid.UUID(call_id), client=provider_client())


@shared_task
def sweep_calls(**_: Any) -> None:
    """Wake a worker for each call that is due; whatever messages were lost are made up for here."""
    due = ProviderCall.objects.due(now=timezone.now()).order_by("next_attempt_at").values_list("pk", flat=True)
    for call_id in due[:BATCH]:
        # A call that no worker got to in time is due again in the next sweep: messages must not pile up meanwhile.
        carry_out.apply_async(kwargs={"call_id": str(call_id)}, expires=SWEEP_SECONDS)


@shared_task
def refresh_reference_data(**_: Any) -> None:
    reference.refresh_if_stale(client=provider_client(), now=timezone.now())
