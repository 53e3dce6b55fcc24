"""What may be done to a customer now. Each rule raises with the sentence the officer reads, or answers for a button."""

from datetime import date
from uuid import UUID

from django.contrib.auth.models import User

from audit.sight import sees_personal_data
from customers import expiry
from customers.checklists import checklist_of, document_card, is_uploading, takes_answers
from customers.document_keys import kept_expiry
from customers.models import Customer, Document, EnablementRequest
from customers.readings import facts_of
from customers.reasons import ReasonTable
from customers.refusals import is_final
from customers.requirements import Checklist, Wanted
from customers.statuses import CustomerStatus, RequestStatus
from people.rights import NotAllowed as NotAllowed
from people.rights import check_person_may as check_person_may
from provider.models import CallKind, ProviderCall

# Whoever changes a customer's data has them before their eyes.
MAY_EDIT = ("customers.change_customer", "customers.view_personal_data")


def check_sees_data(by: User, customer_id: UUID | None) -> None:
    """Raise NotAllowed unless the person sees this customer's personal data, or has had them revealed just now."""
    if not sees_personal_data(by, customer_id):
        raise NotAllowed("This is masked for you. Ask an officer, who sees it in full.")


def check_can_edit(customer: Customer) -> None:
    request = customer.newest_request
    if request and request.status == RequestStatus.IN_KYC:
        raise NotAllowed("CryptoMate is reviewing this customer. Data can be changed after the verdict.")
    _check_not_being_submitted(customer)


def check_can_submit(customer: Customer) -> None:
    request = customer.newest_request
    if request is None:
        raise NotAllowed(
            "CryptoMate has not said yet what it needs."
            if customer.individual_cards
            else "CryptoMate has not been asked for a card. Tick Individual cards in the customer's data."
        )
    if request.status == RequestStatus.IN_KYC:
        raise NotAllowed("CryptoMate is reviewing this customer already.")
    if request.status == RequestStatus.ENABLED:
        raise NotAllowed("The review is passed: there is nothing to submit.")
    _check_not_final(request, checklist_of(request))
    if request.status == RequestStatus.REJECTED:
        raise NotAllowed("Correct what was refused first: saving it opens a new request.")
    _check_nothing_under_way(customer)
    left = checklist_of(request).left
    if left:
        raise NotAllowed(f"{left} {'requirement is' if left == 1 else 'requirements are'} still missing.")


def check_can_upload(customer: Customer, requirement_id: str) -> EnablementRequest:
    """Return the request a document goes to. Raises NotAllowed where none takes documents."""
    request = customer.newest_request
    if request is None:
        raise NotAllowed("CryptoMate has not said yet which documents it wants.")
    if request.status in (RequestStatus.IN_KYC, RequestStatus.ENABLED):
        raise NotAllowed("CryptoMate takes no documents now.")
    _check_not_being_submitted(customer)
    found = checklist_of(request)
    wanted = found.find_document(requirement_id)
    if wanted is None:
        raise NotAllowed("CryptoMate does not ask for this document.")
    _check_not_final(request, found)
    _check_is_open(request, found, wanted)
    if is_uploading(document_card(request, wanted).call):
        raise NotAllowed("This document is being uploaded. Replace it once CryptoMate has answered.")
    return request


def check_can_answer(customer: Customer, requirement_id: str) -> None:
    """Raise NotAllowed unless the data requirement waits for an answer."""
    request = customer.newest_request
    found = checklist_of(request) if request else Checklist()
    wanted = found.find_data(requirement_id)
    if request is None or wanted is None:
        raise NotAllowed("CryptoMate does not ask for this.")
    _check_not_final(request, found)
    _check_is_open(request, found, wanted)


def check_not_expired(document: Document, *, today: date) -> None:
    """Raise NotAllowed where the document is past its last day, as it was typed or read from its image."""
    facts = facts_of(document)
    refusal = expiry.reason_against(kept_expiry(document.metadata), facts.expiry_date if facts else None, today=today)
    if refusal:
        raise NotAllowed(refusal)


def check_can_issue(customer: Customer) -> None:
    """A card is for an active customer only (products/individual-cards, step 4)."""
    if customer.status == CustomerStatus.PENDING and not customer.individual_cards:
        raise NotAllowed("No card was asked for. Tick Individual cards in the customer's data to have it reviewed.")
    if customer.status == CustomerStatus.PENDING:
        raise NotAllowed("A card can be issued once the customer is Active. The review is not finished.")
    if customer.status == CustomerStatus.REJECTED:
        raise NotAllowed("A card can be issued once the customer is Active. The review refused this customer.")


def is_refused_for_good(customer: Customer) -> bool:
    request = customer.newest_request
    return request is not None and is_final(request, checklist_of(request), ReasonTable())


def _check_not_final(request: EnablementRequest, found: Checklist) -> None:
    if is_final(request, found, ReasonTable()):
        raise NotAllowed("CryptoMate’s refusal is final: nothing can be sent again for this customer.")


def _check_is_open(request: EnablementRequest, found: Checklist, wanted: Wanted) -> None:
    if takes_answers(request, found, wanted):
        return
    if wanted.is_withdrawn:
        raise NotAllowed("CryptoMate no longer asks for this.")
    raise NotAllowed("CryptoMate has accepted this. Only what it flags can be sent again.")


def _check_not_being_submitted(customer: Customer) -> None:
    if customer.open_calls().filter(kind=CallKind.SUBMIT_REQUEST).exists():
        raise NotAllowed("This customer is being submitted. Change it once CryptoMate has answered.")


def _check_nothing_under_way(customer: Customer) -> None:
    for call in customer.open_calls():
        if call.kind != CallKind.SUBMIT_REQUEST:
            raise NotAllowed(f"{call.get_kind_display()}: still under way. Submit when it is done.")


def reason_against(check: object, *args: object) -> str:
    """Return the sentence a `check_…` refuses with, or an empty string: for the button that says why it is disabled."""
    try:
        check(*args)  # type: ignore[operator]
    except NotAllowed as refusal:
        return str(refusal)
    return ""


def newest_call(customer: Customer, kind: CallKind) -> ProviderCall | None:
    return ProviderCall.objects.about(customer.pk).filter(kind=kind).order_by("-wanted_at").first()
