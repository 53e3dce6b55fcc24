from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from audit.actions import view_event
from audit.forms import EventFilter
from audit.models import Change, Event
from audit.sight import SEES, masked_changes, masked_detail
from audit.signing import signing_keys


@require_safe
@permission_required("audit.view_event", raise_exception=True)
def index(request: HttpRequest) -> HttpResponse:
    return listed(request, EventFilter(request.GET))


def listed(request: HttpRequest, form: EventFilter) -> HttpResponse:
    """Draw the page of the log that the form asks for, or what is wrong with the form."""
    fingerprint = signing_keys()[0].fingerprint
    if not form.is_valid():
        context = {"form": form, "events": [], "fingerprint": fingerprint}
        return render(request, "audit/index.html", context, status=422)
    page = form.page()
    context = {
        "form": form,
        "fingerprint": fingerprint,
        "events": page.events,
        "newer_url": form.address(after=page.newer),
        "older_url": form.address(before=page.older),
        "export_url": reverse("desk:export_log") + form.address()
        if request.user.has_perm("audit.export_event")
        else "",
    }
    return render(request, "audit/index.html", context)


@require_safe
@permission_required("audit.view_event", raise_exception=True)
def event(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Event, pk=pk)
    person = cast("User", request.user)
    view_event(found, by=person)
    is_masked = not person.has_perm(SEES) and found.customer_id is not None and found.is_intact
    changes: list[Change] = []
    if found.is_intact:
        changes = masked_changes(found) if is_masked else found.changes
    if is_masked:
        found.detail = masked_detail(found)
    return render(request, "audit/event.html", {"event": found, "changes": changes, "is_masked": is_masked})
