"""One of each that somebody can change in the provider's own portal, over real HTTP."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from cards.models import Card
from cards.tests.making import make_card
from cryptomate import Client
from customers import comparison_runs
from customers.comparisons import Comparison, Discrepancy
from customers.models import Customer
from customers.remote import client_payload
from customers.tests.making import make_customer
from provider import budget
from sandbox.testing import API_KEY, SandboxProcess

pytestmark = [pytest.mark.processes, pytest.mark.django_db, pytest.mark.xdist_group("sandbox")]


@pytest.fixture
def sandbox(empty_sandbox: SandboxProcess) -> SandboxProcess:
    empty_sandbox.console("POST", "/console/settings", {"rate_limit": False})
    return empty_sandbox


@pytest.fixture
def provider(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(budget, "take", lambda **_: None)
    return Client(url=sandbox.url, api_key=API_KEY)


def registered(provider: Client, name: str) -> Customer:
    """Return a customer whom both sides hold alike."""
    customer = make_customer(api_id=None, first_name=name, email=f"{name.lower()}@example.com")
    remote = provider.create_client(payload=client_payload(customer), idempotency_key=name)
    Customer.objects.filter(pk=customer.pk).update(api_id=remote.id, remote_status=remote.status)
    customer.refresh_from_db()
    return customer


def with_card(provider: Client, sandbox: SandboxProcess, customer: Customer) -> Card:
    request = provider.request_product(str(customer.api_id), idempotency_key=f"{customer.pk}")
    sandbox.console("POST", f"/console/requests/{request.id}/status", {"status": "enabled"})
    sandbox.console("POST", f"/console/clients/{customer.api_id}/status", {"status": "active"})
    remote = provider.create_card(
        client_id=str(customer.api_id), card_holder_name="Carla Barber", approval_method="TOPUP", idempotency_key="c"
    )
    return make_card(customer=customer, api_id=remote.id, last4=remote.last4, holder_name=remote.card_holder_name)


def test_one_of_each_change_is_found_and_taken_or_listed(provider: Client, sandbox: SandboxProcess) -> None:
    anna, bela, carla, dora = (registered(provider, name) for name in ("Anna", "Bela", "Carla", "Dora"))
    card = with_card(provider, sandbox, carla)
    sandbox.console("POST", f"/console/clients/{anna.api_id}/data", {"city": "Pilar", "last_name": "Barbour"})
    sandbox.console("POST", f"/console/clients/{bela.api_id}/request")
    sandbox.console("POST", f"/console/cards/{card.api_id}/status", {"status": "FROZEN"})
    sandbox.console("POST", f"/console/clients/{dora.api_id}/remove")
    registered(provider, "Eva").delete()

    run = comparison_runs.begin(now=timezone.now(), ends_at=timezone.now() + timedelta(hours=1))
    while run and run.is_running:
        comparison_runs.advance(run, client=provider)
        run.refresh_from_db()

    found = {(row.get_record_display(), row.label, row.theirs, row.state) for row in Discrepancy.objects.all()}
    assert found == {
        ("Customer", "City", "Pilar", "OPEN"),
        ("Customer", "Last name", "Barbour", "OPEN"),
        ("Customer", "Status", "Active", "TAKEN"),
        ("Customer", "Not there", "CryptoMate does not know it", "OPEN"),
        ("Client at CryptoMate", "Not here", "Eva Barber, eva@example.com", "OPEN"),
        ("Request", "Request opened at CryptoMate", "Documents needed", "TAKEN"),
        ("Request", "Request opened at CryptoMate", "Enabled", "TAKEN"),
        ("Card", "Status", "Frozen", "TAKEN"),
        *(("Card", label, theirs, "TAKEN") for label, theirs in expiry_of(card)),
    }
    carla.refresh_from_db()
    card.refresh_from_db()
    assert (carla.status, card.status, card.hold_reason) == ("ACTIVE", "FROZEN", "PROVIDER")
    assert Comparison.objects.get().state == "DONE"


def expiry_of(made: Card) -> Iterator[tuple[str, str]]:
    """Return what the sandbox prints on a card today where the one of the test says otherwise."""
    present = Card.objects.get(pk=made.pk)
    for label, name in (("Expiry month", "expiration_month"), ("Expiry year", "expiration_year")):
        if getattr(made, name) != getattr(present, name):
            yield label, str(getattr(present, name))
