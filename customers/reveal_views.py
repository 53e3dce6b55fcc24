import uuid
from datetime import date, timedelta

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods

from audit.sight import REVEALS
from customers.models import Customer
from customers.reveal_actions import RevealReason, reveal
from customers.reveal_forms import RevealForm
from customers.reveals import DAYS_SHOWN, reveals_until
from customers.views import PersonRequest


@require_http_methods(["GET", "POST"])
@permission_required(("customers.view_customer", REVEALS), raise_exception=True)
def reveal_data(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask why, then show the customer's data on the page the person came from."""
    customer = get_object_or_404(Customer, pk=pk)
    form = RevealForm(request.POST if request.method == "POST" else None)
    back = _back(request, customer)
    if not form.is_valid():
        context = {"form": form, "customer": customer, "back": back, "seconds": settings.REVEAL_SECONDS}
        return render(request, "customers/reveal.html", context, status=422 if form.is_bound else 200)
    reason = RevealReason(form.cleaned_data["reason"])
    reveal(customer=customer, reason=reason, words=form.cleaned_data["words"], by=request.user)
    return redirect(back)


def _back(request: PersonRequest, customer: Customer) -> str:
    """Return the page of ours that asked, or the customer's."""
    asked = request.POST.get("back") or request.GET.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if asked and is_ours else reverse("customers:detail", args=[customer.pk])


@require_GET
@permission_required("audit.view_event", raise_exception=True)
def reveals(request: PersonRequest) -> HttpResponse:
    """Tell how often people had personal data shown, per person and day."""
    today = timezone.localdate()
    last = _day(request.GET.get("until", ""), today)
    earlier, later = last - timedelta(days=DAYS_SHOWN), last + timedelta(days=DAYS_SHOWN)
    context = {
        "rows": reveals_until(last),
        "first": last - timedelta(days=DAYS_SHOWN - 1),
        "last": last,
        "older_url": _until(earlier),
        "newer_url": "" if last >= today else _until(min(later, today)),
    }
    return render(request, "customers/reveals.html", context)


def _until(day: date) -> str:
    return reverse("customers:reveals", query={"until": day.isoformat()})


def _day(asked: str, today: date) -> date:
    """Return the day the address names. Raises BadRequest for one that we did not write."""
    if not asked:
        return today
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        raise BadRequest("This is no day.") from None
    return max(min(day, today), date(2000, 1, 1))
