from typing import Any

from django import forms

from customers.places import NOTHING_CHOSEN
from customers.reveal_actions import RevealReason


class RevealForm(forms.Form):
    """Why somebody has a customer's data shown: a reason from the list, and words where the list has none."""

    reason = forms.ChoiceField(
        choices=[NOTHING_CHOSEN, *RevealReason.choices],
        error_messages={"required": "Choose why you need to see them."},
        widget=forms.Select(attrs={"autofocus": True}),
    )
    words = forms.CharField(
        label="In your words", required=False, max_length=300, help_text="For example the ticket or who asked."
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("reason") == RevealReason.OTHER and not cleaned.get("words", "").strip():
            self.add_error("words", "Say what it is: nothing on the list says it for you.")
        return cleaned
