"""What the provider was asked about a card, from its issuing to its 3DS checks."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cards.models import Card, Challenge
from cards.tests.making import make_card
from cryptomate.testing import FakeTransport, card_json
from customers.tests.test_call_history import look, make_call
from provider.actions import carry_out, want
from provider.client import hear
from provider.models import CallKind

pytestmark = pytest.mark.django_db


def address(card: Card) -> str:
    return f"/cards/{card.pk}/calls/"


@pytest.fixture
def as_support(client: Client, support: User) -> Client:
    client.force_login(support)
    return client


def test_freezing_stands_with_what_it_changed(as_support: Client, support: User, provider: FakeTransport) -> None:
    card = make_card()
    provider.reply("PATCH", "/cards/individual-cards/*/frozen", {})
    provider.reply("GET", "/cards/individual-cards/*", card_json(id=card.api_id, status="FROZEN"))
    call = want(
        kind=CallKind.SET_FROZEN, target=card, customer_id=card.customer_id, by=support, payload={"freeze": True}
    )
    carry_out(call.pk, client=provider.client(observe=hear))

    [row] = look(as_support, address(card))

    assert "by support Done HTTP 200" in row
    assert "Card •••• 4242: Frozen" in row


def test_the_issuing_call_and_those_about_3ds_checks_belong_to_the_card(as_support: Client) -> None:
    card = make_card()
    challenge = Challenge.objects.create(card=card, challenge_id="ch-1", amount=5, received_at=timezone.now())
    make_call(card.customer, kind=CallKind.RESPOND_TO_CHALLENGE, target_id=challenge.pk)
    make_call(card.customer, kind=CallKind.UPDATE_CLIENT)  # the customer's, and not the card's
    card.call = make_call(card.customer, kind=CallKind.ISSUE_CARD)
    card.save(update_fields=["call"])
    other = make_card(customer=card.customer)
    make_call(card.customer, kind=CallKind.SET_LIMITS, target_id=other.pk)

    found = look(as_support, address(card))

    assert [row.partition(" by ")[0] for row in found] == ["Issue the card (Card •••• 4242)", "Answer the 3DS check"]


def test_others_may_not_look(client: Client) -> None:
    card = make_card()

    assert client.get(address(card)).status_code == 302
    client.force_login(User.objects.create_user("nobody"))
    assert client.get(address(card)).status_code == 403
