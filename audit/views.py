from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audit.actions import export_events, view_event
from audit.export import csv_of
from audit.forms import EventFilter
from audit.models import Change, Event
from audit.sight import SEES, masked_changes, masked_detail
from audit.signing import signing_keys


@require_safe
@permission_required("audit.view_event", raise_exception=True)
def index(request: HttpRequest) -> HttpResponse:
    return _list(request, EventFilter(request.GET))


def _list(request: HttpRequest, form: EventFilter) -> HttpResponse:
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
        "export_url": reverse("audit:export") + form.address() if request.user.has_perm("audit.export_event") else "",
    }
    return render(request, "audit/index.html", context)


@require_POST
@permission_required(("audit.view_event", "audit.export_event"), raise_exception=True)
def export(request: HttpRequest) -> HttpResponseBase:
    """Send the list that the address asks for, the whole of it, as a file."""
    form = EventFilter(request.GET)
    if not form.is_valid():
        return _list(request, form)
    by = cast("User", request.user)
    export_events(by=by, filters=form.chosen(), customer_id=form.cleaned_data["customer"])
    headers = {"Content-Disposition": f'attachment; filename="audit-{timezone.now():%Y-%m-%d}.csv"'}
    lines = csv_of(form.events().latest_first())
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


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
