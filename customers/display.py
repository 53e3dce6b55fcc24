"""What the pages say about a customer: what happens next, and the faces of what is under way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from customers.masking import Hide
from customers.models import Customer
from customers.policies import check_can_submit, reason_against
from customers.reasons import Explained
from customers.refusals import unplaced, verdict
from customers.requirements import Checklist
from customers.standing import Standing, patience
from customers.statuses import CLIENT_WORDS, REQUEST_WORDS, CustomerStatus, RequestStatus
from provider.circuit import Gate
from provider.families import family_of_call, title_of
from provider.models import CallKind, CallState, ProviderCall

SHOWN_AFTER = timedelta(seconds=3)  # what is answered sooner needs no face of its own

DOING = {
    CallKind.REGISTER_CLIENT: "Registering the customer",
    CallKind.UPDATE_CLIENT: "Saving the data",
    CallKind.REQUEST_PRODUCT: "Asking what is needed for a card",
    CallKind.UPLOAD_DOCUMENT: "Uploading the document",
    CallKind.SUBMIT_REQUEST: "Submitting for review",
    CallKind.ISSUE_CARD: "Issuing the card",
    CallKind.SET_FROZEN: "Freezing or unfreezing the card",
    CallKind.SET_VELOCITY_RULES: "Setting the velocity rules",
    CallKind.SET_LIMITS: "Changing the limits",
    CallKind.DELETE_CARD: "Deleting the card",
    CallKind.RESPOND_TO_CHALLENGE: "Answering the 3DS check",
}
AFTER_REFUSAL = {
    CallKind.REGISTER_CLIENT: "Edit the data and save them: the customer is registered again.",
    CallKind.UPDATE_CLIENT: "CryptoMate still holds the earlier data. Correct them and save again.",
    CallKind.REQUEST_PRODUCT: "Save the data once more to ask again. If it is refused again, write to support.",
    CallKind.SUBMIT_REQUEST: "Look at what is still open below, then submit again.",
}


@dataclass(frozen=True)
class NextStep:
    """The line under the name: what happens next, and by whom."""

    text: str
    since: datetime | None = None
    usual: tuple[timedelta, timedelta] | None = None
    then: str = ""
    next_look: datetime | None = None

    @property
    def is_usually_quick(self) -> bool:
        return self.usual is not None and self.usual[1] < timedelta(minutes=1)


@dataclass(frozen=True)
class Face:
    """Something to be seen before the rest: `look` is refused, unknown, waiting or empty."""

    look: str
    title: str
    text: str
    quotes: tuple[str, ...] = ()
    reasons: tuple[Explained, ...] = ()
    again_at: datetime | None = None
    trace_id: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def through(self, hide: Hide) -> "Face":
        """Return the face with the provider's words as somebody may read them."""
        reasons = tuple(replace(each, words=hide(each.words)) for each in self.reasons)
        return replace(self, quotes=tuple(map(hide, self.quotes)), reasons=reasons)

    @property
    def icon(self) -> str:
        return {"refused": "cross", "unknown": "question", "waiting": "clock"}.get(self.look, "warning")


# --- What happens next


def next_step(standing: Standing) -> NextStep:
    registered = standing.newest(CallKind.REGISTER_CLIENT)
    if registered and registered.state == CallState.REFUSED:
        return NextStep("CryptoMate refused the registration. Edit the data and save them again")
    if standing.open_calls:
        return NextStep(f"{DOING[CallKind(standing.open_calls[-1].kind)]} at CryptoMate")
    if standing.request is None:
        return _without_request(standing.customer)
    return _with_request(standing, standing.request.status)


def _without_request(customer: Customer) -> NextStep:
    if customer.api_id is None:
        return NextStep("Not registered at CryptoMate yet")
    if customer.individual_cards:
        return NextStep("Registered. CryptoMate has not been asked for a card yet: save the data once more")
    return NextStep("Registered without a card. Tick Individual cards in the data to ask for one")


