"""Webhooks as rows: written with what caused them, sent and sent again from the database."""

import json
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from threading import Event
from typing import Any
from uuid import uuid4

import requests
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from sandbox import switches
from sandbox.models import Company, Delivery

ATTEMPTS = 10
ANSWER_KEPT = 200
# Set when a row may have become due, so that the dispatcher looks at once.
wake = Event()
_askers = ThreadPoolExecutor(max_workers=16, thread_name_prefix="authorization")


@dataclass(frozen=True)
class Outcome:
    """What the receiver did with one attempt."""

    status: int | None
    answer: str
    error: str
    duration_ms: int

    @property
    def is_accepted(self) -> bool:
        return self.status == HTTPStatus.OK


def enqueue(
    *, product: str, event_type: str, operation_id: str, status: str, data: dict[str, Any], attempts: int = ATTEMPTS
) -> Delivery:
    """Store a webhook in the caller's transaction; it is sent after the commit."""
    body = envelope(product=product, event_type=event_type, operation_id=operation_id, status=status, data=data)
    url = Company.get().webhook_url
    delivery = Delivery.objects.create(
        url=url,
        product=body["product"],
        event_type=body["event_type"],
        operation_id=operation_id,
        body=body,
        max_attempts=attempts,
        status="due" if url and not _is_lost() else "skipped",
    )
    transaction.on_commit(wake.set)
    return delivery


def _is_lost() -> bool:
    return random.randrange(100) < int(switches.value_of("lost_deliveries"))


def envelope(*, product: str, event_type: str, operation_id: str, status: str, data: dict[str, Any]) -> dict[str, Any]:
    written: Callable[[str], str] = str.upper if switches.value_of("webhook_case") == "upper" else str
    body = {
        "product": written(product),
        "event_type": written(event_type),
        "operation_id": operation_id,
        "status": written(status),
        "data": data,
    }
    return {**body, "company_id": data["company_id"]} if event_type == "card_blocked_by_velocity" else body


def redeliver(delivery: Delivery) -> None:
    """Send a webhook once more, whatever became of it before."""
    delivery.status, delivery.attempts, delivery.next_attempt_at = "due", 0, timezone.now()
    delivery.save(update_fields=["status", "attempts", "next_attempt_at"])
    transaction.on_commit(wake.set)


def attempt(delivery: Delivery) -> str:
    """Send a due webhook and record what came of it; return its new status."""
    url = Company.get().webhook_url
    if not url:
        return _record(delivery, status="skipped")
    outcome = post(url, delivery.body, timeout=switches.value_of("delivery_timeout_seconds"))
    if outcome.is_accepted and switches.value_of("deliver_twice"):
        post(url, delivery.body, timeout=switches.value_of("delivery_timeout_seconds"))
    return _record(delivery, url=url, **_after(delivery, outcome))


def _after(delivery: Delivery, outcome: Outcome) -> dict[str, Any]:
    made = delivery.attempts + 1
    wait = timedelta(seconds=switches.value_of("delivery_retry_seconds") * 2 ** (made - 1))
    failed = "failed" if made >= delivery.max_attempts else "due"
    return {
        "status": "delivered" if outcome.is_accepted else failed,
        "attempts": F("attempts") + 1,
        "next_attempt_at": timezone.now() + wait,
        "last_status": outcome.status,
        "last_error": outcome.error,
        "last_answer": outcome.answer,
        "duration_ms": outcome.duration_ms,
    }


def _record(delivery: Delivery, **values: Any) -> str:
    # An update and not a save: a reset may have removed the row in the meantime.
    Delivery.objects.filter(id=delivery.id).update(**values)
    return str(values["status"])


def ask(*, product: str, event_type: str, operation_id: str, data: dict[str, Any]) -> Outcome:
    """Ask the receiver to decide, once and within the deadline; keep a record of it like any other webhook."""
    body = envelope(product=product, event_type=event_type, operation_id=operation_id, status="pending", data=data)
    url = Company.get().webhook_url
    outcome = _post_within(url, body) if url else Outcome(None, "", "no webhook is subscribed", 0)
    Delivery.objects.create(
        url=url,
        product=body["product"],
        event_type=body["event_type"],
        operation_id=operation_id,
        body=body,
        max_attempts=1,
        attempts=1 if url else 0,
        status=("delivered" if outcome.is_accepted else "failed") if url else "skipped",
        last_status=outcome.status,
        last_error=outcome.error,
        last_answer=outcome.answer,
        duration_ms=outcome.duration_ms,
    )
    return outcome


def _post_within(url: str, body: dict[str, Any]) -> Outcome:
    seconds = switches.value_of("authorization_timeout_ms") / 1000
    try:
        # In a thread: requests limits the wait for each byte, and this deadline is for the whole answer.
        return _askers.submit(post, url, body, timeout=seconds).result(timeout=seconds)
    except FutureTimeout:
        return Outcome(None, "", "no answer in time", int(seconds * 1000))


def post(url: str, body: dict[str, Any], *, timeout: float) -> Outcome:
    headers: dict[str, str | bytes] = {
        "Content-Type": "application/json",
        "X-Webhook-Key": Company.get().webhook_key.encode(),
        "X-Request-Timestamp": str(time.time_ns() // 1_000_000),
        "X-Trace-Id": uuid4().hex,
    }
    started = time.monotonic()
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(url, data=json.dumps(body), headers=headers, timeout=timeout, allow_redirects=False)
            status, text, error = answer.status_code, answer.text[:ANSWER_KEPT].replace("\0", ""), ""
    except requests.RequestException as problem:
        status, text, error = None, "", type(problem).__name__
    return Outcome(status, text, error, int((time.monotonic() - started) * 1000))
