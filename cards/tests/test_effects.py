from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cards import actions, following
from cards.models import Card
from cards.statuses import ApprovalMethod
from cards.tasks import refresh_card
from cards.tests.making import make_active_customer, make_card
from cryptomate.testing import FakeTransport, card_json
from customers.models import Customer, StatusChange
from customers.statuses import Source
from provider.actions import carry_out
from provider.models import CallState, ProviderCall

pytestmark = pytest.mark.django_db

CARDS = "/cards/individual-cards"
CREATE, SEARCH = f"{CARDS}/create", f"{CARDS}/list/search"
ONE, FROZEN, LIMITS = f"{CARDS}/icard_1", f"{CARDS}/icard_1/frozen", f"{CARDS}/icard_1/limits"


def wish(customer: Customer, officer: User) -> ProviderCall:
    call = actions.issue_card(
        customer=customer,
        holder_name="Maria Barber",
        approval_method=ApprovalMethod.TOPUP,
        limits={"daily_limit": Decimal("100.10")},
        by=officer,
    )
    assert isinstance(call, ProviderCall)
    return call


def limited(card: Card, officer: User, daily: str) -> ProviderCall:
    call = actions.set_limits(card=card, limits={"daily_limit": Decimal(daily)}, by=officer)
    assert isinstance(call, ProviderCall)
    return call


def issued(customer: Customer, **changes: Any) -> dict[str, Any]:
    asked = {
        "daily_limit": Decimal("100.10"),
        "weekly_limit": None,
        "monthly_limit": None,
        "per_transaction_limit": None,
    }
    return card_json(**{"id": "icard_1", "client_id": customer.api_id, **asked, **changes})


def page_of(*cards: dict[str, Any], page: int = 0, pages: int = 1) -> dict[str, Any]:
    return {"content": list(cards), "page": page, "size": 50, "total_elements": len(cards), "total_pages": pages}


def carry_out_now(call: ProviderCall, provider: FakeTransport) -> ProviderCall:
    ProviderCall.objects.filter(pk=call.pk, next_attempt_at__isnull=False).update(
        next_attempt_at=timezone.now() - timedelta(seconds=1)
    )
    carry_out(call.pk, client=provider.client())
    call.refresh_from_db()
    return call


# --- Issuing


def test_the_issued_card_appears_as_the_provider_describes_it(officer: User, provider: FakeTransport) -> None:
    customer = make_active_customer()
    provider.reply("POST", CREATE, issued(customer), status=201)

    call = carry_out_now(wish(customer, officer), provider)

    card = Card.objects.get()
    assert (card.last4, card.expiry, card.status, card.holder_name) == ("4242", "12/28", "ACTIVE", "MARIA BARBER")
    assert (card.customer, card.issued_by, card.call, card.daily_limit) == (customer, officer, call, Decimal("100.10"))
    (sent,) = provider.calls
    assert sent.json == {
        "client_id": customer.api_id,
        "card_holder_name": "Maria Barber",
        "approval_method": "TOPUP",
        "daily_limit": Decimal("100.1"),
    }
    assert sent.headers["Idempotency-Key"] == str(call.pk)


def test_a_refusal_is_kept_in_the_providers_words_and_no_card_appears(officer: User, provider: FakeTransport) -> None:
    provider.refuse("POST", CREATE, 412, code="VAL", message="This client already has the maximum of 5 cards.")

    call = carry_out_now(wish(make_active_customer(), officer), provider)

    assert (call.state, call.message) == (CallState.REFUSED, "This client already has the maximum of 5 cards.")
    assert not Card.objects.exists()


def test_a_card_that_was_never_issued_is_issued_after_looking(officer: User, provider: FakeTransport) -> None:
    customer = make_active_customer()
    provider.drop("POST", CREATE)
    provider.reply("POST", CREATE, issued(customer), status=201)
    provider.reply("GET", SEARCH, page_of())

    call = carry_out_now(carry_out_now(wish(customer, officer), provider), provider)

    assert call.state == CallState.DONE
    assert [each.method for each in provider.calls] == ["POST", "GET", "POST"]


