import logging
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

_request_id: ContextVar[str] = ContextVar("request_id", default="-")


def request_id(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Name each request, so that a person can quote the number an error page showed and we find its lines."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.META["REQUEST_ID"] = name = uuid.uuid4().hex[:12]
        token = _request_id.set(name)
        try:
            response = get_response(request)
        finally:
            _request_id.reset(token)
        response["X-Request-Id"] = name
        return response

    return middleware


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _request_id.get()
        return True
