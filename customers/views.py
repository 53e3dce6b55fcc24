import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.middleware import HtmxDetails
from psycopg.errors import UniqueViolation

from customers import actions, listing
from customers.forms import CustomerForm, RegistrationForm
from customers.models import Customer
from customers.note_actions import mark_customer_seen
from customers.note_forms import NoteForm, note_form
from customers.pages import CustomerPage, customer_page, requirement_card
from customers.paging import beside
from customers.policies import MAY_EDIT, NotAllowed
from customers.requirement_cards import Card, find_card
from customers.requirement_forms import DocumentForm
from customers.status_changes import StepNotAllowed
from customers.statuses import CustomerStatus
from customers.unsaved_actions import keep_typed
from people.approvals import Approval
from people.waiting import TOLD
from provider import circuit
from provider.actions import AlreadyUnderway
from provider.families import sentence_of
from vault.stores import StoreAway

CHANGED_MEANWHILE = (
    "This changed while you were filling it in. Look at what stands above, then send yours again to replace it."
)
MAY_NOT_CHANGE = (NotAllowed, StepNotAllowed, AlreadyUnderway, StoreAway)


class PersonRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
    htmx: HtmxDetails


# --- The list


@require_GET
@permission_required("customers.view_customer", raise_exception=True)
def customer_list(request: PersonRequest) -> HttpResponse:
    status = request.GET.get("status", "")
    listed = listing.listed(
        status=status, older_than=request.GET.get("older", ""), newer_than=request.GET.get("newer", "")
    )
    context = {
        "listed": listed,
        "status": status,
        "statuses": CustomerStatus.choices,
        **beside(listed.page, "customers:list", status=status),
    }
    return render(request, "customers/list.html", context)


# --- Registering and changing


@require_http_methods(["GET", "POST"])
@permission_required("customers.add_customer", raise_exception=True)
def new(request: PersonRequest) -> HttpResponse:
    form = RegistrationForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _registration(request, form)
    try:
        customer = actions.register_customer(data=form.values(), by=request.user)
    except IntegrityError as error:
        if not _is_taken_id(error):
            raise
        return _registered_before(request, form)
    messages.success(request, f"{customer.full_name} is kept and being registered at CryptoMate.")
    return redirect("customers:detail", pk=customer.pk)


def _registration(request: PersonRequest, form: RegistrationForm) -> HttpResponse:
    return render(request, "customers/new.html", {"form": form}, status=422 if form.is_bound else 200)


def _is_taken_id(error: IntegrityError) -> bool:
    """Answer whether a customer was not stored because another one has its id."""
    cause = error.__cause__
    return isinstance(cause, UniqueViolation) and cause.diag.constraint_name == "customers_customer_pkey"


def _registered_before(request: PersonRequest, form: RegistrationForm) -> HttpResponse:
    """Lead to the customer that the same form made when it came first, unless it now holds somebody else."""
    customer = get_object_or_404(Customer, pk=form.cleaned_data["id"])
    if not form.describes(customer):
        form.begin_anew(after=customer)
        return _registration(request, form)
    messages.info(request, "This form had created the customer already. Change the data with Edit, if need be.")
    return redirect("customers:detail", pk=customer.pk)


