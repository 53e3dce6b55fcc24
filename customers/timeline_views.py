import uuid

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from customers.call_views import place_in
from customers.masking import sight_of
from customers.merging import Place
from customers.models import Customer
from customers.timeline import Reader, whole
from customers.timeline_forms import TimelineFilter
from customers.views import PersonRequest, kept_by_nobody


@require_GET
@permission_required("customers.view_customer", raise_exception=True)
def timeline(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    """Show everything that happened to a customer, page by page; what it is narrowed down to stands in the address."""
    customer = get_object_or_404(Customer, pk=pk)
    form = TimelineFilter(request.GET, user=request.user)
    sight = sight_of(request.user, customer)
    context = {"customer": customer, "form": form, "sight": sight, "timeline": []}
    if form.is_valid():
        told = whole(Reader(customer, request.user, sight), form.chosen(), **place_in(request))
        context |= {
            "timeline": told.entries,
            "newer_url": _url(customer, form, "newer", told.newer),
            "older_url": _url(customer, form, "older", told.older),
        }
    status = 200 if form.is_valid() else 422
    return kept_by_nobody(render(request, "customers/timeline.html", context, status=status))


def _url(customer: Customer, form: TimelineFilter, direction: str, place: Place | None) -> str:
    query = {**form.asked(), direction: str(place)}
    return reverse("customers:timeline", args=[customer.pk], query=query) if place else ""
