"""The thread that sends what is due. All it needs is in the database, so a restart loses nothing."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Lock, Thread
from uuid import UUID

from django.db import close_old_connections
from django.db.models import QuerySet
from django.utils import timezone

from sandbox import deliveries, reviews, switches
from sandbox.faults import stopping
from sandbox.models import Challenge, Delivery

logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.2
SENDERS = 8


class Dispatcher:
    def __init__(self) -> None:
        self._lock = Lock()
        self._in_flight: set[int] = set()

    def start(self) -> None:
        self._senders = ThreadPoolExecutor(max_workers=SENDERS, thread_name_prefix="delivery")
        Thread(target=self._run, name="dispatcher", daemon=True).start()

    def pending(self) -> int:
        """Count the webhooks that are due, wait for a retry, or are on their way."""
        with self._lock:
            on_their_way = set(self._in_flight)
        return len(on_their_way.union(Delivery.objects.filter(status="due").values_list("id", flat=True)))

    def _run(self) -> None:
        while not stopping.is_set():
            wait = LOOK_EVERY_SECONDS
            try:
                reviews.approve_due()
                wait = self._send_due()
            except Exception:  # whatever it was, webhooks must go on
                logger.exception("The dispatcher starts over")
                close_old_connections()
            deliveries.wake.wait(wait)
            deliveries.wake.clear()

    def _send_due(self) -> float:
        """Send what is due and return the seconds until it is worth looking again."""
        if switches.value_of("pause_deliveries"):
            return LOOK_EVERY_SECONDS
        for delivery in self._due_soon():
            wait = (delivery.next_attempt_at - timezone.now()).total_seconds()
            if wait > 0:
                return wait
            with self._lock:
                self._in_flight.add(delivery.id)
            self._senders.submit(self._send, delivery)
        return LOOK_EVERY_SECONDS

    def _due_soon(self) -> QuerySet[Delivery]:
        with self._lock:
            on_their_way = set(self._in_flight)
        soon = timezone.now() + timedelta(seconds=LOOK_EVERY_SECONDS)
        due = Delivery.objects.filter(status="due", next_attempt_at__lte=soon)
        return due.exclude(id__in=on_their_way).order_by("next_attempt_at", "id")

    def _send(self, delivery: Delivery) -> None:
        try:
            close_old_connections()
            if deliveries.attempt(delivery) == "failed":
                _give_up(delivery)
        except Exception:  # nobody else looks at what a thread of a pool raises
            logger.exception("Delivery %s stays due", delivery.id)
        finally:
            with self._lock:
                self._in_flight.discard(delivery.id)


def _give_up(delivery: Delivery) -> None:
    """A challenge that reached nobody is declined at once."""
    if delivery.event_type.lower() == "notification_3ds_authorization_oob":
        Challenge.objects.filter(id=UUID(delivery.operation_id), status="PENDING").update(status="UNDELIVERABLE")


dispatcher = Dispatcher()
