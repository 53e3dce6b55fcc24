"""The life of a call: wanted, sent, answered; or not answered, and looked up before it is repeated."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from cryptomate.testing import FakeTransport, client_json, request_json
from customers.effects import RegisterClient, UpdateClient
from customers.models import Customer
from customers.tests.making import NOTHING_MISSING, make_customer, make_document, make_request
from provider.actions import AlreadyUnderway, carry_out, look_again, want
from provider.client import hear
from provider.models import LEASE, CallKind, CallState, ProviderCall

pytestmark = pytest.mark.django_db

CLIENTS = "/management/clients/individuals"


def wanted(customer: Customer) -> ProviderCall:
    return want(kind=CallKind.REGISTER_CLIENT, target=customer, customer_id=customer.pk, by=None)


def unregistered() -> Customer:
    return make_customer(api_id=None, remote_status="", individual_cards=False, id_number="")


def make_due(call: ProviderCall) -> None:
    """Let the time pass that the call has to wait."""
    ProviderCall.objects.filter(pk=call.pk).update(next_attempt_at=timezone.now() - timedelta(seconds=1))


def test_an_answer_settles_the_call_and_reaches_the_row(provider: FakeTransport) -> None:
    customer = unregistered()
    provider.reply("POST", CLIENTS, client_json(id="client-9"), status=201)
    call = wanted(customer)

    carry_out(call.pk, client=provider.client())

    call.refresh_from_db()
    customer.refresh_from_db()
    assert (call.state, call.attempts, customer.api_id) == (CallState.DONE, 1, "client-9")


def test_the_trace_of_an_answer_is_kept_for_the_providers_support(provider: FakeTransport) -> None:
    provider.reply("POST", CLIENTS, client_json(), status=201, headers={"X-Trace-Id": "trace-77"})
    call = wanted(unregistered())

    carry_out(call.pk, client=provider.client(observe=hear))

    call.refresh_from_db()
    assert (call.http_status, call.trace_id) == (201, "trace-77")


def test_a_second_wish_for_the_same_thing_is_the_first_ones_call() -> None:
    customer = unregistered()

    assert wanted(customer) == wanted(customer)
    assert ProviderCall.objects.count() == 1


def test_a_wish_with_other_values_waits_for_the_first() -> None:
    customer = make_customer()
    wish: dict[str, Any] = {"kind": CallKind.ISSUE_CARD, "target": customer, "customer_id": customer.pk, "by": None}
    want(**wish, payload={"holder": "A"})

    with pytest.raises(AlreadyUnderway, match="still under way"):
        want(**wish, payload={"holder": "B"})


def test_the_database_allows_one_open_call_for_a_target_and_kind() -> None:
    call = wanted(unregistered())
    same = {name: getattr(call, name) for name in ("kind", "target_id", "customer_id", "payload_digest", "wanted_at")}

    with pytest.raises(IntegrityError, match="one_open_call_per_target_and_kind"), transaction.atomic():
        ProviderCall.objects.create(**same)


def test_a_settled_call_is_not_made_again(provider: FakeTransport) -> None:
    provider.reply("POST", CLIENTS, client_json(), status=201)
    call = wanted(unregistered())
    carry_out(call.pk, client=provider.client())

    carry_out(call.pk, client=provider.client())

    assert len(provider.calls) == 1


def test_a_refusal_keeps_the_providers_words_and_is_not_repeated(provider: FakeTransport) -> None:
    customer = unregistered()
    provider.refuse("POST", CLIENTS, 400, code="VAL", message="Company client already exists for this company")
    call = wanted(customer)

    carry_out(call.pk, client=provider.client())
    make_due(call)
    carry_out(call.pk, client=provider.client())

    call.refresh_from_db()
    customer.refresh_from_db()
    assert (call.state, call.http_status, call.error_code) == (CallState.REFUSED, 400, "VAL")
    assert call.message == "Company client already exists for this company"
    assert customer.api_id is None
    assert len(provider.calls) == 1


def test_what_never_arrived_is_sent_after_looking(provider: FakeTransport) -> None:
    customer = unregistered()
    provider.drop("POST", CLIENTS)
    provider.reply("POST", CLIENTS, client_json(id="client-9"), status=201)
    provider.reply("GET", CLIENTS, [client_json(id="other", email="somebody@example.com")])
    call = wanted(customer)

    carry_out(call.pk, client=provider.client())
    make_due(call)
    carry_out(call.pk, client=provider.client())

    customer.refresh_from_db()
    assert customer.api_id == "client-9"
    assert [each.method for each in provider.calls] == ["POST", "GET", "POST"]
    keys = {each.headers["Idempotency-Key"] for each in provider.calls_to("POST", CLIENTS)}
    assert len(keys) == 1


def test_a_repeat_refused_because_the_first_arrived_late_is_looked_up_once_more(provider: FakeTransport) -> None:
    customer = unregistered()
    provider.drop("POST", CLIENTS)
    provider.refuse("POST", CLIENTS, 400, code="VAL", message="Company client already exists for this company")
    provider.reply("GET", CLIENTS, [])
    provider.reply("GET", CLIENTS, [client_json(id="client-9")])
    call = wanted(customer)

    carry_out(call.pk, client=provider.client())
    make_due(call)
    carry_out(call.pk, client=provider.client())

    customer.refresh_from_db()
    assert customer.api_id == "client-9"


def test_a_request_somebody_opened_at_the_provider_is_taken_over(provider: FakeTransport) -> None:
    customer = make_customer()
    products = f"{CLIENTS}/{customer.api_id}/products"
    provider.refuse("POST", products, 409, code="VAL", message="An enablement request is already active")
    provider.reply("GET", products, [request_json(id="theirs")])
    call = want(kind=CallKind.REQUEST_PRODUCT, target=customer, customer_id=customer.pk, by=None)

    carry_out(call.pk, client=provider.client())

    assert customer.requests.get().api_id == "theirs"


@pytest.mark.parametrize("saved", [True, False])
def test_what_is_missing_is_asked_anew_where_data_were_saved_meanwhile(provider: FakeTransport, saved: bool) -> None:
    customer = make_customer()
    products = f"{CLIENTS}/{customer.api_id}/products"
    provider.drop("POST", products)
    provider.reply("GET", products, [request_json(id="asked")])
    call = want(kind=CallKind.REQUEST_PRODUCT, target=customer, customer_id=customer.pk, by=None)
    carry_out(call.pk, client=provider.client())
    if saved:
        update = want(kind=CallKind.UPDATE_CLIENT, target=customer, customer_id=customer.pk, by=None)
        now = timezone.now()
        ProviderCall.objects.filter(pk=update.pk).update(state=CallState.DONE, sent_at=now, answered_at=now)

    make_due(call)
    carry_out(call.pk, client=provider.client())

    due = customer.requests.get().next_sync_at
    assert due is not None
    assert (due <= timezone.now()) == saved


def test_a_customer_edited_before_the_lost_answer_is_found_is_registered_once(provider: FakeTransport) -> None:
    customer = unregistered()
    provider.drop("POST", CLIENTS)
    provider.reply("GET", CLIENTS, [client_json(id="client-9")])
    call = wanted(customer)

    carry_out(call.pk, client=provider.client())
    Customer.objects.filter(pk=customer.pk).update(email="maria@example.org")
    make_due(call)
    carry_out(call.pk, client=provider.client())

    customer.refresh_from_db()
    assert customer.api_id == "client-9"
    assert len(provider.calls_to("POST", CLIENTS)) == 1
    assert ProviderCall.objects.filter(kind=CallKind.UPDATE_CLIENT, state=CallState.WANTED).exists()


def test_two_candidates_are_left_to_a_person(provider: FakeTransport) -> None:
    provider.drop("POST", CLIENTS)
    provider.reply("GET", CLIENTS, [client_json(id="one"), client_json(id="two")])
    call = wanted(unregistered())

    carry_out(call.pk, client=provider.client())
    make_due(call)
    carry_out(call.pk, client=provider.client())

    call.refresh_from_db()
    assert call.needs_a_person
    assert "Two clients" in call.message
    assert len(provider.calls_to("POST", CLIENTS)) == 1


def test_a_person_can_have_it_looked_up_again(provider: FakeTransport) -> None:
    provider.drop("POST", CLIENTS)
    provider.reply("GET", CLIENTS, [client_json(id="one"), client_json(id="two")])
    provider.reply("GET", CLIENTS, [client_json(id="one")])
    call = wanted(unregistered())
    for _ in range(2):
        make_due(call)
        carry_out(call.pk, client=provider.client())

    look_again(call=call)
    carry_out(call.pk, client=provider.client())

    call.refresh_from_db()
    assert call.state == CallState.DONE


def test_a_worker_that_died_in_mid_call_is_found_out_by_its_lease(provider: FakeTransport) -> None:
    provider.fail("POST", CLIENTS, SystemExit())
    provider.reply("GET", CLIENTS, [client_json(id="client-9")])
    call = wanted(unregistered())
    with pytest.raises(SystemExit):
        carry_out(call.pk, client=provider.client())
    call.refresh_from_db()
    assert call.state == CallState.SENT
    assert call.next_attempt_at is not None
    assert call.next_attempt_at > timezone.now() + LEASE - timedelta(seconds=5)

    carry_out(call.pk, client=provider.client())
    assert len(provider.calls) == 1
    make_due(call)
    carry_out(call.pk, client=provider.client())

    call.refresh_from_db()
    assert call.state == CallState.DONE
    assert [each.method for each in provider.calls] == ["POST", "GET"]


@pytest.mark.parametrize(
    ("status", "headers", "state", "seconds"),
    [
        (429, {"Retry-After": "4"}, CallState.WANTED, (3, 5)),
        (503, {"Retry-After": "30"}, CallState.UNKNOWN, (20, 40)),
        (500, {}, CallState.UNKNOWN, (1, 5)),
        (401, {}, CallState.WANTED, (200, 400)),
    ],
)
def test_each_failure_waits_as_long_as_it_should(
    provider: FakeTransport, status: int, headers: dict[str, str], state: str, seconds: tuple[int, int]
) -> None:
    provider.refuse("POST", CLIENTS, status, headers=headers)
    call = wanted(unregistered())

    carry_out(call.pk, client=provider.client())

    call.refresh_from_db()
    assert call.state == state
    assert call.next_attempt_at is not None
    wait = (call.next_attempt_at - timezone.now()).total_seconds()
    assert seconds[0] <= wait <= seconds[1]
    assert call.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_registering_for_cards_leads_to_the_product_and_its_requirements(provider: FakeTransport) -> None:
    customer = make_customer(api_id=None, remote_status="")
    provider.reply("POST", CLIENTS, client_json(id="client-9"), status=201)
    provider.reply("POST", f"{CLIENTS}/client-9/products", request_json(), status=201)
    carry_out(wanted(customer).pk, client=provider.client())

    follow_up = ProviderCall.objects.get(kind=CallKind.REQUEST_PRODUCT)
    carry_out(follow_up.pk, client=provider.client())

    request = customer.requests.get()
    assert request.status == "PENDING_DOCUMENTATION"
    assert request.missing_requirements["data"][0]["fields"][0]["key"] == "phone"
    assert request.snapshots.count() == 1


def test_what_was_edited_while_the_call_was_out_is_sent_after_it(provider: FakeTransport) -> None:
    customer = unregistered()

    def edited_meanwhile(_call: object) -> dict[str, object]:
        Customer.objects.filter(pk=customer.pk).update(city="Pilar")
        return client_json(id="client-9")

    provider.reply("POST", CLIENTS, edited_meanwhile, status=201)
    carry_out(wanted(customer).pk, client=provider.client())

    assert ProviderCall.objects.get(kind=CallKind.UPDATE_CLIENT).state == CallState.WANTED


def test_a_worker_that_lost_its_lease_while_it_waited_sends_nothing(
    provider: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = wanted(unregistered())

    def overtaken() -> None:
        ProviderCall.objects.filter(pk=call.pk).update(attempts=2)

    monkeypatch.setattr("provider.budget.take", overtaken)

    carry_out(call.pk, client=provider.client())

    assert provider.calls == []


def test_a_call_in_flight_is_not_looked_at_again_by_hand(provider: FakeTransport) -> None:
    call = wanted(unregistered())

    def impatient(_call: object) -> dict[str, Any]:
        look_again(call=call)
        carry_out(call.pk, client=provider.client())
        return client_json()

    provider.reply("POST", CLIENTS, impatient, status=201)

    carry_out(call.pk, client=provider.client())

    assert len(provider.calls) == 1


def test_a_refusal_to_show_the_outcome_is_not_a_refusal_of_the_call(provider: FakeTransport) -> None:
    provider.drop("POST", CLIENTS)
    provider.refuse("GET", CLIENTS, 400)
    call = wanted(unregistered())

    for _ in range(2):
        make_due(call)
        carry_out(call.pk, client=provider.client())
    call.refresh_from_db()
    assert call.state == CallState.UNKNOWN
    for _ in range(8):
        make_due(call)
        carry_out(call.pk, client=provider.client())

    call.refresh_from_db()
    assert call.needs_a_person
    assert len(provider.calls_to("POST", CLIENTS)) == 1


def test_an_answer_that_cannot_be_written_down_ends_with_a_person(
    provider: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(RegisterClient, "done", fails)
    provider.reply("POST", CLIENTS, client_json(), status=201)
    provider.reply("GET", CLIENTS, [client_json()])
    call = wanted(unregistered())

    for _ in range(8):
        make_due(call)
        with pytest.raises(RuntimeError):
            carry_out(call.pk, client=provider.client())

    call.refresh_from_db()
    assert call.needs_a_person
    assert len(provider.calls_to("POST", CLIENTS)) == 1


def test_a_success_clears_the_error_an_earlier_attempt_met(provider: FakeTransport) -> None:
    provider.refuse("POST", CLIENTS, 429, headers={"Retry-After": "1"})
    provider.reply("POST", CLIENTS, client_json(), status=201)
    call = wanted(unregistered())

    for _ in range(2):
        make_due(call)
        carry_out(call.pk, client=provider.client())

    call.refresh_from_db()
    assert (call.state, call.error_code, call.message) == (CallState.DONE, "", "")


def test_a_correction_saved_while_the_refused_call_was_out_is_sent(provider: FakeTransport) -> None:
    customer = make_customer()

    def corrected_meanwhile(_call: object) -> dict[str, str]:
        Customer.objects.filter(pk=customer.pk).update(city="Pilar")
        return {"code": "VAL", "message": "The city is not known"}

    provider.reply("PUT", f"{CLIENTS}/{customer.api_id}", corrected_meanwhile, status=400)
    call = want(kind=CallKind.UPDATE_CLIENT, target=customer, customer_id=customer.pk, by=None)

    carry_out(call.pk, client=provider.client())

    states = ProviderCall.objects.filter(kind=CallKind.UPDATE_CLIENT).values_list("state", flat=True)
    assert sorted(states) == [CallState.REFUSED, CallState.WANTED]


def test_a_replacement_that_never_left_is_not_taken_for_arrived(provider: FakeTransport) -> None:
    """A new request carries the accepted passport over, so nothing is missing; the replacement goes all the same."""
    request = make_request(make_customer(), missing=NOTHING_MISSING)
    document = make_document(request, front=ContentFile(b"\xff\xd8", name="x"))
    place = f"{CLIENTS}/{request.customer.api_id}/products"
    stands = request_json(id=request.api_id, missing_requirements=NOTHING_MISSING)
    provider.drop("POST", f"{place}/*/documentation")
    provider.reply("POST", f"{place}/*/documentation", {"product": stands, "rejected_items": []})
    provider.reply("GET", place, [stands])
    call = want(kind=CallKind.UPLOAD_DOCUMENT, target=document, customer_id=request.customer_id, by=None)

    for _ in range(2):
        make_due(call)
        carry_out(call.pk, client=provider.client())

    sent = provider.calls_to("POST", f"{place}/*/documentation")
    assert [each.json["document"]["replace"] for each in sent] == [False, True]


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_with_one_call_one_sends_it(provider: FakeTransport) -> None:
    arrived, leave = threading.Event(), threading.Event()

    def slowly(_call: object) -> dict[str, object]:
        arrived.set()
        leave.wait(10)
        return client_json()

    provider.reply("POST", CLIENTS, slowly, status=201)
    call = wanted(unregistered())

    def work() -> None:
        try:
            carry_out(call.pk, client=provider.client())
        finally:
            connection.close()

    first = threading.Thread(target=work)
    first.start()
    assert arrived.wait(10)
    carry_out(call.pk, client=provider.client())
    leave.set()
    first.join()

    assert len(provider.calls) == 1


@pytest.mark.django_db(transaction=True)
def test_an_answer_and_an_officer_who_wants_the_same_again_do_not_wait_for_each_other(
    provider: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer settles its call while the officer's transaction holds the customer and wants another of its kind."""
    customer = make_customer()
    provider.reply("PUT", f"{CLIENTS}/*", client_json(id=customer.api_id))
    wish: dict[str, Any] = {"kind": CallKind.UPDATE_CLIENT, "customer_id": customer.pk, "by": None}
    first = want(**wish, target=customer)
    answered = threading.Event()
    lock = UpdateClient.lock

    def meet(call: ProviderCall) -> None:
        answered.set()
        lock(call)

    monkeypatch.setattr(UpdateClient, "lock", staticmethod(meet))

    def work() -> None:
        try:
            carry_out(first.pk, client=provider.client())
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        worker.start()
        assert answered.wait(10)
        want(**wish, target=customer)
    worker.join(10)

    first.refresh_from_db()
    assert first.state == CallState.DONE
