from typing import Any

import pytest

from cards.actions import follow_status
from cards.decisions import decide
from cards.effects import SetFrozen
from cards.models import Authorization, Card, Notice, VelocityRule
from cards.stopping import stop_card, stop_cards_left
from cards.tests.making import make_card, make_question
from cryptomate import RemoteCard
from customers.models import StatusChange
from customers.statuses import Source
from provider.actions import want
from provider.models import CallKind, CallState, ProviderCall

pytestmark = pytest.mark.django_db


@pytest.fixture
def card() -> Card:
    """A card that has just broken a velocity rule and was not stopped yet."""
    VelocityRule.objects.create(max_authorizations=1, time_window_seconds=60)
    card = make_card(approval_method="WEBHOOK")
    for _ in range(2):
        decide(make_question(card))
    return card


def broken() -> Authorization:
    return Authorization.objects.get(reason="TOO_FREQUENT")


def test_the_card_is_frozen_by_the_portal_and_everybody_can_see_why(card: Card) -> None:
    assert stop_card(broken().pk)

    card.refresh_from_db()
    change = StatusChange.objects.get()
    assert (card.status, card.hold_reason) == ("FROZEN", "VELOCITY")
    assert (change.source, change.note) == ("SYSTEM", "A velocity rule was broken")
    assert "A velocity rule stopped" in Notice.objects.get().text
    assert not broken().freeze_due


def test_stopping_it_twice_asks_once(card: Card) -> None:
    stop_card(broken().pk)
    stop_card(broken().pk)

    assert ProviderCall.objects.count() == Notice.objects.count() == 1


def test_the_sweep_stops_what_was_left(card: Card) -> None:
    stop_cards_left()

    card.refresh_from_db()
    assert card.status == "FROZEN"


def test_the_broker_is_left_alone(
    card: Card, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as waking:
        stop_card(broken().pk)

    assert not waking
    assert ProviderCall.objects.due().exists()


def test_a_card_that_is_held_already_is_left_as_it_is(card: Card) -> None:
    follow_status(card, "FROZEN", source=Source.SYNC, hold_reason="OFFICER")

    stop_card(broken().pk)

    card.refresh_from_db()
    assert card.hold_reason == "OFFICER"
    assert not ProviderCall.objects.exists()
    assert not broken().freeze_due


def test_while_the_card_is_being_unfrozen_stopping_it_waits(card: Card) -> None:
    call = want(kind=CallKind.SET_FROZEN, target=card, customer_id=card.customer_id, by=None, payload={"freeze": False})

    assert not stop_card(broken().pk)
    ProviderCall.objects.filter(pk=call.pk).update(
        state=CallState.DONE, answered_at=call.wanted_at, sent_at=call.wanted_at
    )
    stop_cards_left()

    card.refresh_from_db()
    assert card.status == "FROZEN"
    assert not broken().freeze_due


def test_what_the_provider_answers_keeps_the_reason_and_releasing_it_counts_anew(card: Card) -> None:
    stop_card(broken().pk)
    call = ProviderCall.objects.get()
    answer = {"id": card.api_id, "status": "FROZEN", "approval_method": "WEBHOOK", "last4": "4242"}

    SetFrozen().done(call, RemoteCard.from_json(answer))

    card.refresh_from_db()
    assert (card.status, card.hold_reason) == ("FROZEN", "VELOCITY")
    follow_status(card, "ACTIVE", source=Source.SYNC)
    assert decide(make_question(card)).response_code == "00"
