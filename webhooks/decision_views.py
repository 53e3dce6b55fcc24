"""The decisions asked of us: the list with its filters, and one with everything that was looked at."""

import uuid

from django import forms
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from cards.authorizations import Authorization, Reason, Standing
from cards.explaining import why_answered
from cards.views import PersonRequest
from webhooks import listing
from webhooks.answer_times import answer_times
from webhooks.models import WebhookEvent

DIFFERENCES = ("differences", "All differences")


class DecisionFilter(forms.Form):
    """What the list is narrowed to; every field may stay empty."""

    reason = forms.ChoiceField(
        required=False,
        choices=[("", "Any"), *((reason.value, reason.label.capitalize()) for reason in Reason)],
        error_messages={"invalid_choice": "Choose a reason of the list."},
    )
    standing = forms.ChoiceField(
        required=False,
        label="At CryptoMate",
        choices=[("", "Any"), DIFFERENCES, *Standing.choices],
        error_messages={"invalid_choice": "Choose one of the list."},
    )

    def chosen(self) -> dict[str, str]:
        """Return what could be read of the filter."""
        self.is_valid()
        return self.cleaned_data


@require_GET
@permission_required("webhooks.view_webhookevent", raise_exception=True)
@vary_on_headers("HX-Request")
def authorizations(request: HttpRequest) -> HttpResponse:
    """List the decisions, newest first. The first page asks again and is told 204 while nothing is new."""
    form = DecisionFilter(request.GET)
    listed = listing.authorizations(form.chosen(), asked=request.GET)
    if "HX-Request" not in request.headers:
        context = {"listed": listed, "form": form, "times": answer_times(now=timezone.now())}
        return render(request, "webhooks/authorizations.html", context, status=422 if form.errors else 200)
    if listed.seen == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "webhooks/_authorizations.html", {"listed": listed})


@require_GET
@permission_required("webhooks.view_webhookevent", raise_exception=True)
def authorization(request: PersonRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one decision: each rule's verdict, what each step took, and what the provider did afterwards."""
    decision = get_object_or_404(Authorization.objects.with_card(), pk=pk)
    context = {
        "decision": decision,
        "delivery": WebhookEvent.objects.answered_as(decision),
        "why": why_answered(decision, user=request.user, now=timezone.now()),
    }
    return render(request, "webhooks/authorization.html", context)
