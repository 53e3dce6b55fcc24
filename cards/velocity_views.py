"""The page of the company's velocity rules: everybody who works with cards reads it, admins change them."""

from typing import Any

from django import forms
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from cards import display
from cards.models import VelocityRule, VelocityRuleSet
from cards.velocity import MOST_RULES
from cards.velocity_rules import check_rules, newest_call, replace_rules
from cards.views import MAY_NOT, PersonRequest
from cryptomate import VelocityRule as RemoteRule
from customers.policies import NotAllowed
from people.confirming import confirmed

NUMBERS = [str(number) for number in range(1, MOST_RULES + 1)]


def _number_field(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": "Write a whole number.", "min_value": "Count from 1."},
    )


class RulesForm(forms.Form):
    """Up to five rules; a pair left empty is no rule."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in NUMBERS:
            self.fields[f"most_{number}"] = _number_field(f"Rule {number}: purchases")
            self.fields[f"seconds_{number}"] = _number_field(f"Rule {number}: within seconds")

    @classmethod
    def of(cls, rules: list[VelocityRule], data: Any = None) -> "RulesForm":
        shown: dict[str, int] = {}
        for number, rule in zip(NUMBERS, rules, strict=False):
            shown |= {f"most_{number}": rule.max_authorizations, f"seconds_{number}": rule.time_window_seconds}
        return cls(data, initial=shown)

    @property
    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"most_{number}"], self[f"seconds_{number}"]) for number in NUMBERS]

    def clean(self) -> dict[str, Any]:
        for number in NUMBERS:
            self._check_pair(f"most_{number}", f"seconds_{number}")
        if not self.errors:
            try:
                check_rules(self.rules())
            except NotAllowed as refusal:
                raise forms.ValidationError(str(refusal)) from refusal
        return self.cleaned_data

    def _check_pair(self, *names: str) -> None:
        for name, other in (names, names[::-1]):
            is_alone = self.cleaned_data.get(name) is None and self.cleaned_data.get(other) is not None
            if is_alone and name not in self.errors:
                self.add_error(name, "A rule needs both numbers.")

    def rules(self) -> list[RemoteRule]:
        given = self.cleaned_data
        return [
            RemoteRule(max_authorizations=given[f"most_{number}"], time_window_seconds=given[f"seconds_{number}"])
            for number in NUMBERS
            if given.get(f"most_{number}") is not None
        ]


@require_http_methods(["GET", "POST"])
@permission_required("cards.view_velocityrule", raise_exception=True)
@vary_on_headers("HX-Request")
@confirmed
def velocity_rules(request: PersonRequest) -> HttpResponse:
    """Show the rules; a POST replaces all of them at the provider."""
    stored = list(VelocityRule.objects.shortest_first())
    if request.method != "POST":
        return _page(request, stored, RulesForm.of(stored))
    if not request.user.has_perm("cards.change_velocityrule"):
        raise PermissionDenied("Only admins change the velocity rules.")
    form = RulesForm.of(stored, request.POST)
    if not form.is_valid():
        return _page(request, stored, form, status=422)
    try:
        replace_rules(rules=form.rules(), by=request.user)
    except MAY_NOT as refused:
        return _page(request, stored, form, refusal=str(refused), status=409)
    return redirect("cards:velocity_rules")


def _page(
    request: PersonRequest, stored: list[VelocityRule], form: RulesForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    call, now = newest_call(), timezone.now()
    context = {
        "rules": stored,
        "read_at": VelocityRuleSet.objects.current().read_at,
        "form": form,
        "refusal": refusal,
        "may_change": request.user.has_perm("cards.change_velocityrule"),
        "is_under_way": call is not None and call.is_open,
        "faces": display.faces([call] if call else [], now),
        "poll_ms": display.poll_ms([call] if call else [], now, at_rest=0),
    }
    template = "cards/_velocity_rules.html" if request.htmx else "cards/velocity_rules.html"
    return render(request, template, context, status=status)