def _with_request(standing: Standing, status: str) -> NextStep:
    request = standing.request
    assert request is not None  # noqa: S101 - the caller looked
    if status == RequestStatus.IN_KYC:
        return NextStep(
            "In review", since=request.submitted_at, usual=standing.usual_review, next_look=standing.next_look
        )
    if status == RequestStatus.ENABLED:
        return _with_product(standing.customer, request.decided_at, standing.next_look)
    if standing.is_refused_for_good:
        return NextStep("CryptoMate refused this customer for good. Nothing can be sent again")
    if status == RequestStatus.REJECTED:
        return NextStep("CryptoMate refused this customer. Correct what it flagged: saving it opens a new request")
    left = standing.checklist.left
    if left == 0:
        return NextStep("Everything is supplied. Submit it for review")
    what = "requirement" if left == 1 else f"{left} requirements"
    return NextStep(f"Supply the {what} below, then submit for review")


def _with_product(customer: Customer, at: datetime | None, next_look: datetime | None) -> NextStep:
    if customer.status == CustomerStatus.ACTIVE:
        return NextStep("Active", since=at, then="A card can be issued")
    if customer.status == CustomerStatus.REJECTED:
        return NextStep("CryptoMate took this customer back. Write to support to learn why")
    return NextStep("The card is enabled; CryptoMate has yet to activate the customer", next_look=next_look)


def progress_line(checklist: Checklist) -> str:
    if checklist.left == 0:
        everything = "All " if checklist.total > 1 else ""
        return f"{everything}{count(checklist.total, 'requirement')} supplied" if checklist.total else ""
    return f"{checklist.left} of {count(checklist.total, 'requirement')} left"


def count(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else noun + 's'}"


def reason_against_submit(standing: Standing) -> str:
    """Return why nothing can be submitted now, or an empty string."""
    submitted = standing.newest(CallKind.SUBMIT_REQUEST)
    if submitted and submitted.is_open:
        return "It is being submitted."
    return reason_against(check_can_submit, standing.customer)


def offers_submit(standing: Standing) -> bool:
    """Answer whether submitting is what this customer is on the way to."""
    if standing.request is None:
        return standing.customer.individual_cards
    if standing.is_refused_for_good:
        return False
    return standing.request.status not in (RequestStatus.IN_KYC, RequestStatus.ENABLED)


def is_long_in_review(standing: Standing) -> bool:
    submitted = standing.request.submitted_at if standing.request and standing.is_in_review else None
    return submitted is not None and standing.now - submitted >= patience(standing.usual_review)


# --- Faces


def faces(standing: Standing) -> list[Face]:
    gate = standing.gate
    found = [face_of_call(call, standing.now, gate) for call in reversed(standing.open_calls)]
    held = face_of_gate(gate)
    return [
        *([held] if held else []),
        *_rejection(standing),
        *_refusals(standing),
        *_unknown_words(standing),
        *[face for face in found if face],
    ]


def face_of_gate(gate: Gate) -> Face | None:
    """Return what keeps every call from the provider at this moment; None where nothing does."""
    if not gate.is_shut:
        return None
    text = "Your work is saved and will be sent."
    if gate.refuses_our_key:
        text += " The admins see why on their dashboard."
    return Face("waiting", title_of(gate), text, since=gate.since, until=None if gate.is_open else gate.blocked_until)


def face_of_call(call: ProviderCall, now: datetime, gate: Gate) -> Face | None:
    """Return how an open call looks; a document's is drawn on its card.

    What waits only because no call may be made needs no face beside the one that says so.
    """
    if call.kind == CallKind.UPLOAD_DOCUMENT or (gate.is_shut and call.state == CallState.WANTED):
        return None
    return waiting_face(call) if call.error_code or is_late(call, now) else None


def is_late(call: ProviderCall, now: datetime) -> bool:
    return now - call.wanted_at >= SHOWN_AFTER


