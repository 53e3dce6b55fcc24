from typing import cast
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from audit.actions import view_event
from audit.forms import EventFilter
from audit.models import Event


@require_safe
@permission_required("audit.view_event", raise_exception=True)
def index(request: HttpRequest) -> HttpResponse:
    form = EventFilter(request.GET)
    if not form.is_valid():
        return render(request, "audit/index.html", {"form": form, "events": []}, status=422)
    page = form.page()
    context = {
        "form": form,
        "events": page.events,
        "newer_url": form.address(after=page.newer),
        "older_url": form.address(before=page.older),
    }
    return render(request, "audit/index.html", context)


@require_safe
@permission_required("audit.view_event", raise_exception=True)
def event(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Event, pk=pk)
    view_event(found, by=cast("AbstractBaseUser", request.user))
    return render(request, "audit/event.html", {"event": found})
