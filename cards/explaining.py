"""Why a purchase was declined, for the agent who has the cardholder on the phone: whose decision it was and what it
rested on, whether the same would pass now, what the agent may do, and what the cardholder can be told."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_UP, Decimal
from functools import cached_property

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date

from cards.authorizations import Authorization, Standing
from cards.declines import OURS, Who, Words, words_of
from cards.models import Card, Transaction
from cards.questions import passes_at, would_pass
from cards.rules import ATM, Asked, Decision, Verdict
from cards.statuses import CLOSED, CardStatus

CENT = Decimal("0.01")
TRY = ("cards.view_card", "cards.view_transaction")
# Where this decided, our rules can say whether the same passes now. What else stands in the way nobody can try.
TRIED_BY_OUR_RULES = (Who.OUR_RULE, Who.LIMIT, Who.CARD)


@dataclass(frozen=True)
class Step:
    """Something that helps; with an address where this person may do it here."""

    words: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Why:
    words: Words
    question: Authorization | None  # where we were asked: with what each rule said at that moment
    asked: Asked | None  # None where no amount could be read
    card: Card | None  # None where it is not known here
    merchant: str
    mcc: str
    country: str
    at: datetime
    now: datetime
    user: User

    @cached_property
    def same_now(self) -> Decision | None:
        if self.asked is None or self.card is None:
            return None
        return would_pass(self.card.api_id, self.asked, now=self.now)

    @property
    def passes_now(self) -> bool:
        return self.same_now is not None and not self.broken

    @property
    def is_tried_by_our_rules(self) -> bool:
        return self.words.who in TRIED_BY_OUR_RULES

    @property
    def broken(self) -> list[Verdict]:
        return self.same_now.broken if self.same_now else []

    @property
    def passes_at(self) -> datetime | None:
        return passes_at(self.same_now) if self.same_now else None

    @property
    def dry_run_url(self) -> str:
        """Return where the same purchase, or another like it, can be tried."""
        if self.asked is None or self.card is None or not self.user.has_perms(TRY):
            return ""
        known = {"merchant": self.merchant, "mcc": self.mcc, "country": self.country}
        cost = self.asked.cost.quantize(CENT, ROUND_UP)
        query = {"amount": f"{cost}", **known, "channel": ATM if self.asked.channel == ATM else ""}
        return reverse("cards:would_pass", args=[self.card.pk], query=query)

    @property
    def steps(self) -> list[Step]:
        return list(_steps(self.card, self.broken, self.user)) if self.card else []

    @property
    def reply(self) -> str:
        """Return what can be read out or sent to the cardholder."""
        cost = f" of {self.asked.cost:,.2f} {self.asked.currency}" if self.asked else ""
        where = f" at {self.merchant}" if self.merchant else ""
        what = f"Your purchase{cost}{where} on {moment(self.at)} was declined because {self.words.because}."
        return f"{what} {self._advice}"

    @property
    def _advice(self) -> str:
        if not self.is_tried_by_our_rules:
            return self.words.advice
        if self.passes_now:
            return "You can make it again now."
        if self.passes_at:
            return f"You can make it again after {moment(self.passes_at)}."
        return self.words.advice


def moment(at: datetime) -> str:
    return format_date(timezone.localtime(at), "j F Y, H:i T")


def why_declined(purchase: Transaction, answers: Iterable[Authorization], *, user: User, now: datetime) -> Why | None:
    """Explain a purchase that was declined, given what we had answered about it; None for any other."""
    if not purchase.is_declined:
        return None
    question = next((answer for answer in answers if answer.declined_event_id), None)
    cost = purchase.bill_amount + purchase.fees_total
    return Why(
        words=_words_of_ours(question) or purchase.decline_words,
        question=question,
        asked=Asked(cost=cost, currency=purchase.bill_currency, channel=purchase.channel),
        card=purchase.card,
        merchant=purchase.merchant_name,
        mcc=purchase.mcc,
        country=purchase.merchant_country,
        at=purchase.first_at,
        now=now,
        user=user,
    )


def why_answered(question: Authorization, *, user: User, now: datetime) -> Why | None:
    """Explain what we declined, also where the provider has not spoken of it; None for what we approved."""
    if question.is_approved:
        return None
    return Why(
        words=_words_of_ours(question) or words_of("C010"),
        question=question,
        asked=_asked_again(question),
        card=question.card,
        merchant=question.merchant_name,
        mcc=question.mcc,
        country="",
        at=question.decided_at,
        now=now,
        user=user,
    )


def _words_of_ours(question: Authorization | None) -> Words | None:
    """Return what stands behind our own answer, where that is what declined the purchase."""
    is_ours = question is not None and not question.is_approved and question.standing != Standing.TOO_LATE
    return OURS[Authorization.Reason(question.reason)] if question and is_ours else None


def _asked_again(question: Authorization) -> Asked | None:
    if question.cost is None:
        return None
    return Asked(cost=Decimal(question.cost), currency=question.bill_currency, channel=question.channel)


# --- What the agent may do


def _steps(card: Card, broken: Sequence[Verdict], user: User) -> Iterator[Step]:
    rules = {verdict.rule for verdict in broken}
    if "card_active" in rules:
        yield _step_for_status(card, user)
    if "customer_active" in rules:
        address = reverse("customers:detail", args=[card.customer_id])
        yield _step("See what the customer waits for", address, may=user.has_perm("customers.view_customer"))
    if any(rule.endswith("_limit") for rule in rules) and card.status not in CLOSED:
        address = reverse("cards:limits", args=[card.pk])
        may = user.has_perm("cards.change_card_limits")
        yield _step("Change the limits", address, may=may, otherwise="An officer can raise the limit")
    if "card_balance" in rules:
        address = reverse("cards:detail", args=[card.pk])
        yield _step("See where the card is topped up", address, may=user.has_perm("cards.view_card"))
    if "holding_balance" in rules:
        yield _step("See the holding wallet", reverse("cards:holding"), may=user.has_perm("cards.view_holding"))
    if "velocity" in rules:
        address = reverse("cards:velocity_rules")
        yield _step("See the velocity rules", address, may=user.has_perm("cards.view_velocityrule"))


def _step_for_status(card: Card, user: User) -> Step:
    if card.status == CardStatus.FROZEN:
        address = reverse("cards:detail", args=[card.pk], fragment="unfreeze")
        may = user.has_perm("cards.freeze_card")
        return _step("Unfreeze the card", address, may=may, otherwise="An officer or support can unfreeze the card")
    if card.status == CardStatus.BLOCKED:
        return Step("Write to CryptoMate’s support to have the card released")
    return Step("The cardholder needs another card")


def _step(words: str, address: str, *, may: bool, otherwise: str = "") -> Step:
    return Step(words, address) if may else Step(otherwise or words)
