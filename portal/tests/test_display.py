import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.template import Context, Template
from django.utils import timezone

from portal.templatetags import display, icons, meanings

NOW = datetime(2026, 11, 5, 14, 2, 9, tzinfo=UTC)  # a Thursday


def render(source: str, **context: object) -> str:
    html = Template("{% load display %}" + source).render(Context(context))
    return re.sub(r"\s+", " ", html).strip()


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


class CustomerForm(forms.Form):
    first_name = forms.CharField(label="First name", help_text="As on the document")
    second_name = forms.CharField(label="Second name", required=False)
    birth_date = forms.DateField(label="Date of birth")
    cards = forms.BooleanField(label="Individual cards", required=False)
    occupation = forms.CharField(label="Occupation", required=False)
    method = forms.ChoiceField(label="Approval method", widget=forms.RadioSelect, choices=[("TOPUP", "Top-up")])
    image = forms.FileField(label="Front image", widget=forms.FileInput)

    def clean(self) -> None:
        raise forms.ValidationError("The provider refused <this> customer.")


# --- Money


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        (Decimal("42.5"), "USD", "42.50 USD"),
        (Decimal("1234567.891"), "USD", "1,234,567.891 USD"),
        (Decimal("-20"), "USD", "−20.00 USD"),
        (Decimal("0.00012300"), "USDC", "0.000123 USDC"),
        (Decimal("1E+3"), "EUR", "1,000.00 EUR"),
        (Decimal("41250"), "CLP", "41,250 CLP"),
        (0, "USD", "0.00 USD"),
    ],
)
def test_money_is_written_with_its_currency_and_every_digit_that_says_something(
    value: Decimal, currency: str, shown: str
) -> None:
    assert text(display.money(value, currency)) == shown


def test_money_nobody_knows_is_a_dash() -> None:
    assert text(render("{{ value|money:'USD' }}", value=None)) == "—"


def test_amount_shows_the_original_currency_beneath_only_where_it_differs() -> None:
    spent = {"value": Decimal("9.99"), "original": Decimal(9990)}

    abroad = render('{% amount value "USD" original "ARS" %}', **spent)
    at_home = render('{% amount value "USD" value "USD" %}', **spent)

    assert text(abroad) == "9.99 USD 9,990.00 ARS"
    assert text(at_home) == "9.99 USD"


# --- Times


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (NOW, "14:02"),
        (NOW.replace(hour=0, minute=0), "00:00"),
        (NOW - timedelta(days=2), "Tue 14:02"),
        (NOW - timedelta(days=6), "Fri 14:02"),
        (NOW - timedelta(days=7), "29 Oct 2026"),
        (NOW - timedelta(days=700), "5 Dec 2024"),
        (NOW + timedelta(days=1), "Fri 14:02"),
    ],
)
def test_a_moment_is_written_as_short_as_it_is_clear(moment: datetime, shown: str) -> None:
    with time_machine.travel(NOW, tick=False):
        assert text(display.when(moment)) == shown


def test_a_moment_carries_the_full_time_for_people_and_machines() -> None:
    with time_machine.travel(NOW, tick=False):
        html = display.when(NOW - timedelta(days=300))

    assert 'title="Friday 9 January 2026, 14:02:09 UTC"' in html
    assert 'datetime="2026-01-09T14:02:09+00:00"' in html


def test_a_moment_is_shown_in_the_time_of_the_person_reading() -> None:
    with time_machine.travel(NOW, tick=False), timezone.override("America/Argentina/Buenos_Aires"):
        assert text(display.when(NOW)) == "11:02"


def test_a_date_has_no_time() -> None:
    assert render("{{ day|when }}", day=date(1984, 11, 21)) == '<time datetime="1984-11-21">21 Nov 1984</time>'


def test_a_moment_that_never_came_is_a_dash() -> None:
    assert text(render("{{ at|when }} {{ at|age }}", at=None)) == "— —"


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (timedelta(seconds=40), "40 s"),
        (timedelta(minutes=12, seconds=59), "12 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(hours=3, minutes=5), "3 h 5 min"),
        (timedelta(days=1, hours=23), "1 day"),
        (timedelta(days=12), "12 days"),
    ],
)
def test_an_age_is_written_in_its_largest_units(span: timedelta, shown: str) -> None:
    with time_machine.travel(NOW, tick=False):
        html = display.age(NOW - span)

    assert text(html) == shown
    assert "data-age" in html


# --- Marks


@pytest.mark.parametrize(
    ("word", "label", "meaning"),
    [
        ("PENDING", "Pending", "waiting"),
        ("ACTIVE", "Active", "good"),
        ("REJECTED", "Rejected", "bad"),
        ("in_kyc", "In review", "waiting"),
        ("unknown", "No answer yet", "unknown"),
        ("some_new_word", "Some new word", "neutral"),
    ],
)
def test_a_badge_says_the_status_and_shows_its_meaning(word: str, label: str, meaning: str) -> None:
    html = render("{% badge status %}", status=word)

    assert text(html) == label
    assert f"badge--{meaning}" in html
    assert icons.DRAWINGS[meanings.ICONS[meaning]] in html


