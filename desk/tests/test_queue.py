from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cards.models import Card
from cards.tests.making import make_card
from customers.display import DOING
from customers.models import Customer, EnablementRequest
from customers.tests.making import NOTHING_MISSING, make_customer, make_request
from provider.actions import want
from provider.models import CallKind, CallState, ProviderCall

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_officer(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


def section(page: str, name: str) -> str:
    return page.partition(f'id="queue-{name}"')[2].partition("</section>")[0]


@pytest.mark.parametrize(
    ("status", "missing", "where", "words"),
    [
        ("PENDING_DOCUMENTATION", None, "ours", "Missing: Personal information, Identity document"),
        ("PENDING_DOCUMENTATION", NOTHING_MISSING, "ours", "Complete: submit for review"),
        ("REJECTED", NOTHING_MISSING, "ours", "Refused: correct and submit again"),
        ("IN_KYC", NOTHING_MISSING, "provider", "In review"),
    ],
)
def test_a_case_stands_where_it_waits(as_officer: Client, status: str, missing: object, where: str, words: str) -> None:
    request = make_request(make_customer(), status=status, **({"missing": missing} if missing else {}))

    page = as_officer.get("/").content.decode()

    assert words in section(page, where)
    assert str(request.customer_id) in section(page, where)


def test_a_customer_who_is_through_waits_nowhere(as_officer: Client) -> None:
    request = make_request(make_customer(status="ACTIVE"), status="ENABLED")

    assert str(request.customer_id) not in as_officer.get("/").content.decode()


def test_only_the_newest_request_of_a_customer_counts(as_officer: Client) -> None:
    customer = make_customer(status="REJECTED")
    make_request(customer, status="REJECTED")
    make_request(customer, status="IN_KYC")

    page = as_officer.get("/").content.decode()

    assert str(customer.pk) not in section(page, "ours")
    assert str(customer.pk) in section(page, "provider")


def refused(kind: CallKind, target: Customer | EnablementRequest | Card, customer: Customer) -> ProviderCall:
    call = want(kind=kind, target=target, customer_id=customer.pk, by=None)
    now = timezone.now()
    ProviderCall.objects.filter(pk=call.pk).update(state=CallState.REFUSED, sent_at=now, answered_at=now)
    return call


def test_a_call_without_an_answer_comes_first(as_officer: Client) -> None:
    customer = make_customer(api_id=None)
    call = want(kind=CallKind.REGISTER_CLIENT, target=customer, customer_id=customer.pk, by=None)
    ProviderCall.objects.filter(pk=call.pk).update(state=CallState.UNKNOWN, sent_at=timezone.now())

    page = as_officer.get("/").content.decode()

    assert "Register the customer" in section(page, "unknown")


def test_a_refused_registration_is_not_forgotten(as_officer: Client) -> None:
    customer = make_customer(api_id=None)
    call = want(kind=CallKind.REGISTER_CLIENT, target=customer, customer_id=customer.pk, by=None)
    now = timezone.now()
    ProviderCall.objects.filter(pk=call.pk).update(state=CallState.REFUSED, sent_at=now, answered_at=now)

    assert "CryptoMate refused registering the customer" in section(as_officer.get("/").content.decode(), "ours")


@pytest.mark.parametrize("kind", [CallKind.REQUEST_PRODUCT, CallKind.UPDATE_CLIENT, CallKind.SUBMIT_REQUEST])
def test_every_refusal_that_nothing_has_overtaken_waits_for_us(as_officer: Client, kind: CallKind) -> None:
    request = make_request(make_customer(), created_at=timezone.now() - timedelta(days=1))
    refused(kind, request if kind == CallKind.SUBMIT_REQUEST else request.customer, request.customer)

    page = as_officer.get("/").content.decode()

    assert f"CryptoMate refused {DOING[kind].lower()}" in section(page, "ours")


def test_a_refusal_that_was_overtaken_is_not_shown(as_officer: Client) -> None:
    customer = make_customer()
    refused(CallKind.UPDATE_CLIENT, customer, customer)
    refused(CallKind.REQUEST_PRODUCT, customer, customer)
    refused(CallKind.REGISTER_CLIENT, customer, customer)
    want(kind=CallKind.UPDATE_CLIENT, target=customer, customer_id=customer.pk, by=None)
    make_request(customer, status="IN_KYC")

    assert "CryptoMate refused" not in as_officer.get("/").content.decode()


@pytest.mark.parametrize(("days", "is_shown"), [(6, True), (8, False)])
def test_a_refusal_about_a_card_waits_for_a_week(as_officer: Client, days: int, is_shown: bool) -> None:
    customer = make_customer(status="ACTIVE")
    call = refused(CallKind.ISSUE_CARD, customer, customer)
    ProviderCall.objects.filter(pk=call.pk).update(answered_at=timezone.now() - timedelta(days=days))

    assert ("CryptoMate refused issuing the card" in as_officer.get("/").content.decode()) == is_shown


def test_refusals_that_were_asked_for_anew_push_no_other_out(
    as_officer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.held_up.LONGEST", 1)
    overtaken, standing = make_card(), make_card()
    for card in (overtaken, standing):
        refused(CallKind.SET_FROZEN, card, card.customer)
    want(kind=CallKind.SET_FROZEN, target=overtaken, customer_id=overtaken.customer_id, by=None)

    waiting = section(as_officer.get("/").content.decode(), "unknown")

    assert f"/customers/{standing.customer_id}/" in waiting
    assert f"/customers/{overtaken.customer_id}/" not in waiting


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"error_code": "DENIED", "http_status": 401}, "CryptoMate does not take our calls"),
        ({"wanted_at": timezone.now() - timedelta(minutes=6)}, "Not carried out yet"),
        ({}, ""),
    ],
    ids=["refused key", "no worker", "just wanted"],
)
def test_a_call_that_is_held_up_is_shown_and_one_on_its_way_is_not(
    as_officer: Client, changes: dict[str, Any], words: str
) -> None:
    customer = make_customer()
    call = want(kind=CallKind.REQUEST_PRODUCT, target=customer, customer_id=customer.pk, by=None)
    ProviderCall.objects.filter(pk=call.pk).update(**changes)

    shown = section(as_officer.get("/").content.decode(), "unknown")

    assert (f"Ask what is needed for cards. {words}" in shown) == bool(words)
    assert (str(customer.pk) in shown) == bool(words)


