"""Handling deliveries again: what is shown before, who may, and that the books stay as they are."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from audit.models import Event
from cards import ledger
from cards.models import Deposit, Notice, Transaction, TransactionEvent
from cards.tests.making import make_card
from customers.policies import NotAllowed
from customers.tests.making import make_customer, make_request
from webhooks import actions, listing
from webhooks.models import Outcome, WebhookEvent
from webhooks.previews import preview
from webhooks.tests.making import CAPTURED, captured, deliver, make_event

pytestmark = pytest.mark.django_db

ALL_FAILED = "/events/again/"


@pytest.fixture
def as_admin(client: Client, admin_person: User) -> Client:
    client.force_login(admin_person)
    return client


@pytest.fixture
def failed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., WebhookEvent]:
    """Return a function that delivers what fails, and would not fail again."""

    def fail(body: dict[str, Any]) -> WebhookEvent:
        def breaks(_: Any) -> None:
            raise RuntimeError

        with monkeypatch.context() as patch:
            patch.setattr(actions, "record_at_once", lambda *_, **__: False)
            patch.setattr(actions, "handle", breaks)
            deliver(body)
        return WebhookEvent.objects.latest("received_at")

    return fail


def everything_of_ours() -> dict[str, list[Any]]:
    """Return every row of the books, the customers and the calls as it stands."""
    labels = ("cards", "customers", "provider")
    models = [model for label in labels for model in apps.get_app_config(label).get_models()]
    return {model._meta.label: sorted(map(str, model._default_manager.values_list())) for model in models}


@pytest.fixture
def known_to_all() -> None:
    """Cards, a wallet and a customer under the names the captured deliveries use."""
    ours = make_customer(api_id="cli_abc123", status="ACTIVE")
    make_request(ours, status="IN_KYC")
    for api_id in ("crd_123", "icrd_123", "c1f5a9e0-3d12-4a78-8d9b-0a6e8c4e2b11"):
        wallet = [{"key": "0xabc...", "address": "0xabc..."}] if api_id == "crd_123" else []
        make_card(api_id=api_id, customer=ours, deposit_addresses=wallet)


@pytest.mark.parametrize("name", [name for name in CAPTURED if not name.startswith("authorization")])
def test_handling_again_leaves_every_row_as_it_is(known_to_all: None, admin_person: User, name: str) -> None:
    deliver(captured(name))
    event = WebhookEvent.objects.get()
    before = everything_of_ours()

    for _ in range(2):
        actions.process_again(event, by=admin_person, now=timezone.now())
        actions.process_due(now=timezone.now(), limit=5)

    event.refresh_from_db()
    assert event.outcome in (Outcome.HANDLED, Outcome.IGNORED)
    assert event.attempts == 3
    assert everything_of_ours() == before


def test_handling_all_again_in_another_order_leaves_the_books_as_they_are(
    known_to_all: None, admin_person: User
) -> None:
    names = [name for name in CAPTURED if not name.startswith("authorization")]
    for name in names:
        deliver(captured(name))
    before = everything_of_ours()

    for event in WebhookEvent.objects.order_by("-received_at"):
        actions.process_again(event, by=admin_person, now=timezone.now())
        actions.process_due(now=timezone.now(), limit=1)

    assert everything_of_ours() == before


# --- The preview


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("authorized", ["Transaction added: Acme Coffee · 42.5 USD", "Transaction event added: Authorized · 42.5 USD"]),
        ("warranty_withdraw", ["Withdrawal added: 100 · Sent"]),
        ("card_blocked_by_velocity", ["Card changed", "status Active → Frozen", "Notice added: A velocity rule"]),
        ("client_status", ["next sync at none → "]),
        ("notification_3ds_authorization_oob", ["Challenge added: Acme Coffee · 42.5 USD"]),
        ("visa_direct_deposit", ["Deposit added"]),
    ],
)
def test_a_preview_says_what_would_be_added_and_changed(
    known_to_all: None, failed: Callable[..., WebhookEvent], name: str, lines: list[str]
) -> None:
    event = failed(captured(name))
    before = everything_of_ours()

    seen = preview(event)

    words = "\n".join(seen.changes)
    assert seen.outcome == "It would be handled."
    for line in lines:
        assert line in words
    assert everything_of_ours() == before


def test_a_preview_of_what_is_done_already_finds_nothing_to_change(known_to_all: None) -> None:
    deliver(captured("authorized"))

    assert preview(WebhookEvent.objects.get()).changes == []


def test_a_preview_shows_each_step_of_a_purchase_that_goes_on(
    known_to_all: None, failed: Callable[..., WebhookEvent]
) -> None:
    deliver(captured("authorized", operation_id="op"))

    seen = preview(failed(captured("cleared", operation_id="op")))

    assert any("state Authorized → Cleared" in line and "cleared total 0 → 42.5" in line for line in seen.changes)
    assert Transaction.objects.get().state == "AUTHORIZED"


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("authorized", "It would wait: Card not known yet."),
        ("client_status", "It would be ignored: No customer here has this client id."),
        ("ramp_on_unknown", "It would be ignored: The portal has no use for this kind of delivery."),
    ],
)
def test_a_preview_says_when_nothing_would_be_handled(name: str, outcome: str) -> None:
    deliver(captured(name))

    seen = preview(WebhookEvent.objects.get())

    assert (seen.outcome, seen.changes) == (outcome, [])


def test_a_preview_says_that_it_would_fail_again(known_to_all: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks_half_way(**values: Any) -> None:
        Notice.objects.create(card=values["card"], kind="DEPOSIT", text="half")
        raise RuntimeError

    monkeypatch.setattr(actions, "record_at_once", lambda *_, **__: False)
    monkeypatch.setattr(ledger, "record_event", breaks_half_way)
    deliver(captured("authorized"))

    seen = preview(WebhookEvent.objects.get())

    assert (seen.outcome, seen.changes) == ("It would fail: RuntimeError.", [])


# --- The pages


def test_the_page_shows_the_preview_and_the_button_has_it_handled(
    known_to_all: None, failed: Callable[..., WebhookEvent], as_admin: Client
) -> None:
    event = failed(captured("authorized"))
    address = f"{event.get_absolute_url()}again/"

    page = as_admin.get(address).content.decode()
    assert "Transaction added: Acme Coffee" in page
    assert TransactionEvent.objects.count() == 0
    answer = as_admin.post(address, follow=True)
    actions.process_due(now=timezone.now(), limit=5)

    assert "handles this delivery again within seconds" in answer.content.decode()
    assert TransactionEvent.objects.count() == 1
    assert Event.objects.get(kind="delivery.processed_again").object_id == str(event.pk)


def test_the_delivery_links_to_the_preview_for_those_who_may(as_admin: Client, support: User) -> None:
    event = make_event()
    address = f"{event.get_absolute_url()}again/"

    assert address in as_admin.get(event.get_absolute_url()).content.decode()
    as_admin.force_login(support)
    assert address not in as_admin.get(event.get_absolute_url()).content.decode()


@pytest.mark.parametrize("role", ["officer", "support"])
def test_only_an_admin_may_have_deliveries_handled_again(
    client: Client, role: str, request: pytest.FixtureRequest
) -> None:
    person: User = request.getfixturevalue(role)
    client.force_login(person)
    event = make_event(outcome="FAILED", error="x")

    for address in (f"{event.get_absolute_url()}again/", ALL_FAILED):
        assert client.get(address).status_code == 403
        assert client.post(address, {"since": "2026-01-01T00:00"}).status_code == 403
    with pytest.raises(NotAllowed):
        actions.process_again(event, by=person, now=timezone.now())
    with pytest.raises(NotAllowed):
        actions.process_failed_again(since=timezone.now(), by=person, now=timezone.now())
    event.refresh_from_db()
    assert (event.next_attempt_at, Event.objects.filter(kind="delivery.processed_again").count()) == (None, 0)


def test_a_person_given_the_permission_may(client: Client) -> None:
    person = User.objects.create_user("night shift")
    person.user_permissions.add(Permission.objects.get(codename="reprocess"))
    event = make_event(outcome="FAILED", error="x")

    actions.process_again(event, by=person, now=timezone.now())

    assert WebhookEvent.objects.get().next_attempt_at is not None


def test_what_cannot_be_handled_again_says_why(as_admin: Client) -> None:
    event = make_event(event_type="authorization")
    address = f"{event.get_absolute_url()}again/"
    sentence = "An authorization is answered once"

    assert sentence in as_admin.get(event.get_absolute_url()).content.decode()
    assert sentence in as_admin.get(address).content.decode()
    refused = as_admin.post(address)

    assert refused.status_code == 409
    assert sentence in refused.content.decode()


def test_all_that_failed_since_a_moment_is_shown_and_handled(
    known_to_all: None, failed: Callable[..., WebhookEvent], as_admin: Client
) -> None:
    failed(captured("authorized"))
    failed(captured("deposit"))
    now = timezone.now()
    earlier = make_event(outcome="FAILED", error="x", operation_id="old", received_at=now - timedelta(days=3))
    since = {"since": f"{timezone.localtime() - timedelta(hours=1):%Y-%m-%dT%H:%M}"}

    page = as_admin.get(ALL_FAILED, since).content.decode()
    assert "Process 2 again" in page
    assert "Transaction added: Acme Coffee" in page
    assert "Deposit added" in page
    as_admin.post(ALL_FAILED, since)
    actions.process_due(now=timezone.now(), limit=9)

    earlier.refresh_from_db()
    assert (TransactionEvent.objects.count(), Deposit.objects.count()) == (1, 1)
    assert (earlier.outcome, earlier.next_attempt_at) == ("FAILED", None)
    assert Event.objects.filter(kind="delivery.processed_again", actor_name="admin").count() == 2


def test_more_than_can_be_looked_at_are_counted(
    known_to_all: None, as_admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_PREVIEWED", 2)
    for number in range(5):
        make_event(outcome="FAILED", operation_id=f"op_{number}", card_api_id="crd_123")

    page = as_admin.get(ALL_FAILED).content.decode()

    assert "Process 5 again" in page
    assert "3 more are not looked at here" in page


def test_nothing_failed_is_said(as_admin: Client) -> None:
    assert "Nothing failed since then" in as_admin.get(ALL_FAILED).content.decode()


@pytest.mark.parametrize("since", ["", "yesterday"])
def test_a_moment_that_makes_no_sense_is_asked_for_again(as_admin: Client, since: str) -> None:
    make_event(outcome="FAILED", error="x")

    for answer in (as_admin.get(ALL_FAILED, {"since": since}), as_admin.post(ALL_FAILED, {"since": since})):
        assert answer.status_code == 422
        assert "Give a date and a time" in answer.content.decode()
    assert WebhookEvent.objects.get().next_attempt_at is None


def test_an_answered_authorization_is_never_handled_with_the_rest(as_admin: Client) -> None:
    make_event(outcome="FAILED", event_type="authorization")

    assert "Nothing failed since then" in as_admin.get(ALL_FAILED).content.decode()