def waiting_face(call: ProviderCall) -> Face:
    """Return the face of any open call: under way, held up, unanswered, or waiting for a person."""
    doing = DOING.get(CallKind(call.kind), call.get_kind_display())
    return face_of_waiting(call, doing)


def face_of_waiting(call: ProviderCall, doing: str) -> Face:
    if call.needs_a_person:
        text = "Compare what CryptoMate shows, then ask an admin to choose “Look again” for this call."
        return Face("unknown", f"{doing}: a person has to look", text, (call.message,))
    family = family_of_call(call)
    if family is None:
        return Face("waiting", doing, "On its way to CryptoMate. You can leave this page.")
    look = "unknown" if call.state == CallState.UNKNOWN else "waiting"
    text = f"{doing} {family.text}"
    return Face(look, family.title, text, again_at=call.next_attempt_at, trace_id=call.trace_id)


def _rejection(standing: Standing) -> list[Face]:
    request = standing.request
    if request is None:
        return []
    said, others = verdict(request, standing.table), unplaced(standing.checklist, standing.table)
    is_told = standing.is_refused_for_good or standing.checklist.names_nothing
    reasons = (*([replace(said, is_told=is_told)] if said else []), *others)
    if standing.is_refused_for_good:
        text = "This is final: nothing can be sent again. What was supplied stays here to read."
        return [Face("refused", "CryptoMate refused this customer for good", text, reasons=reasons)]
    if standing.is_refused:
        text = _what_to_correct(standing, reasons)
        return [Face("refused", "CryptoMate refused this customer", text, reasons=reasons)]
    text = "Correct it, then submit again."
    return [Face("refused", "CryptoMate wants something corrected", text, reasons=reasons)] if others else []


def _what_to_correct(standing: Standing, reasons: Sequence[Explained]) -> str:
    text = "Correct what is flagged and save it or upload it again. That opens a new request; then submit it."
    is_silent = not reasons and not any(item.reasons for item in standing.checklist.wanted)
    return f"It gave no reason. {text}" if is_silent else text


def _refusals(standing: Standing) -> list[Face]:
    newest = [standing.newest(kind) for kind in AFTER_REFUSAL]
    refused = [call for call in newest if call and call.state == CallState.REFUSED and _still_matters(call, standing)]
    faces = [_refused_face(call) for call in refused]
    return [*faces, _unfinished_submit()] if _came_back(standing) else faces


def _still_matters(call: ProviderCall, standing: Standing) -> bool:
    if call.kind == CallKind.SUBMIT_REQUEST:
        return standing.is_newest(call)
    if call.kind == CallKind.REQUEST_PRODUCT:
        return standing.request is None or standing.request.created_at < call.wanted_at
    return True


def what_was_refused(call: ProviderCall) -> str:
    return f"CryptoMate refused {DOING[CallKind(call.kind)].lower()}"


def _refused_face(call: ProviderCall) -> Face:
    return Face(
        "refused", what_was_refused(call), AFTER_REFUSAL[CallKind(call.kind)],
        (call.message,) if call.message else (), trace_id=call.trace_id,
    )  # fmt: skip


def _came_back(standing: Standing) -> bool:
    """Answer whether the last thing that happened was a submit which the provider answered with what is missing."""
    submitted = standing.newest(CallKind.SUBMIT_REQUEST)
    is_back = standing.request is not None and standing.request.status == RequestStatus.PENDING_DOCUMENTATION
    return bool(submitted and submitted.state == CallState.DONE and is_back and standing.is_newest(submitted))


def _unfinished_submit() -> Face:
    return Face("refused", "CryptoMate did not take it for review", "Supply what is open below, then submit again.")


def _unknown_words(standing: Standing) -> list[Face]:
    words = [standing.customer.remote_status] if standing.customer.remote_status.lower() not in CLIENT_WORDS else []
    if standing.request and standing.request.remote_status.lower() not in REQUEST_WORDS:
        words.append(standing.request.remote_status)
    text = "The portal does not know this word and changes nothing until another comes."
    return [Face("", f"CryptoMate says “{word}”", text) for word in words if word]
