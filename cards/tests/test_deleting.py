"""Deleting a card for good: who may, what is read before, what the provider answers, and with two people."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from audit.models import Event
from cards import actions
from cards.models import Card
from cards.statuses import CardStatus
from cards.tests.making import make_card
from cards.tests.test_consequences import subscribe, tell
from cards.tests.test_effects import ONE, carry_out_now
from cards.tests.test_four_eyes import switch_on
from cryptomate.testing import FakeTransport, card_json
from customers.models import StatusChange
from customers.policies import NotAllowed
from people import four_eyes
from people.approvals import Act, Approval
from provider.models import CallKind, CallState, ProviderCall

pytestmark = pytest.mark.django_db


def delete(card: Card, by: User) -> ProviderCall:
    call = actions.delete_card(card=card, by=by)
    assert isinstance(call, ProviderCall)
    return call


def test_a_card_is_deleted_by_who_asked_once_the_provider_says_so(senior: User, provider: FakeTransport) -> None:
    card = make_card(api_id="icard_1")
    provider.reply("DELETE", ONE, card_json(id="icard_1", status="DELETED"))

    call = delete(card, senior)
    assert delete(card, senior) == call  # a second click
    assert Card.objects.get().status == CardStatus.ACTIVE
    carry_out_now(call, provider)

    change = StatusChange.objects.get(machine="card")
    assert (Card.objects.get().status, change.to_status, change.source, change.by) == (
        "DELETED", "DELETED", "OFFICER", senior,
    )  # fmt: skip
    assert Event.objects.get(kind="card.deleted").actor_name == "senior"


def test_without_an_answer_the_card_is_read_before_it_is_deleted_again(senior: User, provider: FakeTransport) -> None:
    card = make_card(api_id="icard_1")
    provider.drop("DELETE", ONE)
    provider.reply("GET", ONE, card_json(id="icard_1", status="DELETED"))

    call = carry_out_now(delete(card, senior), provider)
    assert call.state == CallState.UNKNOWN
    carry_out_now(call, provider)

    assert (call.state, Card.objects.get().status) == (CallState.DONE, "DELETED")
    assert len(provider.calls_to("DELETE", ONE)) == 1


def test_a_card_that_still_stands_is_deleted_again(senior: User, provider: FakeTransport) -> None:
    card = make_card(api_id="icard_1")
    provider.drop("DELETE", ONE)
    provider.reply("DELETE", ONE, card_json(id="icard_1", status="DELETED"))
    provider.reply("GET", ONE, card_json(id="icard_1", status="ACTIVE"))

    call = carry_out_now(delete(card, senior), provider)
    carry_out_now(call, provider)

    assert (call.state, Card.objects.get().status) == (CallState.DONE, "DELETED")


def test_a_balance_on_it_is_the_provider_s_reason_and_leaves_the_card(
    senior: User, provider: FakeTransport, client: Client
) -> None:
    card = make_card(api_id="icard_1")
    words = "Cannot delete card icard_1. It still has a virtual balance of 3.50."
    provider.refuse("DELETE", ONE, 412, code="VAL", message=words)

    carry_out_now(delete(card, senior), provider)

    client.force_login(senior)
    page = client.get(f"/cards/{card.pk}/").content.decode()
    assert "CryptoMate refused deleting the card" in page
    assert "virtual balance of 3.50" in page
    assert Card.objects.get().status == "ACTIVE"
    assert delete(card, senior).state == CallState.WANTED  # it can be asked for again


@pytest.mark.parametrize("status", ["INACTIVE", "EXPIRED", "DELETED"])
def test_a_card_that_is_over_is_not_deleted(status: str, senior: User) -> None:
    with pytest.raises(NotAllowed, match=f"This one is {status.lower()}"):
        actions.delete_card(card=make_card(status=status), by=senior)

    assert not ProviderCall.objects.exists()


def test_deleting_waits_for_what_is_under_way_and_nothing_begins_after_it(senior: User) -> None:
    frozen, deleted = make_card(), make_card()
    actions.set_frozen(card=frozen, freeze=True, by=senior)
    delete(deleted, senior)

    with pytest.raises(NotAllowed, match="Freeze or unfreeze the card: still under way"):
        actions.delete_card(card=frozen, by=senior)
    with pytest.raises(NotAllowed, match="is being deleted"):
        actions.set_frozen(card=deleted, freeze=True, by=senior)
    with pytest.raises(NotAllowed, match="is being deleted"):
        actions.set_limits(card=deleted, limits={}, by=senior)

    assert ProviderCall.objects.count() == 2


def test_the_dialog_says_what_is_lost_and_only_to_who_may_delete(client: Client, senior: User, officer: User) -> None:
    card = make_card(balance=Decimal("12.50"), balance_at="2026-01-01T00:00Z")
    subscribe(card)
    tell(card, "100", "Hotel", days=2)

    client.force_login(officer)
    assert "Delete card" not in client.get(f"/cards/{card.pk}/").content.decode()
    assert client.post(f"/cards/{card.pk}/delete/").status_code == 403
    client.force_login(senior)
    page = client.get(f"/cards/{card.pk}/").content.decode()
    told = page.split('id="delete-tells"')[1].split("</ul>")[0]

    assert "12.50 USD are on the card" in told
    assert "1 approved purchase of 100.00 USD not settled yet: CryptoMate does not say" in told
    assert "Streaming Co charges 9.99 USD about every month" in told
    assert client.post(f"/cards/{card.pk}/delete/").status_code == 302
    assert ProviderCall.objects.get().kind == CallKind.DELETE_CARD
    page = client.get(f"/cards/{card.pk}/").content.decode()
    assert 'href="#delete"' not in page
    assert "Deleting the card is under way" in page
    assert client.post(f"/cards/{card.pk}/freeze/").status_code == 409


def test_where_an_admin_wants_two_a_second_senior_deletes_and_a_card_that_closed_meanwhile_is_left(
    senior: User, admin_person: User
) -> None:
    switch_on(Act.DELETE_CARD)
    other = User.objects.create_user("other")
    other.groups.set(senior.groups.all())
    card, closed = make_card(), make_card()
    asked, late = (actions.delete_card(card=each, by=senior) for each in (card, closed))
    assert isinstance(asked, Approval)
    assert isinstance(late, Approval)
    assert not ProviderCall.objects.exists()
    Card.objects.filter(pk=closed.pk).update(status="EXPIRED")

    with pytest.raises(NotAllowed, match="You asked for this yourself"):
        four_eyes.approve(approval=asked, by=senior)
    four_eyes.approve(approval=asked, by=other)
    with pytest.raises(NotAllowed, match="This one is expired"):
        four_eyes.approve(approval=late, by=other)

    call = ProviderCall.objects.get()
    assert (call.kind, call.target_id, call.wanted_by) == (CallKind.DELETE_CARD, card.pk, senior)
    assert Event.objects.get(kind="card.deleted").said["after"] == {"approved_by": "other"}
    assert asked.words == "Delete card •••• 4242 of MARIA BARBER, for good."
