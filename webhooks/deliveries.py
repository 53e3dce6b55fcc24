"""Reading a delivery: whichever envelope and case the provider used, one shape comes out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from vault.cipher import keyed_hash
from webhooks.redaction import TooDeep, digest_of, redact

CARD_PRODUCTS = frozenset({"cards", "individual_cards"})
LONGEST_CARD_ID = 80

LONGEST = {"product": 40, "event_type": 80, "operation_id": 200, "status": 40}
# The field of today's envelope, and its name in the older one (contract section 16, row 3).
ENVELOPE = {
    "product": ("product", "operation"),
    "event_type": ("event_type", "sub_operation"),
    "operation_id": ("operation_id",),
    "status": ("status",),
}
# Older deliveries have one event for a purchase's whole life and tell its stage by the status (section 12.6).
OLDER_STAGES = {
    ("clearing", "pending"): "authorized",
    ("clearing", "success"): "cleared",
    ("clearing", "failed"): "reversal",
}


class Unreadable(ValueError):  # noqa: N818 - it is what the body is
    """The message says what is wrong, without quoting what was sent."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """The envelope's words in lower case, its data, and the whole body without secrets."""

    product: str
    event_type: str
    operation_id: str
    status: str
    data: Mapping[str, Any] = field(repr=False)
    body: Mapping[str, Any] = field(repr=False)

    @cached_property
    def digest(self) -> str:
        return digest_of(self.body)

    @property
    def key(self) -> str:
        """Return what is equal for the same delivery sent twice, and for no others."""
        return digest_of([self.product, self.event_type, self.operation_id, self.status, self.digest])

    @property
    def card_api_id(self) -> str:
        found = text(self.data, "card_id")
        return found if len(found) <= LONGEST_CARD_ID else ""

    @property
    def asks_for_a_decision(self) -> bool:
        return self.event_type == "authorization" and self.product in CARD_PRODUCTS


def parse(raw: bytes) -> Delivery:
    """Read a delivery. Raises Unreadable."""
    received = _storable(_json_object(raw))
    product, event_type, status = (_word(received, name).lower() for name in ("product", "event_type", "status"))
    if not isinstance(received.get("data"), dict):
        raise Unreadable("data is missing or not an object.")
    operation_id = _word(received, "operation_id")
    body = _without_code(received, operation_id) if "3ds" in event_type else received
    return Delivery(
        product=product,
        event_type=OLDER_STAGES.get((event_type, status), event_type),
        operation_id=_word(body, "operation_id"),
        status=status,
        data=body["data"],
        body=body,
    )


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        # Fractions stay the text they were sent as: what reads them as amounts reads text too.
        body = json.loads(raw, parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Unreadable("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise Unreadable("The body is not a JSON object.")
    return body


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _word(body: Mapping[str, Any], name: str) -> str:
    value = next((body[key] for key in ENVELOPE[name] if body.get(key) is not None), None)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise Unreadable(f"{name} is missing or not a text.")
    if len(value) > LONGEST[name]:
        raise Unreadable(f"{name} is longer than {LONGEST[name]} characters.")
    return value.strip()


def _storable(received: dict[str, Any]) -> dict[str, Any]:
    try:
        body: dict[str, Any] = redact(received)
    except TooDeep as error:
        raise Unreadable(str(error)) from None
    return body


def _without_code(received: dict[str, Any], operation_id: str) -> dict[str, Any]:
    """Take out the 3-D Secure code, also where the operation is named by it, as in the provider's own sample."""
    code = text(received["data"], "code")
    body: dict[str, Any] = redact(received, secrets=frozenset({"code"}))
    if code and code in operation_id:
        # The hash keeps two deliveries apart.
        body["operation_id"] = f"code-{keyed_hash(operation_id, purpose='3ds operation')[:32]}"
    return body


def text(data: Mapping[str, Any], key: str) -> str:
    """Read a text that may be absent, null or a number."""
    value = data.get(key)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
