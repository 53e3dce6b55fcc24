from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from customers.display import face_of_gate
from desk.dashboard import board, may_look
from desk.differences import open_differences
from desk.queue import sections
from provider import circuit


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Open on the work there is; people who only administer go on to Django admin."""
    if not request.user.has_perm("customers.view_customer"):
        return redirect("admin:index")
    return TemplateResponse(request, "desk/queue.html", {**_cases(), "differences": open_differences(request.user)})


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def queue_cases(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "desk/_cases.html", _cases())


def _cases() -> dict[str, Any]:
    gate = circuit.look()
    return {"sections": sections(gate), "face": face_of_gate(gate)}


@require_safe
@vary_on_headers("HX-Request")
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show how the portal does: what came in, what failed, what is silent."""
    if not may_look(request.user):
        raise PermissionDenied
    template = "desk/_board.html" if "HX-Request" in request.headers else "desk/dashboard.html"
    return TemplateResponse(request, template, {"board": board(to=request.user, now=timezone.now())})