def test_a_refused_document_is_to_be_corrected_though_nothing_is_missing(as_officer: Client) -> None:
    blurred = {"type": "document", "key": "passport", "reason": "blurred"}
    make_request(make_customer(), missing=NOTHING_MISSING, rejected_items=[blurred])

    assert "Correct: Identity document" in section(as_officer.get("/").content.decode(), "ours")


def test_what_was_refused_and_belongs_nowhere_is_not_called_complete(as_officer: Client) -> None:
    make_request(make_customer(), missing=NOTHING_MISSING, rejected_items=[{"key": "poem", "reason": "no"}])

    assert "CryptoMate wants something corrected" in section(as_officer.get("/").content.decode(), "ours")


def test_a_long_section_says_how_many_there_are(as_officer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk.queue.SHOWN_OF_EACH", 2)
    for number in range(3):
        customer = make_customer(api_id=f"client-{number}", last_name=f"Barber{number}")
        make_request(customer, created_at=timezone.now() + timedelta(minutes=number))

    ours = section(as_officer.get("/").content.decode(), "ours")

    assert "2 of 3" in ours
    assert "The oldest are shown." in ours
    assert [f"Barber{number}" in ours for number in range(3)] == [True, True, False]


def test_the_queue_costs_the_same_however_long_it_is(as_officer: Client, django_assert_num_queries: Any) -> None:
    """Session, person and rights; the gate; targets, counts, two sides; checklists, calls of cases, other calls."""
    for number in range(4):
        make_request(make_customer(api_id=f"client-{number}"))
        refused(CallKind.UPDATE_CLIENT, customer := make_customer(api_id=f"other-{number}"), customer)
        make_request(make_customer(api_id=f"third-{number}"), status="IN_KYC", submitted_at=timezone.now())
        if number in (0, 3):
            with django_assert_num_queries(15):
                as_officer.get("/queue/cases/")


def test_support_looks_but_is_offered_no_new_customer(client: Client, support: User) -> None:
    client.force_login(support)

    page = client.get("/")

    assert page.status_code == 200
    assert b"New customer" not in page.content


def test_a_post_is_not_allowed(as_officer: Client) -> None:
    assert as_officer.post("/").status_code == 405
