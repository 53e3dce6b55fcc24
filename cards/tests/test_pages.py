import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.template import RequestContext, Template
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from cards import ledger
from cards.display import doing
from cards.models import Card, Transaction
from cards.statuses import EventKind
from cards.tests.making import NOON, make_active_customer, make_card, make_purchase
from customers.models import Customer
from customers.statuses import Source
from provider.models import CallKind, CallState, ProviderCall

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
FORM = {
    "form_id": "5f3f3f9e-4f63-4ad5-9d8d-0a6c8b6f5c01",
    "holder_name": "Maria Barber",
    "approval_method": "TOPUP",
    "daily_limit": "100",
    "weekly_limit": "",
    "monthly_limit": "2000.50",
    "per_transaction_limit": "",
}


def url(name: str, *args: Any) -> str:
    return reverse(f"cards:{name}", args=args)


def page(client: Client, address: str, **options: Any) -> str:
    response = client.get(address, **options)
    assert response.status_code == 200
    return response.content.decode()


def spend(
    card: Card, amount: str = "42.50", *, after: int = 0, kind: EventKind = EventKind.AUTHORIZED, **what: Any
) -> Transaction:
    purchase = make_purchase(amount, occurred_at=NOON + timedelta(minutes=after), **what)
    event = ledger.record_event(card=card, kind=kind, operation_id=f"{after}", purchase=purchase, source="WEBHOOK")
    return event.placement.transaction


def asked(card: Card | Customer, kind: CallKind, state: CallState, **changes: Any) -> ProviderCall:
    now = timezone.now()
    is_open = state in (CallState.WANTED, CallState.SENT, CallState.UNKNOWN)
    values = {
        "payload": {},
        "payload_digest": "1",
        "wanted_at": now,
        "sent_at": None if state == CallState.WANTED else now,
        "answered_at": None if is_open else now,
        **changes,
    }
    return ProviderCall.objects.create(kind=kind, target_id=card.pk, customer_id=card.owner_id(), state=state, **values)


# --- Who may open what


OPENED_BY_READING = ["list", "transactions"]


@pytest.mark.parametrize("name", OPENED_BY_READING)
def test_a_stranger_is_sent_to_the_sign_in(name: str, client: Client) -> None:
    response = client.get(url(name))

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", OPENED_BY_READING)
def test_a_person_without_rights_is_refused(name: str, client: Client) -> None:
    client.force_login(User.objects.create_user("nobody"))

    assert client.get(url(name)).status_code == 403


@pytest.mark.parametrize("name", ["freeze", "unfreeze", "refresh"])
def test_an_act_is_never_a_link(name: str, client: Client, officer: User) -> None:
    client.force_login(officer)

    assert client.get(url(name, make_card().pk)).status_code == 405


def test_support_looks_at_cards_and_may_not_issue_or_change_limits(client: Client, support: User) -> None:
    card = make_card()
    client.force_login(support)

    html = page(client, url("detail", card.pk))
    assert "Freeze card" in html
    assert "Change limits" not in html
    assert client.get(url("limits", card.pk)).status_code == 403
    assert client.get(url("issue", card.customer_id)).status_code == 403
    assert client.post(url("issue", card.customer_id), FORM).status_code == 403
    assert not ProviderCall.objects.exists()


def test_an_admin_reads_cards_in_the_pages_and_freezes_none(client: Client, admin_person: User) -> None:
    card = make_card()
    client.force_login(admin_person)

    assert "Freeze card" not in page(client, url("detail", card.pk))
    assert client.post(url("freeze", card.pk)).status_code == 403


# --- Issuing


def test_the_form_starts_with_the_name_as_it_fits_on_a_card(client: Client, officer: User) -> None:
    customer = make_active_customer(first_name="María", second_name="Julia Antonia", last_name="Barber Núñez")
    client.force_login(officer)

    html = page(client, url("issue", customer.pk))

    assert 'value="Maria Barber Nunez"' in html
    for label in (
        "Holder name",
        "Approval method",
        "Daily limit",
        "Weekly limit",
        "Monthly limit",
        "Per-transaction limit",
    ):
        assert f">{label}</label>" in html


def test_issuing_leads_to_the_customer_with_the_card_under_way(client: Client, officer: User) -> None:
    customer = make_active_customer()
    client.force_login(officer)

    response = client.post(url("issue", customer.pk), FORM)

    assert response.status_code == 302
    assert response["Location"] == f"/customers/{customer.pk}/#customer-cards"
    call = ProviderCall.objects.get()
    assert (call.payload["holder_name"], call.payload["monthly_limit"]) == ("Maria Barber", "2000.5")


