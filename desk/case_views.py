import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from customers.mentions import NobodyOfThatName
from customers.policies import NotAllowed
from customers.views import PersonRequest
from desk import case_actions as actions
from desk.case_forms import AssignForm, EscalateForm, HandOverForm, ReasonForm, SnoozeForm
from desk.case_page import bar_of, forms_of
from desk.case_policies import WORKS
from desk.cases import Case
from desk.filters import Filters

LAST_FILTERS = "queue_filters"  # in the session: *Next case* on a customer's page goes on with them

SEES, ACTS = "customers.view_customer", ("customers.view_customer", WORKS)


# --- The next one


@require_POST
@permission_required(ACTS, raise_exception=True)
def next_case(request: PersonRequest) -> HttpResponse:
    """Open the next case that matches the filters in the address, and go on with them from there."""
    filters = Filters.read(request.GET)
    request.session[LAST_FILTERS] = filters.query
    after = request.POST.get("after")
    case = actions.take_next(filters=filters, by=request.user, after=_case(after) if after else None)
    if case:
        return redirect("customers:detail", pk=case.pk)
    others = "Nothing else" if after else "Nothing"
    messages.info(request, f"{others} waits for you{' with these filters' if filters else ''}.")
    return redirect(queue_url(filters))


def queue_url(filters: Filters) -> str:
    return f"/?{filters.query}" if filters else "/"


# --- One case


@require_GET
@permission_required(ACTS, raise_exception=True)
def case(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return _page(request, _case(pk))


@require_GET
@permission_required(SEES, raise_exception=True)
def case_hold(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer a poll of the bar."""
    return _hold(request, pk)


@require_POST
@permission_required(ACTS, raise_exception=True)
@vary_on_headers("HX-Request")
def keep_case(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    """Hold a case for longer: its page is open, and says so every minute."""
    actions.keep_case(case=_case(pk), by=request.user)
    return _hold(request, pk) if request.htmx else redirect("customers:detail", pk=pk)


@require_POST
@permission_required(ACTS, raise_exception=True)
def take_case(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return _do(request, pk, actions.take_case, "You hold this case now.")


@require_POST
@permission_required(ACTS, raise_exception=True)
def release_case(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return _do(request, pk, actions.release_case, "You let go of this case.")


@require_POST
@permission_required(ACTS, raise_exception=True)
def wake_case(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return _do(request, pk, actions.wake_case, "It is back on the queue.")


@require_POST
@permission_required(ACTS, raise_exception=True)
def settle_escalation(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return _do(request, pk, actions.settle_escalation, "It is not escalated any more.")


@require_POST
@permission_required(ACTS, raise_exception=True)
def ask_customer(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return _do(request, pk, actions.ask_customer, "Noted. This case waits for the customer now.")


@require_POST
@permission_required(ACTS, raise_exception=True)
def hear_from_customer(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return _do(request, pk, actions.hear_from_customer, "Noted. This case waits for us again.")


@require_POST
@permission_required(ACTS, raise_exception=True)
def close_case(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return _do(request, pk, actions.close_case, "Closed. It comes up again when something new is known.")


@require_POST
@permission_required(ACTS, raise_exception=True)
def reopen_case(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return _do(request, pk, actions.reopen_case, "It is back on the queue.")


@require_POST
@permission_required(ACTS, raise_exception=True)
def take_over_case(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    form = ReasonForm(request.POST, auto_id="take_over_%s")
    return _send(
        request,
        pk,
        "take_over",
        form,
        lambda case: actions.take_over_case(case=case, reason=form.cleaned_data["reason"], by=request.user),
        "You hold it now. Your colleague is told.",
    )


@require_POST
@permission_required(ACTS, raise_exception=True)
def assign_case(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    form = AssignForm(request.POST, by=request.user, auto_id="assign_%s")
    return _send(
        request,
        pk,
        "assign",
        form,
        lambda case: actions.assign_cases(cases=[case], to=form.person(), by=request.user),
        "Assigned.",
    )


@require_POST
@permission_required(ACTS, raise_exception=True)
def hand_over_case(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    form = HandOverForm(request.POST, by=request.user, auto_id="hand_over_%s")
    return _send(
        request,
        pk,
        "hand_over",
        form,
        lambda case: actions.hand_over_case(case=case, **form.cleaned_data, by=request.user),
        "Handed over. Your colleague is told.",
    )


@require_POST
@permission_required(ACTS, raise_exception=True)
def snooze_case(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    form = SnoozeForm(request.POST, auto_id="snooze_%s")
    return _send(
        request,
        pk,
        "snooze",
        form,
        lambda case: actions.snooze_case(
            case=case, until=form.moment(), note=form.cleaned_data["note"], by=request.user
        ),
        "Snoozed. It comes up again then, or when something new is known.",
    )


@require_POST
@permission_required(ACTS, raise_exception=True)
def escalate_case(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    form = EscalateForm(request.POST, auto_id="escalate_%s")
    return _send(
        request,
        pk,
        "escalate",
        form,
        lambda case: actions.escalate_case(case=case, note=form.cleaned_data["note"], by=request.user),
        "Escalated.",
    )


# --- What they share


def _case(pk: object) -> Case:
    try:
        key = uuid.UUID(str(pk))
    except ValueError:
        key = uuid.UUID(int=0)
    return get_object_or_404(Case.objects.with_people(), pk=key)


def _do(request: PersonRequest, pk: uuid.UUID, act: Callable[..., object], said: str) -> HttpResponse:
    case = _case(pk)
    try:
        act(case=case, by=request.user)
    except NotAllowed as refusal:
        return _page(request, case, refusal=str(refusal), status=409)
    messages.success(request, said)
    return redirect("customers:detail", pk=pk)


def _send(
    request: PersonRequest, pk: uuid.UUID, name: str, form: Form, act: Callable[[Case], object], said: str
) -> HttpResponse:
    """Do what the form asks for, or show the case's page with the form as it was typed."""
    case, bound = _case(pk), {name: form}
    if not form.is_valid():
        return _page(request, case, bound, status=422)
    try:
        act(case)
    except (NotAllowed, NobodyOfThatName) as refusal:
        return _page(request, case, bound, refusal=str(refusal), status=409)
    messages.success(request, said)
    return redirect("customers:detail", pk=pk)


def _page(
    request: PersonRequest, case: Case, bound: dict[str, Form] | None = None, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    fresh = _case(case.pk)
    forms = forms_of(request.user, **(bound or {}))
    context: dict[str, Any] = {
        "bar": bar_of(fresh, request.user),
        "customer": fresh.customer,
        "filters": Filters.from_query(request.session.get(LAST_FILTERS, "")),
        "refusal": refusal,
        "refused_forms": list((bound or {}).values()),
        **{f"{name}_form": form for name, form in forms.items()},
    }
    return render(request, "desk/case.html", context, status=status)


def _hold(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return render(request, "desk/_case_hold.html", {"bar": bar_of(_case(pk), request.user)})
