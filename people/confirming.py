"""Sensitive acts ask for the password again, unless it was given a short while ago."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from people.sessions import is_confirmed

View = Callable[..., HttpResponseBase]


def require_confirmation(request: HttpRequest) -> None:
    """Raise ReauthenticationRequired, which leads to the password and back, and sends again the form that waited."""
    if not is_confirmed(request):
        raise ReauthenticationRequired


def confirmed(view: View) -> View:
    """Let only those act who have shown lately that they are who signed in; all may look.

    A plain form that is stopped is carried out after the password; a swap leads there and back to its page.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            if getattr(request, "htmx", False) and not is_confirmed(request):
                return _lead_to_password(request)
            require_confirmation(request)
        return view(request, *args, **kwargs)

    return wrapper


def way_to_password(request: HttpRequest, *, back_to: str) -> HttpResponse | None:
    """Return the way to the password and back to a page, or None where it was given lately.

    For acts that answer with a file: done after the password, they would leave the person on its page.
    """
    if is_confirmed(request):
        return None
    messages.info(request, "You had to confirm who you are. Ask for the file again.")
    return redirect(_password_then(back_to))


def _lead_to_password(request: HttpRequest) -> HttpResponse:
    page = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
    return HttpResponseClientRedirect(_password_then(page))


def _password_then(page: str) -> str:
    return f"{reverse('account_reauthenticate')}?{urlencode({'next': page})}"
