"""How a customer stands: the rows that a page about it is drawn from, read once."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from django.utils import timezone

from customers.checklists import checklist_of
from customers.models import Customer, EnablementRequest
from customers.reasons import ReasonTable
from customers.refusals import is_final
from customers.requirements import Checklist
from customers.statuses import RequestStatus
from provider import circuit
from provider.circuit import Gate
from provider.models import CallKind, ProviderCall

KINDS = (
    CallKind.REGISTER_CLIENT, CallKind.UPDATE_CLIENT, CallKind.REQUEST_PRODUCT, CallKind.UPLOAD_DOCUMENT,
    CallKind.SUBMIT_REQUEST,
)  # fmt: skip
POLLS_MS = (500, 1000, 2000, 5000)
POLL_GROWTH = 8  # the page asks after about an eighth of the time that it has been waiting
SOON = timedelta(seconds=5)
FEWEST_REVIEWS, REVIEWS_COUNTED = 5, 50
LONG_REVIEW = timedelta(hours=4)


@dataclass(frozen=True)
class Standing:
    customer: Customer
    request: EnablementRequest | None
    checklist: Checklist
    calls: list[ProviderCall]  # newest first, without those about cards
    now: datetime
    usual_review: tuple[timedelta, timedelta] | None = None
    table: ReasonTable = field(default_factory=ReasonTable)

    @cached_property
    def is_refused_for_good(self) -> bool:
        return self.request is not None and is_final(self.request, self.checklist, self.table)

    @cached_property
    def open_calls(self) -> list[ProviderCall]:
        return [call for call in self.calls if call.is_open]

    @cached_property
    def gate(self) -> Gate:
        """Return what keeps calls from the provider, where something waits to be asked."""
        return circuit.look() if self.open_calls or self.waits_for_look else Gate()

    def newest(self, kind: CallKind) -> ProviderCall | None:
        return next((call for call in self.calls if call.kind == kind), None)

    def is_newest(self, call: ProviderCall) -> bool:
        return bool(self.calls) and self.calls[0].pk == call.pk

    @property
    def is_in_review(self) -> bool:
        return self.request is not None and self.request.status == RequestStatus.IN_KYC

    @property
    def is_refused(self) -> bool:
        return self.request is not None and self.request.status == RequestStatus.REJECTED

    @property
    def waits_for_look(self) -> bool:
        """Answer whether the provider is about to be asked how the request stands, or is being asked."""
        if self.request is None or self.request.next_sync_at is None:
            return False
        is_asked_for = self.request.syncs == 0  # a worker that looks has put the next look off meanwhile
        return is_asked_for or self.request.next_sync_at <= self.now + SOON

    @property
    def next_look(self) -> datetime | None:
        """Return when the provider is asked again, where that is to come."""
        due = self.request.next_sync_at if self.request else None
        return due if due and due > self.now else None

    @property
    def moves(self) -> bool:
        """Answer whether the truth may change while the page is open."""
        return bool(self.open_calls) or self.is_in_review or self.waits_for_look or self._waits_for_an_end

    @property
    def _waits_for_an_end(self) -> bool:
        """Request and client do not agree yet: the provider is still at it."""
        request = self.request
        is_decided = request is not None and request.status in (RequestStatus.ENABLED, RequestStatus.REJECTED)
        return bool(is_decided and request and request.next_sync_at)

    @property
    def poll_ms(self) -> int:
        """Return after how many milliseconds the page asks again; 0 at rest."""
        if not self.moves:
            return 0
        share = (self.now - self._waiting_since).total_seconds() * 1000 / POLL_GROWTH
        return max([pause for pause in POLLS_MS if pause <= share], default=POLLS_MS[0])

    @property
    def _waiting_since(self) -> datetime:
        since = [call.wanted_at for call in self.open_calls]
        if self.request and self.is_in_review:
            since.append(self.request.submitted_at or self.request.created_at)
        answered = [call.answered_at for call in self.calls if call.answered_at]
        return max([*since, *answered], default=self.customer.created_at)


def standing_of(customer: Customer) -> Standing:
    request = customer.newest_request
    return Standing(
        customer=customer,
        request=request,
        checklist=checklist_of(request) if request else Checklist(),
        calls=list(ProviderCall.objects.about(customer.pk).filter(kind__in=KINDS).order_by("-wanted_at")),
        now=timezone.now(),
        usual_review=usual_review() if request and request.status == RequestStatus.IN_KYC else None,
    )


def patience(usual: tuple[timedelta, timedelta] | None) -> timedelta:
    """Return how long a review may take before its silence says something: twice what nearly all others took."""
    return max(LONG_REVIEW, 2 * usual[1]) if usual else LONG_REVIEW


def usual_review() -> tuple[timedelta, timedelta] | None:
    """Return how long most of the last reviews took, from the shorter to the longer; None while there are too few."""
    decided = EnablementRequest.objects.exclude(submitted_at=None).exclude(decided_at=None).order_by("-decided_at")
    times = decided.values_list("submitted_at", "decided_at")[:REVIEWS_COUNTED]
    took = sorted(end - start for start, end in times if start and end)
    if len(took) < FEWEST_REVIEWS:
        return None
    return took[len(took) // 10], took[-1 - len(took) // 10]