def test_a_badge_believes_a_status_that_knows_its_own_label_and_meaning() -> None:
    class Choice(str):
        label = "Held by the provider"
        meaning = "bad"

    html = render("{% badge status %}", status=Choice("ACTIVE"))

    assert text(html) == "Held by the provider"
    assert "badge--bad" in html


def test_a_provider_word_cannot_bring_markup_into_the_page() -> None:
    assert "<b>" not in render("{% badge status %}{% copy status %}", status="<b>x</b>")


def test_every_meaning_and_every_known_status_has_a_drawing() -> None:
    assert {meaning for _, meaning in meanings.STATUSES.values()} <= set(meanings.ICONS)
    assert set(meanings.ICONS.values()) <= set(icons.DRAWINGS)


def test_an_icon_is_silent_unless_it_stands_alone() -> None:
    assert text(render('{% icon "clock" %}')) == ""
    assert text(render('{% icon "dots" "More" %}')) == "More"


def test_an_id_is_copied_whole_and_may_be_shown_short() -> None:
    html = render('{% copy "4QWq1rQtjnLM" "4QWq…" %}')

    assert 'data-copy="4QWq1rQtjnLM"' in html
    assert text(html) == "4QWq…"


def test_a_message_keeps_the_level_it_was_given() -> None:
    html = render("{% message_line message %}", message=Message(constants.ERROR, "Daily is above monthly."))

    assert "message--bad" in html
    assert "Daily is above monthly." in text(html)


# --- Forms


def test_a_field_is_labelled_and_described_by_its_help() -> None:
    html = render("{% field form.first_name %}", form=CustomerForm())

    assert '<label for="id_first_name">First name</label>' in html
    assert 'aria-describedby="id_first_name_help"' in html
    assert '<p class="field-help" id="id_first_name_help">As on the document</p>' in html
    assert " required" in html
    assert "optional" not in html


def test_the_optional_mark_stands_outside_the_label() -> None:
    html = render("{% field form.second_name %}", form=CustomerForm())

    assert '<label for="id_second_name">Second name</label><span class="field-optional"' in html
    assert 'aria-describedby="id_second_name_optional"' in html
    assert " required" not in html


def test_an_error_takes_the_place_of_the_help() -> None:
    html = render("{% field form.first_name %}", form=CustomerForm({}))

    assert "As on the document" not in html
    assert 'aria-describedby="id_first_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert "Error: This field is required." in text(html)


def test_what_was_typed_stays_in_a_refused_field() -> None:
    html = render("{% field form.birth_date %}", form=CustomerForm({"birth_date": "31 of May <b>"}))

    assert 'value="31 of May &lt;b&gt;"' in html


def test_a_revealed_field_is_needed_although_the_form_cannot_demand_it() -> None:
    html = render("{% field form.occupation required=True %}", form=CustomerForm())

    assert " required" in html
    assert "optional" not in html


def test_a_checkbox_is_never_marked_optional_and_takes_attributes() -> None:
    html = render('{% field form.cards data_reveals="cards" %}', form=CustomerForm())

    assert 'data-reveals="cards"' in html
    assert "optional" not in html


def test_a_date_is_one_text_field_with_a_picker_that_nobody_has_to_use() -> None:
    html = render("{% field form.birth_date %}", form=CustomerForm(initial={"birth_date": date(1984, 11, 21)}))

    assert html.count(' name="') == 1
    assert 'value="1984-11-21"' in html
    assert "Choose a date" in text(html)


def test_choices_are_a_named_group() -> None:
    html = render("{% field form.method %}", form=CustomerForm())

    assert "<legend>Approval method</legend>" in html
    assert text(html) == "Approval method Top-up"


def test_a_slot_offers_a_place_for_an_image_and_shows_the_one_that_is_there() -> None:
    empty = render("{% slot form.image %}", form=CustomerForm())
    filled = render('{% slot form.image preview="/x.jpg" note="2400 × 1600 px" %}', form=CustomerForm())

    assert "Front image Choose an image or drop or paste one here JPEG, PNG, HEIC, WebP, or a PDF" in text(empty)
    assert 'accept="image/jpeg,image/png,image/heic,' in empty
    assert '<img src="/x.jpg" alt="Front image as chosen">' in filled
    assert "Front image Replace it or drop or paste one here 2400 × 1600 px" in text(filled)


def test_a_slot_that_holds_an_image_does_not_demand_another() -> None:
    form = CustomerForm()
    form.fields["image"].required = False  # the view knows whether one is kept

    empty = render("{% slot form.image required=True %}", form=form)
    filled = render('{% slot form.image required=True preview="/x.jpg" %}', form=form)

    assert " required" in empty
    assert " required" not in filled
    assert "optional" not in filled


def test_the_error_summary_links_each_error_to_its_field() -> None:
    html = render("{% error_summary form %}", form=CustomerForm({"birth_date": "1984-11-21"}))

    assert '<a href="#id_first_name">First name</a>: This field is required.' in html
    assert '<a href="#id_method_0">Approval method</a>' in html
    assert "The provider refused &lt;this&gt; customer." in html
    assert 'tabindex="-1"' in html
    assert "3 answers need a change" in text(html)


def test_the_error_summary_is_silent_about_a_form_nobody_sent() -> None:
    assert render("{% error_summary form %}", form=CustomerForm()) == ""
