from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.forms import BaseForm, CheckboxInput, DateInput
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from portal.templatetags import meanings
from portal.templatetags.icons import DRAWINGS

register = template.Library()

# What a browser offers to choose. iPhones convert HEIC unless it is named.
TAKEN = "image/jpeg,image/png,image/heic,image/heif,image/webp,application/pdf,.heic,.heif"

NOTHING = mark_safe('<span class="faint">—</span>')
WHOLE_CURRENCIES = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF"})


# --- Money


@register.filter
def money(value: Decimal | int | str | None, currency: str = "USD") -> SafeString:
    """Write an amount as `1,042.50 USD`."""
    if value is None or value == "":
        return NOTHING
    return format_html('<span class="money">{}</span>', in_words(Decimal(value), currency))


@register.simple_tag
def amount(
    value: Decimal | None, currency: str, original: Decimal | None = None, original_currency: str = ""
) -> SafeString:
    """Write an amount with the currency it was spent in beneath, where that is another one."""
    if original is None or not original_currency or original_currency == currency:
        return money(value, currency)
    return format_html(
        '{}<span class="money-original">{}</span>', money(value, currency), in_words(original, original_currency)
    )


def in_words(value: Decimal, currency: str) -> str:
    """Keep every digit that says something: never round, never fewer than the currency's usual ones."""
    usual = 0 if currency in WHOLE_CURRENCIES else 2
    exponent = value.normalize().as_tuple().exponent
    decimals = max(usual, -exponent) if isinstance(exponent, int) else usual
    return f"{value:,.{decimals}f} {currency}".replace("-", "−")


# --- Times


@register.filter
def when(value: datetime | date | None) -> SafeString:
    """Write a moment as short as it is clear: `14:02` today, `Tue 14:02` this week, `3 Nov 2026` otherwise."""
    if value is None:
        return NOTHING
    if not isinstance(value, datetime):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), format_date(value, "j M Y"))
    local = timezone.localtime(value)
    return _time(local, format_date(local, _precision(local)))


def _precision(local: datetime) -> str:
    days = abs((local.date() - timezone.localdate()).days)
    if days == 0:
        return "H:i"
    return "D H:i" if days < 7 else "j M Y"


@register.filter
def age(value: datetime | None) -> SafeString:
    """Write how long ago something was; a script keeps the number true while the page is open."""
    if value is None:
        return NOTHING
    return _time(timezone.localtime(value), duration(timezone.now() - value), is_age=True)


@register.filter
def duration(value: timedelta) -> str:
    """Write a span with its one or two largest units: `40 s`, `12 min`, `3 h 5 min`, `2 days`."""
    minutes = int(abs(value).total_seconds()) // 60
    if minutes < 1:
        return f"{int(abs(value).total_seconds())} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    days = minutes // (24 * 60)
    return "1 day" if days == 1 else f"{days} days"


def _time(local: datetime, text: str, *, is_age: bool = False) -> SafeString:
    mark = mark_safe(" data-age") if is_age else ""
    title = format_date(local, "l j F Y, H:i:s T")
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>', local.isoformat(timespec="seconds"), title, mark, text
    )


