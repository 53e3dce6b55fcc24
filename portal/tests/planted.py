"""One row of every kind, with a customer's data planted wherever the portal may keep them or be told them."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from audit.models import Event
from cards import actions, ledger
from cards.models import Authorization, Card, Challenge, Notice, Transaction
from cards.statuses import EventKind
from cards.tests.making import make_card, make_purchase
from cryptomate.testing import passport_requirement, phone_requirement
from customers.comparisons import Discrepancy
from customers.models import Customer, Document, Mention, Note
from customers.snapshots import keep_snapshot
from customers.statuses import DocumentStatus, Source
from customers.tests.making import make_customer, make_request
from desk.saved_filters import SavedFilter
from people.approvals import Act, Approval
from people.four_eyes import hold, wish_about
from provider.models import CallKind, CallState, ProviderCall
from webhooks.models import WebhookEvent
from webhooks.tests.making import captured, deliver, make_event

EMAIL, ID_NUMBER, TAX_NUMBER = "zoe@planted.example", "ZX7654321", "PT-99887-66"
STREET, CITY, POSTAL_CODE, JOB, PHONE = "Plantedstrasse 7", "Plantedville", "PL4 9TD", "Planted pilot", 911234567
PRIVATE = (
    EMAIL, ID_NUMBER, TAX_NUMBER, STREET, CITY, POSTAL_CODE, JOB, str(PHONE),
    "1961-02-03", "3 Feb 1961", "Feb. 3, 1961",
)  # fmt: skip
IMAGE = b"\x89PNG\r\n\x1a\n"  # nobody looks at it here
QUOTE = f"The client {EMAIL}, born 1961-02-03, of {STREET}, {CITY}, with {ID_NUMBER} and {PHONE} is known."


@dataclass(frozen=True)
class Planted:
    customer: Customer
    document: Document
    card: Card
    purchase: Transaction
    challenge: Challenge
    notice: Notice
    difference: Discrepancy
    delivery: WebhookEvent
    decision: Authorization
    event: Event
    note: Note
    approval: Approval
    saved_filter: SavedFilter

    def ids(self) -> dict[str, Any]:
        return {name: row.pk for name, row in vars(self).items()}


def plant() -> Planted:
    customer = make_customer(
        first_name="Zoe", last_name="Planted", email=EMAIL, birth_date=date(1961, 2, 3), street_line1=STREET, city=CITY,
        postal_code=POSTAL_CODE, occupation=JOB, id_number=ID_NUMBER, phone_country_code=54, phone_number=PHONE,
        answers={"tax_number": TAX_NUMBER}, status="REJECTED",
    )  # fmt: skip
    document = _rejected_document(customer)
    _quote_in_calls(customer, customer, document)
    difference = Discrepancy.objects.create(
        record="CUSTOMER", key=str(customer.pk), customer=customer, field="city", label="City",
        ours=CITY, theirs=STREET, values={"city": STREET},
    )  # fmt: skip
    customer.unsaved_answers.create(person=User.objects.create_user("typist"), card="data:x", typed={"x": ID_NUMBER})
    card = make_card(customer=customer, api_id="crd_123", holder_name="ZOE PLANTED")
    _quote_in_calls(customer, card)
    delivery = _delivery(customer, card)
    deliver(captured("authorization", operation_id="planted"))
    return Planted(
        customer, document, card, _purchase(card), _challenge(card), Notice.objects.get(), difference, delivery,
        Authorization.objects.get(), _event(customer), _note(customer), _approval(customer),
        SavedFilter.objects.create(owner=User.objects.get(username="typist"), name="Mine", query="whose=mine"),
    )  # fmt: skip


def _rejected_document(customer: Customer) -> Document:
    flagged = [{"type": "document", "key": "passport", "reason": QUOTE}]
    missing = {"documents": [passport_requirement()], "data": [phone_requirement()]}
    request = make_request(
        customer, missing=missing, status="REJECTED", rejection_code="X", rejection_description=QUOTE,
        rejected_items=flagged, submitted_at=timezone.now(), decided_at=timezone.now(),
    )  # fmt: skip
    keep_snapshot(request, "SYNC")  # type: ignore[arg-type]
    document = Document.objects.create(
        customer=customer, request=request, requirement="identity_document", document_type="passport",
        metadata={"number": ID_NUMBER}, reason=QUOTE, status=DocumentStatus.UPLOADED, uploaded_at=timezone.now(),
        front_sha256="0" * 64, measurements={"front": {"width": 1600, "height": 1200}},
    )  # fmt: skip
    document.front.save("front", ContentFile(IMAGE))
    document.change_status(DocumentStatus.REJECTED, source=Source.SYNC, note=QUOTE)
    return document


def _quote_in_calls(customer: Customer, *targets: Any) -> None:
    kinds = {"customer": CallKind.UPDATE_CLIENT, "document": CallKind.UPLOAD_DOCUMENT, "card": CallKind.SET_FROZEN}
    now = timezone.now()
    for target in targets:
        ProviderCall.objects.create(
            kind=kinds[target._meta.model_name], target_id=target.pk, customer_id=customer.pk, state=CallState.REFUSED,
            message=QUOTE, payload={"email": EMAIL, "freeze": True}, attempts=1,
            wanted_at=now, sent_at=now, answered_at=now,
        )  # fmt: skip


def _delivery(customer: Customer, card: Card) -> WebhookEvent:
    body = captured("client_status", data={"email": EMAIL, "id_number": ID_NUMBER, "reason": "fine"})
    return make_event(body=body, customer_id=customer.pk, card_id=card.pk, outcome="FAILED", error="Handling failed: X")


def _purchase(card: Card) -> Transaction:
    ledger.record_event(
        card=card, kind=EventKind.AUTHORIZED, operation_id="op", purchase=make_purchase(), source="WEBHOOK"
    )
    return Transaction.objects.get()


def _challenge(card: Card) -> Challenge:
    now = timezone.now()
    data = {"amount": 42, "currency": "USD", "received_at": now, "expires_at": now + timedelta(minutes=5)}
    return actions.record_challenge(card=card, challenge_id="challenge", data=data)


def _approval(customer: Customer) -> Approval:
    wish = wish_about(
        customer, act=Act.ISSUE_CARD, words=QUOTE, payload={"email": EMAIL}, customer_id=customer.pk
    )  # fmt: skip
    held = hold(wish, by=User.objects.get(username="typist"), approval=None, is_needed=True)
    assert held
    return held


@transaction.atomic
def _event(customer: Customer) -> Event:
    before = {"email": EMAIL, "city": CITY, "status": "PENDING"}
    return record(
        kind=Kind.CUSTOMER_UPDATED, by=None, customer_id=customer.pk, subject=customer, before=before,
        after={"email": "new@planted.example", "city": STREET, "status": "REJECTED"}, note=QUOTE,
    )  # fmt: skip


def _note(customer: Customer) -> Note:
    """Mention everybody there is: each finds it under their mentions."""
    note = Note.objects.create(customer=customer, text=QUOTE, by=User.objects.get(username="typist"))
    Mention.objects.bulk_create(Mention(note=note, person=person, at=note.at) for person in User.objects.all())
    return note