def test_a_double_click_issues_one_card(client: Client, officer: User) -> None:
    customer = make_active_customer()
    client.force_login(officer)

    responses = [client.post(url("issue", customer.pk), FORM) for _ in range(2)]

    assert [response.status_code for response in responses] == [302, 302]
    assert ProviderCall.objects.count() == 1


@pytest.mark.parametrize("status", ["PENDING", "REJECTED"])
def test_a_forged_form_for_a_customer_who_is_not_active_issues_nothing(
    status: str, client: Client, officer: User
) -> None:
    customer = make_active_customer(status=status)
    client.force_login(officer)

    response = client.post(url("issue", customer.pk), FORM)

    assert response.status_code == 409
    assert "once the customer is Active" in response.content.decode()
    assert not ProviderCall.objects.exists()
    assert "disabled" in page(client, url("issue", customer.pk))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"holder_name": ""}, "Write the name that stands on the card"),
        ({"holder_name": "Maria B4rber"}, "Use the Latin letters A to Z"),
        ({"holder_name": "X" * 28}, "Use at most 27 characters"),
        ({"approval_method": "NONE"}, "Select a valid choice"),
        ({"daily_limit": "-1"}, "A limit cannot be negative"),
        ({"daily_limit": "a lot"}, "Write the amount like 250 or 99.50"),
        ({"daily_limit": "1.001"}, "Use at most two decimals"),
        ({"daily_limit": "NaN"}, "Write the amount like 250 or 99.50"),
    ],
)
def test_what_cannot_be_issued_is_said_at_its_field_and_nothing_typed_is_lost(
    change: dict[str, str], words: str, client: Client, officer: User
) -> None:
    customer = make_active_customer()
    client.force_login(officer)

    response = client.post(url("issue", customer.pk), {**FORM, **change})

    html = response.content.decode()
    assert response.status_code == 422
    assert words in html
    assert 'value="2000.50"' in html
    assert FORM["form_id"] in html
    assert not ProviderCall.objects.exists()


def test_an_accent_is_left_out_of_the_printed_name(client: Client, officer: User) -> None:
    client.force_login(officer)

    client.post(url("issue", make_active_customer().pk), {**FORM, "holder_name": " José  Groß "})

    assert ProviderCall.objects.get().payload["holder_name"] == "Jose Gross"


def test_a_refused_card_says_why_and_offers_what_was_asked_for_again(client: Client, officer: User) -> None:
    customer = make_active_customer()
    payload = {"holder_name": "JULIA BARBER", "approval_method": "WEBHOOK", "daily_limit": "75", "form_id": "old"}
    words = "This client already has the maximum of 5 cards."
    asked(customer, CallKind.ISSUE_CARD, CallState.REFUSED, payload=payload, message=words)
    client.force_login(officer)

    html = page(client, url("issue", customer.pk))

    assert words in html
    assert 'value="JULIA BARBER"' in html
    assert 'value="75"' in html
    assert 'value="old"' not in html


# --- The customer's cards


def cards_of(customer: Customer, user: User) -> str:
    request = RequestFactory().get("/")
    request.user = user
    template = Template("{% load cards %}{% customer_cards customer %}")
    return template.render(RequestContext(request, {"customer": customer}))


def test_the_customers_cards_lead_to_their_pages(officer: User) -> None:
    card = make_card()

    html = cards_of(card.customer, officer)

    assert f'href="/cards/{card.pk}/"' in html
    assert f'href="/customers/{card.customer_id}/cards/issue/"' in html
    assert "hx-trigger" not in html


@pytest.mark.parametrize(("status", "words"), [("PENDING", "not finished"), ("REJECTED", "refused this customer")])
def test_the_button_says_why_no_card_can_be_issued(status: str, words: str, officer: User) -> None:
    html = cards_of(make_active_customer(status=status), officer)

    assert "disabled" in html
    assert words in html
    assert "/issue/" not in html


def test_support_sees_the_cards_without_the_button(support: User) -> None:
    html = cards_of(make_card().customer, support)

    assert "•••• 4242" in html
    assert "Issue card" not in html


