from datetime import timedelta

from django import forms
from django.utils import timezone

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


NARROW = {"card": WebhookEventQuerySet.of_card, "customer": WebhookEventQuerySet.of_customer}


class DeliveryFilter(forms.Form):
    """What the delivery log is narrowed to; every field may stay empty."""

    product = forms.ChoiceField(
        required=False, choices=[("", "Any"), *((name, name) for name in PRODUCTS)], error_messages=NO_CHOICE
    )
    type = forms.CharField(required=False, max_length=80, widget=forms.TextInput(attrs={"list": "event-types"}))
    outcome = forms.ChoiceField(required=False, choices=[("", "Any"), *Outcome.choices], error_messages=NO_CHOICE)
    card = forms.CharField(
        required=False, label="Card", max_length=90, widget=forms.TextInput(attrs={"placeholder": "Last four or id"})
    )
    customer = forms.CharField(
        required=False, max_length=254, widget=forms.TextInput(attrs={"placeholder": "Email or id"})
    )
    since = forms.DateTimeField(required=False, label="From", widget=Moment, error_messages=NO_MOMENT)
    until = forms.DateTimeField(required=False, label="To", widget=Moment, error_messages=NO_MOMENT)
    operation = forms.CharField(required=False, label="Operation id", max_length=200)

    def clean_type(self) -> str:
        return str(self.cleaned_data["type"]).strip().lower()

    def clean_card(self) -> str:
        return str(self.cleaned_data["card"]).strip("•*. ")

    def deliveries(self) -> WebhookEventQuerySet:
        """Return the deliveries that match what could be read of the filter."""
        self.is_valid()
        asked = self.cleaned_data
        found = WebhookEvent.objects.matching(
            product=asked.get("product", ""),
            event_type=asked.get("type", ""),
            outcome=asked.get("outcome", ""),
            since=asked.get("since"),
            until=asked.get("until"),
            operation_id=asked.get("operation", ""),
        )
        for name, narrow in NARROW.items():
            if word := asked.get(name):
                found = narrow(found, word)
        return found.with_card_last4()


def a_day_ago() -> str:
    """Return what the form starts with."""
    return f"{timezone.localtime() - timedelta(days=1):%Y-%m-%dT%H:%M}"


class FailedSince(forms.Form):
    """From when on failed deliveries are handled again."""

    since = forms.DateTimeField(
        label="Failed since", widget=Moment, error_messages={**NO_MOMENT, "required": NO_MOMENT["invalid"]}
    )
