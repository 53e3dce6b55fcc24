"""What a person has to see on a card's page before the rest: 3DS checks that wait, and notices nobody has seen."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from cards.models import Card, Challenge, Notice
from provider.models import CallKind, CallState, ProviderCall

SEEN_SHOWN = 5


@dataclass(frozen=True)
class Check:
    """A 3DS check as the page shows it: where it stands, and whether it can be answered."""

    challenge: Challenge
    call: ProviderCall | None  # the newest that answers it
    now: datetime

    @property
    def is_answerable(self) -> bool:
        is_free = self.call is None or not self.call.is_open
        return not self.challenge.decision and not self.challenge.is_over(self.now) and is_free

    @property
    def look(self) -> str:
        if self.challenge.decision:
            return "good" if self.challenge.decision == Challenge.Decision.APPROVED else "refused"
        if self.call and self.call.is_open:
            return "unknown" if self.call.state == CallState.UNKNOWN else "waiting"
        return "" if self.challenge.is_over(self.now) else "waiting"

    @property
    def icon(self) -> str:
        return {"good": "check", "refused": "cross", "unknown": "question", "waiting": "clock"}.get(self.look, "info")

    @property
    def title(self) -> str:
        if self.challenge.decision:
            who = f" by {self.challenge.decided_by.get_username()}" if self.challenge.decided_by else ""
            return f"{self.challenge.get_decision_display()}{who}"
        if self.call and self.call.is_open:
            doing = "Approving" if self.call.payload["approve"] else "Denying"
            return "No answer yet" if self.call.state == CallState.UNKNOWN else f"{doing} the purchase"
        return "Nobody answered in time" if self.challenge.is_over(self.now) else "A purchase waits for approval"

    @property
    def refusal(self) -> str:
        """Return the provider's words against the last answer, or an empty string."""
        is_refused = self.call is not None and self.call.state == CallState.REFUSED
        return self.call.message or "No reason was given." if self.call and is_refused else ""

    @property
    def facts(self) -> tuple[object, ...]:
        """Return what the page would draw differently if it changed."""
        call = (self.call.pk, self.call.state) if self.call else ()
        return (self.challenge.pk, self.challenge.decision, self.challenge.is_over(self.now), *call)


@dataclass(frozen=True)
class Attention:
    checks: list[Check]
    notices: list[Notice]  # nobody has seen them
    seen: list[Notice]
    why_stopped: str  # the address that says which purchase broke a velocity rule, or an empty string

    @property
    def calls(self) -> list[ProviderCall]:
        return [check.call for check in self.checks if check.call]

    @property
    def facts(self) -> tuple[object, ...]:
        notices = ((each.pk, each.seen_at) for each in self._notices)
        return (*(check.facts for check in self.checks), *notices, self.why_stopped)

    @property
    def _notices(self) -> list[Notice]:
        return [*self.notices, *self.seen]


def attention_of(card: Card, *, now: datetime) -> Attention:
    challenges = list(card.challenges.shown(now=now))
    calls = ProviderCall.objects.filter(
        kind=CallKind.RESPOND_TO_CHALLENGE, target_id__in=[challenge.pk for challenge in challenges]
    )
    newest = {call.target_id: call for call in calls.order_by("wanted_at")} if challenges else {}
    live = {challenge.received_at for challenge in challenges if not challenge.decision and not challenge.is_over(now)}
    notices = list(card.notices.unseen().order_by("-created_at"))
    is_stopped = any(notice.kind == Notice.Kind.VELOCITY for notice in notices)
    return Attention(
        checks=[Check(challenge, newest.get(challenge.pk), now) for challenge in challenges],
        # While a check can be answered, it says more than the notice that came with it.
        notices=[each for each in notices if each.kind != Notice.Kind.CHALLENGE or each.created_at not in live],
        seen=list(card.notices.seen().order_by("-seen_at")[:SEEN_SHOWN]),
        why_stopped=_why_stopped(card) if is_stopped else "",
    )


def _why_stopped(card: Card) -> str:
    declined = card.transactions.too_frequent().newest_first().first()
    return reverse("cards:transaction", args=[declined.pk], fragment="why") if declined else ""