def test_a_card_under_way_is_followed_until_it_is_there(client: Client, officer: User) -> None:
    customer = make_active_customer()
    asked(customer, CallKind.ISSUE_CARD, CallState.SENT)
    client.force_login(officer)

    html = page(client, url("customer_cards", customer.pk))
    assert "Issuing the card" in html
    assert 'hx-trigger="every 500ms"' in html

    ProviderCall.objects.update(state=CallState.DONE, answered_at=timezone.now())
    make_card(customer=customer)
    html = page(client, url("customer_cards", customer.pk))
    assert "•••• 4242" in html
    assert "hx-trigger" not in html
    assert 'id="timeline" hx-swap-oob="true"' in html
    assert "Issue the card: done" in html


def test_a_card_without_an_answer_is_shown_as_such(officer: User) -> None:
    customer = make_active_customer()
    asked(customer, CallKind.ISSUE_CARD, CallState.UNKNOWN, error_code="NoAnswer", next_attempt_at=timezone.now())

    html = cards_of(customer, officer)

    assert "face--unknown" in html
    assert "No answer yet" in html


# --- The card's page


def test_the_card_page_shows_what_the_provider_says(client: Client, officer: User) -> None:
    card = make_card(
        balance=Decimal("150.75"),
        balance_at=timezone.now(),
        daily_limit=Decimal(100),
        deposit_addresses=[
            {
                "key": "g",
                "address": "GA7Q",
                "blockchain": "STELLAR",
                "memo": "123456",
                "tokens": ["USDC"],
                "is_ramp": True,
            }
        ],
    )
    client.force_login(officer)

    html = page(client, url("detail", card.pk))

    for shown in ("•••• 4242", "Active", "150.75 USD", "100.00 USD", "No limit", "12/28", "GA7Q", "123456", "USDC"):
        assert shown in html
    assert f'href="/customers/{card.customer_id}/"' in html


def test_a_card_that_approves_by_webhook_has_no_deposit_address(client: Client, officer: User) -> None:
    client.force_login(officer)

    assert "Deposit addresses" not in page(client, url("detail", make_card(approval_method="WEBHOOK").pk))


def test_freezing_returns_to_the_page_that_says_what_is_under_way(client: Client, support: User) -> None:
    card = make_card()
    client.force_login(support)

    response = client.post(url("freeze", card.pk), follow=True)

    html = response.content.decode()
    assert response.redirect_chain == [(f"/cards/{card.pk}/", 302)]
    assert "Freezing the card at CryptoMate" in html
    assert 'hx-trigger="every 500ms"' in html


def test_what_is_under_way_cannot_be_asked_for_again_and_the_button_says_so(client: Client, officer: User) -> None:
    card = make_card(status="FROZEN")
    freezing = asked(card, CallKind.SET_FROZEN, CallState.SENT, payload={"freeze": False})
    limiting = asked(card, CallKind.SET_LIMITS, CallState.UNKNOWN)
    issuing = asked(card.customer, CallKind.ISSUE_CARD, CallState.WANTED)
    client.force_login(officer)
    buttons = {
        ("detail", card.pk, "Unfreeze card"): f"{doing(freezing)} is under way",
        ("limits", card.pk, "Change limits"): f"{doing(limiting)} is under way",
        ("issue", card.customer_id, "Issue card"): f"{doing(issuing)} is under way",
    }

    for (name, pk, button), words in buttons.items():
        html = page(client, url(name, pk))
        assert words in html
        assert re.search(f'type="button" disabled aria-describedby="why-[a-z]+">{button}</button>', html)

    ProviderCall.objects.update(state=CallState.DONE, sent_at=timezone.now(), answered_at=timezone.now())
    for name, pk, _ in buttons:
        assert "is under way" not in page(client, url(name, pk))


def test_what_cannot_be_frozen_says_so_and_stays(client: Client, support: User) -> None:
    card = make_card(status="BLOCKED", hold_reason="PROVIDER")
    client.force_login(support)

    response = client.post(url("freeze", card.pk))

    assert response.status_code == 409
    assert "Only an active card can be frozen" in response.content.decode()
    assert not ProviderCall.objects.exists()


def test_unfreezing_while_the_freeze_is_under_way_is_refused_in_words(client: Client, support: User) -> None:
    card = make_card()
    client.force_login(support)
    client.post(url("freeze", card.pk))
    Card.objects.filter(pk=card.pk).update(**{"status": "FROZEN"})

    response = client.post(url("unfreeze", card.pk))

    assert response.status_code == 409
    assert "still under way" in response.content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "FROZEN", "hold_reason": "OFFICER"}, "A person froze it"),
        ({"status": "FROZEN", "hold_reason": "PROVIDER"}, "CryptoMate froze it"),
        ({"status": "FROZEN", "hold_reason": "VELOCITY"}, "A velocity rule stopped it"),
        ({"status": "BLOCKED", "hold_reason": "PROVIDER"}, "CryptoMate blocked it"),
        ({"status": "EXPIRED"}, "The card is expired"),
        ({"remote_status": "SLEEPING"}, "CryptoMate says “SLEEPING”"),
    ],
)
def test_the_page_says_how_the_card_stands(changes: dict[str, Any], words: str, client: Client, officer: User) -> None:
    client.force_login(officer)

    assert words in page(client, url("detail", make_card(**changes).pk))