# --- Marks


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon: hidden from a screen reader, unless it stands alone and `label` says what it is."""
    spoken = format_html('<span class="sr-only">{}</span>', label) if label else ""
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d="{}"/></svg>{}',
        DRAWINGS[name],
        spoken,
    )


@register.simple_tag
def badge(status: object) -> SafeString:
    """Show a status: its word, with the colour and icon of what it means. Takes a stored word or a choice."""
    label, meaning = meanings.label_and_meaning(status)
    return format_html('<span class="badge badge--{}">{}{}</span>', meaning, icon(meanings.ICONS[meaning]), label)


@register.simple_tag
def marked(label: str, meaning: str) -> SafeString:
    """Show any word the way a status is shown: `{% marked "Needs review" "waiting" %}`."""
    return format_html('<span class="badge badge--{}">{}{}</span>', meaning, icon(meanings.ICONS[meaning]), label)


@register.simple_tag
def copy(value: object, shown: str = "") -> SafeString:
    """Show an id that is one click from the clipboard; without a script it is plain text."""
    return format_html(
        '<button class="copy" type="button" data-copy="{}" title="Copy {}">{}{}{}</button>',
        value,
        value,
        shown or value,
        icon("copy"),
        icon("check"),
    )


@register.inclusion_tag("_message.html")
def message_line(text: Message | str, level: str = "") -> dict[str, str]:
    """Show one short message, by the level the messages framework gave it."""
    meaning = meanings.LEVELS.get(getattr(text, "level_tag", level), meanings.NEUTRAL)
    icons = {**meanings.ICONS, meanings.NEUTRAL: "info", meanings.BAD: "warning"}
    return {"text": str(text), "meaning": meaning, "icon": icons[meaning]}


# --- Forms


@register.inclusion_tag("_field.html")
def field(
    bound: BoundField, *, required: bool | None = None, wide: bool = False, **attrs: str | bool
) -> dict[str, object]:
    """Draw a whole field: label, mark when optional, help or error, control.

    `required=True` says that a field the form cannot demand (a revealed one) is needed once it shows. Other
    arguments become attributes of the control: `data_reveals="cards"` is written `data-reveals="cards"`.
    """
    is_required = bound.field.required if required is None else required
    control = bound.as_widget(attrs=_attributes(bound, is_required=is_required, given=attrs))
    return {**_around(bound, is_required=is_required), "control": control, "kind": _kind(bound), "is_wide": wide}


@register.inclusion_tag("_slot.html")
def slot(
    bound: BoundField, *, preview: str = "", look: str = "", note: str = "", seen: str = "", refusal: str = "",
    measures: str = "", findings: Iterable[Any] = (), required: bool | None = None, **attrs: str | bool,
) -> dict[str, object]:  # fmt: skip
    """Draw a place for an image: what is there now, or where to drop one.

    `preview` is the image's address, `note` its measurements, `look` the page where it is seen closely, `seen` what
    says which image it is, `refusal` why the one chosen last was not taken, `measures` and `findings` what
    was measured of it and what is wrong with that.
    """
    is_required = bound.field.required if required is None else required
    given = {"accept": TAKEN, **attrs}
    attrs = _attributes(bound, is_required=is_required, given=given)
    if preview:  # what is already here needs no choosing again
        attrs.pop("required", None)
    if refusal:
        attrs |= {"aria-describedby": f"{bound.auto_id}_error", "aria-invalid": "true"}
    control = bound.as_widget(attrs=attrs)
    around = _around(bound, is_required=is_required, refusal=refusal)
    return {
        **around,
        "control": control,
        "preview": preview,
        "look": look,
        "note": note,
        "seen": seen,
        "measures": measures,
        "findings": [each for each in findings if each.sentence not in around["errors"]],
        "seen_name": f"{bound.name.partition('_')[0]}_seen",
    }


@register.inclusion_tag("_error_summary.html")
def error_summary(*forms: BaseForm) -> dict[str, object]:
    """List what was refused, each entry a link to its field. Draws nothing when there is nothing."""
    general = [str(error) for form in forms for error in form.non_field_errors()]
    fields = [(bound, str(error)) for form in forms for bound in form for error in bound.errors]
    return {"general": general, "fields": fields, "is_shown": bool(general or fields)}


def _around(bound: BoundField, *, is_required: bool, refusal: str = "") -> dict[str, Any]:
    return {
        "bound": bound,
        "errors": [refusal] if refusal else [str(error) for error in bound.errors],
        "is_optional": _is_marked_optional(bound, is_required=is_required),
    }


def _is_marked_optional(bound: BoundField, *, is_required: bool) -> bool:
    return not is_required and not isinstance(bound.field.widget, CheckboxInput)


def _attributes(bound: BoundField, *, is_required: bool, given: dict[str, str | bool]) -> dict[str, str | bool]:
    attrs = {name.replace("_", "-"): value for name, value in given.items()}
    notes = "error" if bound.errors else "help" if bound.help_text else ""
    mark = "optional" if _is_marked_optional(bound, is_required=is_required) else ""
    if described := " ".join(f"{bound.auto_id}_{note}" for note in (notes, mark) if note):
        attrs["aria-describedby"] = described
    if is_required and bound.field.widget.use_required_attribute(bound.initial):
        attrs["required"] = True
    return attrs


def _kind(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, CheckboxInput):
        return "check"
    if widget.use_fieldset:
        return "choices"
    return "date" if isinstance(widget, DateInput) and widget.input_type == "text" else "input"
