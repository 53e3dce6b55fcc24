"""What waits, for whom and since when, across customers, requests and calls."""

from dataclasses import dataclass
from datetime import datetime

from cryptomate import MissingRequirements
from customers.models import Customer, EnablementRequest
from customers.requirements import Requirement
from customers.statuses import RequestStatus
from provider.models import ProviderCall

LONGEST = 50  # rows in one section; the oldest come first, so what is cut off is the newest


@dataclass(frozen=True)
class Case:
    customer: Customer
    what: str
    since: datetime


@dataclass(frozen=True)
class Section:
    """Cases that wait for the same side. `empty` says what to read when there are none."""

    id: str
    title: str
    empty: str
    cases: list[Case]


def sections() -> list[Section]:
    return [
        Section("unknown", "No answer yet", "Every call to the provider has been answered.", _unanswered()),
        Section("ours", "Waits for us", "Nothing waits for us.", _oldest_first([*_refused_calls(), *_to_supply()])),
        Section("provider", "Waits for the provider", "Nothing is in review.", _in_review()),
    ]


def _unanswered() -> list[Case]:
    calls = list(ProviderCall.objects.unanswered().order_by("wanted_at")[:LONGEST])
    return [Case(customer, call.get_kind_display(), call.wanted_at) for customer, call in _with_customers(calls)]


def _refused_calls() -> list[Case]:
    """Registrations the provider refused: nobody else would notice that the customer got nowhere."""
    calls = list(ProviderCall.objects.refused_registrations().order_by("wanted_at")[:LONGEST])
    return [
        Case(customer, "The provider refused the registration", call.answered_at or call.wanted_at)
        for customer, call in _with_customers(calls)
        if customer.api_id is None
    ]


def _to_supply() -> list[Case]:
    rows = EnablementRequest.objects.waiting_for_us().select_related("customer").order_by("created_at")[:LONGEST]
    return [Case(row.customer, _what_is_wanted(row), row.decided_at or row.created_at) for row in rows]


def _in_review() -> list[Case]:
    rows = EnablementRequest.objects.in_review().select_related("customer").order_by("submitted_at")[:LONGEST]
    return [Case(row.customer, "In review", row.submitted_at or row.created_at) for row in rows]


def _what_is_wanted(request: EnablementRequest) -> str:
    if request.status == RequestStatus.REJECTED:
        return "Refused: correct and submit again"
    missing = MissingRequirements.from_json(request.missing_requirements)
    wanted: list[Requirement] = [*missing.data, *missing.documents]
    names = [each.name for each in wanted if each.required]
    return f"Missing: {', '.join(names)}" if names else "Complete: submit for review"


def _with_customers(calls: list[ProviderCall]) -> list[tuple[Customer, ProviderCall]]:
    customers = Customer.objects.in_bulk([call.customer_id for call in calls])
    return [(customers[call.customer_id], call) for call in calls if call.customer_id in customers]


def _oldest_first(cases: list[Case]) -> list[Case]:
    return sorted(cases, key=lambda case: case.since)
