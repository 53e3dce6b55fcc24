"""What can go wrong in a call to CryptoMate, by what the caller should do next.

Only the status and the code decide: the provider uses `VAL` for unrelated refusals and changes its sentences. `str()`
of an error is safe to log; `message` is the provider's sentence, for the person who works on the case.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

PLAIN_WORD = re.compile(r"[\w.:-]{1,128}", re.ASCII)
LONGEST_MESSAGE = 1000
LONGEST_WAIT = 3600.0  # the provider's longest block


class CryptoMateError(Exception):
    """Any call that did not end with a usable answer."""

    def __init__(
        self, message: str = "", *, status: int | None = None, code: str = "", trace_id: str = "", reason: str = ""
    ) -> None:
        super().__init__()  # no args: whoever prints them would print the provider's sentence
        self.message = message
        self.status = status
        self.code = code
        self.trace_id = trace_id
        self.reason = reason

    def __str__(self) -> str:
        trace = f"trace {self.trace_id}" if self.trace_id else ""
        status = str(self.status) if self.status else ""
        return " ".join(part for part in (status, self.code, self.reason, trace) if part) or "no details"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


class Refused(CryptoMateError):  # noqa: N818 - named for what happened
    """CryptoMate understood and said no. The same call will be refused again."""


class NotFound(Refused):
    """404 in the provider's own words; a 404 from anything else is `NoAnswer`."""


class Conflict(Refused):
    """409: the call contradicts what the provider already holds, such as a second open request."""


class Invalid(Refused):
    """400, 412 and their kin: the values are wrong or a rule of the provider forbids them."""


class Unauthorized(CryptoMateError):  # noqa: N818 - named for what happened
    """401 or 403: the API key is missing, wrong or not allowed to do this. Someone must fix the configuration."""


class RateLimited(CryptoMateError):  # noqa: N818 - named for what happened
    """429: nothing was done. Call again after `retry_after` seconds."""

    retry_after: float = 1.0


class ApiUnavailable(CryptoMateError):  # noqa: N818 - named for what happened
    """CryptoMate gave no usable answer. `acted_possibly` says whether it may have carried out what we asked."""

    acted_possibly: bool = False
    retry_after: float | None = None


class NotSent(ApiUnavailable):
    """The request never left: refused connection, unknown host, bad certificate. Nothing was done; call again."""


class NoAnswer(ApiUnavailable):
    """The request left and its outcome is unknown. Look at the provider before repeating a change."""


class MalformedAnswer(NoAnswer):
    """The call succeeded and the answer is not the documented shape. `field` names the first place that is not."""

    def __init__(self, field: str = "") -> None:
        super().__init__(reason=f"unreadable {field}" if field else "not JSON")
        self.field = field


BY_STATUS: Mapping[int, type[CryptoMateError]] = {
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    408: NoAnswer,
    409: Conflict,
    429: RateLimited,
}


def error_from_answer(
    status: int, headers: Mapping[str, str], body: object, *, changes_something: bool
) -> CryptoMateError:
    """Return the error that an answer outside 2xx stands for. `body` is its JSON, or None where it has none."""
    fields: Mapping[str, object] = body if isinstance(body, dict) else {}
    code = plain_word(fields.get("code")) or plain_word(fields.get("error_code"))
    message = fields.get("message")
    error = _kind(status, code)(
        message[:LONGEST_MESSAGE] if isinstance(message, str) else "",
        status=status,
        code=code,
        trace_id=trace_id_of(headers, body),
    )
    if isinstance(error, RateLimited):
        error.retry_after = seconds_to_wait(headers.get("Retry-After"), now=datetime.now(UTC)) or 1.0
    if isinstance(error, NoAnswer):
        error.retry_after = seconds_to_wait(headers.get("Retry-After"), now=datetime.now(UTC))
        error.acted_possibly = changes_something
    return error


def _kind(status: int, code: str) -> type[CryptoMateError]:
    if status == 404 and not code:
        return NoAnswer  # a proxy or a wrong address: says nothing about whether the object exists
    if status in BY_STATUS:
        return BY_STATUS[status]
    if 400 <= status < 500:
        return Invalid
    return NoAnswer if status >= 500 else Refused


def trace_id_of(headers: Mapping[str, str], body: object) -> str:
    """Return the id that CryptoMate's support asks for, from the body or else the header."""
    in_body = plain_word(body.get("trace_id")) if isinstance(body, dict) else ""
    return in_body or plain_word(headers.get("X-Trace-Id"))


def plain_word(value: object) -> str:
    """Return the value if it is a short word that can stand in a log line, else an empty string."""
    return value if isinstance(value, str) and PLAIN_WORD.fullmatch(value) else ""


def seconds_to_wait(header: str | None, *, now: datetime) -> float | None:
    """Read `Retry-After`, given in seconds or as an HTTP date. None where it is absent or makes no sense."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        return _seconds_until(header, now)
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None


def _seconds_until(header: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((aware - now).total_seconds(), 0.0), LONGEST_WAIT)