def test_cards_we_know_or_that_differ_are_not_taken_for_the_lost_one(officer: User, provider: FakeTransport) -> None:
    customer = make_active_customer()
    make_card(customer=customer, api_id="icard_0")
    others = [
        issued(customer, id="icard_0"),
        issued(customer, id="icard_2", card_holder_name="JOHN DOE"),
        issued(customer, id="icard_3", daily_limit=Decimal(5)),
        issued(customer, id="icard_4", approval_method="WEBHOOK"),
        issued(customer, id="icard_5", status="DELETED"),
        issued(customer, id="icard_6", client_id="somebody else"),
    ]
    provider.drop("POST", CREATE)
    provider.reply("POST", CREATE, issued(customer), status=201)
    provider.reply("GET", SEARCH, page_of(*others[:3], pages=2))
    provider.reply("GET", SEARCH, page_of(*others[3:], page=1, pages=2))

    carry_out_now(carry_out_now(wish(customer, officer), provider), provider)

    assert set(Card.objects.values_list("api_id", flat=True)) == {"icard_0", "icard_1"}


def test_two_cards_that_could_be_the_lost_one_go_to_a_person(officer: User, provider: FakeTransport) -> None:
    customer = make_active_customer()
    provider.drop("POST", CREATE)
    provider.reply("GET", SEARCH, page_of(issued(customer), issued(customer, id="icard_2")))

    call = carry_out_now(carry_out_now(wish(customer, officer), provider), provider)

    assert call.needs_a_person
    assert "Two cards" in call.message
    assert not Card.objects.exists()


def test_a_status_nobody_knows_never_shows_a_card_as_usable(officer: User, provider: FakeTransport) -> None:
    customer = make_active_customer()
    provider.reply("POST", CREATE, issued(customer, status="BREWING"), status=201)

    carry_out_now(wish(customer, officer), provider)

    assert (Card.objects.get().status, Card.objects.get().remote_status) == ("INACTIVE", "BREWING")


def test_more_than_four_digits_of_a_card_are_never_kept(officer: User, provider: FakeTransport) -> None:
    customer = make_active_customer()
    provider.reply("POST", CREATE, issued(customer, last4="4111111111114242"), status=201)

    carry_out_now(wish(customer, officer), provider)

    assert Card.objects.get().last4 == ""


# --- Freezing


def test_freezing_follows_the_card_as_it_is_afterwards(support: User, provider: FakeTransport) -> None:
    card = make_card(api_id="icard_1")
    provider.reply("PATCH", FROZEN, {})
    provider.reply("GET", ONE, card_json(id="icard_1", status="FROZEN"))

    carry_out_now(actions.set_frozen(card=card, freeze=True, by=support), provider)

    card.refresh_from_db()
    assert (card.status, card.hold_reason) == ("FROZEN", "OFFICER")
    change = StatusChange.objects.get()
    assert (change.source, change.by) == ("OFFICER", support)


def test_a_freeze_that_a_refresh_saw_first_still_names_the_person(support: User, provider: FakeTransport) -> None:
    card = make_card(api_id="icard_1")
    call = actions.set_frozen(card=card, freeze=True, by=support)
    actions.follow_status(card, "FROZEN", source=Source.SYNC)
    provider.reply("PATCH", FROZEN, {})
    provider.reply("GET", ONE, card_json(id="icard_1", status="FROZEN"))

    carry_out_now(call, provider)

    assert Card.objects.get().hold_reason == "OFFICER"


def test_unfreezing_makes_the_card_active_again(support: User, provider: FakeTransport) -> None:
    card = make_card(api_id="icard_1", status="FROZEN", hold_reason="VELOCITY")
    provider.reply("PATCH", FROZEN, {})
    provider.reply("GET", ONE, card_json(id="icard_1", status="ACTIVE"))

    carry_out_now(actions.set_frozen(card=card, freeze=False, by=support), provider)

    card.refresh_from_db()
    assert (card.status, card.hold_reason) == ("ACTIVE", "")
    assert provider.calls[0].json == {"freeze": False}


def test_a_card_that_became_something_else_meanwhile_is_shown_as_it_is(support: User, provider: FakeTransport) -> None:
    card = make_card(api_id="icard_1")
    provider.reply("PATCH", FROZEN, {})
    provider.reply("GET", ONE, card_json(id="icard_1", status="EXPIRED"))

    carry_out_now(actions.set_frozen(card=card, freeze=True, by=support), provider)

    assert Card.objects.get().status == "EXPIRED"
    assert StatusChange.objects.get().source == "SYNC"


@pytest.mark.parametrize(("status_found", "patches"), [("FROZEN", 1), ("ACTIVE", 2)])
def test_a_freeze_without_an_answer_is_looked_up_before_it_is_repeated(
    status_found: str, patches: int, support: User, provider: FakeTransport
) -> None:
    card = make_card(api_id="icard_1")
    provider.drop("PATCH", FROZEN)
    provider.reply("PATCH", FROZEN, {})
    provider.reply("GET", ONE, card_json(id="icard_1", status=status_found))
    provider.reply("GET", ONE, card_json(id="icard_1", status="FROZEN"))

    call = carry_out_now(actions.set_frozen(card=card, freeze=True, by=support), provider)
    carry_out_now(call, provider)

    assert (call.state, Card.objects.get().status) == (CallState.DONE, "FROZEN")
    assert len(provider.calls_to("PATCH", FROZEN)) == patches


