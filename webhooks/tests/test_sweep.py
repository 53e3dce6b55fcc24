from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from audit.models import Event
from cards import ledger
from cards.models import TransactionEvent
from cards.tests.making import make_card
from customers.policies import NotAllowed
from webhooks import actions, handlers
from webhooks.models import Outcome, WebhookEvent
from webhooks.tasks import sweep_events
from webhooks.tests.making import captured, deliver, make_event

pytestmark = pytest.mark.django_db

SWEEP_AT_MOST = 10


def sweep(*, after: timedelta = timedelta(0)) -> WebhookEvent:
    """Sweep once, as if so much time had passed, and return the one delivery there is."""
    actions.process_due(now=timezone.now() + after, limit=SWEEP_AT_MOST)
    return WebhookEvent.objects.get()


@pytest.fixture
def break_recording(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make recording a purchase fail after it has written; calling the result mends it."""
    intact = ledger.record_event

    def writes_then_fails(**values: Any) -> None:
        intact(**values)
        raise RuntimeError("after the write")

    monkeypatch.setattr(actions, "record_at_once", lambda *_, **__: False)
    monkeypatch.setattr(ledger, "record_event", writes_then_fails)
    return lambda: monkeypatch.setattr(ledger, "record_event", intact)


def test_a_failing_handler_loses_no_delivery_and_leaves_nothing_half_done(break_recording: object) -> None:
    make_card(api_id="crd_123")

    answer = deliver(captured("authorized"))

    event = WebhookEvent.objects.get()
    assert answer.json() == {"response_code": "OK"}
    assert (event.outcome, event.error, event.attempts) == (Outcome.FAILED, "Handling failed: RuntimeError", 1)
    assert event.next_attempt_at is not None
    assert TransactionEvent.objects.count() == 0


def test_the_sweep_handles_what_failed(break_recording: Callable[[], None]) -> None:
    make_card(api_id="crd_123")
    deliver(captured("authorized"))
    break_recording()

    event = sweep(after=timedelta(seconds=2))

    assert (event.outcome, event.error, event.attempts) == (Outcome.HANDLED, "", 2)
    assert TransactionEvent.objects.count() == 1


def test_the_wait_grows_with_every_failure(break_recording: object) -> None:
    make_card(api_id="crd_123")
    deliver(captured("authorized"))
    now, waits = timezone.now(), []

    for _ in range(14):
        now = WebhookEvent.objects.get().next_attempt_at or now
        actions.process_due(now=now, limit=SWEEP_AT_MOST)
        waits.append(((WebhookEvent.objects.get().next_attempt_at or now) - now).total_seconds())

    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == 3600


def test_nothing_is_handled_before_it_is_due(break_recording: object) -> None:
    make_card(api_id="crd_123")
    deliver(captured("authorized"))

    assert sweep().attempts == 1


def test_a_card_that_becomes_known_gets_the_purchase_that_came_before_it() -> None:
    deliver(captured("authorized"))
    event = WebhookEvent.objects.get()
    assert (event.outcome, event.outcome_note, event.error) == (Outcome.RECEIVED, "Card not known yet", "")
    assert event.next_attempt_at is not None

    card = make_card(api_id="crd_123")
    event = sweep(after=timedelta(seconds=2))

    assert (event.outcome, event.outcome_note, event.card_id) == (Outcome.HANDLED, "", card.pk)


def test_a_card_that_stays_unknown_is_given_up_after_a_day() -> None:
    deliver(captured("authorized"))

    event = sweep(after=timedelta(hours=25))

    assert (event.outcome, event.next_attempt_at) == (Outcome.IGNORED, None)
    assert event.outcome_note == "Card not known for a day"


def test_a_delivery_that_fails_for_a_day_waits_for_a_person(break_recording: object) -> None:
    make_card(api_id="crd_123")
    deliver(captured("authorized"))

    event = sweep(after=timedelta(hours=25))

    assert (event.outcome, event.next_attempt_at) == (Outcome.FAILED, None)


def test_one_bad_delivery_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    make_card(api_id="crd_123")
    for number in range(3):
        due = {"outcome": "RECEIVED", "next_attempt_at": timezone.now(), "card_api_id": "crd_123"}
        make_event(operation_id=f"op_{number}", **due)
    intact = handlers.handle

    def fails_on_the_first(event: WebhookEvent) -> Any:
        if event.operation_id == "op_0":
            raise RuntimeError
        return intact(event)

    monkeypatch.setattr(actions, "handle", fails_on_the_first)
    sweep_events()

    outcomes = dict(WebhookEvent.objects.values_list("operation_id", "outcome"))
    assert outcomes == {"op_0": "FAILED", "op_1": "HANDLED", "op_2": "HANDLED"}


def test_a_sweep_stops_at_its_batch() -> None:
    for _ in range(3):
        make_event(outcome="RECEIVED", next_attempt_at=timezone.now())

    assert actions.process_due(now=timezone.now(), limit=2) == 2


def test_processing_again_doubles_nothing_and_is_on_record(admin_person: User) -> None:
    make_card(api_id="crd_123")
    deliver(captured("authorized"))

    actions.process_again(WebhookEvent.objects.get(), by=admin_person, now=timezone.now())
    assert WebhookEvent.objects.get().outcome == Outcome.RECEIVED
    event = sweep()

    assert (event.outcome, event.attempts) == (Outcome.HANDLED, 2)
    assert TransactionEvent.objects.count() == 1
    recorded = Event.objects.get()
    assert (recorded.kind, recorded.actor_name) == ("delivery.processed_again", "admin")
    assert recorded.object_id == str(event.pk)


@pytest.mark.parametrize(
    "changes",
    [{"outcome": "REJECTED", "product": "", "event_type": ""}, {"event_type": "authorization"}],
    ids=["unreadable", "authorization"],
)
def test_what_cannot_be_processed_again_is_refused(admin_person: User, changes: dict[str, str]) -> None:
    event = make_event(**changes)

    with pytest.raises(NotAllowed):
        actions.process_again(event, by=admin_person, now=timezone.now())

    event.refresh_from_db()
    assert event.next_attempt_at is None
    assert Event.objects.count() == 0
