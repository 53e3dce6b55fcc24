"""What becomes of work while the provider may not be called, and what people read about it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.utils import timezone

from cards.tests.making import make_card
from cryptomate.testing import FakeTransport
from customers.models import Customer
from customers.tasks import sync_due_requests
from customers.tests.making import make_customer, make_request
from provider import circuit, tasks
from provider.actions import carry_out, want
from provider.models import CallKind, CallState, Circuit, ProviderCall
from provider.tests.talking import open_circuit, said, seconds_until

pytestmark = pytest.mark.django_db

NOT_ANSWERING = "CryptoMate is not answering since <time"


# --- What is wanted meanwhile


def test_wishes_are_kept_untouched_and_carried_out_afterwards(
    provider: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[dict[str, str]] = []
    monkeypatch.setattr(tasks.carry_out, "apply_async", lambda *, kwargs, **_: woken.append(kwargs))
    wish = wanted(make_customer())
    open_circuit()

    carry_out(wish.pk, client=provider.client())
    tasks.sweep_calls()
    wish.refresh_from_db()
    assert (wish.state, wish.attempts, provider.calls, woken) == (CallState.WANTED, 0, [], [])
    said(200)
    tasks.sweep_calls()

    assert woken == [{"call_id": str(wish.pk)}]


def test_a_call_that_meets_the_open_circuit_on_its_way_is_not_counted_as_sent(
    provider: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = wanted(make_customer())
    monkeypatch.setattr(circuit, "look", opening_after_one(circuit.look))

    carry_out(wish.pk, client=provider.client())

    wish.refresh_from_db()
    assert (wish.state, provider.calls) == (CallState.WANTED, [])


def opening_after_one(look: Callable[[], circuit.Gate]) -> Callable[[], circuit.Gate]:
    """Let the circuit be opened between the first look and the next."""
    looks: list[circuit.Gate] = []

    def looked() -> circuit.Gate:
        if looks:
            open_circuit()
        looks.append(look())
        return looks[-1]

    return looked


def test_a_freeze_that_was_sent_before_calls_stopped_is_looked_up_and_not_repeated(
    provider: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = make_card()
    wish = want(kind=CallKind.SET_FROZEN, target=card, customer_id=card.customer_id, by=None, payload={"freeze": True})
    path = f"/cards/individual-cards/{card.api_id}"

    def frozen_as_the_provider_goes_away(_: object) -> None:
        open_circuit()

    provider.reply("PATCH", f"{path}/frozen", frozen_as_the_provider_goes_away, status=204)
    carry_out(wish.pk, client=provider.client())

    wish.refresh_from_db()
    assert wish.state == CallState.UNKNOWN


def test_requests_are_not_taken_up_while_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    due = timezone.now()
    request = make_request(make_customer(), next_sync_at=due)
    open_circuit()

    sync_due_requests()

    request.refresh_from_db()
    assert request.next_sync_at == due


# --- What people read


def wanted(customer: Customer) -> ProviderCall:
    return want(kind=CallKind.REQUEST_PRODUCT, target=customer, customer_id=customer.pk, by=None)


def page(browser: Browser, address: str) -> str:
    return " ".join(browser.get(address).content.decode().split())


@pytest.fixture
def as_officer(client: Browser, officer: User) -> Browser:
    client.force_login(officer)
    return client


def test_an_officer_reads_since_when_and_that_work_is_saved(as_officer: Browser) -> None:
    customer = make_customer()
    wanted(customer)
    card = make_card(customer=customer)
    want(kind=CallKind.SET_FROZEN, target=card, customer_id=customer.pk, by=None, payload={"freeze": True})
    open_circuit()

    for address in (f"/customers/{customer.pk}/", f"/cards/{card.pk}/", "/"):
        shown = page(as_officer, address)
        assert NOT_ANSWERING in shown, address
        assert "Your work is saved and will be sent" in shown


def test_who_refreshes_reads_at_once_that_nobody_answers(as_officer: Browser) -> None:
    request = make_request(make_customer(), next_sync_at=timezone.now() + timedelta(hours=1))
    open_circuit()
    Circuit.objects.update(probe_at=timezone.now() + timedelta(minutes=1))

    shown = as_officer.post(f"/customers/{request.customer_id}/refresh/", follow=True).content.decode()

    assert "CryptoMate is not answering since" in shown
    assert seconds_until("probe_at") <= circuit.FIRST_PROBE.total_seconds()


def test_a_refused_key_is_the_admins_matter_and_not_the_officers(as_officer: Browser, admin_person: User) -> None:
    customer = make_customer()
    wanted(customer)
    said(401, code="DENIED")

    officers = page(as_officer, f"/customers/{customer.pk}/")
    as_officer.force_login(admin_person)
    admins = page(as_officer, "/dashboard/")

    assert "CryptoMate does not take our calls since" in officers
    assert "key" not in officers[officers.index("CryptoMate does not take our") :][:200]
    assert "Our key is refused" in admins
    assert "CRYPTOMATE_API_KEY" in admins
    assert "trace-5" in admins


def test_the_dashboard_says_what_holds_calls_up(client: Browser, admin_person: User) -> None:
    client.force_login(admin_person)
    assert "Answering" in page(client, "/dashboard/")
    said(429, retry_after=600)
    assert "Told to slow down" in page(client, "/dashboard/")
    open_circuit()
    assert "Not answering" in page(client, "/dashboard/")
    said(200)

    assert "No answer <time" in page(client, "/dashboard/")