# --- Limits


def test_limits_are_replaced_as_a_whole(officer: User, provider: FakeTransport) -> None:
    card = make_card(api_id="icard_1", weekly_limit=Decimal(500))
    provider.reply("PATCH", LIMITS, lambda call: card_json(id="icard_1", **call.json))

    carry_out_now(limited(card, officer, "80.50"), provider)

    card.refresh_from_db()
    assert (card.daily_limit, card.weekly_limit) == (Decimal("80.5"), None)
    assert provider.calls[0].json == {
        "daily_limit": Decimal("80.5"),
        "weekly_limit": None,
        "monthly_limit": None,
        "per_transaction_limit": None,
    }


def test_limits_without_an_answer_are_compared_before_they_are_sent_again(
    officer: User, provider: FakeTransport
) -> None:
    card = make_card(api_id="icard_1")
    no_limits = dict.fromkeys(["weekly_limit", "monthly_limit", "per_transaction_limit"])
    provider.drop("PATCH", LIMITS)
    provider.reply("GET", ONE, card_json(id="icard_1", daily_limit=Decimal(80), **no_limits))

    call = carry_out_now(limited(card, officer, "80"), provider)
    carry_out_now(call, provider)

    assert (call.state, Card.objects.get().daily_limit) == (CallState.DONE, Decimal(80))
    assert len(provider.calls_to("PATCH", LIMITS)) == 1


def test_a_refused_limit_leaves_the_card_as_it_is(officer: User, provider: FakeTransport) -> None:
    card = make_card(api_id="icard_1", daily_limit=Decimal(100))
    provider.refuse("PATCH", LIMITS, 400, message="daily_limit cannot be negative")

    call = carry_out_now(limited(card, officer, "80"), provider)

    assert (call.state, call.message) == (CallState.REFUSED, "daily_limit cannot be negative")
    assert Card.objects.get().daily_limit == Decimal(100)


# --- Refreshing


def test_a_refresh_reads_status_balance_and_addresses(provider: FakeTransport) -> None:
    card = make_card(api_id="icard_1", refreshed_at=None)
    token = {"symbol": "USDC", "name": "USD Coin", "decimals": "6", "address": "0x3c", "blockchain": "POLYGON"}
    ramp = {"address": "GA7Q", "blockchain": "STELLAR", "memo": "123456", "tokens": [token]}
    provider.reply("GET", ONE, card_json(id="icard_1", status="FROZEN"))
    provider.reply("GET", f"{ONE}/balance", {"available_balance": Decimal("150.75")})
    address = {"address": "0xABC", "blockchain": "POLYGON", "tokens": [token], "ramps": [ramp]}
    provider.reply("GET", f"{ONE}/top-up", [address])

    following.refresh_card(card, client=provider.client())

    card.refresh_from_db()
    assert (card.status, card.balance) == ("FROZEN", Decimal("150.75"))
    assert card.refreshed_at is not None
    assert [(each["address"], each["memo"], each["is_ramp"]) for each in card.deposit_addresses] == [
        ("0xABC", "", False),
        ("GA7Q", "123456", True),
    ]
    assert Card.objects.by_wallet("0xabc") == card


def test_a_provider_that_does_not_answer_leaves_the_card_as_it_was(
    provider: FakeTransport, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    card = make_card(api_id="icard_1", refreshed_at=None)
    provider.refuse("GET", ONE, 500)
    monkeypatch.setattr("cards.tasks.provider_client", provider.client)

    refresh_card(card_id=str(card.pk))

    assert Card.objects.get().refreshed_at is None
    assert "could not be refreshed" in caplog.text


def test_a_card_without_a_balance_of_its_own_is_refreshed_all_the_same(provider: FakeTransport) -> None:
    card = make_card(api_id="icard_1", approval_method="WEBHOOK", refreshed_at=None)
    provider.reply("GET", ONE, card_json(id="icard_1", approval_method="WEBHOOK"))
    provider.refuse("GET", f"{ONE}/balance", 400, message="The virtual balances does not apply to this card.")

    following.refresh_card(card, client=provider.client())

    card.refresh_from_db()
    assert card.balance is None
    assert card.refreshed_at is not None
    assert len(provider.calls) == 2
