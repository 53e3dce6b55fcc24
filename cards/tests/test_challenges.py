from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from cards import actions
from cards.challenges import answer_challenge, mark_seen
from cards.models import Card, Challenge, Notice
from cards.tests.making import make_card
from cryptomate.testing import FakeTransport
from customers.policies import NotAllowed
from provider.actions import AlreadyUnderway, carry_out
from provider.models import CallState, ProviderCall

ANSWER = "/cards/individual-cards/icard_1/3ds-authorization"

pytestmark = pytest.mark.django_db


@pytest.fixture
def card() -> Card:
    return make_card(api_id="icard_1")


def make_challenge(card: Card, *, seconds: int = 300, **changes: Any) -> Challenge:
    now = timezone.now()
    data = {
        "merchant_name": "Acme Coffee",
        "merchant_country": "USA",
        "amount": 42,
        "currency": "USD",
        "received_at": now,
        "expires_at": now + timedelta(seconds=seconds),
        **changes,
    }
    return actions.record_challenge(card=card, challenge_id=f"challenge-{Challenge.objects.count()}", data=data)


def carry_out_now(call: ProviderCall, provider: FakeTransport) -> ProviderCall:
    ProviderCall.objects.filter(pk=call.pk).update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    carry_out(call.pk, client=provider.client())
    call.refresh_from_db()
    return call


def answered(status: str, *, approve: bool = True) -> dict[str, Any]:
    return {"challenge_id": "challenge-0", "approve": approve, "status": status}


# --- Answering


@pytest.mark.parametrize(
    ("approve", "status", "decision"), [(True, "APPROVED", "APPROVED"), (False, "DENIED", "DENIED")]
)
def test_an_answer_goes_to_the_provider_and_is_kept_with_its_person(
    approve: bool, status: str, decision: str, card: Card, support: User, provider: FakeTransport
) -> None:
    challenge = make_challenge(card)
    provider.reply("POST", ANSWER, answered(status, approve=approve))

    call = carry_out_now(answer_challenge(challenge=challenge, approve=approve, by=support), provider)

    challenge.refresh_from_db()
    assert (call.state, challenge.decision, challenge.decided_by) == (CallState.DONE, decision, support)
    assert provider.calls[0].json == {"challenge_id": "challenge-0", "approve": approve}
    assert Event.objects.filter(object_id=str(challenge.pk)).count() == 1


def test_an_answer_that_got_lost_is_given_again_and_counts(card: Card, officer: User, provider: FakeTransport) -> None:
    challenge = make_challenge(card)
    provider.drop("POST", ANSWER)
    provider.reply("POST", ANSWER, answered("ALREADY_PROCESSED"))
    call = carry_out_now(answer_challenge(challenge=challenge, approve=True, by=officer), provider)
    assert call.state == CallState.UNKNOWN

    carry_out_now(call, provider)

    challenge.refresh_from_db()
    assert (call.state, challenge.decision) == (CallState.DONE, "APPROVED")


def test_a_purchase_decided_elsewhere_keeps_no_answer_of_ours(
    card: Card, officer: User, provider: FakeTransport
) -> None:
    challenge = make_challenge(card)
    provider.refuse("POST", ANSWER, 412, code="CHALLENGE_DECISION_CONFLICT", message="Already decided")

    call = carry_out_now(answer_challenge(challenge=challenge, approve=True, by=officer), provider)

    challenge.refresh_from_db()
    assert (call.state, challenge.decision) == (CallState.REFUSED, "")


def test_the_same_answer_again_is_the_same_wish_and_the_other_is_refused(card: Card, officer: User) -> None:
    challenge = make_challenge(card)
    first = answer_challenge(challenge=challenge, approve=True, by=officer)

    assert answer_challenge(challenge=challenge, approve=True, by=officer) == first
    with pytest.raises(AlreadyUnderway):
        answer_challenge(challenge=challenge, approve=False, by=officer)
    assert Event.objects.filter(object_id=str(challenge.pk)).count() == 1


