import uuid

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from customers.models import Note
from customers.note_actions import mark_seen
from customers.views import PersonRequest, kept_by_nobody
from desk.mentions import mentions_of


@require_GET
@permission_required("customers.view_customer", raise_exception=True)
def mentions(request: PersonRequest) -> HttpResponse:
    """List where the person is mentioned: what they have not seen first, then the rest page by page."""
    listed = mentions_of(request.user, older=request.GET.get("older", ""), newer=request.GET.get("newer", ""))
    return kept_by_nobody(render(request, "desk/mentions.html", {"listed": listed}))


@require_POST
@permission_required("customers.view_customer", raise_exception=True)
def mention_seen(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    """Mark what mentions the person in a note as seen."""
    mark_seen(note=get_object_or_404(Note, pk=pk), by=request.user)
    return redirect("desk:mentions")
