"""Reading a request's body, and never more of it into memory than the largest delivery has."""

from typing import Any

from django.http import HttpRequest

LARGEST_BODY = 256 * 1024


class TooLarge(ValueError):  # noqa: N818 - it is what the body is
    """There is more than any delivery has; what lies beyond the limit was not read."""


class CutOff(ValueError):  # noqa: N818 - it is what the body is
    """The sender stopped before the end."""


def read_body(request: HttpRequest) -> bytes:
    """Return the whole body. Raises TooLarge and CutOff."""
    if _announced(request) > LARGEST_BODY:
        raise TooLarge
    try:
        raw: bytes = _stream(request).read(LARGEST_BODY + 1)
    except OSError:
        raise CutOff from None
    if len(raw) > LARGEST_BODY:
        raise TooLarge
    return raw


def _announced(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or ""
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


def _stream(request: HttpRequest) -> Any:
    """Return what the body is read from. Django takes one that comes in chunks, with no length, for an empty one."""
    is_chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    if is_chunked and request.META.get("wsgi.input_terminated"):
        return request.META["wsgi.input"]
    return request
