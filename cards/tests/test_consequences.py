from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from cards import ledger
from cards.consequences import Consequences
from cards.decisions import decide
from cards.models import Card, VelocityRule
from cards.recurring import Charge, recurring
from cards.statuses import EventKind
from cards.tests.making import NOON, make_card, make_purchase, make_question
from provider.models import ProviderCall

A, C, D = EventKind.AUTHORIZED, EventKind.CLEARED, EventKind.DECLINED

pytestmark = pytest.mark.django_db


def tell(card: Card, amount: str, merchant: str, *, kind: EventKind = A, days: float = 0, **changes: Any) -> None:
    at = timezone.now() - timedelta(days=days)
    purchase = make_purchase(amount, merchant_name=merchant, merchant_id="", occurred_at=at, **changes)
    ledger.record_event(card=card, kind=kind, operation_id=f"{merchant}{days}", purchase=purchase, source="WEBHOOK")


def subscribe(card: Card) -> None:
    for days in (70, 40, 10):
        tell(card, "9.99", "Streaming Co", days=days)
        tell(card, "9.99", "Streaming Co", days=days, kind=C)


def test_freezing_tells_what_is_not_settled_and_who_charges_regularly(client: Client, support: User) -> None:
    card = make_card(approval_method="WEBHOOK")
    subscribe(card)
    tell(card, "100", "Hotel", days=2)
    tell(card, "30", "Hotel bar", days=2)
    tell(card, "30", "Hotel bar", days=2, kind=C)
    tell(card, "70", "Refused", kind=D)
    decide(make_question(card, "20"))  # approved, and the provider has not spoken yet
    client.force_login(support)

    html = client.get(reverse("cards:detail", args=[card.pk])).content.decode()
    told = html.split('id="freeze-tells"')[1].split("</ul>")[0]

    assert "2 approved purchases of 120.00 USD not settled yet" in told
    assert "Streaming Co charges 9.99 USD about every month, next around" in told
    assert "Hotel bar" not in told
    assert "<li>" not in html.split('id="unfreeze-tells"')[1].split("</ul>")[0]


def test_the_dialog_is_kept_true_while_the_page_is_open(client: Client, support: User) -> None:
    card = make_card()
    client.force_login(support)
    page = client.get(reverse("cards:detail", args=[card.pk]))
    assert "No approved purchase waits to be settled" in page.content.decode()
    tell(card, "100", "Hotel")

    live = client.get(reverse("cards:live", args=[card.pk]), {"seen": page.context["seen"]}).content.decode()

    assert "1 approved purchase of 100.00 USD not settled yet" in live.split('id="freeze-tells" hx-swap-oob')[1]


@pytest.mark.parametrize(("daily", "outcome"), [(None, "would pass then"), (Decimal(20), "would be declined")])
def test_unfreezing_after_a_trip_says_what_the_rules_then_do_and_they_do_it(
    daily: Decimal | None, outcome: str
) -> None:
    card = make_card(approval_method="WEBHOOK", daily_limit=daily)
    VelocityRule.objects.create(max_authorizations=1, time_window_seconds=3600)
    decide(make_question(card, "15"))
    tell(card, "16", "Acme Coffee", kind=D, decline_code="M210")
    Card.objects.update(status="FROZEN", hold_reason="VELOCITY")
    card.refresh_from_db()

    told = " ".join(Consequences(card, timezone.now()).of_unfreeze)

    assert "resets the velocity count: 1 of 1 purchases within 3600 seconds" in told
    assert f"The purchase that stopped it, 16.00 USD at Acme Coffee, {outcome}" in told
    Card.objects.update(status="ACTIVE", hold_reason="", velocity_reset_at=timezone.now())
    assert decide(make_question(card, "16")).is_approved == (outcome == "would pass then")


def test_unfreezing_says_what_declines_even_then() -> None:
    card = make_card(approval_method="WEBHOOK", status="FROZEN", hold_reason="OFFICER", daily_limit=Decimal(50))
    tell(card, "50", "Hotel")

    told = " ".join(Consequences(card, timezone.now()).of_unfreeze)

    assert "Then still: 50.00 USD spent in 24 hours" in told
    assert "1 approved purchase of 50.00 USD not settled yet: nothing changes" in told


def test_limits_that_would_stop_something_are_set_only_when_that_was_read(client: Client, officer: User) -> None:
    card = make_card(approval_method="WEBHOOK", weekly_limit=Decimal(100))
    subscribe(card)
    tell(card, "180", "Hotel")
    client.force_login(officer)
    address = reverse("cards:limits", args=[card.pk])
    wish = {"daily_limit": "150", "weekly_limit": "100", "per_transaction_limit": "5"}

    asked = client.post(address, wish)
    html = asked.content.decode()

    assert asked.status_code == 422
    assert "180.00 USD are spent already: with the daily limit of 150.00 USD every purchase is declined until" in html
    assert "about every month, next around" in html
    assert "declined by the per transaction limit." in html
    assert "weekly limit of" not in html  # it stays as it is
    assert 'value="150"' in html
    assert (ProviderCall.objects.count(), Event.objects.filter(kind="CARD_LIMITS_CHANGED").count()) == (0, 0)

    told = asked.context["told_as"]
    other = client.post(address, {**wish, "daily_limit": "120", "told": told})
    assert (other.status_code, ProviderCall.objects.count()) == (422, 0)  # what was read was about another limit
    assert client.post(address, {**wish, "told": told}).status_code == 302
    assert ProviderCall.objects.get().payload["daily_limit"] == "150"


def test_the_page_of_limits_shows_what_counts_against_them(client: Client, officer: User) -> None:
    card = make_card()
    tell(card, "180", "Hotel")
    tell(card, "20", "Hotel", days=3)
    client.force_login(officer)

    html = client.get(reverse("cards:limits", args=[card.pk])).content.decode()

    for shown in ("180.00 USD", "200.00 USD", "in 2 approved purchases, which settle whatever the limits are"):
        assert shown in html


@pytest.mark.parametrize(
    ("days", "rhythm"),
    [
        ((70, 40, 10), "month"),
        ((64, 33, 4), "month"),
        ((20, 13, 6), "week"),
        ((22, 13, 6), ""),
        ((40, 10), ""),
        ((100, 70, 40), ""),  # two days too long ago
        ((98, 68, 38), "month"),
        ((3, 2, 1), ""),
    ],
)
def test_three_charges_one_rhythm_apart_are_regular_until_the_next_is_overdue(
    days: tuple[int, ...], rhythm: str
) -> None:
    charges = [Charge("Gym", NOON - timedelta(days=each), Decimal(30), "USD") for each in days]

    found = recurring(charges, now=NOON)

    assert [each.rhythm.name for each in found] == ([rhythm] if rhythm else [])


def test_a_subscription_is_found_among_other_purchases_at_the_same_merchant() -> None:
    charges = [Charge("Store ", NOON - timedelta(days=each), Decimal(8), "USD") for each in (65, 35, 5)]
    others = [Charge("STORE", NOON - timedelta(days=each), Decimal(each), "USD") for each in (50, 20, 3)]

    (found,) = recurring([*others, *charges], now=NOON)

    assert (found.last, found.next_at) == (charges[-1], NOON + timedelta(days=25))
