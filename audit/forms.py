from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils.text import capfirst

from audit.kinds import Kind
from audit.models import Event, EventQuerySet, Page

NARROW: dict[str, Callable[[EventQuerySet, Any], EventQuerySet]] = {
    "person": EventQuerySet.by_person,
    "customer": EventQuerySet.about_customer,
    "kind": EventQuerySet.of_kind,
    "since": EventQuerySet.since,
    "until": EventQuerySet.until,
}


class Moment(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class EventFilter(forms.Form):
    """What the address of the audit page asks for: who, about whom, what, when, and which page of it."""

    person = forms.CharField(required=False, max_length=150)
    customer = forms.UUIDField(
        label="Customer id",
        required=False,
        error_messages={"invalid": "Use the customer's id, as it stands in the customer's address."},
    )
    kind = forms.ChoiceField(
        required=False, choices=[("", "Anything"), *((value, capfirst(label)) for value, label in Kind.choices)]
    )
    since = forms.DateTimeField(label="From", required=False, widget=Moment)
    until = forms.DateTimeField(label="To", required=False, widget=Moment)
    before = forms.IntegerField(required=False, widget=forms.HiddenInput)
    after = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def events(self) -> EventQuerySet:
        events = Event.objects.all()
        for name, narrow in NARROW.items():
            if value := self.cleaned_data[name]:
                events = narrow(events, value)
        return events

    def page(self) -> Page:
        return self.events().page(before=self.cleaned_data["before"], after=self.cleaned_data["after"])

    def filters(self) -> list[forms.BoundField]:
        return [self[name] for name in NARROW]

    def address(self, **cursor: int | None) -> str:
        """Return the address of another page of the same list, or nothing when there is none."""
        if None in cursor.values():
            return ""
        return f"?{urlencode({**self.chosen(), **cursor})}"

    def chosen(self) -> dict[str, str]:
        """Return what the list is narrowed by, as it was typed."""
        return {name: value for name in NARROW if (value := self.data.get(name))}
