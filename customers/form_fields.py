"""Form fields that several forms use, with errors that say what to do."""

from datetime import date
from unicodedata import category

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

DATE_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %B %Y", "%d %b %Y"]
EARLIEST_BIRTH = date(1900, 1, 1)
PHONE_MARKS = str.maketrans("", "", " +-./()\u00a0")


def refuse_hidden_characters(value: str) -> None:
    """Refuse what nobody sees: such characters reorder a line of text, or make two names look like one."""
    if any(category(character) in ("Cf", "Cc") for character in value):
        raise ValidationError("This holds invisible characters. Clear the field and type it anew.", code="hidden")


def line(*, most: int, label: str | None = None, required: bool = True) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, required=required, validators=[refuse_hidden_characters])


class DateOnDocument(forms.DateField):
    """A date as people type it: ISO, or day first."""

    def __init__(self, *, label: str, required: bool = True, help_text: str = "") -> None:
        super().__init__(label=label, required=required, help_text=help_text, input_formats=DATE_FORMATS)
        self.error_messages["invalid"] = "Use the date on the document, for example 21/11/1984."
        self.widget.attrs |= {"autocomplete": "off", "placeholder": "21/11/1984"}


class BirthDate(DateOnDocument):
    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value and value > timezone.localdate():
            raise ValidationError("This date is in the future. Use the date on the document.", code="future")
        if value and value < EARLIEST_BIRTH:
            raise ValidationError("This date is before 1900. Write the year with four digits.", code="too_early")


class Digits(forms.CharField):
    """A number of digits that people write with spaces and dashes."""

    def __init__(self, *, label: str, most: int, example: str, required: bool = True, help_text: str = "") -> None:
        super().__init__(label=label, required=required, help_text=help_text)
        self.most, self.example = most, example
        self.widget.attrs |= {"inputmode": "numeric", "autocomplete": "off"}

    def clean(self, value: str | None) -> int | None:
        typed = digits_of(super().clean(value))
        if not typed:
            return None
        if not typed.strip("0"):
            raise ValidationError(f"Enter it as it is dialled, for example {self.example}.", code="zero")
        typed = typed.lstrip("0")
        if not (len(typed) <= self.most and typed.isascii() and typed.isdigit()):
            raise ValidationError(f"Enter at most {self.most} digits, for example {self.example}.", code="invalid")
        return int(typed)


def digits_of(typed: str | None) -> str:
    return (typed or "").translate(PHONE_MARKS)


def phone_country_code(*, required: bool) -> Digits:
    return Digits(label="Phone country code", most=3, example="54", required=required)


def phone_number(*, required: bool) -> Digits:
    return Digits(label="Phone number", most=15, example="1168860622", required=required)


class IdNumber(forms.CharField):
    """A document's number. Marks alone are none: numbers are compared by their letters and digits."""

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not any(character.isalnum() for character in value):
            raise ValidationError("Enter the number with its letters and digits.", code="invalid")


def ask_by_name(form: forms.BaseForm) -> None:
    """Let each field that is left empty be asked for by its own name."""
    for key, field in form.fields.items():
        label = str(form[key].label)
        name = label if label[1:] != label[1:].lower() else label.lower()  # leaves "ID number" and names as given
        verb = "Choose" if isinstance(field, (forms.ChoiceField, forms.FileField)) else "Enter"
        field.error_messages["required"] = f"{verb} the {name}."
        field.error_messages.setdefault("invalid_choice", "Choose one of the list.")
        if isinstance(field, forms.ChoiceField):
            field.error_messages["invalid_choice"] = f"Choose the {name} from the list."
