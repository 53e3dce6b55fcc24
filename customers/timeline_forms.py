from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict

from audit.forms import Moment
from customers.timeline import LOOKS, Chosen, Part

BOUNDS = ("person", "since", "until")


class TimelineFilter(forms.Form):
    """What the address of a timeline asks for. *Looks* are there for those who may view the audit log."""

    kind = forms.MultipleChoiceField(
        label="Kinds", required=False, choices=Part.choices, widget=forms.CheckboxSelectMultiple
    )
    looks = forms.BooleanField(label="Looks", required=False)
    person = forms.CharField(required=False, max_length=150)
    since = forms.DateTimeField(label="From", required=False, widget=Moment)
    until = forms.DateTimeField(label="To", required=False, widget=Moment)

    def __init__(self, query: QueryDict, *, user: User) -> None:
        super().__init__(query)
        self.query = query
        if not user.has_perm(LOOKS):
            del self.fields["looks"]

    def chosen(self) -> Chosen:
        said = self.cleaned_data
        return Chosen(
            parts=[Part(each) for each in said["kind"]], person=said["person"].strip(), since=said["since"],
            until=said["until"], looks=said.get("looks", False),
        )  # fmt: skip

    def asked(self) -> dict[str, Any]:
        """Return what the address says, for those of the pages beside it."""
        return {name: said for name in self.fields if any(said := self.query.getlist(name))}

    @property
    def bounds(self) -> list[forms.BoundField]:
        return [self[name] for name in BOUNDS]
