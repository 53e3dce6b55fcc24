"""What the provider was asked about a customer and what it answered, readable beside what that changed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cryptomate.testing import FakeTransport, request_json
from customers.models import Customer, EnablementRequest, StatusChange
from customers.tests.making import NOTHING_MISSING, make_customer, make_document, make_request
from provider.actions import carry_out, want
from provider.client import hear
from provider.models import CallKind, CallState, ProviderCall

pytestmark = pytest.mark.django_db

SUBMIT = "/management/clients/individuals/*/products/*/submit"


@pytest.fixture
def customer() -> Customer:
    return make_customer()


@pytest.fixture
def request_in_hand(customer: Customer) -> EnablementRequest:
    return make_request(customer, api_id="request-1")


def address(customer: Customer) -> str:
    return f"/customers/{customer.pk}/calls/"


def rows(page: str) -> list[str]:
    """Return each call's row as the words a person reads."""
    found = re.findall(r'<tr id="call-.*?</tr>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


def look(client: Client, url: str) -> list[str]:
    answer = client.get(url)
    assert answer.status_code == 200
    return rows(answer.content.decode())


def submit(request: EnablementRequest, by: User, provider: FakeTransport) -> ProviderCall:
    call = want(kind=CallKind.SUBMIT_REQUEST, target=request, customer_id=request.customer_id, by=by)
    carry_out(call.pk, client=provider.client(observe=hear))
    return call


def make_call(customer: Customer, **changes: Any) -> ProviderCall:
    now = timezone.now()
    settled = {"state": "DONE", "attempts": 1, "sent_at": now, "answered_at": now, "payload_digest": "1"}
    values = {"kind": CallKind.UPDATE_CLIENT, "target_id": customer.pk, "customer_id": customer.pk, "wanted_at": now}
    return ProviderCall.objects.create(**{**values, **settled, **changes})


def test_a_call_stands_with_its_answer_and_with_what_that_changed(
    as_officer: Client, officer: User, request_in_hand: EnablementRequest, provider: FakeTransport
) -> None:
    accepted = request_json(id="request-1", status="in_kyc", missing_requirements=NOTHING_MISSING)
    answer = {"product": accepted, "rejected_items": []}
    provider.reply("POST", SUBMIT, answer, headers={"X-Trace-Id": "trace-77"})
    submit(request_in_hand, officer, provider)

    [row] = look(as_officer, address(request_in_hand.customer))

    assert row.startswith("Submit for review by officer Done HTTP 200 · 1 attempt Trace trace-77…")
    assert "Review: In review" in row


def test_a_refusal_stands_with_the_providers_words_and_changed_nothing(
    as_officer: Client, officer: User, request_in_hand: EnablementRequest, provider: FakeTransport
) -> None:
    provider.refuse("POST", SUBMIT, 409, code="VAL", message="The enablement request is not pending documentation")
    submit(request_in_hand, officer, provider)

    [row] = look(as_officer, address(request_in_hand.customer))

    assert "Refused HTTP 409 · VAL" in row
    assert "“The enablement request is not pending documentation”" in row
    assert "Trace 4bf92f35…" in row
    assert "—" in row


def test_what_changed_without_a_call_is_told_of_no_call(as_officer: Client, customer: Customer) -> None:
    make_call(customer)
    make_request(customer).change_status("IN_KYC", source="SYNC")  # type: ignore[arg-type]

    assert "In review" not in look(as_officer, address(customer))[0]
    assert StatusChange.objects.get().call_id is None


def test_a_call_without_an_answer_says_when_it_is_looked_at_again(as_officer: Client, customer: Customer) -> None:
    again = timezone.now() + timedelta(minutes=5)
    make_call(customer, state=CallState.UNKNOWN, answered_at=None, attempts=3, next_attempt_at=again)

    [row] = look(as_officer, address(customer))

    assert "No answer yet No HTTP answer · 3 attempts" in row
    assert f"Again {timezone.localtime(again):%H:%M}" in row


def test_the_document_is_named_and_what_was_sent_is_not_shown(as_officer: Client, customer: Customer) -> None:
    document = make_document(make_request(customer), document_type="drivers_license")
    make_call(customer, kind=CallKind.UPLOAD_DOCUMENT, target_id=document.pk, payload={"number": "SECRET-1"})

    page = as_officer.get(address(customer)).content.decode()

    assert rows(page)[0].startswith("Upload the document (Drivers license) by the portal")
    assert "SECRET-1" not in page


def test_the_newest_come_first_and_older_ones_on_the_next_page(as_officer: Client, customer: Customer) -> None:
    now = timezone.now()
    for age in range(51):
        make_call(customer, wanted_at=now - timedelta(minutes=age), trace_id=f"trace-{age:02}")

    page = as_officer.get(address(customer)).content.decode()
    older = re.search(r'href="([^"]*older=[^"]*)"', page)
    assert older

    assert [len(rows(page)), "trace-00" in rows(page)[0]] == [50, True]
    [last] = look(as_officer, older[1])
    assert "trace-50" in last


def test_fifty_calls_cost_as_many_queries_as_one(as_officer: Client, customer: Customer) -> None:
    make_call(customer)
    as_officer.get(address(customer))
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            as_officer.get(address(customer))
        costs.append(len(queries))
        for _ in range(10):
            make_call(customer)

    assert costs[0] == costs[1] <= 13


def test_looks_are_no_calls_and_the_last_one_is_told(as_officer: Client, customer: Customer) -> None:
    synced = timezone.now() - timedelta(minutes=3)
    make_request(customer, synced_at=synced)

    page = as_officer.get(address(customer)).content.decode()

    assert "Nothing asked yet" in page
    assert re.search(rf"Last looked at <time[^>]*>{timezone.localtime(synced):%H:%M}", page)


def test_calls_of_others_are_not_shown(as_officer: Client, customer: Customer) -> None:
    make_call(make_customer(api_id="client-2"))

    assert look(as_officer, address(customer)) == []


def test_the_customers_page_leads_there(as_officer: Client, customer: Customer, places: None) -> None:
    assert f'href="{address(customer)}"' in as_officer.get(f"/customers/{customer.pk}/").content.decode()


def test_others_may_not_look(client: Client, customer: Customer) -> None:
    assert client.get(address(customer)).status_code == 302
    client.force_login(User.objects.create_user("nobody"))
    assert client.get(address(customer)).status_code == 403


def test_only_reading_is_possible_and_only_at_places_that_exist(as_officer: Client, customer: Customer) -> None:
    assert as_officer.post(address(customer)).status_code == 405
    assert as_officer.get(f"{address(customer)}?older=nowhere").status_code == 400
    assert as_officer.get("/customers/00000000-0000-4000-8000-000000000000/calls/").status_code == 404
