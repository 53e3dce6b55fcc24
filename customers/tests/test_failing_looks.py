"""A look at the provider that fails is put off ever further; a call that fails leaves a line with its trace."""

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from cryptomate.testing import FakeTransport
from customers import following, tasks
from customers.models import EnablementRequest
from customers.tests.making import make_customer, make_request
from provider import budget
from provider.actions import carry_out, want
from provider.families import FAMILIES, family_of
from provider.models import CallKind

pytestmark = pytest.mark.django_db

CLIENTS = "/management/clients/individuals"


def look(request: EnablementRequest) -> timedelta:
    """Look as a worker would that a sweep woke, and return how long it is until the next look."""
    now = timezone.now()
    EnablementRequest.objects.filter(pk=request.pk).update(next_sync_at=now + tasks.LEASE)
    tasks.sync_request(request_id=str(request.pk))
    request.refresh_from_db()
    assert request.next_sync_at
    return request.next_sync_at - now


@pytest.fixture
def asked(provider: FakeTransport, monkeypatch: pytest.MonkeyPatch) -> FakeTransport:
    monkeypatch.setattr(tasks, "provider_client", provider.client)
    return provider


def test_a_look_that_fails_is_put_off_ever_further(asked: FakeTransport) -> None:
    asked.refuse("GET", f"{CLIENTS}/*", 500)
    request = make_request(make_customer(), status="IN_KYC")

    waits = [look(request) for _ in range(12)]

    assert waits[0] < timedelta(minutes=1)
    assert waits[3] < waits[7] < waits[11] <= following.LONGEST_WAIT * 1.2


def test_a_hint_that_comes_while_a_look_fails_is_not_put_off(asked: FakeTransport) -> None:
    request = make_request(make_customer(), status="IN_KYC")

    def hinted_meanwhile(_: object) -> None:
        following.mark_due(request, now=timezone.now())

    asked.reply("GET", f"{CLIENTS}/*", hinted_meanwhile, status=500)

    assert look(request) < timedelta(seconds=30)
    assert request.next_sync_at is not None
    assert request.next_sync_at <= timezone.now()


def test_a_hint_that_could_not_be_followed_keeps_its_place(
    asked: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spent(**_: object) -> None:
        raise budget.BudgetSpent

    monkeypatch.setattr(budget, "take", spent)
    request = make_request(make_customer(), status="IN_KYC")
    following.mark_due(request, now=timezone.now())

    assert look(request) < timedelta(0)


@pytest.mark.parametrize(
    ("status", "level"),
    [(400, logging.INFO), (401, logging.ERROR), (429, logging.WARNING), (503, logging.WARNING), (204, logging.ERROR)],
)
def test_every_failure_of_a_call_is_in_the_log_with_its_trace(
    status: int, level: int, provider: FakeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "provider.families")
    provider.reply("POST", CLIENTS, status=status, headers={"X-Trace-Id": "trace-8"})
    customer = make_customer(api_id=None, remote_status="")
    call = want(kind=CallKind.REGISTER_CLIENT, target=customer, customer_id=customer.pk, by=None)

    carry_out(call.pk, client=provider.client())

    lines = [each for each in caplog.records if each.name == "provider.families"]
    assert [each.levelno for each in lines] == [level]
    assert "trace-8" in lines[0].message
    assert str(call.pk) in lines[0].message


def test_every_error_of_the_client_belongs_to_a_family() -> None:
    for error in FAMILIES:
        assert family_of(error()) is FAMILIES[error]
