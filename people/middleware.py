from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from people import sessions
from people.actions import expire_session
from people.policies import has_second_factor, needs_second_factor

Answer = Callable[[HttpRequest], HttpResponse]
OF_ITSELF = "X-Of-Itself"  # the header a page sends with what it asks without anybody having done anything


def sessions_end(get_response: Answer) -> Answer:
    """Sign out who has done nothing for a while, or signed in long ago. What a page asks by itself is not an act."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session:
            if sessions.seconds_left(request.session) <= 0:
                expire_session(request)
            elif OF_ITSELF not in request.headers:
                sessions.note_activity(request.session)
        return get_response(request)

    return middleware


def second_factor_first(get_response: Answer) -> Answer:
    """Lead who must have a second factor and has none to where it is set up, before any other page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/accounts/") and _lacks_second_factor(request.user):
            return HttpResponseRedirect(reverse("mfa_index"))
        return get_response(request)

    return middleware


def _lacks_second_factor(user: User | AnonymousUser) -> bool:
    return isinstance(user, User) and needs_second_factor(user) and not has_second_factor(user)