def test_a_refused_freeze_shows_the_providers_words_for_a_day(client: Client, officer: User) -> None:
    card = make_card()
    call = asked(card, CallKind.SET_FROZEN, CallState.REFUSED, payload={"freeze": True}, message="Card not found")
    client.force_login(officer)
    assert "CryptoMate refused freezing the card" in page(client, url("detail", card.pk))

    yesterday = timezone.now() - timedelta(days=2)
    ProviderCall.objects.filter(pk=call.pk).update(answered_at=yesterday)

    assert "CryptoMate refused" not in page(client, url("detail", card.pk))


def test_a_poll_is_answered_with_nothing_until_something_changes(client: Client, officer: User) -> None:
    card = make_card()
    client.force_login(officer)
    seen = client.get(url("detail", card.pk)).context["seen"]
    assert client.get(url("live", card.pk), {"seen": seen}, headers=HTMX).status_code == 204

    spend(card)
    response = client.get(url("live", card.pk), {"seen": seen}, headers=HTMX)

    html = response.content.decode()
    assert "Acme Coffee" in html
    assert not [part for part in ("title", "facts", "attention", "history") if f'id="card-{part}"' in html]
    assert client.get(url("live", card.pk), {"seen": response.context["seen"]}, headers=HTMX).status_code == 204


def test_a_poll_brings_the_new_status_with_what_depends_on_it(client: Client, officer: User) -> None:
    card = make_card()
    client.force_login(officer)
    seen = client.get(url("detail", card.pk)).context["seen"]

    Card.objects.filter(pk=card.pk).update(**{"status": "FROZEN"})
    html = page(client, url("live", card.pk), data={"seen": seen}, headers=HTMX)

    assert 'id="card-title" hx-swap-oob="true"' in html
    assert "Unfreeze card" in html


# --- Limits


def test_the_limits_form_shows_what_stands_and_sends_all_four(client: Client, officer: User) -> None:
    card = make_card(daily_limit=Decimal("100.50"), weekly_limit=Decimal(500))
    client.force_login(officer)
    html = page(client, url("limits", card.pk))
    assert 'value="100.50"' in html
    assert 'value="500.00"' in html

    response = client.post(url("limits", card.pk), {"daily_limit": "80", "weekly_limit": "500.00"})

    assert response.status_code == 302
    assert ProviderCall.objects.get().payload == {
        "daily_limit": "80",
        "weekly_limit": "500",
        "monthly_limit": None,
        "per_transaction_limit": None,
    }


def test_a_negative_limit_is_said_at_its_field(client: Client, officer: User) -> None:
    client.force_login(officer)

    response = client.post(url("limits", make_card().pk), {"weekly_limit": "-5"})

    assert response.status_code == 422
    assert 'id="id_weekly_limit_error"' in response.content.decode()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("1e5", "Write the amount like 250 or 99.50."),
        ("1,000", "Write the amount like 250 or 99.50."),
        ("NaN", "Write the amount like 250 or 99.50."),
        ("9" * 13, "Write an amount below 1,000,000,000,000"),
        ("9" * 20, "Write an amount below 1,000,000,000,000"),
    ],
)
def test_a_limit_that_cannot_be_read_says_how_to_write_one(
    typed: str, sentence: str, client: Client, officer: User
) -> None:
    client.force_login(officer)

    response = client.post(url("limits", make_card().pk), {"daily_limit": typed})

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert f'value="{typed}"' in response.content.decode()


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (("500", "400", "300"), ["daily limit of 500.00", "weekly one of 400.00", "weekly limit of 400.00"]),
        (("500", "", "300"), ["daily limit of 500.00", "monthly one of 300.00"]),
        (("100", "100", "100"), []),
        (("", "", ""), []),
    ],
)
def test_limits_that_never_count_are_taken_with_a_warning(
    limits: tuple[str, str, str], said: list[str], client: Client, officer: User
) -> None:
    client.force_login(officer)
    names = ("daily_limit", "weekly_limit", "monthly_limit")

    html = client.post(url("limits", make_card().pk), dict(zip(names, limits, strict=True)), follow=True).content

    assert ProviderCall.objects.exists()
    assert (b"never counts" in html) == bool(said)
    for words in said:
        assert words in html.decode()


