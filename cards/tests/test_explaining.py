from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cards import declines, ledger
from cards.actions import leave_notice
from cards.authorizations import OUR_REASONS, Reason
from cards.declines import Who
from cards.explaining import Why, why_declined
from cards.models import Authorization, Card, Notice, Transaction, TransactionEvent
from cards.questions import fits_at
from cards.statuses import EventKind
from cards.tests.making import NOON, make_active_customer, make_card, make_purchase

pytestmark = pytest.mark.django_db

INTERNAL = (
    "holding",
    "wallet",
    "risk",
    "velocity",
    "rule",
    "database",
    "CryptoMate",
    "portal",
    "blocklist",
    "M2",
    "C0",
)


def decline(card: Card, code: str = "", *, reason: str = "", amount: str = "42.50", **changes: Any) -> Transaction:
    """Have the provider decline a purchase; with a reason we were asked and had declined it before."""
    purchase = make_purchase(amount, decline_code=code, **{"occurred_at": timezone.now(), **changes})
    event = ledger.record_event(
        card=card, kind=EventKind.DECLINED, operation_id="", purchase=purchase, source="WEBHOOK"
    )
    if reason:
        answer(card, event, reason=reason)
    return Transaction.objects.with_card().with_card_status().get(pk=event.address)


def answer(card: Card, event: TransactionEvent, **changes: Any) -> Authorization:
    amounts = {"bill_amount": event.bill_amount, "transaction_amount": event.bill_amount, "cost": event.bill_amount}
    values = {
        **amounts, "card": card, "delivery_key": str(event.address), "card_api_id": card.api_id, "response_code": "61",
        "bill_currency": "USD", "transaction_currency": "USD", "decided_at": event.occurred_at,
        "declined_event": event, "standing": "CONFIRMED",
        "verdicts": [{"rule": "daily_limit", "passed": False, "sentence": "180.00 USD spent in 24 hours."}],
        **changes,
    }  # fmt: skip
    return Authorization.objects.create(**values)


def explain(purchase: Transaction, user: User) -> Why:
    answers = list(Authorization.objects.about(TransactionEvent.objects.values_list("pk", flat=True)))
    why = why_declined(purchase, answers, user=user, now=timezone.now())
    assert why is not None
    return why


@pytest.mark.parametrize(
    ("code", "reason", "who"),
    [
        ("C020", Reason.DAILY_LIMIT, Who.OUR_RULE),
        ("C010", Reason.TOO_LATE, Who.OUR_FAULT),
        ("C010", "", Who.OUR_FAULT),
        ("M201", "", Who.LIMIT),
        ("M211", "", Who.CHECK),
        ("C102", "", Who.CARDHOLDER),
        ("C020", "", Who.NETWORK),
        ("", "", Who.NETWORK),
    ],
)
def test_it_says_who_declined(code: str, reason: str, who: Who, support: User) -> None:
    assert explain(decline(make_card(), code, reason=reason), support).words.who == who


def test_a_card_that_was_frozen_then_and_not_a_rule_is_what_declined(support: User) -> None:
    card = make_card()
    purchase = decline(card, "C020")
    purchase.card_status = "FROZEN"

    assert explain(purchase, support).words.who == Who.CARD


def test_what_came_too_late_for_the_provider_is_not_blamed_on_our_rule(support: User) -> None:
    purchase = decline(make_card(), "C010", reason=Reason.DAILY_LIMIT)
    Authorization.objects.update(standing="TOO_LATE")

    assert explain(purchase, support).words.who == Who.OUR_FAULT


def test_every_reason_has_words_for_the_agent_and_none_of_ours_reach_the_cardholder() -> None:
    everything = [*declines.REASONS.values(), *declines.WHEN_HELD.values(), *declines.OURS.values()]

    assert set(declines.OURS) == set(Reason) - {Reason.APPROVED}
    assert all(words.what and words.helps and words.because and words.advice for words in everything)
    told = [f"{words.because} {words.advice}" for words in everything]
    assert [(word, text) for word in INTERNAL for text in told if word.casefold() in text.casefold()] == []
    assert {declines.OURS[Reason(reason)].who for reason in OUR_REASONS} == {Who.OUR_FAULT}


def test_a_limit_that_is_full_says_when_the_same_fits_and_who_may_help(support: User, officer: User) -> None:
    card = make_card(approval_method="WEBHOOK", daily_limit=Decimal(100), customer=make_active_customer())
    spent_at = timezone.now() - timedelta(hours=20)
    spent = make_purchase("80", occurred_at=spent_at)
    ledger.record_event(card=card, kind=EventKind.AUTHORIZED, operation_id="", purchase=spent, source="WEBHOOK")
    purchase = decline(card, "C020", reason=Reason.DAILY_LIMIT, merchant_name="Other")

    full = explain(purchase, support)

    assert not full.passes_now
    assert full.passes_at == spent_at + timedelta(hours=24)
    assert "daily limit" in full.reply
    assert "You can make it again after" in full.reply
    assert [step.url for step in full.steps] == [""]
    assert [step.url for step in explain(purchase, officer).steps] == [reverse("cards:limits", args=[card.pk])]

    Card.objects.update(daily_limit=Decimal(500))
    assert explain(purchase, support).passes_now
    assert "You can make it again now." in explain(purchase, support).reply


