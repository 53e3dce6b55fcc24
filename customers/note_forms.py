import uuid
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from customers.mentions import NobodyOfThatName, mentioned_in
from customers.models import Customer
from customers.note_actions import WRITES, unsent_by
from customers.notes import LONGEST_NOTE
from vault.masking import mask_card_numbers


class NoteForm(forms.Form):
    """What is written down about a customer. `form_id` is the note's own id, so that one form is one note."""

    form_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    text = forms.CharField(
        label="Note",
        help_text="Colleagues read it. Name one with @ to tell them.",
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        error_messages={"required": "Write the note, then add it."},
    )

    def __init__(self, data: Any = None, *, typed: str = "") -> None:
        super().__init__(data, initial={"form_id": uuid.uuid4(), "text": typed}, auto_id="note_%s")

    def clean_text(self) -> str:
        text = "\n".join(self.cleaned_data["text"].splitlines())  # browsers send two characters for an end of line
        if len(text) > LONGEST_NOTE:
            raise ValidationError(f"Shorten it by {len(text) - LONGEST_NOTE:,} characters: {LONGEST_NOTE:,} fit.")
        if mask_card_numbers(text) != text:
            raise ValidationError("This holds a whole card number. Write its last four digits only.")
        try:
            mentioned_in(text)
        except NobodyOfThatName as refusal:
            raise ValidationError(str(refusal)) from None
        return text

    def values(self) -> dict[str, Any]:
        return {"text": self.cleaned_data["text"], "pk": self.cleaned_data["form_id"]}


class UnsentForm(forms.Form):
    """The same form while it is being typed in: nothing of it need be right yet."""

    form_id = forms.UUIDField(required=False)
    text = forms.CharField(required=False, strip=False)


def note_form(customer: Customer, person: User) -> NoteForm | None:
    """Return the form with what the person typed and has not added; None for people who only read."""
    return NoteForm(typed=unsent_by(person, customer)) if person.has_perm(WRITES) else None
