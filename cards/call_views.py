import uuid

from django.contrib.auth.decorators import permission_required
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from cards.models import Card, Challenge
from customers.call_views import pager, place_in
from customers.calls import history
from customers.masking import sight_of
from customers.views import PersonRequest, kept_by_nobody
from provider.models import ProviderCall


@require_GET
@permission_required("cards.view_card", raise_exception=True)
def calls(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what CryptoMate was asked about a card and what it answered, page by page."""
    card = get_object_or_404(Card.objects.with_customer(), pk=pk)
    sight = sight_of(request.user, card.customer)
    told = history(calls_of(card), customer=card.customer, hide=sight.hides(card.customer), **place_in(request))
    context = {
        "card": card,
        "customer": card.customer,
        "sight": sight,
        "history": told,
        "looked_at": card.refreshed_at,
        **pager(told, "cards:calls", pk),
    }
    return kept_by_nobody(render(request, "cards/calls.html", context))


def calls_of(card: Card) -> QuerySet[ProviderCall]:
    """Return the calls about a card and its 3DS checks, and the one that issued it."""
    # The ids are read first: with a subquery beside it, the issuing call would be looked for in the whole table.
    checks = list(Challenge.objects.filter(card=card).values_list("pk", flat=True))
    about = Q(target_id__in=[card.pk, *checks])
    return ProviderCall.objects.filter(about | Q(pk=card.call_id) if card.call_id else about)
