"""Where a person is led who is not signed in, or whom a door is not for."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

READING = ("GET", "HEAD")


class SignInMiddleware(LoginRequiredMiddleware):
    """Leads back to the page a person was on: the address of an act shows nothing to somebody who opens it."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        if request.method in READING:
            return super().handle_no_permission(request, view_func)
        return redirect_to_login(_page_before(request), self.get_login_url(view_func))


def _page_before(request: HttpRequest) -> str:
    before = urlsplit(request.headers.get("Referer", ""))
    if before.netloc != request.get_host():
        return "/"
    return before._replace(scheme="", netloc="", fragment="").geturl() or "/"


@login_not_required
def admin_door(request: HttpRequest) -> HttpResponse:
    """Lead to the portal's one sign-in page; whom it has let in and the admin has not would come straight back."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise PermissionDenied("Django admin is open to admins only.")
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
