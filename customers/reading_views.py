"""What was read from a document, drawn anew while it is being read and while the form beside it is typed in."""

import uuid

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from customers import actions
from customers.models import Customer
from customers.pages import requirement_card
from customers.policies import MAY_EDIT
from customers.requirement_cards import Card
from customers.requirement_forms import DocumentForm
from customers.unsaved_actions import keep_typed
from customers.views import PersonRequest, refusal_of


@require_POST
@permission_required("customers.view_document_image", raise_exception=True)
def reading(request: PersonRequest, pk: uuid.UUID, requirement: str) -> HttpResponse:
    """Answer with what the document says beside what is typed now. A POST, so that no address holds what was typed."""
    card = _card(request, pk, requirement)
    form = card.form if isinstance(card.form, DocumentForm) else None
    asks_for_reason = form is not None and form.has_warnings and "override_reason" not in request.POST
    context = {"card": card, "form": form, "asks_for_reason": asks_for_reason}
    return render(request, "customers/_reading_answer.html", context)


@require_POST
@permission_required(MAY_EDIT, raise_exception=True)
def fill_in(request: PersonRequest, pk: uuid.UUID, requirement: str) -> HttpResponse:
    """Keep what the document says as the draft's number and expiry, with all else that was typed.

    Only browsers without JavaScript ask: the others fill in the fields themselves.
    """
    card = _card(request, pk, requirement)
    said = card.reading
    if said and said.fills:
        typed = request.POST.copy()
        typed.update({fill.name: fill.value for fill in said.fills})
        form = card.document_form(typed, request.FILES)
        form.is_valid()  # what is not valid yet stays typed
        refusal = refusal_of(
            lambda: actions.save_draft(
                customer=card.customer, requirement_id=requirement, upload=form.upload(), by=request.user
            )
        )
        if not refusal:
            keep_typed(card=card, form=form, by=request.user)
    return redirect(f"{reverse('customers:detail', args=[pk])}#{card.anchor}")


def _card(request: PersonRequest, pk: uuid.UUID, requirement: str) -> Card:
    card = requirement_card(get_object_or_404(Customer, pk=pk), request.user, requirement, is_document=True)
    if card.takes_answers and "document_type" in request.POST:
        card.bound = card.document_form(request.POST)
    return card
