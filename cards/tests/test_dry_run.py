from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cards import ledger
from cards.decisions import asked_by, decide
from cards.models import Authorization, Card, Holding, VelocityRule
from cards.questions import would_pass
from cards.statuses import EventKind
from cards.tests.making import make_card, make_purchase, make_question

pytestmark = pytest.mark.django_db

NO_LIMITS: dict[str, Any] = {}


def spend(card: Card, amount: str, *, hours: float, **changes: Any) -> None:
    purchase = make_purchase(amount, occurred_at=timezone.now() - timedelta(hours=hours), **changes)
    kind = EventKind.DECLINED if changes.get("decline_code") else EventKind.AUTHORIZED
    ledger.record_event(card=card, kind=kind, operation_id="", purchase=purchase, source="WEBHOOK")


@pytest.fixture
def card() -> Card:
    return make_card(approval_method="WEBHOOK", daily_limit=Decimal(500))


@pytest.fixture
def try_it(client: Client, support: User, card: Card) -> Callable[..., Any]:
    client.force_login(support)
    address = reverse("cards:would_pass", args=[card.pk])
    return lambda headers=None, **query: client.get(address, query, headers=headers)


@pytest.mark.parametrize(
    "stands",
    [
        NO_LIMITS,
        {"status": "FROZEN"},
        {"per_transaction_limit": Decimal(40), "daily_limit": Decimal(100)},
        {"weekly_limit": Decimal(130), "monthly_limit": Decimal(130)},
        {"approval_method": "TOPUP", "balance": Decimal(50), "balance_at": timezone.now() - timedelta(days=9)},
    ],
)
def test_the_dry_run_says_what_the_decision_then_does(stands: dict[str, Any]) -> None:
    card = make_card(**{"approval_method": "WEBHOOK", **stands})
    VelocityRule.objects.create(max_authorizations=2, time_window_seconds=3600)
    spend(card, "60", hours=3)
    spend(card, "30", hours=90, merchant_name="Another")

    for amount, channel in (("10", ""), ("40.01", ""), ("40.01", "ATM"), ("5", ""), ("5", "")):
        now = timezone.now()
        question = make_question(card, amount, channel=channel, asked_at=now)
        assert question.purchase
        tried = would_pass(card.api_id, asked_by(question.purchase), now=now)

        decide(question)

        decided = Authorization.objects.get(delivery_key=question.delivery_key)
        assert (tried.response_code, tried.reason) == (decided.response_code, decided.reason)
        seen = [(each.rule, each.passed, each.sentence) for each in tried.verdicts]
        assert seen == [(each["rule"], each["passed"], each["sentence"]) for each in decided.verdicts]


def test_every_check_shows_its_room_and_nothing_is_written(try_it: Callable[..., Any], card: Card) -> None:
    VelocityRule.objects.create(max_authorizations=3, time_window_seconds=60)
    Holding.objects.create(balance=Decimal(1000), read_at=timezone.now(), address="0x1")
    spend(card, "100", hours=20)
    spend(card, "80", hours=2, merchant_name="Another")
    before = rows()

    fits = try_it(amount="320").content.decode()
    short = try_it(amount="320.01").content.decode()
    never = try_it(amount="500.01").content.decode()

    assert rows() == before
    assert "It would pass" in fits
    assert "180.00 USD spent in 24 hours; with this 500.00 USD of 500.00 USD." in fits
    assert "320.00 USD</span> free now; more is free after" in fits
    assert "3 more now" in fits
    assert "the holding wallet has 1000.00 USD" in fits
    assert "No limit is set: weekly, monthly, per transaction." in fits
    assert "It would be declined" in short
    assert "free now; this fits after" in short
    assert "waiting does not help" in never


def rows() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in apps.get_app_config("cards").get_models()}


def test_it_fits_from_the_moment_that_enough_has_left_and_not_before(card: Card) -> None:
    spend(card, "200", hours=20)
    spend(card, "250", hours=10, merchant_name="Another")
    asked = asked_by(make_purchase("260"))

    (at,) = [each.frees_at for each in would_pass(card.api_id, asked, now=timezone.now()).verdicts if not each.passed]

    assert at is not None
    assert would_pass(card.api_id, asked, now=at - timedelta(microseconds=1)).response_code == "61"
    assert would_pass(card.api_id, asked, now=at).response_code == "00"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"amount": "1e5"}, "Write the amount like 250 or 99.50."),
        ({"amount": ""}, "Write what the purchase costs, like 42.50."),
        ({"amount": "-1"}, "A purchase cannot cost less than nothing."),
        ({"amount": "10", "mcc": "58"}, "An MCC has four digits, like 5812."),
        ({"amount": "10", "country": "Spain"}, "two or three letters"),
        ({"amount": "10", "channel": "MOON"}, "Choose one of the list."),
    ],
)
def test_what_cannot_be_tried_is_said_at_its_field_and_kept(
    query: dict[str, str], words: str, try_it: Callable[..., Any]
) -> None:
    for headers in (None, {"HX-Request": "true"}):
        answer = try_it(headers, merchant="Kept Coffee", **query)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert 'value="Kept Coffee"' in answer.content.decode()
        assert 'id="tried"' not in answer.content.decode()


def test_a_swap_gets_the_part_and_a_plain_request_the_page(try_it: Callable[..., Any]) -> None:
    part, page = try_it({"HX-Request": "true"}, amount="10"), try_it(amount="10")

    assert part.content.decode().lstrip().startswith('<section class="stack" id="would-pass">')
    assert "<h1>Would this pass?</h1>" in page.content.decode()
    assert "HX-Request" in page["Vary"]


@pytest.mark.parametrize(
    ("code", "query", "shown"),
    [
        ("C011", {"mcc": "7995"}, True),
        ("C011", {"merchant": "lucky star"}, True),
        ("C011", {"country": "MLT"}, False),
        ("M211", {"country": "mlt"}, True),
        ("M211", {"mcc": "7995"}, False),
        ("M102", {"mcc": "7995", "country": "MLT"}, False),
        ("C011", {}, False),
    ],
)
def test_what_cryptomate_declined_before_for_the_like_is_shown(
    code: str, query: dict[str, str], shown: bool, try_it: Callable[..., Any], card: Card
) -> None:
    spend(card, "5", hours=1, decline_code=code, merchant_name="Lucky Star", mcc="7995", merchant_country="MLT")

    html = try_it(amount="10", **query).content.decode()

    assert ("CryptoMate declined one like it" in html) == shown


def test_the_card_s_page_offers_it_to_who_may_see_purchases(client: Client, support: User, card: Card) -> None:
    nobody = User.objects.create_user("nobody")
    address = reverse("cards:would_pass", args=[card.pk])
    client.force_login(support)
    assert f'action="{address}"' in client.get(reverse("cards:detail", args=[card.pk])).content.decode()

    client.force_login(nobody)

    assert client.get(address).status_code == 403
