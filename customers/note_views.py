import uuid

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from customers import note_actions
from customers.mentions import NobodyOfThatName, people_to_mention
from customers.models import Customer, Note
from customers.note_actions import WRITES
from customers.note_forms import NoteForm, UnsentForm, note_form
from customers.pages import customer_page
from customers.views import PersonRequest, kept_by_nobody, refusal_of, whole_page

READS = "customers.view_customer"


@require_POST
@permission_required((READS, WRITES), raise_exception=True)
@vary_on_headers("HX-Request")
def add_note(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _answer(request, customer, form, status=422)
    try:
        note_actions.add_note(customer=customer, by=request.user, **form.values())
    except NobodyOfThatName as refusal:  # who left between the two looks
        form.add_error("text", str(refusal))
        return _answer(request, customer, form, status=422)
    return _done(request, customer, "The note is added.")


@require_POST
@permission_required((READS, WRITES), raise_exception=True)
@vary_on_headers("HX-Request")
def withdraw_note(request: PersonRequest, pk: uuid.UUID, note: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Note.objects.select_related("customer"), pk=note, customer=pk)
    refusal = refusal_of(lambda: note_actions.withdraw_note(note=found, by=request.user))
    if refusal:
        page = customer_page(found.customer, request.user)
        return whole_page(request, page, refusal=refusal, status=409)
    return _done(request, found.customer, "The note is withdrawn. Its text is back in the form.")


@require_POST
@permission_required((READS, WRITES), raise_exception=True)
def keep_note(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    """Take what is being typed, so that leaving the page loses nothing."""
    customer = get_object_or_404(Customer, pk=pk)
    form = UnsentForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    note_actions.keep_unsent(
        customer=customer, text=form.cleaned_data["text"], pk=form.cleaned_data["form_id"], by=request.user
    )
    return HttpResponse(status=204)


@require_GET
@permission_required((READS, WRITES), raise_exception=True)
def people(request: PersonRequest) -> HttpResponse:
    """Answer with whom a note can mention, for the list that opens at an @."""
    return render(request, "customers/_people.html", {"people": people_to_mention()})


def _answer(request: PersonRequest, customer: Customer, form: NoteForm, *, status: int) -> HttpResponse:
    if request.htmx:
        return render(request, "customers/_notes.html", {"customer": customer, "note_form": form}, status=status)
    return whole_page(request, customer_page(customer, request.user), note=form, status=status)


def _done(request: PersonRequest, customer: Customer, message: str) -> HttpResponse:
    if not request.htmx:
        messages.success(request, message)
        return redirect(reverse("customers:detail", args=[customer.pk], fragment="notes"))
    page = customer_page(customer, request.user)
    context = {**page.context, "note_form": note_form(customer, request.user)}
    return kept_by_nobody(render(request, "customers/_noted.html", context))
