import re
import uuid
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django import forms

from cards.dry_run import Supposed
from cards.models import LIMITS, Card
from cards.policies import LONGEST_HOLDER_NAME, check_holder_name, printable_name
from cards.rules import ATM
from cards.statuses import ApprovalMethod, TransactionState
from customers.models import Customer
from customers.policies import NotAllowed

LONGER_AND_LONGER = ("daily_limit", "weekly_limit", "monthly_limit")
TOO_MUCH = "Write an amount below 1,000,000,000,000, or leave it empty for no limit."
TOO_MUCH_TO_TRY = "Write an amount below 1,000,000,000,000."
CHANNELS = (("", "Not known"), ("POS", "In a shop"), ("ECOMMERCE", "Online"), (ATM, "Cash machine"))


class AmountField(forms.DecimalField):
    """Takes digits and a point. What Python would read besides, such as 1e5, is more likely a slip."""

    def to_python(self, value: Any) -> Any:
        if value not in self.empty_values and not re.fullmatch(r"[+-]?[0-9]*\.?[0-9]*", str(value).strip()):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


def limit_field(label: str) -> forms.DecimalField:
    return AmountField(
        label=label,
        required=False,
        min_value=Decimal(0),
        max_digits=14,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="USD, fees included. Empty means no limit.",
        error_messages={
            "invalid": "Write the amount like 250 or 99.50.",
            "min_value": "A limit cannot be negative. Leave it empty for no limit.",
            "max_decimal_places": "Use at most two decimals, like 99.50.",
            "max_digits": TOO_MUCH,
            "max_whole_digits": TOO_MUCH,
        },
    )


class LimitsForm(forms.Form):
    daily_limit = limit_field("Daily limit")
    weekly_limit = limit_field("Weekly limit")
    monthly_limit = limit_field("Monthly limit")
    per_transaction_limit = limit_field("Per-transaction limit")

    @classmethod
    def of(cls, card: Card, data: Any = None) -> "LimitsForm":
        shown = {name: value if value is None else _plain(value) for name, value in card.limits.items()}
        return cls(data, initial=shown)

    def limits(self) -> dict[str, Decimal | None]:
        return {name: self.cleaned_data[name] for name in LIMITS}

    def warning(self) -> str:
        """Return what to know about limits that never count, because one of a longer time is lower."""
        given = [(name, value) for name in LONGER_AND_LONGER if (value := self.cleaned_data[name]) is not None]
        return " ".join(
            f"The {LIMITS[name].lower()} limit of {value:.2f} never counts: the {LIMITS[longer].lower()} one of "
            f"{lower:.2f} is reached first."
            for (name, value), (longer, lower) in pairwise(given)
            if value > lower
        )


class IssueForm(LimitsForm):
    # The same form sent twice must not issue two cards.
    form_id = forms.UUIDField(widget=forms.HiddenInput)
    holder_name = forms.CharField(
        label="Holder name",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=f"As printed on the card: at most {LONGEST_HOLDER_NAME} letters A to Z and spaces. Accents are cut.",
        error_messages={
            "required": "Write the name that stands on the card.",
            "max_length": f"Use at most {LONGEST_HOLDER_NAME} characters.",
        },
    )
    approval_method = forms.ChoiceField(
        label="Approval method",
        choices=ApprovalMethod.choices,
        help_text="Cannot be changed later.",
    )
    field_order = ("form_id", "holder_name", "approval_method", *LIMITS)

    @classmethod
    def for_customer(cls, customer: Customer, *, again: dict[str, Any] | None = None) -> "IssueForm":
        """Return the form with the customer's name, or with what was asked for before and refused."""
        values = {"holder_name": name_for_card(customer), "approval_method": ApprovalMethod.TOPUP, **(again or {})}
        return cls(initial={**values, "form_id": uuid.uuid4()})

    def clean_holder_name(self) -> str:
        name = printable_name(self.cleaned_data["holder_name"])
        try:
            check_holder_name(name)
        except NotAllowed as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return name

    def wish(self) -> dict[str, Any]:
        """Return what is asked for, under the names the action takes."""
        return {
            "holder_name": self.cleaned_data["holder_name"],
            "approval_method": ApprovalMethod(self.cleaned_data["approval_method"]),
            "limits": self.limits(),
            "form_id": str(self.cleaned_data["form_id"]),
        }


def name_for_card(customer: Customer) -> str:
    """Return the customer's name as it fits on a card: without the second name where it is too long."""
    whole = printable_name(customer.full_name)
    return whole if len(whole) <= LONGEST_HOLDER_NAME else printable_name(f"{customer.first_name} {customer.last_name}")


class WouldPassForm(forms.Form):
    """A purchase as a caller describes it."""

    amount = AmountField(
        label="Amount",
        min_value=Decimal(0),
        max_digits=14,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="USD, fees included.",
        error_messages={
            "required": "Write what the purchase costs, like 42.50.",
            "invalid": "Write the amount like 250 or 99.50.",
            "min_value": "A purchase cannot cost less than nothing.",
            "max_decimal_places": "Use at most two decimals, like 99.50.",
            "max_digits": TOO_MUCH_TO_TRY,
            "max_whole_digits": TOO_MUCH_TO_TRY,
        },
    )
    merchant = forms.CharField(
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"max_length": "Use at most 200 characters."},
    )
    mcc = forms.RegexField(
        r"^[0-9]{4}$",
        label="MCC",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": "An MCC has four digits, like 5812."},
    )
    country = forms.RegexField(
        r"^[A-Za-z]{2,3}$",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Its letters, like USA.",
        error_messages={"invalid": "Write the country’s two or three letters, like USA."},
    )
    channel = forms.ChoiceField(
        choices=CHANNELS, required=False, error_messages={"invalid_choice": "Choose one of the list."}
    )

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "WouldPassForm":
        """Return the form with what the address says; an address that says nothing of it is asked nothing yet."""
        return cls(given if any(name in given for name in cls.base_fields) else None)

    def supposed(self) -> Supposed:
        values = {name: self.cleaned_data[name] for name in ("merchant", "mcc", "country", "channel")}
        return Supposed(cost=self.cleaned_data["amount"], **values)


class TransactionFilter(forms.Form):
    """The filters in the address; what is not understood filters nothing."""

    card = forms.RegexField(r"^[0-9]{4}$", required=False)
    status = forms.ChoiceField(choices=[("", "Any"), *TransactionState.choices], required=False)

    def chosen(self) -> dict[str, str]:
        self.is_valid()
        return {name: self.cleaned_data[name] for name in self.fields if self.cleaned_data.get(name)}


def _plain(value: Decimal) -> str:
    return f"{value:.2f}" if value == value.quantize(Decimal("0.01")) else f"{value.normalize():f}"
