"""What people do about a card's live notices: answer a 3DS check at the provider, or say that they have seen one."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from cards.models import Card, Challenge, Notice
from cards.policies import check_can_answer
from cryptomate import ChallengeAnswer, Client, Refused
from customers.policies import check_person_may
from provider.actions import want
from provider.models import CallKind, ProviderCall

TOO_LATE = "EXPIRED"


@transaction.atomic
def answer_challenge(*, challenge: Challenge, approve: bool, by: User) -> ProviderCall:
    """Want the purchase approved or denied. Raises NotAllowed, and AlreadyUnderway while the other is being done."""
    check_person_may(by, "cards.answer_challenge")
    Card.objects.select_for_update(no_key=True).get(pk=challenge.card_id)
    challenge = Challenge.objects.select_related("card").get(pk=challenge.pk)
    check_can_answer(challenge, now=timezone.now())
    earlier = set(ProviderCall.objects.open().filter(target_id=challenge.pk).values_list("pk", flat=True))
    customer_id = challenge.card.customer_id
    call = want(
        kind=CallKind.RESPOND_TO_CHALLENGE,
        target=challenge,
        customer_id=customer_id,
        by=by,
        payload={"approve": approve},
    )
    if call.pk not in earlier:
        kind = Kind.CHALLENGE_APPROVED if approve else Kind.CHALLENGE_DENIED
        record(kind=kind, by=by, customer_id=customer_id, subject=challenge)
        _see(Notice.objects.about_challenge(challenge), by=by)
    return call


@transaction.atomic
def mark_seen(*, notice: Notice, by: User) -> None:
    """Note who has seen it. The first one counts."""
    check_person_may(by, "cards.attend_notice")
    if _see(Notice.objects.filter(pk=notice.pk), by=by):
        record(kind=Kind.NOTICE_SEEN, by=by, customer_id=notice.customer_id, subject=notice)


def _see(notices: Any, *, by: User) -> int:
    return int(notices.unseen().update(seen_at=timezone.now(), seen_by=by))


class RespondToChallenge:
    kind = CallKind.RESPOND_TO_CHALLENGE

    def send(self, client: Client, call: ProviderCall) -> ChallengeAnswer:
        challenge = _challenge_of(call)
        return client.respond_to_challenge(
            challenge.card.api_id, challenge_id=challenge.challenge_id, approve=call.payload["approve"]
        )

    def look_up(self, client: Client, call: ProviderCall) -> ChallengeAnswer | None:
        """Find nothing: the provider shows no challenges, and answers the same decision again ALREADY_PROCESSED."""
        return None

    def lock(self, call: ProviderCall) -> None:
        Card.objects.select_for_update(no_key=True).get(challenges__pk=call.target_id)

    def done(self, call: ProviderCall, answer: ChallengeAnswer) -> None:
        if answer.status == TOO_LATE:
            return
        decision = Challenge.Decision.APPROVED if call.payload["approve"] else Challenge.Decision.DENIED
        Challenge.objects.filter(pk=call.target_id, decision="").update(
            decision=decision, decided_at=timezone.now(), decided_by=call.wanted_by
        )

    def refused(self, call: ProviderCall, error: Refused) -> None:
        """Nothing of ours changes: the call says why."""


def _challenge_of(call: ProviderCall) -> Challenge:
    return Challenge.objects.select_related("card").get(pk=call.target_id)
