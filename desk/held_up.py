"""Calls that wait: what an error, the provider or the worker's absence holds up, and what was refused about a card."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from customers.display import waiting_face, what_was_refused
from customers.models import Customer
from provider.circuit import Gate
from provider.models import CallKind, CallState, ProviderCall

LONGEST = 50  # the oldest come first, so what is cut off is the newest
HELD_UP_AFTER = timedelta(minutes=5)
# What was refused about a card stands on its page; after a week it was asked anew or is not wanted any more.
CARD_REFUSAL_WAITS = timedelta(days=7)
CARD_KINDS = [CallKind.ISSUE_CARD, CallKind.SET_FROZEN, CallKind.SET_LIMITS, CallKind.DELETE_CARD]


@dataclass(frozen=True)
class HeldUp:
    """A call, whose it is, and what to know about it."""

    id: str
    customer: Customer
    what: str
    since: datetime


def held_up_calls(gate: Gate) -> list[HeldUp]:
    """Return the calls that wait, the oldest first. What a person has to find out stands with the customer's case."""
    now = timezone.now()
    waiting = _oldest(_waiting(now, is_shut=gate.is_shut).order_by("wanted_at"))
    refused = _oldest(_refused_about_cards(now).order_by("answered_at"))
    customers = Customer.objects.in_bulk({call.customer_id for call in [*waiting, *refused]})
    found = [
        *(HeldUp(str(call.pk), customers[call.customer_id], _what_holds(call), call.wanted_at)
          for call in waiting if call.customer_id in customers),
        *(HeldUp(str(call.pk), customers[call.customer_id], what_was_refused(call), call.answered_at or call.wanted_at)
          for call in refused if call.customer_id in customers),
    ]  # fmt: skip
    return sorted(found, key=lambda each: each.since)


def _waiting(now: datetime, *, is_shut: bool) -> QuerySet[ProviderCall]:
    is_held_up = ~Q(error_code="") | Q(wanted_at__lte=now if is_shut else now - HELD_UP_AFTER)
    by_itself = ProviderCall.objects.open().exclude(state=CallState.UNKNOWN, next_attempt_at=None)
    return by_itself.filter(Q(state=CallState.UNKNOWN) | is_held_up)


def _refused_about_cards(now: datetime) -> QuerySet[ProviderCall]:
    """Return what was refused lately and has not been asked for anew since."""
    same = ProviderCall.objects.filter(target_id=OuterRef("target_id"), kind=OuterRef("kind"))
    refused = ProviderCall.objects.filter(state=CallState.REFUSED, kind__in=CARD_KINDS)
    return refused.filter(
        ~Exists(same.filter(wanted_at__gt=OuterRef("wanted_at"))), answered_at__gte=now - CARD_REFUSAL_WAITS
    )


def _oldest(calls: QuerySet[ProviderCall]) -> list[ProviderCall]:
    return list(calls.exclude(customer_id=None)[:LONGEST])


def _what_holds(call: ProviderCall) -> str:
    is_told = call.state == CallState.UNKNOWN or call.error_code
    return f"{call.get_kind_display()}. {waiting_face(call).title if is_told else 'Not carried out yet'}"
