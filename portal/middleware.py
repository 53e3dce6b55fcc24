import logging
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache

from django.conf import settings
from django.contrib.messages import get_messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import is_valid_path, reverse
from django_htmx.http import trigger_client_event

_request_id: ContextVar[str] = ContextVar("request_id", default="-")


def guarded(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Keep answers out of caches, of other sites and of what the browser could do besides.

    Static files and whatever says itself how it may be kept stay as they are.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return response

    return middleware


def behind_proxies(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Take a person's address from the proxies that we were told stand before us: each adds the one it saw at the end.

    What stands before those is what anybody can send.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        seen = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if 0 < settings.TRUSTED_PROXIES <= len(seen):
            request.META["REMOTE_ADDR"] = seen[-settings.TRUSTED_PROXIES].strip()
        return get_response(request)

    return middleware


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


def deliveries_first(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Take CryptoMate's deliveries before all that only people need: sessions, sign-in, forms, pages."""
    from webhooks.views import intake  # the settings name this module before there are models

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or request.path_info != _intake():
            return get_response(request)
        response = intake(request)
        response["Content-Length"] = len(response.content)  # without it the server writes the answer in chunks
        return response

    return middleware


@cache
def _intake() -> str:
    return reverse("webhooks:intake")


def utf8_only(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Read words as UTF-8, as every browser writes them, whatever codec of Python's a request names.

    A form that says it is written otherwise is refused rather than misread. So is an address with NUL, which UTF-8 has
    and PostgreSQL has not.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            raise BadRequest("An address holds no NUL.")
        if request.encoding and request.encoding.lower() not in ("utf-8", "utf8"):
            if request.content_type == "multipart/form-data":
                raise BadRequest("Forms are written in UTF-8.")
            request.encoding = "utf-8"
        return get_response(request)

    return middleware


def redirects_for_pages(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Let the browser open the page that follows a form, where the form swaps its whole page.

    The sign-in page is not such a page: a script sees to it that it replaces nothing that was typed.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        swaps_page = request.headers.get("HX-Target") == "main"
        if swaps_page and response.has_header("Location") and request.user.is_authenticated:
            response.status_code = 200
            response["HX-Redirect"] = response["Location"]
            del response["Location"]
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


def acts_are_no_pages(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Show a person who opens the address of an act the way to what the act is about, instead of nothing."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 405 or "text/html" not in request.headers.get("Accept", ""):
            return response
        page = render(request, "405.html", {"about_url": _what_it_is_about(request.path)}, status=405)
        page["Allow"] = response["Allow"]
        return page

    return middleware


def _what_it_is_about(path: str) -> str:
    parts = path.strip("/").split("/")
    above = ("/".join(["", *parts[:length], ""]) for length in range(len(parts) - 1, 0, -1))
    return next(filter(is_valid_path, above), "/")


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _request_id.get()
        return True
