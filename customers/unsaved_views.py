"""What is typed on a card comes here by itself, before it is sent and when the page is left."""

import uuid

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from customers.models import Customer
from customers.pages import requirement_card
from customers.policies import MAY_EDIT
from customers.requirement_cards import AnyForm, Card
from customers.unsaved_actions import keep_typed
from customers.views import PersonRequest


@require_POST
@permission_required(MAY_EDIT, raise_exception=True)
def keep_data(request: PersonRequest, pk: uuid.UUID, requirement: str) -> HttpResponse:
    card = requirement_card(get_object_or_404(Customer, pk=pk), request.user, requirement, is_document=False)
    return _keep(request, card, card.data_form(request.POST))


@require_POST
@permission_required(MAY_EDIT, raise_exception=True)
def keep_document(request: PersonRequest, pk: uuid.UUID, requirement: str) -> HttpResponse:
    card = requirement_card(get_object_or_404(Customer, pk=pk), request.user, requirement, is_document=True)
    return _keep(request, card, card.document_form(request.POST))


def _keep(request: PersonRequest, card: Card, form: AnyForm) -> HttpResponse:
    """Keep it, unless the card has moved on: what was typed may have been sent before this came."""
    if card.takes_answers and card.is_as_drawn(request.POST.get("drawn_from", "")):
        keep_typed(card=card, form=form, by=request.user)
    return HttpResponse(status=204)
