import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.middleware import HtmxDetails

from cards import actions, challenges, money, pages
from cards.consequences import Consequences
from cards.dry_run import dry_run
from cards.forms import IssueForm, LimitsForm, TransactionFilter, WouldPassForm
from cards.models import Card, Challenge, Notice, Transaction
from cards.statuses import TransactionState
from customers.masking import sight_of
from customers.models import Customer
from customers.paging import Page, digest, page_of
from customers.policies import NotAllowed, check_can_issue
from customers.status_changes import StepNotAllowed
from customers.timeline import Reader, brief
from people.approvals import Approval
from people.confirming import confirmed
from people.waiting import TOLD
from provider import circuit
from provider.actions import AlreadyUnderway
from provider.families import sentence_of

MAY_NOT = (NotAllowed, StepNotAllowed, AlreadyUnderway)


class PersonRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
    htmx: HtmxDetails


# --- Cards


@require_GET
@permission_required("cards.view_card", raise_exception=True)
def card_list(request: PersonRequest) -> HttpResponse:
    last4 = request.GET.get("last4", "").strip()
    rows = Card.objects.with_customer()
    page = page_of(rows.ending_in(last4) if last4 else rows, by="issued_at", **_place_in(request))
    chosen = {"last4": last4} if last4 else {}
    return render(request, "cards/list.html", {"page": page, "last4": last4, **_pager("cards:list", page, chosen)})


def _place_in(request: HttpRequest) -> dict[str, str]:
    return {name: word for name in ("older", "newer") if (word := request.GET.get(name, ""))}


def _pager(name: str, page: Page[Any], chosen: dict[str, str]) -> dict[str, str]:
    places = {"newer": page.newer, "older": page.older}
    return {
        f"{direction}_url": reverse(name, query={**chosen, direction: str(place)}) if place else ""
        for direction, place in places.items()
    }


