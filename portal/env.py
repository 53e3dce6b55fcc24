"""What the environment says, typed and checked once. The table of variables is in the README."""

import re
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from environs import Env

from portal import embedded

env = Env()

DEBUG = env.bool("DEBUG", False)
# The demo runs with real error pages, so it asks for the demo's keys without asking for Django's debug pages.
DEMO = env.bool("DEMO", DEBUG)

# Keys for a machine that holds no real customer. They stand in the repository, so production refuses to start on them.
DEMO_VALUES = {
    "SECRET_KEY": "demo-secret-key-for-a-machine-that-holds-no-real-customer",
    "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1],testserver",
    "DATA_KEYS": "ZGVtby1kYXRhLWtleS1mb3ItdGhlLXBvcnRhbC0wMDA=",
    "AUDIT_KEY": "demo-audit-key-for-a-machine-that-holds-no-real-customer",
    "CRYPTOMATE_API_KEY": "demo-api-key",
    "CRYPTOMATE_WEBHOOK_KEY": "demo-webhook-key",
}


def required(name: str) -> str:
    """Return a variable that production must set; the demo has a value of its own.

    Raises ImproperlyConfigured, naming the variable, where neither is there.
    """
    value = env.str(name, "")
    if not value and DEMO:
        value = DEMO_VALUES[name]
    if not value:
        raise ImproperlyConfigured(
            f"Set {name} in the environment. For a trial on one machine run script/demo instead."
        )
    return value


def hours(name: str, default: str) -> tuple[int, int] | None:
    """Return the first and the last hour of a variable like `1-5`; None where it is `never`.

    Raises ImproperlyConfigured for anything else.
    """
    value = env.str(name, "") or default
    if value == "never":
        return None
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})", value)
    first, last = (int(found[1]), int(found[2])) if found else (0, 0)
    if first == last or max(first, last) > 23:
        raise ImproperlyConfigured(f"Write {name} as two different hours from 0 to 23, like 1-5, or as never.")
    return first, last


def minutes(name: str, default: int) -> int:
    """Return a whole number of minutes, at least one. Raises ImproperlyConfigured for anything else."""
    value = env.str(name, "") or str(default)
    if not re.fullmatch(r"[1-9]\d{0,3}", value):
        raise ImproperlyConfigured(f"Write {name} as a number of minutes, like {default}.")
    return int(value)


def one_of(name: str, choices: tuple[str, ...], *, default: str) -> str:
    """Return a variable that is one of a few words. Raises ImproperlyConfigured for another."""
    value = env.str(name, "") or default
    if value not in choices:
        raise ImproperlyConfigured(f"Set {name} to one of {', '.join(choices)}.")
    return value


def names(value: str) -> list[str]:
    return [name.strip() for name in value.split(",") if name.strip()]


VAR_DIR: Path = embedded.VAR_DIR
PORT = env.int("PORT", 8000)
SANDBOX_PORT = env.int("SANDBOX_PORT", 8001)
DATABASE = dj_database_url.parse(env.str("DATABASE_URL", "") or embedded.url("portal"))
BROKER_URL = env.str("CELERY_BROKER_URL", "")
