from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone

from desk.case_policies import ASSIGNS, people_who_work
from desk.cases import LONGEST_NOTE

MORNING = time(9)  # when what is snoozed to a day comes up, by the portal's clock
NOBODY = "nobody"
DATE_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d %b %Y", "%d %B %Y"]


class PersonField(forms.ModelChoiceField[User]):
    def label_from_instance(self, obj: User) -> str:
        return f"{obj.get_full_name()} ({obj})" if obj.get_full_name() else str(obj)


class ReasonForm(forms.Form):
    """Why a case that a colleague holds is taken over: the colleague reads it."""

    reason = forms.CharField(
        label="Reason", max_length=LONGEST_NOTE, help_text="They are told, and it stands in the customer’s record.",
        error_messages={"required": "Say why you take it over: your colleague reads it."},
    )  # fmt: skip


class HandOverForm(forms.Form):
    to = PersonField(
        queryset=User.objects.none(), label="Colleague", empty_label="Choose a colleague",
        error_messages={"required": "Choose a colleague.", "invalid_choice": "Choose a colleague from the list."},
    )  # fmt: skip
    note = forms.CharField(
        label="Note for them", max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say what is to be done: your colleague reads it."},
    )  # fmt: skip

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person: Any = self.fields["to"]
        person.queryset = people_who_work().exclude(pk=by.pk)


class AssignForm(forms.Form):
    """To whom cases go: oneself, nobody, and for those who may assign, anybody who works on cases."""

    to = forms.ChoiceField(label="Assign to", error_messages={"invalid_choice": "Choose a person from the list."})

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = people_who_work().exclude(pk=by.pk) if by.has_perm(ASSIGNS) else []
        self.people = {str(person.pk): person for person in [by, *others]}
        choice: Any = self.fields["to"]
        choice.choices = [(str(by.pk), "Me"), *((str(each.pk), str(each)) for each in others), (NOBODY, "Nobody")]

    def person(self) -> User | None:
        return self.people.get(self.cleaned_data["to"])


class SnoozeForm(forms.Form):
    """Until when a case leaves the queue: a preset, or the morning of a day."""

    PRESETS = (("hour", "In an hour"), ("tomorrow", "Tomorrow, 9:00"), ("week", "In a week, 9:00"), ("day", "On a day"))

    until = forms.ChoiceField(
        label="Until", choices=PRESETS, initial="tomorrow", widget=forms.RadioSelect,
        error_messages={"required": "Choose until when.", "invalid_choice": "Choose one from the list."},
    )  # fmt: skip
    day = forms.DateField(
        label="Day", required=False, input_formats=DATE_FORMATS, help_text="For “On a day”. It comes up at 9:00.",
        error_messages={"invalid": "Write the day as 2026-11-21 or 21/11/2026."},
    )  # fmt: skip
    note = forms.CharField(label="Note", required=False, max_length=LONGEST_NOTE, help_text="What you wait for.")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("until") == "day" and not cleaned.get("day") and "day" not in self.errors:
            self.add_error("day", "Write the day on which it comes up again.")
        return cleaned

    def moment(self) -> datetime:
        now = timezone.localtime()
        if self.cleaned_data["until"] == "hour":
            return now + timedelta(hours=1)
        days = {"tomorrow": now.date() + timedelta(days=1), "week": now.date() + timedelta(days=7)}
        return _morning_of(days.get(self.cleaned_data["until"]) or self.cleaned_data["day"])


class EscalateForm(forms.Form):
    note = forms.CharField(
        label="What has to be decided", max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say what has to be decided."},
    )  # fmt: skip


def _morning_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, MORNING))
