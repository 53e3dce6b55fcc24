"""Deliveries as captured, and the door they come to."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import timezone

from webhooks.models import WebhookEvent

FIXTURES = Path(__file__).parent / "fixtures"
INTAKE = "/webhooks/cryptomate/"
KEY = "demo-webhook-key"
NO_MARKS: Mapping[str, str] = {}
CAPTURED = sorted(path.stem for path in FIXTURES.glob("*.json"))


def captured(name: str, **changes: Any) -> dict[str, Any]:
    """Return a captured delivery; `data` among the changes is merged into its data."""
    body: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text())
    data = {**body["data"], **changes.pop("data", {})}
    return {**body, **changes, "data": data}


def deliver(body: Any, headers: Mapping[str, str] = NO_MARKS, *, client: Client | None = None) -> Any:
    """Send a delivery the way the provider does; bytes go as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sender = client or Client()
    return sender.post(INTAKE, raw, content_type="application/json", headers={"X-Webhook-Key": KEY, **headers})


def make_event(**changes: Any) -> WebhookEvent:
    """Return a stored delivery that was handled just now."""
    now: datetime = changes.get("received_at") or timezone.now()
    values = {
        "product": "cards",
        "event_type": "authorized",
        "operation_id": f"op_{WebhookEvent.objects.count() + 1}",
        "status": "success",
        "body": captured("authorized"),
        "body_digest": "0" * 64,
        "outcome": "HANDLED",
        "attempts": 1,
        "received_at": now,
        **changes,
    }
    if values["outcome"] in ("HANDLED", "IGNORED"):
        values.setdefault("handled_at", now)
    return WebhookEvent.objects.create(**values)
