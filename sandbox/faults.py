"""Things that go wrong on purpose: what the console asked for, matched and carried out."""

import re
import select
import socket
import time
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse

from sandbox.errors import ApiError, InputError, dumps
from sandbox.models import Fault

KINDS = {
    "slow": "waits, then answers as usual",
    "error": "answers the status and body given, without acting; a 503 asks to wait",
    "html": "answers a page of HTML, as a proxy in front would",
    "half_body": "acts, then closes the connection in the middle of the answer",
    "drop_before": "closes the connection without acting",
    "drop_after": "acts, then closes the connection without an answer",
    "hang": "accepts and never answers, then closes the connection",
    "hang_after": "acts and never answers, then closes the connection",
    "rate_limit": "answers 429",
    "unauthorized": "answers 401",
}
BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"
METHODS = ("*", "GET", "POST", "PUT", "PATCH", "DELETE")
# Set when the server stops, so that nothing that waits keeps it from stopping.
stopping = Event()

View = Callable[[HttpRequest], HttpResponse]


def add(values: Mapping[str, Any]) -> Fault:
    """Store a fault. `times` is how often it happens, null until cleared; `*` in the path stands for one segment."""
    kind, method, path = values.get("kind"), str(values.get("method") or "*").upper(), values.get("path")
    if kind not in KINDS:
        raise InputError(f"kind is one of {', '.join(KINDS)}")
    if method not in METHODS:
        raise InputError(f"method is one of {', '.join(METHODS)}")
    if not isinstance(path, str) or not path.startswith("/"):
        raise InputError("path starts with /")
    body = values.get("body") or ""
    return Fault.objects.create(
        kind=kind,
        method=method,
        path=path,
        remaining=_whole_number(values, "times", 1),
        seconds=_seconds(values),
        answer_status=_whole_number(values, "status", None) or (502 if kind == "html" else 500),
        answer_body=body if isinstance(body, str) else dumps(body),
    )


def _whole_number(values: Mapping[str, Any], name: str, default: int | None) -> int | None:
    value = values.get(name, default)
    if value in (None, ""):
        return None
    if not str(value).isdecimal():
        raise InputError(f"{name} is a whole number")
    return int(value)


def _seconds(values: Mapping[str, Any]) -> float:
    try:
        return float(values.get("seconds") or 1)
    except (TypeError, ValueError):
        raise InputError("seconds is a number") from None


def claim(method: str, path: str) -> Fault | None:
    """Take the oldest fault that fits this request, and count it down."""
    for fault in Fault.objects.filter(Q(remaining=None) | Q(remaining__gt=0), method__in=("*", method)):
        if _fits(fault.path, path) and _count_down(fault):
            return fault
    return None


def _fits(pattern: str, path: str) -> bool:
    segments = re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]+")
    return re.fullmatch(segments, path) is not None


def _count_down(fault: Fault) -> bool:
    if fault.remaining is None:
        return True
    left = Fault.objects.filter(id=fault.id, remaining__gt=0)
    return left.update(remaining=F("remaining") - 1) == 1


def perform(fault: Fault, request: HttpRequest, view: View) -> HttpResponse:
    match fault.kind:
        case "slow":
            stopping.wait(fault.seconds)
            return view(request)
        case "error":
            answer = HttpResponse(fault.answer_body, status=fault.answer_status, content_type="application/json")
            if fault.answer_status == 503:
                answer["Retry-After"] = str(max(1, round(fault.seconds)))
            return answer
        case "html":
            return HttpResponse(fault.answer_body or BAD_GATEWAY, status=fault.answer_status)
        case "rate_limit":
            return too_many_requests(max(1, round(fault.seconds)))
        case "unauthorized":
            return ApiError(401, "AUTH", "Invalid API key").response()
        case _:
            return _cut_off(fault, request, view)


def _cut_off(fault: Fault, request: HttpRequest, view: View) -> HttpResponse:
    answer = view(request) if fault.kind in ("half_body", "drop_after", "hang_after") else HttpResponse()
    if fault.kind == "half_body":
        _send_half(request, answer)
    if fault.kind in ("hang", "hang_after"):
        _wait(request, fault.seconds)
    _close(request)
    return HttpResponse()


def _wait(request: HttpRequest, seconds: float) -> None:
    """Wait so long, or until the caller is gone."""
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at and not _is_gone(_socket(request)):
        if stopping.wait(0.05):
            return


def _is_gone(caller: socket.socket) -> bool:
    """Answer whether the caller closed the connection: then there is something to read, and it is nothing."""
    readable, _, _ = select.select([caller], [], [], 0)
    try:
        return bool(readable) and not caller.recv(1, socket.MSG_PEEK)
    except ConnectionError:
        return True


def _send_half(request: HttpRequest, answer: HttpResponse) -> None:
    head = (
        f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(answer.content)}\r\n\r\n"
    )
    _socket(request).sendall(head.encode() + answer.content[: len(answer.content) // 2])


def _close(request: HttpRequest) -> None:
    # What the server writes afterwards goes nowhere: the caller sees a connection that ended.
    _socket(request).shutdown(socket.SHUT_RDWR)


def _socket(request: HttpRequest) -> socket.socket:
    connection: socket.socket = request.META["gunicorn.socket"]
    return connection


def too_many_requests(seconds: int) -> HttpResponse:
    message = f"Rate limit exceeded. Retry after {seconds} seconds"
    answer = HttpResponse(
        dumps({"error_code": "TOO_MANY_REQUESTS", "message": message}), status=429, content_type="application/json"
    )
    answer["Retry-After"] = str(seconds)
    return answer
