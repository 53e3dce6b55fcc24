"""One image of a document, kept as soon as it is chosen: the rest of the form stays as the person left it."""

import uuid

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from customers import draft_actions
from customers.images import clean_image
from customers.models import Customer
from customers.pages import requirement_card, seen_after
from customers.policies import MAY_EDIT
from customers.requirement_cards import Card
from customers.views import PersonRequest, refusal_of


class Busy(Exception):  # noqa: N818 - it is an answer
    """So many images are being checked that this one has to come again: the browser still has it."""


@require_POST
@permission_required(MAY_EDIT, raise_exception=True)
def keep_image(request: PersonRequest, pk: uuid.UUID, side: str, requirement: str) -> HttpResponse:
    """Answer with the image's place on the form: what was kept and measured there, or why it was refused."""
    customer = get_object_or_404(Customer, pk=pk)
    card = _card(request, customer, requirement)
    if card.document_form().side(side) is None:
        raise Http404("This document has no such side.")
    try:
        refusal = _keep(request, card, side)
    except Busy:
        return HttpResponse(status=429, headers={"Retry-After": "3"})
    fresh = card if refusal else _card(request, customer, requirement)
    form = fresh.document_form()
    form.initial["override_reason"] = request.POST.get("override_reason", "")
    context = {
        "card": fresh,
        "form": form,
        "side": form.side(side),
        "refusal": refusal,
        "seen": seen_after(request.POST.get("seen", ""), fresh),
    }
    return render(request, "customers/_kept_slot.html", context, status=422 if refusal else 200)


def _card(request: PersonRequest, customer: Customer, requirement: str) -> Card:
    card = requirement_card(customer, request.user, requirement, is_document=True)
    card.chosen = request.POST.get("document_type", "")
    return card


def _keep(request: PersonRequest, card: Card, side: str) -> str:
    """Keep the image that was sent, or return the sentence that says why not. Raises Busy."""
    upload = request.FILES.get(f"{side}_image")
    if upload is None:
        return "Choose the image again: none arrived."
    try:
        image = clean_image(upload)
    except ValidationError as error:
        if error.code == "busy":
            raise Busy from None
        return " ".join(error.messages)
    return refusal_of(
        lambda: draft_actions.keep_image(
            customer=card.customer, requirement_id=card.wanted.id, document_type=card.chosen, side=side, image=image,
            seen=request.POST.get(f"{side}_seen", ""), by=request.user,
        )
    )  # fmt: skip
