"""The card's page and the customer's list of cards: what they are drawn from, read once."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from cards import display
from cards.attention import Attention, attention_of
from cards.consequences import Consequences
from cards.forms import IssueForm, WouldPassForm
from cards.models import LIMITS, Card, Deposit, Transaction
from cards.policies import check_can_change_limits, check_can_delete, check_can_freeze, check_can_unfreeze
from cards.statuses import ApprovalMethod, CardStatus
from customers.masking import sight_of
from customers.models import Customer
from customers.paging import digest
from customers.policies import check_can_issue, newest_call, reason_against
from people.waiting import Waiting, waiting_about
from provider.models import CallKind, CallState, ProviderCall

PURCHASES_SHOWN = 20
DEPOSITS_SHOWN = 10
CALLS_SHOWN = 10
CARD_CALLS = (CallKind.SET_FROZEN, CallKind.SET_LIMITS, CallKind.DELETE_CARD)


@dataclass(frozen=True)
class Limit:
    label: str
    value: Any


@dataclass(frozen=True)
class CardPage:
    card: Card
    user: User
    calls: Sequence[ProviderCall]  # about this card, newest first
    purchases: Sequence[Transaction]
    deposits: Sequence[Deposit]
    attention: Attention
    approvals: Sequence[Waiting] = ()

    @cached_property
    def context(self) -> dict[str, Any]:
        now = timezone.now()
        card = self.card
        return {
            "card": card,
            "calls": self.calls,
            "purchases": self.purchases,
            "deposits": self.deposits,
            "attention": self.attention,
            "approvals": self.approvals,
            "next_step": display.next_step(card, self.calls),
            "faces": display.faces(self.calls, now),
            "limits": [Limit(label, getattr(card, name)) for name, label in LIMITS.items()],
            "shows_addresses": card.approval_method == ApprovalMethod.TOPUP,
            "offers_unfreeze": card.status == CardStatus.FROZEN,
            "may_refresh": self.user.has_perm("cards.refresh_card"),
            "may_attend": self.user.has_perm("cards.attend_notice"),
            "may_answer": self.user.has_perm("cards.answer_challenge"),
            "may_freeze": self.user.has_perm("cards.freeze_card"),
            "may_delete": self.user.has_perm("cards.cancel_card"),
            "reason_against_delete": self._reason_against_delete,
            "may_change_limits": self.user.has_perm("cards.change_card_limits"),
            "consequences": Consequences(card, now),
            "form": WouldPassForm(),
            "tried": None,
            "may_see_purchases": self.user.has_perm("cards.view_transaction"),
            "reason_against_freeze": self._reason_against_freeze,
            "reason_against_limits": reason_against_limits(card, self.calls),
            "poll_ms": self._poll_ms,
            "seen": ",".join(f"{name}:{word}" for name, word in self._digests.items()),
        }

    @cached_property
    def _poll_ms(self) -> int:
        return display.poll_ms([*self.calls, *self.attention.calls], timezone.now())

    @property
    def _reason_against_freeze(self) -> str:
        check = check_can_unfreeze if self.card.status == CardStatus.FROZEN else check_can_freeze
        under_way = display.under_way(self.calls, CallKind.DELETE_CARD, CallKind.SET_FROZEN)
        return under_way or reason_against(check, self.card)

    @property
    def _reason_against_delete(self) -> str:
        return display.under_way(self.calls, *CARD_CALLS) or reason_against(check_can_delete, self.card)

    def changed(self, seen: str) -> list[str]:
        """Return the parts that are not as the browser says it has seen them."""
        known = set(seen.split(","))
        return [name for name, word in self._digests.items() if f"{name}:{word}" not in known]

    @cached_property
    def _digests(self) -> dict[str, str]:
        card, now = self.card, timezone.now()
        faces = [asdict(face) for face in display.faces(self.calls, now)]
        calls = [(call.pk, call.state, call.attempts) for call in self.calls]
        facts = (
            card.balance,
            card.balance_at,
            card.limits,
            card.deposit_addresses,
            card.expiry,
            card.holder_name,
            card.polled_at,
            reason_against_limits(card, self.calls),
        )
        return {
            "approvals": digest(each.facts for each in self.approvals),
            "head": digest([card.status, card.hold_reason, card.remote_status, card.last4, faces, calls]),
            "facts": digest(facts),
            "attention": digest(self.attention.facts),
            "deposits": digest((deposit.pk, deposit.transaction_hash) for deposit in self.deposits),
            "purchases": digest((purchase.pk, purchase.changed_at) for purchase in self.purchases),
            "pace": str(self._poll_ms),
        }


def reason_against_limits(card: Card, calls: Sequence[ProviderCall]) -> str:
    under_way = display.under_way(calls, CallKind.DELETE_CARD, CallKind.SET_LIMITS)
    return under_way or reason_against(check_can_change_limits, card)


def calls_about(card: Card) -> list[ProviderCall]:
    calls = ProviderCall.objects.filter(target_id=card.pk, kind__in=CARD_CALLS).select_related("wanted_by")
    return list(calls.order_by("-wanted_at")[:CALLS_SHOWN])


def card_page(card: Card, user: User) -> CardPage:
    may_see = user.has_perm("cards.view_transaction")
    shown = card.transactions.with_card_status().newest_first() if may_see else card.transactions.none()
    issuing = [card.call] if card.call else []
    attention = attention_of(card, now=timezone.now())
    calls = [*calls_about(card), *issuing]
    mask_messages([*calls, *attention.calls], card.customer, user)
    return CardPage(
        card=card,
        user=user,
        calls=calls,
        purchases=list(shown[:PURCHASES_SHOWN]),
        deposits=list(card.deposits.all()[:DEPOSITS_SHOWN]),
        attention=attention,
        approvals=waiting_about(card.pk, person=user, hide=sight_of(user, card.customer).hides(card.customer)),
    )


def mask_messages(calls: Iterable[ProviderCall], customer: Customer, user: User) -> None:
    """Put the provider's words, on the rows that a page is drawn from, as this person may read them."""
    quoting = [call for call in calls if call.message]
    if quoting:
        hide = sight_of(user, customer).hides(customer)
        for call in quoting:
            call.message = hide(call.message)


def customer_cards(customer: Customer, user: User) -> dict[str, Any]:
    """Return what the list of a customer's cards is drawn from."""
    now = timezone.now()
    issuing = newest_call(customer, CallKind.ISSUE_CARD)
    mask_messages([issuing] if issuing else [], customer, user)
    faces = display.faces([issuing] if issuing else [], now)
    return {
        "customer": customer,
        "may_see": user.has_perm("cards.view_card"),
        "may_issue": user.has_perm("cards.issue_card"),
        "reason_against_issue": (
            display.under_way([issuing] if issuing else [], CallKind.ISSUE_CARD)
            or reason_against(check_can_issue, customer)
        ),
        "customer_cards": customer.cards.newest_first(),
        "is_issuing": issuing is not None and issuing.is_open,
        "face": faces[0] if faces else None,
        "poll_ms": display.poll_ms([issuing] if issuing else [], now, at_rest=0),
    }


def issue_form(customer: Customer) -> IssueForm:
    """Return the form with what was asked for before, where the provider refused that."""
    issuing = newest_call(customer, CallKind.ISSUE_CARD)
    is_refused = issuing is not None and issuing.state == CallState.REFUSED
    return IssueForm.for_customer(customer, again=issuing.payload if issuing and is_refused else None)
