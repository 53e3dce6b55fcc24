"""What waits, for whom and since when, across customers, requests and calls."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from customers.checklists import checklists_of
from customers.display import DOING, waiting_face
from customers.models import Customer, EnablementRequest
from customers.requirements import Checklist
from customers.statuses import RequestStatus
from provider.circuit import Gate
from provider.models import CallKind, CallState, ProviderCall

M = TypeVar("M", bound=Model)

LONGEST = 50  # rows in one section; the oldest come first, so what is cut off is the newest
HELD_UP_AFTER = timedelta(minutes=5)
# What was refused about a card stands on its page; after a week it was asked anew or is not wanted any more.
CARD_REFUSAL_WAITS = timedelta(days=7)
CARD_KINDS = [CallKind.ISSUE_CARD, CallKind.SET_FROZEN, CallKind.SET_LIMITS, CallKind.DELETE_CARD]


@dataclass(frozen=True)
class Case:
    id: str
    customer: Customer
    what: str
    since: datetime


@dataclass(frozen=True)
class Cases:
    """The oldest cases of one sort, and how many there are in all."""

    shown: list[Case]
    total: int

    def __add__(self, other: "Cases") -> "Cases":
        oldest_first = sorted([*self.shown, *other.shown], key=lambda case: case.since)
        return Cases(oldest_first[:LONGEST], self.total + other.total)


@dataclass(frozen=True)
class Section:
    """Cases that wait for the same side. `empty` says what to read when there are none."""

    id: str
    title: str
    empty: str
    cases: list[Case]
    total: int

    @property
    def is_cut(self) -> bool:
        return self.total > len(self.cases)


def sections(gate: Gate) -> list[Section]:
    now = timezone.now()
    waiting, ours, review = _waiting_calls(now, is_shut=gate.is_shut), _refused_calls(now) + _to_supply(), _in_review()
    return [
        Section("unknown", "Calls that wait", "No call to the provider is held up.", waiting.shown, waiting.total),
        Section("ours", "Waits for us", "Nothing waits for us.", ours.shown, ours.total),
        Section("provider", "Waits for the provider", "Nothing is in review.", review.shown, review.total),
    ]


# --- Calls


def _waiting_calls(now: datetime, *, is_shut: bool) -> Cases:
    """Calls without an answer, and those that an error, the provider or the worker's absence keeps from being sent."""
    is_held_up = ~Q(error_code="") | Q(wanted_at__lte=now if is_shut else now - HELD_UP_AFTER)
    waiting = ProviderCall.objects.open().filter(Q(state=CallState.UNKNOWN) | is_held_up)
    calls, total = _oldest(waiting.exclude(customer_id=None).order_by("wanted_at"))
    return Cases([_case(call, customer, _what_holds(call), call.wanted_at) for call, customer in _of(calls)], total)


def _what_holds(call: ProviderCall) -> str:
    if call.needs_a_person:
        return waiting_face(call).title
    is_told = call.state == CallState.UNKNOWN or call.error_code
    return f"{call.get_kind_display()}. {waiting_face(call).title if is_told else 'Not carried out yet'}"


def _refused_calls(now: datetime) -> Cases:
    refused = ProviderCall.objects.filter(_still_matters(now), ~Exists(_newer()), state=CallState.REFUSED)
    calls, total = _oldest(refused.exclude(customer_id=None).order_by("answered_at"))
    return Cases(
        [
            _case(call, customer, f"CryptoMate refused {DOING[CallKind(call.kind)].lower()}", _answered(call))
            for call, customer in _of(calls)
        ],
        total,
    )


def _still_matters(now: datetime) -> Q:
    """Refusals that nothing has overtaken. A refused document stands in its request's checklist."""
    unregistered = Customer.objects.filter(pk=OuterRef("target_id"), api_id=None)
    request_since = EnablementRequest.objects.filter(
        customer=OuterRef("customer_id"), created_at__gte=OuterRef("wanted_at")
    )
    still_open = EnablementRequest.objects.open().filter(pk=OuterRef("target_id"))
    return (
        Q(Exists(unregistered), kind=CallKind.REGISTER_CLIENT)
        | Q(kind=CallKind.UPDATE_CLIENT)
        | Q(~Exists(request_since), kind=CallKind.REQUEST_PRODUCT)
        | Q(Exists(still_open), kind=CallKind.SUBMIT_REQUEST)
        | Q(kind__in=CARD_KINDS, answered_at__gte=now - CARD_REFUSAL_WAITS)
    )


def _newer() -> QuerySet[ProviderCall]:
    return ProviderCall.objects.filter(
        kind=OuterRef("kind"), target_id=OuterRef("target_id"), wanted_at__gt=OuterRef("wanted_at")
    )


def _of(calls: list[ProviderCall]) -> list[tuple[ProviderCall, Customer]]:
    customers = Customer.objects.in_bulk([call.customer_id for call in calls])
    return [(call, customers[call.customer_id]) for call in calls if call.customer_id in customers]


def _answered(call: ProviderCall) -> datetime:
    return call.answered_at or call.wanted_at


# --- Requests


def _to_supply() -> Cases:
    rows = EnablementRequest.objects.waiting_for_us().select_related("customer")
    requests, total = _oldest(rows.order_by(Coalesce("decided_at", "created_at")))
    checklists = checklists_of(requests)
    return Cases(
        [
            _case(each, each.customer, _what_is_wanted(each, checklists[each.pk]), each.decided_at or each.created_at)
            for each in requests
        ],
        total,
    )


def _in_review() -> Cases:
    rows = EnablementRequest.objects.in_review().select_related("customer")
    requests, total = _oldest(rows.order_by(F("submitted_at").asc(nulls_first=True)))
    return Cases(
        [_case(each, each.customer, "In review", each.submitted_at or each.created_at) for each in requests], total
    )


def _what_is_wanted(request: EnablementRequest, checklist: Checklist) -> str:
    if request.status == RequestStatus.REJECTED:
        return "Refused: correct and submit again"
    blocking = [item for item in checklist.wanted if item.blocks_submit]
    refused = [item.requirement.name for item in blocking if item.reasons]
    missing = [item.requirement.name for item in blocking if not item.reasons]
    parts = [f"Correct: {', '.join(refused)}"] if refused else []
    parts += [f"Missing: {', '.join(missing)}"] if missing else []
    if checklist.unplaced and not parts:
        return "CryptoMate wants something corrected: read why, then submit again"
    return ". ".join(parts) or "Complete: submit for review"


# --- Rows


def _oldest(rows: QuerySet[M]) -> tuple[list[M], int]:
    """Return the first rows and how many there are; they are counted only where not all are shown."""
    found = list(rows[: LONGEST + 1])
    return found[:LONGEST], len(found) if len(found) <= LONGEST else rows.count()


def _case(row: Model, customer: Customer, what: str, since: datetime) -> Case:
    return Case(str(row.pk), customer, what, since)
