"""How a customer stands: the rows that a page about it is drawn from, read once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.utils import timezone

from customers.checklists import checklist_of
from customers.models import Customer, EnablementRequest
from customers.requirements import Checklist
from customers.statuses import RequestStatus
from provider.models import CallKind, ProviderCall

KINDS = (
    CallKind.REGISTER_CLIENT, CallKind.UPDATE_CLIENT, CallKind.REQUEST_PRODUCT, CallKind.UPLOAD_DOCUMENT,
    CallKind.SUBMIT_REQUEST,
)  # fmt: skip
SHORTEST_POLL, LONGEST_POLL = timedelta(milliseconds=500), timedelta(seconds=5)
POLL_GROWTH = 8  # the page asks after an eighth of the time that it has been waiting


@dataclass(frozen=True)
class Standing:
    customer: Customer
    request: EnablementRequest | None
    checklist: Checklist
    calls: list[ProviderCall]  # newest first, without those about cards
    now: datetime

    @cached_property
    def open_calls(self) -> list[ProviderCall]:
        return [call for call in self.calls if call.is_open]

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
        """Answer whether the provider is about to be asked how the request stands."""
        due = self.request.next_sync_at if self.request else None
        return due is not None and due <= self.now + LONGEST_POLL

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
        waited = (self.now - self._waiting_since) / POLL_GROWTH
        return int(min(LONGEST_POLL, max(SHORTEST_POLL, waited)).total_seconds() * 1000)

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
    )