def test_the_limits_of_a_closed_card_are_refused_in_words(client: Client, officer: User) -> None:
    client.force_login(officer)

    response = client.post(url("limits", make_card(status="EXPIRED").pk), {"daily_limit": "5"})

    assert response.status_code == 409
    assert "cannot be changed" in response.content.decode()


# --- Lists


def test_cards_are_found_by_their_last_four_digits(client: Client, support: User) -> None:
    make_card(last4="1111", holder_name="JOHN DOE")
    make_card(last4="2222", holder_name="JANE ROE")
    client.force_login(support)

    html = page(client, url("list"), data={"last4": "2222"})

    assert "JANE ROE" in html
    assert "JOHN DOE" not in html
    assert "No card ends in 3333" in page(client, url("list"), data={"last4": "3333"})


def test_the_list_of_cards_takes_a_fixed_number_of_queries(
    client: Client, support: User, django_assert_num_queries: Any
) -> None:
    client.force_login(support)
    for _ in range(3):
        make_card()
    client.get(url("list"))

    with django_assert_num_queries(6):
        client.get(url("list"))


def test_transactions_are_turned_page_by_page(client: Client, support: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customers.paging.PAGE_SIZE", 2)
    card = make_card()
    for number in range(5):
        spend(card, f"{number + 1}.00", after=number, merchant_name=f"Shop {number}", merchant_id=f"m{number}")
    client.force_login(support)

    first = client.get(url("transactions")).context
    second = client.get(first["older_url"]).context
    third = client.get(second["older_url"]).context
    back = client.get(third["newer_url"]).context

    def names(context: Any) -> list[str]:
        return [row.merchant_name for row in context["page"].rows]

    assert [names(context) for context in (first, second, third)] == [
        ["Shop 4", "Shop 3"],
        ["Shop 2", "Shop 1"],
        ["Shop 0"],
    ]
    assert names(back) == names(second)
    assert (first["newer_url"], third["older_url"]) == ("", "")


def test_no_purchase_is_lost_between_pages_when_several_were_made_at_once(
    client: Client, support: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.paging.PAGE_SIZE", 2)
    made = {spend(make_card()).pk for _ in range(5)}
    client.force_login(support)

    shown: list[Any] = []
    address = url("transactions")
    while address:
        context = client.get(address).context
        shown += [row.pk for row in context["page"].rows]
        address = context["older_url"]

    assert sorted(shown) == sorted(made)


def test_transactions_are_filtered_by_card_and_status_and_the_pages_keep_it(
    client: Client, support: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.paging.PAGE_SIZE", 1)
    mine = make_card(last4="1111")
    for number in range(2):
        spend(mine, after=number, kind=EventKind.DECLINED, decline_code="M102", merchant_name="Shop")
    spend(mine, after=9, merchant_name="Approved")
    spend(make_card(last4="2222"), after=9, kind=EventKind.DECLINED, merchant_name="Other card")
    client.force_login(support)

    response = client.get(url("transactions"), {"card": "1111", "status": "DECLINED"})

    html = response.content.decode()
    assert "Approved" not in html
    assert "Other card" not in html
    assert "The card&#x27;s balance was too low" in html
    assert response.context["older_url"].startswith("/transactions/?card=1111&status=DECLINED&older=")


@pytest.mark.parametrize("query", [{"card": "12"}, {"status": "LOST"}, {"card": "'; --"}])
def test_a_filter_nobody_understands_filters_nothing(query: dict[str, str], client: Client, support: User) -> None:
    spend(make_card())
    client.force_login(support)

    assert "Acme Coffee" in page(client, url("transactions"), data=query)


@pytest.mark.parametrize("moment", ["2026-01-01T00:00:00+23:59", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59-23:59"])
@pytest.mark.parametrize("way", ["older", "newer"])
def test_a_moment_no_row_can_have_breaks_nothing(way: str, moment: str, client: Client, support: User) -> None:
    client.force_login(support)

    assert client.get(url("transactions"), {way: f"{moment}_{'0' * 32}"}).status_code in (200, 400)


@pytest.mark.parametrize("place", ["now", "2026-04-15T12:00:00+00:00_1", "2026-04-15T12:00:00_" + "0" * 32])
def test_a_page_nobody_wrote_is_refused(place: str, client: Client, support: User) -> None:
    client.force_login(support)

    assert client.get(url("transactions"), {"older": place}).status_code == 400


def test_the_list_answers_a_poll_with_its_rows_once_something_arrived(client: Client, support: User) -> None:
    card = make_card()
    client.force_login(support)
    poll_url = client.get(url("transactions")).context["poll_url"]
    assert client.get(poll_url, headers=HTMX).status_code == 204

    spend(card)
    response = client.get(poll_url, headers=HTMX)

    html = response.content.decode()
    assert "Acme Coffee" in html
    assert "<html" not in html
    assert "HX-Request" in response["Vary"]
    assert client.get(response.context["poll_url"], headers=HTMX).status_code == 204


def test_the_list_of_transactions_takes_a_fixed_number_of_queries(
    client: Client, support: User, django_assert_num_queries: Any
) -> None:
    card = make_card()
    for number in range(4):
        spend(card, after=number, merchant_id=f"m{number}")
    client.force_login(support)
    client.get(url("transactions"))

    with django_assert_num_queries(6):
        client.get(url("transactions"))


# --- One transaction


def test_a_purchase_shows_its_amounts_in_both_currencies_and_its_events(client: Client, support: User) -> None:
    card = make_card()
    abroad: dict[str, Any] = {
        "transaction_amount": Decimal("39.10"),
        "transaction_currency": "EUR",
        "fx_fees": Decimal("0.42"),
    }
    spend(card, **abroad)
    purchase = spend(card, after=60, kind=EventKind.CLEARED, **abroad)
    client.force_login(support)

    html = page(client, url("transaction", purchase.pk))

    for shown in ("42.50 USD", "39.10 EUR", "0.42 USD", "5812", "Cleared", "fitting amount", "Opened this purchase"):
        assert shown in html


def test_a_declined_purchase_says_why_and_what_helps(client: Client, support: User) -> None:
    purchase = spend(
        make_card(), kind=EventKind.DECLINED, decline_code="M102", decline_description="Insufficient balance"
    )
    client.force_login(support)

    html = page(client, url("transaction", purchase.pk))

    for shown in ("balance was too low", "top the card up", "Code M102", "Insufficient balance"):
        assert shown in html


@pytest.mark.parametrize(
    ("code", "moment", "words", "help_"),
    [
        ("C020", NOON, "The card was frozen", "Unfreeze the card"),
        ("C020", NOON + timedelta(minutes=1), "It could not be processed", "try again in a few minutes"),
        ("M102", NOON, "balance was too low", "top the card up"),
    ],
)
def test_our_own_status_at_that_moment_explains_a_broad_code(
    code: str, moment: datetime, words: str, help_: str, client: Client, support: User
) -> None:
    card = make_card()
    with mock.patch("customers.status_changes.timezone.now", return_value=moment):
        card.change_status("FROZEN", source=Source.SYNC)
    purchase = spend(card, kind=EventKind.DECLINED, decline_code=code)
    client.force_login(support)

    for address in (url("transaction", purchase.pk), url("transactions"), url("detail", card.pk)):
        assert words in page(client, address)
    assert help_ in page(client, url("transaction", purchase.pk))


def test_a_code_nobody_listed_is_told_in_the_providers_words(client: Client, support: User) -> None:
    purchase = spend(make_card(), kind=EventKind.DECLINED, decline_code="Z999", decline_description="Moon phase")
    client.force_login(support)

    assert "Moon phase" in page(client, url("transaction", purchase.pk))


def test_a_purchase_keeps_itself_true(client: Client, support: User) -> None:
    card = make_card()
    purchase = spend(card)
    client.force_login(support)
    seen = client.get(url("transaction", purchase.pk)).context["seen"]
    assert client.get(url("transaction", purchase.pk), {"seen": seen}, headers=HTMX).status_code == 204

    spend(card, after=60, kind=EventKind.CLEARED)

    html = page(client, url("transaction", purchase.pk), data={"seen": seen}, headers=HTMX)
    assert 'id="transaction-title" hx-swap-oob="true"' in html
    assert "Cleared" in html


def test_what_is_not_there_is_not_found(client: Client, support: User) -> None:
    nothing = "00000000-0000-0000-0000-000000000000"
    client.force_login(support)

    for name in ("detail", "live", "transaction", "customer_cards"):
        assert client.get(url(name, nothing)).status_code == 404
