from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cards.models import Authorization, Card
from cards.tests.making import make_active_customer, make_card
from webhooks.answer_times import answer_times
from webhooks.tests.making import captured, deliver

pytestmark = pytest.mark.django_db

LIST = "/events/authorizations/"


@pytest.fixture
def card() -> Card:
    return make_card(api_id="crd_123", customer=make_active_customer(), daily_limit=Decimal(50))


@pytest.fixture
def reader(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


def ask(name: str = "one", **data: Any) -> Authorization:
    deliver(captured("authorization", operation_id=name, data=data))
    return Authorization.objects.get(operation_id=name)


def page(reader: Client, address: str) -> str:
    answer = reader.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_list_says_what_was_answered_why_and_how_fast(reader: Client, card: Card) -> None:
    ask("one")
    ask("two")

    words = page(reader, LIST)

    assert "Approved" in words
    assert "Over the daily limit" in words
    assert words.count(" ms</td>") == 2


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"one", "two"}),
        ("?reason=DAILY_LIMIT", {"two"}),
        ("?reason=APPROVED", {"one"}),
        ("?standing=WAITING", {"one"}),
        ("?standing=differences", {"two"}),
        ("?reason=DAILY_LIMIT&standing=WAITING", set()),
    ],
)
def test_the_list_is_narrowed_by_reason_and_by_what_the_provider_did(
    query: str, names: set[str], reader: Client, card: Card
) -> None:
    rows = {name: ask(name) for name in ("one", "two")}
    Authorization.objects.filter(operation_id="two").update(standing="APPROVED_ANYWAY")

    words = page(reader, LIST + query)

    assert {name for name, row in rows.items() if str(row.pk) in words} == names


def test_a_filter_nobody_knows_is_refused_with_a_sentence(reader: Client) -> None:
    answer = reader.get(f"{LIST}?reason=WHATEVER")

    assert answer.status_code == 422
    assert "Choose a reason of the list." in answer.content.decode()


def test_a_difference_has_its_badge(reader: Client, card: Card) -> None:
    ask()
    Authorization.objects.update(standing="TOO_LATE")

    assert "We were too late" in page(reader, LIST)


def test_a_poll_is_told_nothing_while_nothing_is_new_and_everything_when_a_standing_changed(
    reader: Client, card: Card
) -> None:
    ask()
    again = reader.get(LIST).context["listed"].again_url
    partial = {"HX-Request": "true"}

    assert reader.get(LIST + again, headers=partial).status_code == 204
    Authorization.objects.update(standing="CONFIRMED")
    assert "As answered" in reader.get(LIST + again, headers=partial).content.decode()


def test_the_list_costs_the_same_however_long_it_is(
    reader: Client, card: Card, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(6):
        ask(str(number))

    with django_assert_max_num_queries(7):
        page(reader, LIST)


def test_one_decision_shows_each_verdict_and_each_step(reader: Client, card: Card) -> None:
    ask("one")
    declined = ask("two")

    words = page(reader, reverse("webhooks:authorization", args=[declined.pk]))

    assert "Declined: over the daily limit" in words
    assert "42.92 USD spent in 24 hours; with this 85.84 USD of 50.00 USD." in words
    assert all(step in words for step in ("Lock", "Counters", "Rules", "Insert", "Commit"))
    assert "As received" in words


def test_a_declined_purchase_says_whether_it_would_pass_now(reader: Client, card: Card) -> None:
    ask("one")
    declined = ask("two")
    address = reverse("webhooks:authorization", args=[declined.pk])
    before = reader.get(address).context["why"].same_now
    Card.objects.filter(pk=card.pk).update(daily_limit=Decimal(500))

    after = reader.get(address).context["why"].same_now

    assert (before.response_code, after.response_code) == ("61", "00")
    assert Authorization.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"bill_amount": "much"}, "the amount could not be read"),
        ({"card_id": "crd_nobody"}, "the card is not known here"),
    ],
)
def test_what_could_not_be_judged_has_a_page_too(body: dict[str, str], words: str, reader: Client, card: Card) -> None:
    declined = ask(**body)

    assert words in page(reader, reverse("webhooks:authorization", args=[declined.pk]))


def test_a_difference_is_explained_on_its_page(reader: Client, card: Card) -> None:
    decision = ask()
    Authorization.objects.update(standing="LAPSED")

    words = page(reader, reverse("webhooks:authorization", args=[decision.pk]))

    assert "Approved, and nothing followed" in words
    assert "no longer counts" in words


@pytest.mark.parametrize("address", [LIST, "/events/authorizations/00000000-0000-4000-8000-000000000000/"])
def test_nobody_reads_decisions_without_the_right(address: str, client: Client, django_user_model: type[User]) -> None:
    assert client.get(address).status_code == 302
    client.force_login(django_user_model.objects.create_user("nobody"))
    assert client.get(address).status_code == 403


def test_answer_times_are_counted_in_groups_up_to_the_providers_patience(reader: Client, card: Card) -> None:
    for name, milliseconds in (("one", 3.0), ("two", 4.0), ("three", 30.0), ("four", 1300.0)):
        Authorization.objects.filter(pk=ask(name).pk).update(answer_ms=milliseconds)

    times = answer_times(now=timezone.now())

    assert times is not None
    assert {bar.label: bar.count for bar in times.bars if bar.count} == {"0–5": 2, "20–50": 1, "later": 1}
    assert [bar.kind for bar in times.bars if bar.count] == ["good", "good", "bad"]
    assert (times.count, times.slowest) == (4, 1300.0)
    words = page(reader, LIST)
    assert "1,200 ms" in words
    assert "<td>0–5</td><td" in words


def test_answer_times_of_yesterday_are_not_shown(card: Card) -> None:
    ask()
    Authorization.objects.update(decided_at=timezone.now() - timedelta(hours=25))

    assert answer_times(now=timezone.now()) is None
