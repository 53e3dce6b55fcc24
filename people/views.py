from operator import attrgetter

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from people.actions import end_sessions
from people.sessions import seconds_left


@require_GET
def sessions(request: HttpRequest) -> HttpResponse:
    """Show where the person is signed in."""
    own = UserSession.objects.purge_and_list(request.user)
    latest_first = sorted(own, key=attrgetter("created_at"), reverse=True)
    return render(request, "people/sessions.html", {"sessions": latest_first})


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """Sign out one other browser of the person's, or all of them."""
    others = UserSession.objects.filter(user=request.user).exclude(session_key=request.session.session_key)
    chosen = request.POST.get("session", "")
    end_sessions(others.filter(pk=chosen) if chosen.isdecimal() else others, by=request.user)  # type: ignore[arg-type] # behind the door
    messages.success(request, "Signed out there.")
    return redirect("people:sessions")


@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """Say how long the session lasts. A page asks; a POST is a person who stays."""
    if request.method == "GET" and "json" not in request.headers.get("Accept", ""):
        return render(request, "people/back.html")
    return JsonResponse({"left": round(seconds_left(request.session)), "name": request.user.get_username()})
