"""Rows of every kind that Django admin lists, as many as a test asks for."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from cards import actions, decisions, ledger
from cards.models import Card, PortalMinute, VelocityRule, Withdrawal
from cards.statuses import EventKind
from cards.tests.making import make_card, make_purchase, make_question
from customers.comparisons import Comparison, ComparisonClock, Discrepancy, ListedRecord
from customers.models import Customer, EnablementRequest
from customers.new_kinds import NewKind
from customers.reasons import RejectionReason, UnknownReason
from customers.statuses import Source
from customers.tests.making import make_customer, make_document, make_request
from customers.thresholds import QualityThreshold
from desk.saved_filters import SavedFilter
from people import four_eyes
from people.approvals import Act
from people.four_eyes import wish_about
from portal.models import Heartbeat, Sending
from provider.models import (
    CallKind,
    CallState,
    Country,
    IdentificationType,
    Outage,
    ProviderCall,
    ShapeChange,
    Subdivision,
    Turn,
)
from webhooks.models import Refusal
from webhooks.tests.making import make_event


def add_rows(number: int, *, of: Customer | None = None) -> Customer:
    """Add one row of everything. What belongs to a customer and a card is of the customer, when one is given."""
    now, name = timezone.now() + timedelta(seconds=number), f"row-{number}"
    customer = of or make_customer(api_id=f"client-{name}", status="REJECTED")
    if not of:
        ComparisonClock.objects.get_or_create(customer=customer, defaults={"compared_at": now})
    request = make_request(customer, api_id=name, status="REJECTED")
    call = _add_call(CallKind.SUBMIT_REQUEST, request.pk, customer, name)
    request.snapshots.create(occasion="SUBMIT", digest="2", call=call)
    customer.status_changes.create(
        machine="request", object_id=request.pk, from_status="IN_KYC", to_status="REJECTED", source=Source.SYNC,
        at=now, call=call,
    )  # fmt: skip
    _add_document(request, number)
    Discrepancy.objects.create(record="CUSTOMER", key=name, customer=customer, field="city", label="City")
    person = User.objects.create_user(name)
    customer.unsaved_answers.create(person=person, card=name)
    SavedFilter.objects.create(owner=person, name=name, query="late=1")
    note = customer.notes.create(text="Called", by=person)
    note.mentions.create(person=person, at=note.at)
    with transaction.atomic():
        record(kind=Kind.CUSTOMER_UPDATED, by=person, customer_id=customer.pk, subject=customer)
    wish = wish_about(person, act=Act.EXPORT, words="x", payload={}, customer_id=customer.pk)
    four_eyes.hold(wish, by=person, approval=None, is_needed=True)
    card = Card.objects.filter(customer=of).first() if of else None
    _add_to_card(card or make_card(customer=customer, deposit_addresses=[{"key": f"0x{name}"}]), name, number)
    return customer


def _add_call(kind: CallKind, target: UUID, customer: Customer, trace_id: str) -> ProviderCall:
    now = timezone.now()
    return ProviderCall.objects.create(
        kind=kind, target_id=target, customer_id=customer.pk, payload_digest="x", state=CallState.REFUSED,
        wanted_at=now, sent_at=now, answered_at=now, trace_id=trace_id,
    )  # fmt: skip


def _add_document(request: EnablementRequest, number: int) -> None:
    document = make_document(request, status="REJECTED", requirement=f"document-{number}")
    _add_call(CallKind.UPLOAD_DOCUMENT, document.pk, request.customer, f"document-{number}")
    request.customer.status_changes.create(
        machine="document", object_id=document.pk, from_status="UPLOADED", to_status="REJECTED", source=Source.SYNC,
        at=timezone.now(), unexpected=True,
    )  # fmt: skip


def _add_to_card(card: Card, name: str, number: int) -> None:
    now = timezone.now() + timedelta(seconds=number)
    ledger.record_event(
        card=card, kind=EventKind.AUTHORIZED, operation_id="op", purchase=make_purchase(f"{number + 1}"),
        source="WEBHOOK",
    )  # fmt: skip
    make_event(operation_id="op", body_digest=name, card_id=card.pk, customer_id=card.customer_id, outcome="FAILED")
    decisions.decide(make_question(card))
    actions.record_deposit(
        wallet_address=card.deposit_addresses[0]["key"], transaction_hash=name, amount=Decimal(5), net_amount=Decimal(5)
    )
    data = {"merchant_name": "Acme", "amount": 5, "currency": "USD", "received_at": now}
    challenge = actions.record_challenge(card=card, challenge_id=name, data=data)
    _add_call(CallKind.RESPOND_TO_CHALLENGE, challenge.pk, card.customer, name)
    _add_call(CallKind.SET_FROZEN, card.pk, card.customer, name)
    card.customer.status_changes.create(
        machine="card", object_id=card.pk, from_status="ACTIVE", to_status="FROZEN", source=Source.WEBHOOK, at=now
    )
    Withdrawal.objects.create(operation_id=name, state="SENT", card=card, at=now)


def add_short_rows(number: int, country: Country | None = None) -> None:
    now, name = timezone.now() + timedelta(days=number), f"row-{number}"
    country = country or Country.objects.create(alpha3=f"X{number:02}", name=name, refreshed_at=now)
    Subdivision.objects.create(country=country, code=name, name=name)
    IdentificationType.objects.create(country=country, type=name, description=name)
    Turn.objects.create(number=100 + number, free_at=now)
    Outage.objects.create(reason="AWAY", since=now, opened_at=now, closed_at=now, error=name)
    times = {"times": 1, "first_seen_at": now, "last_seen_at": now}
    ShapeChange.objects.create(kind="FIELD", place=name, what=name, sample="text", **times)
    UnknownReason.objects.create(words=f"words {'abcdefghijklmnopq'[number]}", **times)
    NewKind.objects.create(word=name, example=name, **times)
    RejectionReason.objects.create(pattern=name, staff_text="x", customer_text="x", remedy="FINAL")
    QualityThreshold.objects.create(document_type=name, name="sharpness", value=1)
    VelocityRule.objects.create(max_authorizations=1, time_window_seconds=100 + number)
    run = Comparison.objects.create(state="DONE", step="x", started_at=now, ends_at=now)
    ListedRecord.objects.create(comparison=run, api_id=name)
    Refusal.objects.create(hour=now, kind="KEY", count=1, last_at=now)
    PortalMinute.objects.create(minute=now)
    Heartbeat.objects.create(name=name, at=now)
    Sending.objects.create(name=name, at=now)