@require_GET
@permission_required("cards.view_card", raise_exception=True)
def detail(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    card = get_object_or_404(Card.objects.with_customer(), pk=pk)
    actions.ask_for_refresh(card)
    return render(request, "cards/detail.html", pages.card_page(card, request.user).context)


@require_GET
@permission_required("cards.view_card", raise_exception=True)
def live(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer a poll: 204 while nothing changed, else the purchases and whatever else did."""
    card = get_object_or_404(Card.objects.with_customer(), pk=pk)
    actions.ask_for_refresh(card)
    page = pages.card_page(card, request.user)
    changed = page.changed(request.GET.get("seen", ""))
    if not changed:
        return HttpResponse(status=204)
    return render(request, "cards/_live.html", {**page.context, "changed": changed})


@require_GET
@permission_required(("cards.view_card", "cards.view_transaction"), raise_exception=True)
@vary_on_headers("HX-Request")
def would_pass(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer whether a purchase would pass, and what each check says. Nothing is written."""
    card = get_object_or_404(Card.objects.with_customer(), pk=pk)
    form = WouldPassForm.of(request.GET)
    tried = dry_run(card, form.supposed(), now=timezone.now()) if form.is_valid() else None
    template = "cards/_would_pass.html" if request.htmx else "cards/would_pass.html"
    return render(request, template, {"card": card, "form": form, "tried": tried}, status=422 if form.errors else 200)


@require_POST
@permission_required("cards.freeze_card", raise_exception=True)
def freeze(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return _set_frozen(request, pk, freeze=True)


@require_POST
@permission_required("cards.freeze_card", raise_exception=True)
def unfreeze(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    return _set_frozen(request, pk, freeze=False)


def _set_frozen(request: PersonRequest, pk: uuid.UUID, *, freeze: bool) -> HttpResponse:
    card = get_object_or_404(Card.objects.with_customer(), pk=pk)
    try:
        actions.set_frozen(card=card, freeze=freeze, by=request.user)
    except MAY_NOT as refusal:
        return _refused(request, card, refusal)
    return redirect("cards:detail", pk=pk)


@require_POST
@permission_required("cards.cancel_card", raise_exception=True)
@confirmed
def delete(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    card = get_object_or_404(Card.objects.with_customer(), pk=pk)
    try:
        wanted = actions.delete_card(card=card, by=request.user)
    except MAY_NOT as refusal:
        return _refused(request, card, refusal)
    if isinstance(wanted, Approval):
        messages.info(request, TOLD)
    return redirect("cards:detail", pk=pk)


def _refused(request: PersonRequest, card: Card, refusal: Exception) -> HttpResponse:
    context = {**pages.card_page(card, request.user).context, "refusal": str(refusal)}
    return render(request, "cards/detail.html", context, status=409)


@require_http_methods(["GET", "POST"])
@permission_required("cards.change_card_limits", raise_exception=True)
def limits(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    card = get_object_or_404(Card.objects.with_customer(), pk=pk)
    form = LimitsForm.of(card, request.POST if request.method == "POST" else None)
    consequences = Consequences(card, timezone.now())
    if not form.is_valid():
        return _limits(request, form, consequences, status=422 if form.is_bound else 200)
    effects = consequences.of_limits(form.limits()) if request.user.has_perm("cards.view_transaction") else ()
    if effects and request.POST.get("told") != digest(effects):
        return _limits(request, form, consequences, told=effects, status=422)
    try:
        wanted = actions.set_limits(card=card, limits=form.limits(), by=request.user)
    except MAY_NOT as refused:
        return _limits(request, form, consequences, refusal=str(refused), status=409)
    if isinstance(wanted, Approval):
        messages.info(request, TOLD)
    _warn(request, form)
    return redirect("cards:detail", pk=pk)


def _limits(
    request: PersonRequest,
    form: LimitsForm,
    consequences: Consequences,
    *,
    status: int,
    refusal: str = "",
    told: Sequence[str] = (),
) -> HttpResponse:
    card = consequences.card
    context = {
        "card": card,
        "form": form,
        "refusal": refusal,
        "told": told,
        "told_as": digest(told),
        "consequences": consequences,
        "may_see_purchases": request.user.has_perm("cards.view_transaction"),
        "reason_against_limits": pages.reason_against_limits(card, pages.calls_about(card)),
    }
    return render(request, "cards/limits.html", context, status=status)


def _warn(request: PersonRequest, form: LimitsForm) -> None:
    if warning := form.warning():
        messages.warning(request, warning)


@require_POST
@permission_required("cards.refresh_card", raise_exception=True)
def refresh(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    actions.refresh_now(card=get_object_or_404(Card, pk=pk), by=request.user)
    held = sentence_of(circuit.look())
    messages.info(request, held or "The card is being read at CryptoMate. This page shows what comes.")
    return redirect("cards:detail", pk=pk)


@require_POST
@permission_required("cards.answer_challenge", raise_exception=True)
def answer(request: PersonRequest, pk: uuid.UUID, challenge: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Challenge, pk=challenge, card=pk)
    try:
        challenges.answer_challenge(challenge=found, approve=request.POST.get("approve") == "yes", by=request.user)
    except MAY_NOT as refusal:
        return _refused(request, found.card, refusal)
    return redirect("cards:detail", pk=pk)


@require_POST
@permission_required("cards.attend_notice", raise_exception=True)
def notice_seen(request: PersonRequest, pk: uuid.UUID, notice: uuid.UUID) -> HttpResponse:
    challenges.mark_seen(notice=get_object_or_404(Notice, pk=notice, card=pk), by=request.user)
    return redirect("cards:detail", pk=pk)


# --- The holding wallet


@require_http_methods(["GET", "POST"])
@permission_required("cards.view_holding", raise_exception=True)
@vary_on_headers("HX-Request")
def holding(request: PersonRequest) -> HttpResponse:
    """Show the wallet; a POST has it read now."""
    if request.method == "POST":
        return _read_holding(request)
    page = money.holding_page()
    if request.htmx and request.GET.get("seen") == page.seen:
        return HttpResponse(status=204)
    if not request.htmx:
        money.ask_for_holding(page)
    return render(request, "cards/_holding.html" if request.htmx else "cards/holding.html", {"page": page})


@permission_required("cards.refresh_card", raise_exception=True)
def _read_holding(request: PersonRequest) -> HttpResponse:
    money.refresh_now(by=request.user)
    return redirect("cards:holding")


# --- Issuing


@require_http_methods(["GET", "POST"])
@permission_required("cards.issue_card", raise_exception=True)
def issue(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    if request.method == "GET":
        return _issuing(request, customer, pages.issue_form(customer))
    form = IssueForm(request.POST)
    try:
        check_can_issue(customer)
        if not form.is_valid():
            return _issuing(request, customer, form, status=422)
        wanted = actions.issue_card(customer=customer, by=request.user, **form.wish())
    except MAY_NOT as refusal:
        return _issuing(request, customer, form, refusal=str(refusal), status=409)
    under_way = f"The card for {form.cleaned_data['holder_name']} is being issued."
    is_held = isinstance(wanted, Approval)
    messages.info(request, TOLD if is_held else under_way)
    _warn(request, form)
    place = "approvals" if is_held else "customer-cards"
    return redirect(reverse("customers:detail", args=[customer.pk], fragment=place))


def _issuing(
    request: PersonRequest, customer: Customer, form: IssueForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    context = {**pages.customer_cards(customer, request.user), "form": form, "refusal": refusal}
    return render(request, "cards/issue.html", context, status=status)


@require_GET
@permission_required("cards.view_card", raise_exception=True)
def customer_cards(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer a poll of the customer's cards, while one is being issued."""
    customer = get_object_or_404(Customer, pk=pk)
    entries = brief(Reader(customer, request.user, sight_of(request.user, customer)))
    context = {**pages.customer_cards(customer, request.user), "timeline": entries}
    return render(request, "cards/_issuing.html", context)


# --- Transactions


@require_GET
@permission_required("cards.view_transaction", raise_exception=True)
@vary_on_headers("HX-Request")
def transactions(request: PersonRequest) -> HttpResponse:
    chosen = TransactionFilter(request.GET).chosen()
    page = page_of(
        Transaction.objects.with_card().with_card_status().chosen(chosen), by="first_at", **_place_in(request)
    )
    seen = digest((row.pk, row.changed_at) for row in page.rows)
    if request.htmx and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    context = {
        "page": page,
        "chosen": chosen,
        "card": chosen.get("card", ""),
        "status": chosen.get("status", ""),
        "states": TransactionState.choices,
        "poll_url": reverse("cards:transactions", query={**chosen, **_place_in(request), "seen": seen}),
        **_pager("cards:transactions", page, chosen),
    }
    return render(request, "cards/_transactions.html" if request.htmx else "cards/transactions.html", context)


@require_GET
@permission_required("cards.view_transaction", raise_exception=True)
@vary_on_headers("HX-Request")
def transaction(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    found = Transaction.objects.with_card().with_card_status().at_address(pk)
    if found is None:
        raise Http404("There is no purchase at this address.")
    if found.pk != pk:  # what was here turned out to be part of that one
        return redirect("cards:transaction", pk=found.pk)
    seen = digest([found.changed_at])
    if request.htmx and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    context = {**money.purchase_page(found, request.user), "seen": seen}
    return render(request, "cards/_transaction.html" if request.htmx else "cards/transaction.html", context)
