import logging
import uuid
from typing import Any

from celery import shared_task
from celery.signals import task_postrun
from django.utils import timezone

from cryptomate import CryptoMateError
from provider import actions, budget, circuit, reference
from provider.circuit import Held
from provider.client import provider_client
from provider.models import ProviderCall
from provider.shape_watch import watch
from provider.waking import FRESH

logger = logging.getLogger(__name__)

BATCH = 20  # calls in one sweep, every second; more than the provider takes
PROBE = "AR"  # a country whose identification types are asked for


@shared_task
def carry_out(*, call_id: str, **_: Any) -> None:
    actions.carry_out(uuid.UUID(call_id), client=provider_client())


@shared_task
def sweep_calls(**_: Any) -> None:
    """Wake a worker for each call that is due; whatever messages were lost are made up for here.

    While the provider may not be called, calls stay due, and at most one worker asks whether it is back.
    """
    if circuit.look().is_shut:
        if circuit.claim_probe():
            probe.apply_async(expires=FRESH)
        return
    due = ProviderCall.objects.due().order_by("next_attempt_at").values_list("pk", flat=True)
    for call_id in due[:BATCH]:
        # A call that no worker got to in time is due again in the next sweep: messages must not pile up meanwhile.
        carry_out.apply_async(kwargs={"call_id": str(call_id)}, expires=FRESH)


@shared_task
def probe(**_: Any) -> None:
    """Ask the provider something small that changes nothing. What it answers, `hear` makes known."""
    try:
        budget.take_for_probe()
        provider_client().list_identifications(PROBE)
    except (CryptoMateError, Held) as error:
        logger.info("CryptoMate is still away: %s %s", type(error).__name__, error)


@task_postrun.connect
def write_shape_changes(**_: Any) -> None:
    """Write what this process heard that is new, when nobody waits for its task any more."""
    watch.write_if_due()


@shared_task(soft_time_limit=900, time_limit=960)
def refresh_reference_data(**_: Any) -> None:
    """Read countries and identification types, one call for each. Where that fails, the next hour asks again."""
    try:
        reference.refresh_if_stale(client=provider_client(), now=timezone.now())
    except (CryptoMateError, Held) as error:
        logger.warning("Countries could not be read: %s %s", type(error).__name__, error)
