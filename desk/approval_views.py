import uuid
from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from customers.paging import beside
from customers.status_changes import StepNotAllowed
from customers.views import PersonRequest
from desk import approvals as shown
from people import four_eyes
from people.approvals import Approval, acts_decided_by
from people.confirming import confirmed
from people.rights import NotAllowed
from provider.actions import AlreadyUnderway

SETTLED = "decided"
MAY_NOT = (NotAllowed, StepNotAllowed, AlreadyUnderway)


@require_GET
@permission_required("customers.view_customer", raise_exception=True)
def approvals(request: PersonRequest) -> HttpResponse:
    """List what waits for a second person, as far as it concerns this one."""
    return _page(request)


@require_POST
@confirmed
def approve(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return _decide(request, pk, four_eyes.approve, "Approved.")


@require_POST
def refuse(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return _decide(request, pk, four_eyes.refuse, "Refused.")


@require_POST
@permission_required("customers.view_customer", raise_exception=True)
def withdraw(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    approval = get_object_or_404(Approval, pk=pk)
    return _answer(request, lambda: four_eyes.withdraw(approval=approval, by=request.user), "Withdrawn.")


def _decide(request: PersonRequest, pk: uuid.UUID, act: Callable[..., Approval], said: str) -> HttpResponse:
    if not acts_decided_by(request.user):
        raise PermissionDenied
    approval = get_object_or_404(Approval, pk=pk)
    note = request.POST.get("note", "").strip()[:300]
    act_now = partial(act, approval=approval, by=request.user, note=note)
    return _answer(request, act_now, said, typed_for=pk, typed=note)


def _answer(request: PersonRequest, act: Callable[[], Approval], said: str, **typed: object) -> HttpResponse:
    try:
        approval = act()
    except MAY_NOT as refusal:
        return _page(request, refusal=str(refusal), status=409, **typed)
    words = shown.rows_of([approval], request.user)[0].each.words
    messages.success(request, f"{said} {words}")
    return redirect(_back(request))


def _back(request: PersonRequest) -> str:
    """Return to the page the decision was made on, where that is one of ours."""
    back = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if back and is_ours else reverse("desk:approvals")


def _page(request: PersonRequest, *, refusal: str = "", status: int = 200, **typed: object) -> HttpResponse:
    is_settled = request.GET.get("state") == SETTLED
    older, newer = (request.GET.get(name, "") for name in ("older", "newer"))
    listed = shown.listed(request.user, is_settled=is_settled, older=older, newer=newer)
    context = {
        "listed": listed,
        "is_settled": is_settled,
        "refusal": refusal,
        **typed,
        **beside(listed.page, "desk:approvals", state=SETTLED if is_settled else ""),
    }
    return render(request, "desk/approvals.html", context, status=status)
