"""The page of differences: who sees it, who decides, and what a decision does here and at the provider."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Event
from cryptomate.testing import FakeTransport, client_json
from customers.comparisons import Comparison, Discrepancy
from customers.models import Customer
from customers.tests.making import make_customer, make_request
from provider.actions import carry_out, want
from provider.models import CallKind, ProviderCall

pytestmark = pytest.mark.django_db

PAGE = "/differences/"


@pytest.fixture
def as_officer(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


def differ(customer: Customer, field: str = "city", theirs: Any = "Pilar", **changes: Any) -> Discrepancy:
    values = {"label": field.replace("_", " ").capitalize(), "ours": str(getattr(customer, field)), "theirs": theirs}
    return Discrepancy.objects.create(
        record="CUSTOMER", key=str(customer.pk), customer=customer, field=field, values={field: theirs},
        **{**values, **changes},
    )  # fmt: skip


def decide(client: Client, row: Discrepancy, how: str, **data: Any) -> Any:
    return client.post(f"{PAGE}{row.pk}/{how}/", {"seen": row.version, **data})


def saves() -> list[ProviderCall]:
    return list(ProviderCall.objects.filter(kind=CallKind.UPDATE_CLIENT))


def test_a_difference_is_read_with_both_values_and_what_can_be_done(as_officer: Client) -> None:
    customer = make_customer()
    differ(customer)

    page = as_officer.get(PAGE).content.decode()

    for words in ("Maria Barber", "Del Viso", "Pilar", "Take CryptoMate’s", "Keep ours", "Look closer"):
        assert words in page
    assert f"/customers/{customer.pk}/#differences" in page


def test_taking_the_providers_value_changes_ours_and_is_on_record(as_officer: Client, officer: User) -> None:
    row = differ(make_customer())

    answer = decide(as_officer, row, "take")

    row.refresh_from_db()
    assert answer.status_code == 302
    assert (Customer.objects.get().city, row.state, row.decided_by) == ("Pilar", "TAKEN", officer)
    assert saves() == []
    event = Event.objects.get(kind="difference.taken")
    assert event.actor_id == officer.pk
    assert event.detail == {"after": {"record": "Customer", "field": "City"}, "note": "Customer: City"}
    assert "Pilar" not in str(event.detail)


def test_keeping_ours_sends_all_of_ours_again(
    as_officer: Client, provider: FakeTransport, django_capture_on_commit_callbacks: Any
) -> None:
    customer = make_customer()
    row = differ(customer)

    decide(as_officer, row, "keep")

    row.refresh_from_db()
    [call] = saves()
    provider.reply("PUT", "*", client_json(id=customer.api_id))
    carry_out(call.pk, client=provider.client())
    assert provider.calls[0].json["address"]["city"] == "Del Viso"
    assert row.state == "KEPT"


def test_ours_waits_until_the_other_differences_are_decided(as_officer: Client) -> None:
    customer = make_customer()
    city, name = differ(customer), differ(customer, "last_name", "Barbour")

    decide(as_officer, city, "keep")
    city.refresh_from_db()
    assert (city.state, saves()) == ("TO_SEND", [])
    decide(as_officer, name, "take")

    city.refresh_from_db()
    assert (city.state, len(saves()), Customer.objects.get().last_name) == ("KEPT", 1, "Barbour")


def test_a_save_that_puts_ours_there_closes_the_difference(
    as_officer: Client, provider: FakeTransport, officer: User
) -> None:
    customer = make_customer()
    row, other = differ(customer), differ(customer, "last_name", "Barbour")
    call = want(kind=CallKind.UPDATE_CLIENT, target=customer, customer_id=customer.pk, by=officer)
    provider.reply("PUT", "*", client_json(id=customer.api_id, last_name="Barbour"))

    carry_out(call.pk, client=provider.client())

    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.state, other.state) == ("GONE", "OPEN")


# --- Refusals


def test_support_neither_sees_nor_decides(client: Client, support: User) -> None:
    row = differ(make_customer())
    client.force_login(support)

    assert client.get(PAGE).status_code == 403
    assert decide(client, row, "take").status_code == 403
    assert b"Pilar" not in client.get(f"/customers/{row.customer_id}/").content
    assert b"/differences/" not in client.get("/").content


def test_a_page_that_shows_older_values_decides_nothing(as_officer: Client) -> None:
    row = differ(make_customer())

    answer = decide(as_officer, row, "take", seen="2026-01-01T00:00:00+00:00")

    assert answer.status_code == 409
    assert "The values changed after this page was shown." in answer.content.decode()
    assert Customer.objects.get().city == "Del Viso"


def test_a_second_decision_is_refused(as_officer: Client) -> None:
    row = differ(make_customer())
    decide(as_officer, row, "take")

    answer = decide(as_officer, row, "keep")

    assert answer.status_code == 409
    assert saves() == []


def test_a_value_that_does_not_fit_is_refused_with_its_reason(as_officer: Client) -> None:
    row = differ(make_customer(), "city", "x" * 101)

    answer = decide(as_officer, row, "take")

    assert answer.status_code == 409
    assert "City cannot be taken" in answer.content.decode()
    assert Discrepancy.objects.get().state == "OPEN"


def test_nothing_is_decided_while_the_customer_is_being_saved(as_officer: Client, officer: User) -> None:
    customer = make_customer()
    row = differ(customer)
    want(kind=CallKind.UPDATE_CLIENT, target=customer, customer_id=customer.pk, by=officer)

    for how in ("take", "keep"):
        assert decide(as_officer, row, how).status_code == 409
    assert Customer.objects.get().city == "Del Viso"


def test_ours_is_not_sent_while_the_provider_reviews(as_officer: Client) -> None:
    request = make_request(make_customer(), status="IN_KYC")
    row = differ(request.customer)

    answer = decide(as_officer, row, "keep")

    assert answer.status_code == 409
    assert "reviewing" in answer.content.decode()
    assert (Discrepancy.objects.get().state, saves()) == ("OPEN", [])


def test_only_admins_run_a_comparison(as_officer: Client, client: Client, admin_person: User) -> None:
    assert as_officer.post(f"{PAGE}compare/").status_code == 403
    assert "Compare now" not in as_officer.get(PAGE).content.decode()
    client.force_login(admin_person)

    assert client.post(f"{PAGE}compare/").status_code == 302
    assert client.post(f"{PAGE}compare/").status_code == 409
    assert "Stop comparison" in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}stop/").status_code == 302
    assert Comparison.objects.get().state == "PAUSED"


def test_an_answer_leads_back_to_our_own_pages_only(as_officer: Client) -> None:
    row = differ(make_customer())

    answer = decide(as_officer, row, "take", back="https://elsewhere.example/")

    assert answer["Location"] == PAGE


# --- Where else it shows


def test_queue_dashboard_and_customer_say_so(as_officer: Client) -> None:
    customer = make_customer()
    differ(customer)
    differ(customer, "email", "maria@example.com")

    assert "2 differences" in as_officer.get("/").content.decode()
    assert "Differences</p>" in as_officer.get("/dashboard/").content.decode()
    page = as_officer.get(f"/customers/{customer.pk}/").content.decode()
    assert "CryptoMate holds something else than the portal" in page
    assert "City: Pilar" in page  # beside the address
    edit = as_officer.get(f"/customers/{customer.pk}/edit/").content.decode()
    assert "CryptoMate holds something else in 2 fields" in edit


def test_the_list_costs_the_same_however_long_it_is(as_officer: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert as_officer.get(PAGE).status_code == 200
        return len(queries)

    Comparison.objects.create(step="CLIENTS", started_at=timezone.now(), ends_at=timezone.now())
    differ(make_customer())
    one = cost()
    for number in range(5):
        differ(make_customer(api_id=f"client-{number}x", email=f"{number}@example.com"))

    assert cost() == one <= 8
