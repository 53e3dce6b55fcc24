import ipaddress
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from audit.door import past_the_actions
from audit.kinds import Source
from audit.origin import acting_as


class AuditContextMiddleware:
    """Tells the audit log which request it is recording for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting_as(source=Source.WEB, ip=_address(request), request_id=request.META.get("REQUEST_ID", "")):
            return self.get_response(request)


def past_the_actions_in_admin(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Have what Django admin writes recorded by the triggers, unless an action or the page itself records it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(reverse("admin:index")):
            return get_response(request)
        with past_the_actions(request.user):
            return get_response(request)

    return middleware


def _address(request: HttpRequest) -> str | None:
    # Not X-Forwarded-For, which anybody can send.
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None