@require_http_methods(["GET", "POST"])
@permission_required(MAY_EDIT, raise_exception=True)
def edit(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    form = CustomerForm(request.POST if request.method == "POST" else None, customer=customer)
    if not form.is_valid():
        return _editing(request, customer, form, status=422 if form.is_bound else 200)
    seen = request.POST.get("seen", "")
    refusal = refusal_of(
        lambda: actions.update_customer(customer=customer, data=form.values(), by=request.user, seen=seen)
    )
    if refusal:
        return _editing(request, customer, form, refusal=refusal, status=409)
    messages.success(request, "Saved. CryptoMate is being told.")
    return redirect("customers:detail", pk=customer.pk)


def _editing(
    request: PersonRequest, customer: Customer, form: CustomerForm, *, status: int, refusal: str = ""
) -> HttpResponse:
    differences = customer.discrepancies.standing().about_data().count()
    context = {"form": form, "customer": customer, "refusal": refusal, "differences": differences}
    return render(request, "customers/edit.html", context, status=status)


@require_GET
@permission_required("customers.view_customer", raise_exception=True)
def subdivisions(request: PersonRequest) -> HttpResponse:
    """Answer with what the form offers for a country: its states, its ID types, how its postal codes look."""
    form = CustomerForm(country=request.GET.get("country", ""))
    return render(request, "customers/_country_choices.html", {"form": form})


# --- The customer's page


@require_GET
@permission_required("customers.view_customer", raise_exception=True)
def detail(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    mark_customer_seen(customer=customer, by=request.user)
    page = customer_page(customer, request.user, chosen=request.GET)
    return whole_page(request, page)


@require_GET
@permission_required("customers.view_customer", raise_exception=True)
def progress(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer a poll with the regions that changed, or with nothing."""
    page = customer_page(get_object_or_404(Customer, pk=pk), request.user)
    changed = page.changed(request.GET.get("seen", ""))
    if not changed:
        return HttpResponse(status=204)
    context = {**page.context, "page": page, "seen": page.seen(), "changed": changed}
    return kept_by_nobody(render(request, "customers/_live.html", context))


@require_POST
@permission_required(MAY_EDIT, raise_exception=True)
@vary_on_headers("HX-Request")
def save_data(request: PersonRequest, pk: uuid.UUID, requirement: str) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    card = requirement_card(customer, request.user, requirement, is_document=False)
    form = card.data_form(request.POST)
    if not card.is_as_drawn(request.POST.get("drawn_from", "")):
        return _answer(request, customer, card, form=form, refusal=CHANGED_MEANWHILE, status=409)
    if not form.is_valid():
        return _answer(request, customer, card, form=form, status=422)
    refusal = refusal_of(
        lambda: actions.answer_requirement(
            customer=customer, requirement_id=requirement, data=form.values(), by=request.user
        )
    )
    if refusal:
        return _answer(request, customer, card, form=form, refusal=refusal, status=409)
    return _done(request, customer, card, "Saved. CryptoMate is being told.")


@require_http_methods(["GET", "POST"])
@permission_required(MAY_EDIT, raise_exception=True)
@vary_on_headers("HX-Request")
def document(request: PersonRequest, pk: uuid.UUID, requirement: str) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    card = requirement_card(customer, request.user, requirement, is_document=True)
    if request.method == "GET":
        return _document_fields(request, card)
    form = card.document_form(request.POST, request.FILES)
    if not card.is_as_drawn(request.POST.get("drawn_from", "")):
        return _answer(request, customer, card, form=form, refusal=CHANGED_MEANWHILE, status=409)
    if not form.is_valid():
        return _incomplete_document(request, customer, card, form)
    try:
        sent = actions.upload_document(
            customer=customer, requirement_id=requirement, upload=form.upload(), by=request.user
        )
    except MAY_NOT_CHANGE as refusal:
        return _answer(request, customer, card, form=form, refusal=str(refusal), status=409)
    if isinstance(sent, Approval):
        return _waits(request, customer, card, form, sent)
    return _done(request, customer, card, "Kept. It is being uploaded to CryptoMate.")


def _waits(
    request: PersonRequest, customer: Customer, card: Card, form: DocumentForm, approval: Approval
) -> HttpResponse:
    """Say that the document waits for a second person. What was typed with it stays in its form."""
    keep_typed(card=card, form=form, by=request.user)
    messages.info(request, TOLD)
    if request.htmx:
        return _answer(request, customer, card)
    return redirect(f"{reverse('customers:detail', args=[customer.pk])}#{card.anchor}")


def _document_fields(request: PersonRequest, card: Card) -> HttpResponse:
    card.chosen = request.GET.get("document_type", "")
    form = card.document_form()
    return render(request, "customers/_document_fields.html", {"card": card, "form": form})


def _incomplete_document(request: PersonRequest, customer: Customer, card: Card, form: DocumentForm) -> HttpResponse:
    """Keep the side that is good, so that only the other one needs choosing again."""
    if form.option is None or not form.has_images:
        return _answer(request, customer, card, form=form, status=422)
    refusal = refusal_of(lambda: _keep_draft(customer, card, form, request.user))
    if refusal:
        return _answer(request, customer, card, form=form, refusal=refusal, status=409)
    return _answer(request, customer, card, form=form, status=422)


def _keep_draft(customer: Customer, card: Card, form: DocumentForm, by: User) -> None:
    form.draft = actions.save_draft(customer=customer, requirement_id=card.wanted.id, upload=form.upload(), by=by)


@require_POST
@permission_required("customers.submit_customer", raise_exception=True)
def submit(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    refusal = refusal_of(lambda: actions.submit_request(customer=customer, by=request.user))
    if refusal:
        page = customer_page(customer, request.user)
        return whole_page(request, page, refusal=refusal, status=409)
    messages.success(request, "Sent off for review. This page follows the verdict by itself.")
    return redirect("customers:detail", pk=customer.pk)


@require_POST
@permission_required("customers.refresh_customer", raise_exception=True)
def refresh(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    refusal = refusal_of(lambda: actions.refresh_customer(customer=customer, by=request.user))
    messages.info(request, refusal or sentence_of(circuit.look()) or "CryptoMate is being asked.")
    return redirect("customers:detail", pk=customer.pk)


# --- What the card views answer with


def refusal_of(act: Callable[[], object]) -> str:
    """Do it, or return the sentence that says why it may not be done."""
    try:
        act()
    except MAY_NOT_CHANGE as refusal:
        return str(refusal)
    return ""


def _done(request: PersonRequest, customer: Customer, card: Card, message: str) -> HttpResponse:
    if request.htmx:
        return _answer(request, customer, card)
    messages.success(request, message)
    return redirect(f"{reverse('customers:detail', args=[customer.pk])}#{card.anchor}")


def _answer(
    request: PersonRequest, customer: Customer, card: Card, *, form: Any = None, refusal: str = "", status: int = 200
) -> HttpResponse:
    """Draw the card as it stands now, alone or within its page, with the form as it was typed: that is kept, too."""
    if form is not None:
        keep_typed(card=card, form=form, by=request.user)
    page = customer_page(Customer.objects.get(pk=customer.pk), request.user)
    fresh = find_card(page.cards, card.wanted.id, is_document=card.wanted.is_document)
    fresh.bound, fresh.refusal = form, refusal
    if not request.htmx:
        return whole_page(request, page, status=status)
    seen = request.POST.get("seen", "")
    context = {
        **page.context,
        "page": page,
        "card": fresh,
        "seen": page.seen(seen, drawn=fresh),
        "changed": page.changed(seen, drawn=fresh),
    }
    return render(request, "customers/_answer.html", context, status=status)


def whole_page(
    request: PersonRequest, page: CustomerPage, *, note: NoteForm | None = None, refusal: str = "", status: int = 200
) -> HttpResponse:
    """Draw the page, with the note as it was typed where it was refused."""
    form = note or note_form(page.standing.customer, request.user)
    context = {**page.context, "page": page, "seen": page.seen(), "refusal": refusal, "note_form": form}
    return kept_by_nobody(render(request, "customers/detail.html", context, status=status))


def kept_by_nobody(response: HttpResponse) -> HttpResponse:
    """Have no cache keep what a reveal may show for a moment only."""
    response["Cache-Control"] = "no-store, private"
    return response
