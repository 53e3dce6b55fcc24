import logging
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django_htmx.http import trigger_client_event

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


def messages_for_swaps(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Bring messages to a page that swaps a part of itself: they travel as an event, since no page is drawn."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if getattr(request, "htmx", False) and not 300 <= response.status_code < 400:
            items = [{"level": each.level_tag, "text": str(each.message)} for each in get_messages(request)]
            if items:
                trigger_client_event(response, "messages", {"items": items})
        return response

    return middleware


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _request_id.get()
        return True
