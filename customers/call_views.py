import uuid

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from customers.calls import History, history
from customers.masking import sight_of
from customers.models import Customer
from customers.views import PersonRequest, kept_by_nobody
from provider.models import ProviderCall


@require_GET
@permission_required("customers.view_customer", raise_exception=True)
def calls(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what CryptoMate was asked about a customer and what it answered, page by page."""
    customer = get_object_or_404(Customer, pk=pk)
    sight = sight_of(request.user, customer)
    told = history(ProviderCall.objects.about(pk), customer=customer, hide=sight.hides(customer), **place_in(request))
    newest = customer.newest_request
    context = {
        "customer": customer,
        "history": told,
        "sight": sight,
        "looked_at": newest.synced_at if newest else None,
        **pager(told, "customers:calls", pk),
    }
    return kept_by_nobody(render(request, "customers/calls.html", context))


def place_in(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in ("older", "newer")}


def pager(told: History, page: str, pk: uuid.UUID) -> dict[str, str]:
    places = {"newer": told.page.newer, "older": told.page.older}
    return {
        f"{direction}_url": reverse(page, args=[pk], query={direction: str(place)}) if place else ""
        for direction, place in places.items()
    }
