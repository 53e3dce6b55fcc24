"""What `manage.py check` refuses before a single customer is entered."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from portal.env import DEMO, DEMO_VALUES

SHORTEST_WEBHOOK_KEY = 10  # characters, contract section 10


@register()
def webhook_key_is_usable(**_: Any) -> list[Error]:
    """An unset or short key would let anybody post purchases."""
    if len(settings.CRYPTOMATE_WEBHOOK_KEY) >= SHORTEST_WEBHOOK_KEY:
        return []
    return [
        Error(
            f"CRYPTOMATE_WEBHOOK_KEY is shorter than {SHORTEST_WEBHOOK_KEY} characters.",
            hint="Set the key that was registered with the webhook subscription.",
            id="portal.E001",
        )
    ]


@register(deploy=True)
def provider_is_reached_over_tls(**_: Any) -> list[Error]:
    """The API key and passports travel to this address."""
    if settings.CRYPTOMATE_API_URL.startswith("https://") or DEMO:
        return []
    return [
        Error("CRYPTOMATE_API_URL is not https.", hint="https://api.cryptomate.me in production.", id="portal.E003")
    ]


@register(deploy=True)
def no_demo_values(**_: Any) -> list[Error]:
    """The demo's keys stand in the repository."""
    if DEMO:
        return []
    held = {"DATA_KEYS": ",".join(settings.DATA_KEYS)} | {
        name: getattr(settings, name)
        for name in ("SECRET_KEY", "AUDIT_KEY", "CRYPTOMATE_API_KEY", "CRYPTOMATE_WEBHOOK_KEY")
    }
    return [
        Error(f"{name} is the demo's value.", hint=f"Set {name} to a secret of your own.", id="portal.E002")
        for name, value in held.items()
        if value == DEMO_VALUES[name]
    ]
