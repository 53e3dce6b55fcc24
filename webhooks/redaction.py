"""What is taken out of a delivery before it is stored, and how two are compared."""

import hashlib
import json
import re
from typing import Any

REMOVED = "[removed]"
DEEPEST = 40  # no delivery the provider documents is deeper than four
SECRETS = frozenset(
    "pan card_number cvc cvv cvc2 cvv2 pin otp password secret api_key webhook_key private_key".split()  # noqa: SIM905
)
# In a text that is not JSON nothing tells a 3-D Secure code from any other, so each goes.
IN_TEXT = re.compile(rf'"({"|".join(sorted(SECRETS | {"code"}))})"(\s*:\s*)("[^"]*"?|[\d.]+)', re.IGNORECASE)
LONG_NUMBER = re.compile(r"\d{13,19}")


class TooDeep(ValueError):  # noqa: N818 - it is what the body is
    """Nested further than any delivery is."""


def redact(value: Any, *, secrets: frozenset[str] = SECRETS, depth: int = 0) -> Any:
    """Return the value without its secrets and without characters PostgreSQL cannot keep. Raises TooDeep."""
    if depth > DEEPEST:
        raise TooDeep("The body is nested too deeply.")
    if isinstance(value, dict):
        return {
            storable(key): REMOVED
            if key.lower() in secrets and item is not None
            else redact(item, secrets=secrets, depth=depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [redact(item, secrets=secrets, depth=depth + 1) for item in value]
    return storable(value) if isinstance(value, str) else value


def redact_text(text: str) -> str:
    """Do the same to a body that could not be read."""
    return LONG_NUMBER.sub(REMOVED, IN_TEXT.sub(rf'"\1"\2"{REMOVED}"', storable(text)))


def storable(text: str) -> str:
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "�").encode("utf-8", "replace").decode()


def digest_of(body: Any) -> str:
    """Return a digest that ignores the order of keys. Give it a redacted body only: a hash betrays a short code."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
