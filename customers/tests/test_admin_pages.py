import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from customers.models import Customer, StatusChange
from customers.statuses import Source
from customers.tests.making import make_customer, make_document, make_request
from provider.models import CallKind, CallState, Country, IdentificationType, ProviderCall, Subdivision


@pytest.fixture
def customer(admin_person: User, client: Client) -> Customer:
    client.force_login(admin_person)
    customer = make_customer()
    request = make_request(customer)
    make_document(request, metadata={"number": "P-9081726"})
    customer.change_status("REJECTED", source=Source.SYNC)
    argentina = Country.objects.create(alpha3="ARG", alpha2="AR", name="Argentina", refreshed_at=timezone.now())
    Subdivision.objects.create(country=argentina, code="ARG-B", name="Buenos Aires")
    IdentificationType.objects.create(country=argentina, type="DNI", description="National Identity Document")
    return customer


@pytest.fixture
def call(customer: Customer) -> ProviderCall:
    return ProviderCall.objects.create(
        kind=CallKind.REGISTER_CLIENT, target_id=customer.pk, customer_id=customer.pk, payload_digest="x",
        state=CallState.UNKNOWN, wanted_at=timezone.now(), sent_at=timezone.now(), next_attempt_at=None,
        payload={"secret": "only for the worker"},
    )  # fmt: skip


def test_a_customer_is_shown_without_the_id_number(client: Client, customer: Customer) -> None:
    page = client.get(reverse("admin:customers_customer_change", args=[customer.pk])).content.decode()

    assert "•••• 567" in page
    assert customer.id_number not in page
    assert "Rejected" in page


def test_a_document_is_shown_without_what_is_written_on_it(client: Client, customer: Customer) -> None:
    document = customer.documents.get()

    page = client.get(reverse("admin:customers_document_change", args=[document.pk])).content.decode()

    assert "P-9081726" not in page
    assert reverse("admin:customers_enablementrequest_change", args=[document.request_id]) in page


def test_rows_lead_to_each_other(client: Client, customer: Customer) -> None:
    request, change = customer.requests.get(), StatusChange.objects.get()
    snapshot = request.snapshots.get()

    for name, pk in [
        ("enablementrequest", request.pk), ("requirementsnapshot", snapshot.pk), ("statuschange", change.pk),
    ]:  # fmt: skip
        page = client.get(reverse(f"admin:customers_{name}_change", args=[pk])).content.decode()
        assert reverse("admin:customers_customer_change", args=[customer.pk]) in page


def test_a_call_is_shown_without_its_payload(client: Client, call: ProviderCall) -> None:
    page = client.get(reverse("admin:provider_providercall_change", args=[call.pk])).content.decode()

    assert "only for the worker" not in page


def test_admin_has_a_call_looked_at_again(client: Client, call: ProviderCall) -> None:
    client.post(
        reverse("admin:provider_providercall_changelist"), {"action": "look_again", "_selected_action": str(call.pk)}
    )

    call.refresh_from_db()
    assert call.next_attempt_at is not None
    assert Event.objects.get(kind="call.hastened").object_id == str(call.pk)


def test_a_settled_call_is_not_looked_at_again(client: Client, call: ProviderCall) -> None:
    ProviderCall.objects.update(state=CallState.DONE, answered_at=timezone.now())

    client.post(
        reverse("admin:provider_providercall_changelist"), {"action": "look_again", "_selected_action": str(call.pk)}
    )

    call.refresh_from_db()
    assert call.next_attempt_at is None


@pytest.mark.parametrize(("who", "count"), [("person", 1), ("worker", 0)])
def test_calls_that_wait_for_a_person_can_be_found(who: str, count: int, client: Client, call: ProviderCall) -> None:
    page = client.get(reverse("admin:provider_providercall_changelist"), {"next": who})

    assert page.context["cl"].result_count == count
