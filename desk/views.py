import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from customers.display import face_of_gate
from customers.policies import NotAllowed
from customers.views import PersonRequest
from desk.case_actions import assign_cases
from desk.case_forms import AssignForm
from desk.case_policies import WORKS
from desk.case_views import queue_url
from desk.cases import Case
from desk.dashboard import board, may_look
from desk.differences import open_differences
from desk.filters import CHIPS, MARKS, SIDE_LABELS, WHOSE, Filters, countries, document_types
from desk.held_up import held_up_calls
from desk.queue import held_by, sections
from desk.saved_filters import LONGEST_NAME, SavedFilter, remove_filter, save_filter, saved_filters_of
from provider import circuit


@require_safe
def queue(request: PersonRequest) -> HttpResponse:
    """Open on the work there is; people who only administer go on to Django admin."""
    if not request.user.has_perm("customers.view_customer"):
        return redirect("admin:index")
    return _page(request)


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def queue_cases(request: PersonRequest) -> HttpResponse:
    return TemplateResponse(request, "desk/_cases.html", _cases(request))


@require_POST
@permission_required(("customers.view_customer", WORKS), raise_exception=True)
def assign(request: PersonRequest) -> HttpResponse:
    """Assign the cases that were ticked in the list."""
    form = AssignForm(request.POST, by=request.user, auto_id="bulk_%s")
    cases = list(Case.objects.filter(pk__in=_ids(request.POST.getlist("case"))))
    if not form.is_valid():
        return _page(request, refusal="Choose to whom the cases go.", status=422, assign_form=form)
    if not cases:
        return _page(request, refusal="Tick the cases to assign first.", status=422, assign_form=form)
    try:
        changed = assign_cases(cases=cases, to=form.person(), by=request.user)
    except NotAllowed as refusal:
        return _page(request, refusal=str(refusal), status=409, assign_form=form)
    messages.success(request, f"{changed} case{'' if changed == 1 else 's'} assigned.")
    return redirect(queue_url(Filters.read(request.GET)))


@require_POST
@permission_required("customers.view_customer", raise_exception=True)
def keep_filter(request: PersonRequest) -> HttpResponse:
    """Save the filters in the address under the name that was typed."""
    filters = Filters.read(request.GET)
    try:
        saved = save_filter(name=request.POST.get("name", ""), filters=filters, by=request.user)
    except NotAllowed as refusal:
        return _page(request, refusal=str(refusal), status=422)
    messages.success(request, f"Saved as “{saved}”.")
    return redirect(queue_url(filters))


@require_POST
@permission_required("customers.view_customer", raise_exception=True)
def drop_filter(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    saved = get_object_or_404(SavedFilter, pk=pk)
    try:
        remove_filter(saved=saved, by=request.user)
    except NotAllowed as refusal:
        return _page(request, refusal=str(refusal), status=409)
    messages.success(request, f"“{saved}” is not kept any more.")
    return redirect("desk:queue")


def _page(
    request: PersonRequest, *, refusal: str = "", status: int = 200, assign_form: AssignForm | None = None
) -> HttpResponse:
    cases = _cases(request)
    may_work = request.user.has_perm(WORKS)
    context = {
        **cases,
        "differences": open_differences(request.user),
        "chips": CHIPS,
        "sides": SIDE_LABELS,
        "whose": WHOSE,
        "marks": [(mark, label, getattr(cases["filters"], mark)) for mark, label in MARKS.items()],
        "countries": countries(),
        "documents": document_types(),
        "saved": [(each, each.query == cases["filters"].query) for each in saved_filters_of(request.user)],
        "longest_name": LONGEST_NAME,
        "typed_name": request.POST.get("name", ""),
        "held": held_by(request.user) if may_work else [],
        "assign_form": (assign_form or AssignForm(by=request.user, auto_id="bulk_%s")) if may_work else None,
        "ticked": _ids(request.POST.getlist("case")),
        "refusal": refusal,
    }
    return TemplateResponse(request, "desk/queue.html", context, status=status)


def _cases(request: PersonRequest) -> dict[str, Any]:
    filters, gate = Filters.read(request.GET), circuit.look()
    place = {"older": request.GET.get("older", ""), "newer": request.GET.get("newer", "")}
    shown = sections(filters, request.user, **place)
    query = request.GET.urlencode()
    return {
        "filters": filters,
        "sections": shown,
        "held_up": [] if filters else held_up_calls(gate),
        "face": face_of_gate(gate),
        "has_rows": any(section.rows for section in shown),
        "may_work": request.user.has_perm(WORKS),
        "poll_url": reverse("desk:queue_cases") + (f"?{query}" if query else ""),
    }


def _ids(words: list[str]) -> list[uuid.UUID]:
    ids = []
    for word in words:
        try:
            ids.append(uuid.UUID(word))
        except ValueError:  # nothing of ours
            continue
    return ids


@require_safe
@vary_on_headers("HX-Request")
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show how the portal does: what came in, what failed, what is silent."""
    if not may_look(request.user):
        raise PermissionDenied
    template = "desk/_board.html" if "HX-Request" in request.headers else "desk/dashboard.html"
    return TemplateResponse(request, template, {"board": board(to=request.user, now=timezone.now())})