@pytest.mark.parametrize(
    ("changes", "helps", "without_right"),
    [
        ({"status": "FROZEN"}, "Unfreeze the card", "An officer or support can unfreeze the card"),
        ({"status": "BLOCKED"}, "", "Write to CryptoMate’s support to have the card released"),
        ({"status": "EXPIRED"}, "", "The cardholder needs another card"),
        ({"balance": Decimal(1), "balance_at": NOON}, "See where the card is topped up", ""),
        ({"per_transaction_limit": Decimal(1)}, "", "An officer can raise the limit"),
    ],
)
def test_each_obstacle_offers_what_this_person_may_do_about_it(
    changes: dict[str, Any], helps: str, without_right: str, support: User
) -> None:
    card = make_card(**changes)
    purchase = decline(card, "C020")
    nobody = User.objects.create_user("nobody")

    assert [step.words for step in explain(purchase, support).steps if step.url] == ([helps] if helps else [])
    steps = explain(purchase, nobody).steps
    assert [step.url for step in steps] == [""]
    assert steps[0].words == (without_right or helps)


def test_the_page_tells_the_counters_of_then_and_a_reply_to_copy_and_writes_nothing(
    client: Client, support: User
) -> None:
    card = make_card(approval_method="WEBHOOK", per_transaction_limit=Decimal(10))
    purchase = decline(card, "C020", reason=Reason.DAILY_LIMIT)
    client.force_login(support)
    before = counts()

    html = client.get(reverse("cards:transaction", args=[purchase.pk])).content.decode()

    assert counts() == before
    for shown in ("Why was this declined?", "Our rule", "180.00 USD spent in 24 hours.", "Would be declined"):
        assert shown in html
    why = html.split('id="why"')[1].split("</section>")[0]
    assert "Your purchase of 42.50 USD at Acme Coffee on" in why.split("<textarea")[1].split("</textarea>")[0]
    assert 'data-copy="Your purchase of 42.50 USD' in why


def counts() -> Sequence[int]:
    return [model.objects.count() for model in (Authorization, Transaction, TransactionEvent, Notice)]


def test_what_was_not_declined_is_not_explained(client: Client, support: User) -> None:
    event = ledger.record_event(
        card=make_card(), kind=EventKind.AUTHORIZED, operation_id="", purchase=make_purchase(), source="WEBHOOK"
    )
    client.force_login(support)

    html = client.get(reverse("cards:transaction", args=[event.address])).content.decode()

    assert "Why was this declined?" not in html


@pytest.mark.parametrize(("code", "reason"), [("M210", ""), ("C020", Reason.TOO_FREQUENT), ("", Reason.TOO_FREQUENT)])
def test_lists_and_the_notice_of_a_stopped_card_lead_to_the_reason(
    code: str, reason: str, client: Client, support: User
) -> None:
    card = make_card()
    decline(card, "M102", merchant_name="Another", occurred_at=timezone.now() + timedelta(minutes=1))
    purchase = decline(card, code, reason=reason)
    leave_notice(card=card, kind=Notice.Kind.VELOCITY, text="A velocity rule stopped it.", at=timezone.now())
    client.force_login(support)

    there = f'href="{reverse("cards:transaction", args=[purchase.pk], fragment="why")}"'
    attention = client.get(reverse("cards:detail", args=[card.pk])).content.decode()

    assert f"<a {there}>Why was it declined?" in attention
    assert there in attention.split('id="purchases"')[1]
    assert there in client.get(reverse("cards:transactions")).content.decode()


# --- When it would fit

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


@pytest.mark.parametrize(
    ("spent", "cost", "hours"),
    [
        ([(1, 90)], "20", 23),
        ([(3, 50), (2, 40), (1, 10)], "50", 21),
        ([(3, 50), (2, 40), (1, 10)], "50.01", 22),
        ([(3, 50), (2, 40), (1, 10)], "100", 23),
        ([(24, 500), (1, 90)], "20", 23),  # what is a whole day old has left the window
        ([(1, 90)], "100.01", None),
        ([], "100.01", None),
    ],
)
def test_the_oldest_leave_the_window_until_the_cost_fits(
    spent: list[tuple[int, int]], cost: str, hours: int | None
) -> None:
    rows = [(NOON - hour * HOUR, Decimal(amount)) for hour, amount in spent]

    found = fits_at(rows, length=DAY, limit=Decimal(100), cost=Decimal(cost), now=NOON)

    assert found == (None if hours is None else NOON + hours * HOUR)
