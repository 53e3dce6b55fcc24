"""How a customer stands, read in Python as a person would: what the triggers are compared with."""

from customers.models import Customer, EnablementRequest
from desk.statuses import SIDES, Reason, WaitsFor
from provider.models import CallKind, CallState, ProviderCall

ONBOARDING = {
    CallKind.REGISTER_CLIENT, CallKind.UPDATE_CLIENT, CallKind.REQUEST_PRODUCT, CallKind.UPLOAD_DOCUMENT,
    CallKind.SUBMIT_REQUEST,
}  # fmt: skip


def read(customer: Customer) -> tuple[WaitsFor, Reason]:
    reason = reason_of(Customer.objects.get(pk=customer.pk))
    return SIDES[reason], reason


def reason_of(customer: Customer) -> Reason:
    calls = list(ProviderCall.objects.about(customer.pk))
    request = customer.requests.order_by("-created_at", "-pk").first()
    if any(call.needs_a_person for call in calls):
        return Reason.UNKNOWN_CALL
    if any(is_standing_refusal(call, calls, customer) for call in calls):
        return Reason.REFUSED_CALL
    moving = {(call.kind, call.target_id) for call in calls if call.is_open and call.kind in ONBOARDING}
    kinds = {kind for kind, _ in moving}
    if customer.individual_cards:
        if request is None and kinds & {"REGISTER_CLIENT", "UPDATE_CLIENT", "REQUEST_PRODUCT"}:
            return Reason.ASKING
        if request and request.status == "REJECTED" and "REQUEST_PRODUCT" in kinds:
            return Reason.ASKING
    if request is None:
        return Reason.DONE
    if ("SUBMIT_REQUEST", request.pk) in moving:
        return Reason.SUBMITTING
    if request.status == "ENABLED":
        return {"ACTIVE": Reason.DONE, "REJECTED": Reason.REJECTED}.get(customer.status, Reason.IN_REVIEW)
    decided = {"IN_KYC": Reason.IN_REVIEW, "REJECTED": Reason.REJECTED}
    return decided.get(request.status) or what_is_wanted(request)


def what_is_wanted(request: EnablementRequest) -> Reason:
    missing = [*request.missing_requirements["documents"], *request.missing_requirements["data"]]
    wanted = {each["id"] for each in missing}
    refused = request.customer.documents.filter(status="REJECTED", requirement__in=wanted)
    if request.rejected_items or refused.exists():
        return Reason.REFUSED_ITEMS
    return Reason.MISSING if wanted else Reason.READY


def is_standing_refusal(call: ProviderCall, calls: list[ProviderCall], customer: Customer) -> bool:
    same = [each for each in calls if (each.kind, each.target_id) == (call.kind, call.target_id)]
    if call.state != CallState.REFUSED or any(each.wanted_at > call.wanted_at for each in same):
        return False
    if call.kind == CallKind.REGISTER_CLIENT:
        return customer.api_id is None
    if call.kind == CallKind.REQUEST_PRODUCT:
        return not customer.requests.filter(created_at__gte=call.wanted_at).exists()
    if call.kind == CallKind.SUBMIT_REQUEST:
        return EnablementRequest.objects.open().filter(pk=call.target_id).exists()
    return call.kind == CallKind.UPDATE_CLIENT
