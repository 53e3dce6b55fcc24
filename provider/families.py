"""Every way a call can fail: what the officer reads, and how loud the log is.

One row for each family of `cryptomate.errors`; the sentences are for calls that wait. A refusal is told where it
belongs, with the provider's own words.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone
from django.utils.dateformat import format as date_format

from cryptomate import CryptoMateError, MalformedAnswer, NoAnswer, NotSent, RateLimited, Refused, Unauthorized
from provider.circuit import Gate
from provider.models import CallState, ProviderCall

logger = logging.getLogger(__name__)


class Family(NamedTuple):
    title: str
    text: str  # after what was being done, for example "Registering the customer"
    level: int


WAITS = "waits. Everything is kept; nothing for you to do."
KEY_TEXT = "waits. Everything is kept and will be sent; the admins see why on their dashboard."
LOOKED_UP = "has no answer. We look up whether it happened before asking again; nothing for you to do."

AWAY_TITLE, KEY_TITLE, SLOWER_TITLE = (
    "CryptoMate is not answering", "CryptoMate does not take our calls", "CryptoMate asks us to slow down"
)  # fmt: skip

REFUSED = Family("CryptoMate refused it", "was refused.", logging.INFO)
KEY = Family(KEY_TITLE, KEY_TEXT, logging.ERROR)
SLOWER = Family(SLOWER_TITLE, WAITS, logging.WARNING)
UNREACHABLE = Family("CryptoMate cannot be reached", WAITS, logging.WARNING)
UNANSWERED = Family("No answer yet", LOOKED_UP, logging.WARNING)
UNREADABLE = Family("No answer yet", LOOKED_UP, logging.ERROR)
OTHER = Family("CryptoMate cannot be reached", WAITS, logging.ERROR)

# The first that fits, so the narrower ones stand first.
FAMILIES: Mapping[type[CryptoMateError], Family] = {
    Refused: REFUSED,
    Unauthorized: KEY,
    RateLimited: SLOWER,
    NotSent: UNREACHABLE,
    MalformedAnswer: UNREADABLE,
    NoAnswer: UNANSWERED,
    CryptoMateError: OTHER,
}


def family_of(error: CryptoMateError) -> Family:
    return next(family for kind, family in FAMILIES.items() if isinstance(error, kind))


def family_of_call(call: ProviderCall) -> Family | None:
    """Return what an open call waits for; None while nothing has gone wrong with it."""
    if call.state == CallState.UNKNOWN:
        return UNANSWERED
    if call.http_status in (401, 403):
        return KEY
    if call.http_status == 429:
        return SLOWER
    return UNREACHABLE if call.error_code else None


def log_failure(call: ProviderCall, error: CryptoMateError) -> None:
    """Write the line by which support and the provider's support find this failure again."""
    trace = error.trace_id or "none"
    status = error.status or "no status"
    what = error.code or error.reason or "no code"
    logger.log(
        family_of(error).level,
        "Call %s (%s), attempt %s: %s, %s, %s, trace %s",
        call.pk, call.kind, call.attempts, type(error).__name__, status, what, trace,
    )  # fmt: skip


def title_of(gate: Gate) -> str:
    """Return what keeps every call from the provider at this moment, or an empty string."""
    if gate.is_open:
        return KEY_TITLE if gate.refuses_our_key else AWAY_TITLE
    return SLOWER_TITLE if gate.is_blocked else ""


def sentence_of(gate: Gate) -> str:
    """Return the same as a sentence with its times, for a person who just asked; empty where calls are made."""
    if gate.is_open:
        return f"{title_of(gate)} since {_time(gate.since)}; your work is saved and will be sent."
    return f"{title_of(gate)} until {_time(gate.blocked_until)}." if gate.is_blocked else ""


def _time(moment: datetime | None) -> str:
    local = timezone.localtime(moment)
    return date_format(local, "H:i" if local.date() == timezone.localdate() else "j M H:i")