def test_what_is_over_or_decided_takes_no_answer(card: Card, officer: User) -> None:
    over = make_challenge(card, seconds=-1)
    decided = make_challenge(
        card, decision="DENIED", decided_at=timezone.now(), received_at=timezone.now() - timedelta(seconds=9)
    )

    with pytest.raises(NotAllowed, match="time to answer is over"):
        answer_challenge(challenge=over, approve=True, by=officer)
    with pytest.raises(NotAllowed, match="denied already"):
        answer_challenge(challenge=decided, approve=True, by=officer)
    assert not ProviderCall.objects.exists()


def test_an_admin_may_not_answer(card: Card, admin_person: User) -> None:
    with pytest.raises(NotAllowed):
        answer_challenge(challenge=make_challenge(card), approve=True, by=admin_person)


# --- On the card's page


def page(client: Client, card: Card) -> str:
    return client.get(reverse("cards:detail", args=[card.pk])).content.decode()


def test_a_waiting_purchase_shows_with_its_time_and_both_answers(card: Card, client: Client, support: User) -> None:
    challenge = make_challenge(card)
    client.force_login(support)

    html = page(client, card)

    assert "A purchase waits for approval" in html
    assert f'datetime="{challenge.expires_at:%Y-%m-%dT%H:%M}' in html
    assert (html.count(">Approve</button>"), html.count(">Deny</button>")) == (1, 1)
    assert ">Seen</button>" not in html  # the check itself says more than its notice


def test_who_may_not_answer_sees_the_purchase_without_buttons(card: Card, client: Client, admin_person: User) -> None:
    make_challenge(card)
    client.force_login(admin_person)

    html = page(client, card)

    assert "A purchase waits for approval" in html
    assert ">Approve</button>" not in html


def test_approving_from_the_page_shows_that_it_is_on_its_way(card: Card, client: Client, support: User) -> None:
    challenge = make_challenge(card)
    client.force_login(support)

    address = reverse("cards:answer_challenge", args=[card.pk, challenge.pk])
    response = client.post(address, {"approve": "yes"}, follow=True)

    html = response.content.decode()
    assert "Approving the purchase" in html
    assert ">Approve</button>" not in html
    assert ProviderCall.objects.get().payload == {"approve": True}
    assert Notice.objects.get().seen_by == support


def test_an_answer_that_comes_too_late_is_said_on_the_page(card: Card, client: Client, support: User) -> None:
    challenge = make_challenge(card, seconds=-1)
    client.force_login(support)

    response = client.post(reverse("cards:answer_challenge", args=[card.pk, challenge.pk]), {"approve": "yes"})

    assert response.status_code == 409
    assert "The time to answer is over" in response.content.decode()


def test_a_challenge_of_another_card_is_not_found(card: Card, client: Client, support: User) -> None:
    challenge = make_challenge(make_card())
    client.force_login(support)

    assert client.post(reverse("cards:answer_challenge", args=[card.pk, challenge.pk])).status_code == 404


def test_a_new_challenge_comes_with_the_next_poll(card: Card, client: Client, support: User) -> None:
    client.force_login(support)
    seen = page(client, card).split("seen=")[1].split('"')[0]
    live = f"{reverse('cards:live', args=[card.pk])}?seen={seen}"
    assert client.get(live, headers={"HX-Request": "true"}).status_code == 204

    make_challenge(card)

    answer = client.get(live, headers={"HX-Request": "true"}).content.decode()
    assert 'id="card-attention" hx-swap-oob="true"' in answer
    assert "A purchase waits for approval" in answer


# --- Notices


def test_a_notice_shows_until_somebody_has_seen_it_and_then_says_who(card: Card, client: Client, support: User) -> None:
    actions.record_velocity_block(card=card, at=timezone.now(), max_authorizations=3, window_seconds=60)
    notice = Notice.objects.get()
    client.force_login(support)
    assert "more than 3 purchases in 60 s" in page(client, card)

    client.post(reverse("cards:notice_seen", args=[card.pk, notice.pk]))

    html = page(client, card)
    assert ">Seen</button>" not in html
    assert "Seen by support" in html


def test_the_first_who_has_seen_it_counts(card: Card, officer: User, support: User) -> None:
    actions.record_velocity_block(card=card, at=timezone.now())
    notice = Notice.objects.get()

    mark_seen(notice=notice, by=support)
    mark_seen(notice=notice, by=officer)

    notice.refresh_from_db()
    assert notice.seen_by == support
    assert Event.objects.filter(object_id=str(notice.pk)).count() == 1
