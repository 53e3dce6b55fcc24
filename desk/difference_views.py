import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from customers.comparison_runs import compare_now, stop_comparison
from customers.comparisons import Discrepancy
from customers.paging import beside
from customers.policies import NotAllowed
from customers.views import PersonRequest
from desk import differences as shown
from provider.actions import AlreadyUnderway

SETTLED = "decided"
DECIDES = ("customers.view_discrepancy", "customers.decide_discrepancy")


@require_GET
@permission_required("customers.view_discrepancy", raise_exception=True)
def differences(request: PersonRequest) -> HttpResponse:
    return _page(request)


@require_POST
@permission_required(DECIDES, raise_exception=True)
def take(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return _decide(request, pk, shown.take)


@require_POST
@permission_required(DECIDES, raise_exception=True)
def keep(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return _decide(request, pk, shown.keep)


def _decide(request: PersonRequest, pk: uuid.UUID, act: Callable[..., str]) -> HttpResponse:
    row = get_object_or_404(Discrepancy, pk=pk)
    try:
        said = act(row, by=request.user, seen=request.POST.get("seen", ""))
    except (NotAllowed, AlreadyUnderway) as refusal:
        return _page(request, refusal=str(refusal), status=409)
    messages.success(request, said)
    return redirect(_back(request))


def _back(request: PersonRequest) -> str:
    """Return to the page the decision was made on, where that is one of ours."""
    back = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if back and is_ours else reverse("desk:differences")


@require_POST
@permission_required("customers.run_comparison", raise_exception=True)
def compare(request: PersonRequest) -> HttpResponse:
    return _run(request, lambda: compare_now(by=request.user), "The comparison has begun.")


@require_POST
@permission_required("customers.run_comparison", raise_exception=True)
def stop(request: PersonRequest) -> HttpResponse:
    return _run(request, lambda: stop_comparison(by=request.user), "Stopped. It goes on the next night.")


def _run(request: PersonRequest, act: Callable[[], object], said: str) -> HttpResponse:
    try:
        act()
    except NotAllowed as refusal:
        return _page(request, refusal=str(refusal), status=409)
    messages.success(request, said)
    return redirect("desk:differences")


def _page(request: PersonRequest, *, refusal: str = "", status: int = 200) -> HttpResponse:
    is_settled = request.GET.get("state") == SETTLED
    listed = shown.listed(
        request.user, is_settled=is_settled, older=request.GET.get("older", ""), newer=request.GET.get("newer", "")
    )
    context = {
        **shown.run_context(request.user),
        "listed": listed,
        "is_settled": is_settled,
        "refusal": refusal,
        **beside(listed.page, "desk:differences", state=SETTLED if is_settled else ""),
    }
    return render(request, "desk/differences.html", context, status=status)
