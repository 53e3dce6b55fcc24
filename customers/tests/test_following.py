"""What is read at the provider, and in which order it may be written."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cryptomate.testing import FakeTransport, client_json, request_json
from customers import following, tasks
from customers.models import EnablementRequest
from customers.tests.making import MISSING, NOTHING_MISSING, make_customer, make_request
from provider.actions import want
from provider.models import CallKind, CallState, ProviderCall

pytestmark = pytest.mark.django_db

CLIENTS = "/management/clients/individuals"


def stands(provider: FakeTransport, request: EnablementRequest, *, client: str = "pending", **changes: Any) -> None:
    """Let the provider answer that the customer and the request stand so."""
    provider.reply("GET", f"{CLIENTS}/{request.customer.api_id}", client_json(status=client))
    provider.reply("GET", f"{CLIENTS}/{request.customer.api_id}/products", [request_json(id=request.api_id, **changes)])


def test_the_verdict_reaches_customer_and_request(provider: FakeTransport) -> None:
    request = make_request(make_customer(), status="IN_KYC")
    stands(provider, request, client="active", status="enabled", missing_requirements=NOTHING_MISSING)

    following.sync_request(request, client=provider.client())

    request.refresh_from_db()
    assert (request.status, request.customer.status) == ("ENABLED", "ACTIVE")
    assert request.next_sync_at is None


def test_what_was_read_before_an_answer_does_not_overwrite_it(provider: FakeTransport) -> None:
    request = make_request(make_customer(), missing=NOTHING_MISSING)

    def answered_meanwhile(_call: object) -> dict[str, Any]:
        call = want(kind=CallKind.UPLOAD_DOCUMENT, target=request, customer_id=request.customer_id, by=None)
        now = timezone.now()
        ProviderCall.objects.filter(pk=call.pk).update(state=CallState.DONE, sent_at=now, answered_at=now)
        return client_json()

    provider.reply("GET", f"{CLIENTS}/{request.customer.api_id}", answered_meanwhile)
    provider.reply("GET", f"{CLIENTS}/*/products", [request_json(id=request.api_id, missing_requirements=MISSING)])

    following.sync_request(request, client=provider.client())

    request.refresh_from_db()
    assert request.missing_requirements == NOTHING_MISSING
    assert request.next_sync_at is not None
    assert request.next_sync_at <= timezone.now()


def test_a_look_that_a_hint_overtook_is_made_again(provider: FakeTransport) -> None:
    request = make_request(make_customer(), status="IN_KYC", next_sync_at=timezone.now() + tasks.LEASE)
    provider.reply("GET", f"{CLIENTS}/{request.customer.api_id}", client_json(status="pending"))

    def hinted_meanwhile(_call: object) -> list[dict[str, Any]]:
        following.mark_due(EnablementRequest.objects.get(), now=timezone.now())
        return [request_json(id=request.api_id, status="in_kyc")]

    provider.reply("GET", f"{CLIENTS}/*/products", hinted_meanwhile)

    following.sync_request(request, client=provider.client())

    assert list(EnablementRequest.objects.due_for_sync(now=timezone.now())) == [request]


def test_a_look_counts_from_when_it_asked(provider: FakeTransport) -> None:
    request = make_request(make_customer(), status="IN_KYC")
    provider.reply("GET", f"{CLIENTS}/{request.customer.api_id}", client_json(status="pending"))
    answered_at = []

    def answer(_call: object) -> list[dict[str, Any]]:
        answered_at.append(timezone.now())
        return [request_json(id=request.api_id, status="in_kyc")]

    provider.reply("GET", f"{CLIENTS}/*/products", answer)

    following.sync_request(request, client=provider.client())

    request.refresh_from_db()
    assert request.synced_at is not None
    assert request.synced_at < answered_at[0]


def test_a_hint_goes_before_what_has_long_been_due(monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[str] = []
    monkeypatch.setattr(tasks.sync_request, "apply_async", lambda *, kwargs, **_: handed.append(kwargs["request_id"]))
    monkeypatch.setattr(tasks, "BATCH", 1)
    now = timezone.now()
    make_request(make_customer(api_id="late"), next_sync_at=now - timedelta(hours=2))
    hinted = make_request(make_customer(api_id="hinted"), status="IN_KYC", next_sync_at=now + timedelta(hours=2))

    following.mark_due(hinted, now=now)
    tasks.sync_due_requests()

    assert handed == [str(hinted.pk)]


def test_looks_are_rarer_where_so_many_are_open_that_the_budget_would_not_last(
    provider: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = timezone.now() + timedelta(hours=1)
    request, *_ = [make_request(make_customer(api_id=str(n)), status="IN_KYC", next_sync_at=later) for n in range(4)]
    EnablementRequest.objects.update(syncs=30)
    monkeypatch.setattr(following, "LOOKS_PER_SECOND", 1 / 3600)
    monkeypatch.setattr(following, "_counted", threading.local())
    stands(provider, request, status="in_kyc", missing_requirements=NOTHING_MISSING)

    following.sync_request(EnablementRequest.objects.get(pk=request.pk), client=provider.client())

    request.refresh_from_db()
    assert request.next_sync_at is not None
    assert timedelta(hours=3.9) < request.next_sync_at - timezone.now() < timedelta(hours=4)


def test_an_unknown_word_is_kept_and_changes_nothing(provider: FakeTransport) -> None:
    request = make_request(make_customer(), status="IN_KYC")
    stands(provider, request, client="on_hold", status="waiting_for_godot")

    following.sync_request(request, client=provider.client())

    request.refresh_from_db()
    assert (request.status, request.remote_status) == ("IN_KYC", "waiting_for_godot")
    assert (request.customer.status, request.customer.remote_status) == ("PENDING", "on_hold")


def test_looks_grow_rarer_while_nothing_changes(provider: FakeTransport) -> None:
    request = make_request(make_customer(), status="IN_KYC")
    stands(provider, request, status="in_kyc", missing_requirements=NOTHING_MISSING)
    waits = []
    for _ in range(4):
        following.sync_request(request, client=provider.client())
        request.refresh_from_db()
        assert request.next_sync_at is not None
        waits.append((request.next_sync_at - timezone.now()).total_seconds())

    assert waits == sorted(waits)
    assert 10 < waits[0] < 20
    assert waits[-1] > 2 * waits[0]


def test_the_same_answer_twice_is_one_snapshot(provider: FakeTransport) -> None:
    request = make_request(make_customer())
    stands(provider, request, missing_requirements=MISSING)

    for _ in range(2):
        following.sync_request(request, client=provider.client())

    assert request.snapshots.filter(occasion="SYNC").count() <= 1


def test_a_request_made_in_the_providers_own_portal_is_found(provider: FakeTransport) -> None:
    customer = make_customer()
    old = make_request(customer, status="IN_KYC")
    provider.reply("GET", f"{CLIENTS}/{customer.api_id}", client_json(status="pending"))
    newest = request_json(id="new", created_at="2026-05-01T10:00:00")
    refused = request_json(id=old.api_id, status="rejected", rejection_description="Expired", missing_requirements=None)
    provider.reply("GET", f"{CLIENTS}/{customer.api_id}/products", [newest, refused])

    following.sync_request(old, client=provider.client())

    customer.refresh_from_db()
    assert {each.api_id: each.status for each in customer.requests.all()} == {
        old.api_id: "REJECTED",
        "new": "PENDING_DOCUMENTATION",
    }


def test_of_two_who_ask_at_once_the_one_that_read_earlier_does_not_write_later(provider: FakeTransport) -> None:
    request = make_request(make_customer(), status="IN_KYC")

    def overtaken(_call: object) -> dict[str, Any]:
        other = FakeTransport()
        stands(other, request, client="active", status="enabled", missing_requirements=NOTHING_MISSING)
        following.sync_request(request, client=other.client())
        return client_json(status="pending")

    provider.reply("GET", f"{CLIENTS}/{request.customer.api_id}", overtaken)
    provider.reply("GET", f"{CLIENTS}/*/products", [request_json(id=request.api_id, status="in_kyc")])

    following.sync_request(request, client=provider.client())

    request.refresh_from_db()
    assert request.status == "ENABLED"
    assert request.customer.status_changes.filter(unexpected=True).count() == 0
