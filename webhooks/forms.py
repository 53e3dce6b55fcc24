from django import forms

from webhooks.handlers import CARD_HANDLERS, COMPANY_HANDLERS
from webhooks.models import Outcome, WebhookEvent, WebhookEventQuerySet

PRODUCTS = ["cards", "individual_cards", "company_activity", "treasury", "virtual_wallets"]
TYPES = ["authorization", *sorted({**CARD_HANDLERS, **COMPANY_HANDLERS})]


class Moment(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


NO_CHOICE = {"invalid_choice": "Choose one of the list."}
NO_MOMENT = {"invalid": "Give a date and a time, for example 2026-04-15 14:00."}


class DeliveryFilter(forms.Form):
    """What the delivery log is narrowed to; every field may stay empty."""

    product = forms.ChoiceField(
        required=False, choices=[("", "Any"), *((name, name) for name in PRODUCTS)], error_messages=NO_CHOICE
    )
    type = forms.CharField(required=False, max_length=80, widget=forms.TextInput(attrs={"list": "event-types"}))
    outcome = forms.ChoiceField(required=False, choices=[("", "Any"), *Outcome.choices], error_messages=NO_CHOICE)
    since = forms.DateTimeField(required=False, label="From", widget=Moment, error_messages=NO_MOMENT)
    until = forms.DateTimeField(required=False, label="To", widget=Moment, error_messages=NO_MOMENT)
    id = forms.CharField(required=False, label="Operation or card id", max_length=200)

    def clean_type(self) -> str:
        return str(self.cleaned_data["type"]).strip().lower()

    def deliveries(self) -> WebhookEventQuerySet:
        """Return the deliveries that match what could be read of the filter."""
        self.is_valid()
        asked = self.cleaned_data
        return WebhookEvent.objects.matching(
            product=asked.get("product", ""),
            event_type=asked.get("type", ""),
            outcome=asked.get("outcome", ""),
            since=asked.get("since"),
            until=asked.get("until"),
            provider_id=asked.get("id", ""),
        ).with_card_last4()
