"""What each case of a list is about, in words. A long list costs as many queries as a short one."""

from collections.abc import Iterable
from uuid import UUID

from customers.checklists import checklists_of
from customers.display import waiting_face, what_was_refused
from customers.requirements import Checklist
from desk.cases import Case
from desk.following import ONBOARDING
from desk.statuses import Reason
from provider.models import CallState, ProviderCall

ABOUT_CALLS = (Reason.UNKNOWN_CALL, Reason.REFUSED_CALL)
ABOUT_REQUIREMENTS = (Reason.MISSING, Reason.REFUSED_ITEMS, Reason.READY)
WORDS = {
    Reason.REJECTED: "Refused: correct and submit again",
    Reason.ASKING: "Being registered",
    Reason.SUBMITTING: "Being submitted",
    Reason.IN_REVIEW: "In review",
    Reason.DONE: "Done",
}


def what_of_cases(cases: Iterable[Case]) -> dict[UUID, str]:
    """Return the words of each case, by its customer. Cases come with their customer and request."""
    cases = list(cases)
    calls, checklists = _calls_of(cases), _checklists_of(cases)
    return {case.pk: _what(case, calls, checklists) for case in cases}


def _what(case: Case, calls: dict[UUID, str], checklists: dict[UUID, Checklist]) -> str:
    if case.reason in ABOUT_CALLS:
        return calls.get(case.pk, case.get_reason_display())
    if case.reason in ABOUT_REQUIREMENTS and case.request_id:
        return _what_is_wanted(checklists[case.request_id])
    return WORDS[Reason(case.reason)]


def _checklists_of(cases: Iterable[Case]) -> dict[UUID, Checklist]:
    requests = []
    for case in cases:
        if case.request and case.reason in ABOUT_REQUIREMENTS:
            case.request.customer = case.customer
            requests.append(case.request)
    return checklists_of(requests) if requests else {}


def _calls_of(cases: Iterable[Case]) -> dict[UUID, str]:
    customers = {case.pk for case in cases if case.reason in ABOUT_CALLS}
    if not customers:
        return {}
    unanswered = ProviderCall.objects.filter(state=CallState.UNKNOWN, next_attempt_at=None)
    refused = ProviderCall.objects.filter(state=CallState.REFUSED, kind__in=ONBOARDING)
    calls = (unanswered | refused).filter(customer_id__in=customers).order_by("state", "wanted_at")
    # Unknown sorts last, and what is written last stands: it is what a person has to find out first.
    return {call.customer_id: _what_of_call(call) for call in calls if call.customer_id}


def _what_of_call(call: ProviderCall) -> str:
    if call.needs_a_person:
        return waiting_face(call).title
    return what_was_refused(call)


def _what_is_wanted(checklist: Checklist) -> str:
    blocking = [item for item in checklist.wanted if item.blocks_submit]
    refused = [item.requirement.name for item in blocking if item.reasons]
    missing = [item.requirement.name for item in blocking if not item.reasons]
    parts = [f"Correct: {', '.join(refused)}"] if refused else []
    parts += [f"Missing: {', '.join(missing)}"] if missing else []
    if checklist.unplaced and not parts:
        return "CryptoMate wants something corrected: read why, then submit again"
    return ". ".join(parts) or "Complete: submit for review"
