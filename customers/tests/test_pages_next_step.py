"""What the page says happens next, for every way a customer can stand."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from customers import display, tasks
from customers.following import mark_due, schedule
from customers.models import Customer
from customers.policies import NotAllowed, check_can_issue
from customers.standing import standing_of
from customers.statuses import RequestStatus
from customers.tests.making import NOTHING_MISSING, make_customer, make_document, make_request
from provider.models import CallKind, CallState, ProviderCall

pytestmark = pytest.mark.django_db


def make_call(customer: Customer, kind: CallKind, state: CallState, **changes: Any) -> ProviderCall:
    now = timezone.now()
    is_settled = state in (CallState.DONE, CallState.REFUSED)
    values = {
        "target_id": customer.pk, "wanted_at": now, "sent_at": now, "answered_at": now if is_settled else None,
        "next_attempt_at": None if is_settled else now, "payload_digest": "x", **changes,
    }  # fmt: skip
    return ProviderCall.objects.create(kind=kind, state=state, customer_id=customer.pk, **values)


def says(customer: Customer) -> str:
    return display.next_step(standing_of(customer)).text


def faces(customer: Customer) -> list[display.Face]:
    return display.faces(standing_of(customer))


# --- The line under the name


def test_a_new_customer_is_being_registered() -> None:
    customer = make_customer(api_id=None)
    make_call(customer, CallKind.REGISTER_CLIENT, CallState.WANTED)

    assert says(customer) == "Registering the customer at CryptoMate"


def test_a_refused_registration_asks_for_other_data() -> None:
    customer = make_customer(api_id=None)
    make_call(customer, CallKind.REGISTER_CLIENT, CallState.REFUSED, message="Company client already exists")

    assert says(customer).startswith("CryptoMate refused the registration.")
    assert [(face.look, face.quotes) for face in faces(customer)] == [("refused", ("Company client already exists",))]


def test_registering_again_takes_the_refusal_back() -> None:
    customer = make_customer(api_id=None)
    earlier = timezone.now() - timedelta(minutes=1)
    make_call(customer, CallKind.REGISTER_CLIENT, CallState.REFUSED, wanted_at=earlier)
    make_call(customer, CallKind.REGISTER_CLIENT, CallState.WANTED)

    assert says(customer) == "Registering the customer at CryptoMate"
    assert faces(customer) == []


STEPS = [
    ({"api_id": None}, "Not registered at CryptoMate yet"),
    ({}, "Registered. CryptoMate has not been asked for a card yet"),
    ({"individual_cards": False}, "Registered without a card."),
]


@pytest.mark.parametrize(("changes", "sentence"), STEPS)
def test_without_a_request_the_line_says_what_is_lacking(changes: dict[str, Any], sentence: str) -> None:
    assert says(make_customer(**changes)).startswith(sentence)


REQUESTS = [
    ({"status": RequestStatus.PENDING_DOCUMENTATION}, "PENDING", "Supply the 2 requirements below"),
    ({"status": RequestStatus.PENDING_DOCUMENTATION, "missing": NOTHING_MISSING}, "PENDING", "Everything is supplied."),
    ({"status": RequestStatus.IN_KYC}, "PENDING", "In review"),
    ({"status": RequestStatus.ENABLED}, "ACTIVE", "Active"),
    ({"status": RequestStatus.ENABLED}, "PENDING", "The card is enabled; CryptoMate has yet to activate"),
    ({"status": RequestStatus.ENABLED}, "REJECTED", "CryptoMate took this customer back."),
    ({"status": RequestStatus.REJECTED}, "REJECTED", "CryptoMate refused this customer."),
]


@pytest.mark.parametrize(("request_", "status", "sentence"), REQUESTS)
def test_with_a_request_the_line_follows_it(request_: dict[str, Any], status: str, sentence: str) -> None:
    customer = make_customer(status=status)
    make_request(customer, **request_)

    assert says(customer).startswith(sentence)


# --- Faces


def test_a_call_that_is_answered_at_once_has_no_face() -> None:
    customer = make_customer()
    make_call(customer, CallKind.UPDATE_CLIENT, CallState.SENT)

    assert faces(customer) == []


def test_a_call_that_takes_long_is_shown_as_under_way() -> None:
    customer = make_customer()
    make_call(customer, CallKind.UPDATE_CLIENT, CallState.SENT, wanted_at=timezone.now() - timedelta(seconds=5))

    assert [(face.look, face.title) for face in faces(customer)] == [("waiting", "Saving the data")]


HELD_UP = [
    ({"state": CallState.UNKNOWN, "error_code": "NoAnswer"}, "unknown", "No answer yet"),
    ({"state": CallState.WANTED, "error_code": "NotSent"}, "waiting", "CryptoMate cannot be reached"),
    ({"state": CallState.WANTED, "error_code": "X", "http_status": 429}, "waiting", "CryptoMate asks us to slow down"),
    ({"state": CallState.WANTED, "error_code": "X", "http_status": 401}, "waiting", "CryptoMate does not take our"),
    ({"state": CallState.UNKNOWN, "error_code": "X", "next_attempt_at": None, "message": "Two clients match."},
     "unknown", "Registering the customer: a person has to look"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "look", "title"), HELD_UP)
def test_a_call_that_is_held_up_says_how(call: dict[str, Any], look: str, title: str) -> None:
    customer = make_customer(api_id=None)
    make_call(customer, CallKind.REGISTER_CLIENT, **call)

    (face,) = faces(customer)
    assert face.look == look
    assert face.title.startswith(title)


def test_a_refused_submit_is_shown_until_something_else_is_done() -> None:
    request = make_request(make_customer())
    earlier = timezone.now() - timedelta(minutes=1)
    make_call(request.customer, CallKind.SUBMIT_REQUEST, CallState.REFUSED, target_id=request.pk, wanted_at=earlier)
    assert [face.title for face in faces(request.customer)] == ["CryptoMate refused submitting for review"]

    make_call(request.customer, CallKind.UPDATE_CLIENT, CallState.DONE)

    assert faces(request.customer) == []


def test_a_submit_that_came_back_with_more_to_do_says_so() -> None:
    request = make_request(make_customer())
    make_call(request.customer, CallKind.SUBMIT_REQUEST, CallState.DONE, target_id=request.pk)

    assert [face.title for face in faces(request.customer)] == ["CryptoMate did not take it for review"]


def test_refused_data_stay_in_sight_until_they_are_saved_again() -> None:
    request = make_request(make_customer())
    earlier = timezone.now() - timedelta(minutes=1)
    make_call(request.customer, CallKind.UPDATE_CLIENT, CallState.REFUSED, wanted_at=earlier)
    make_call(request.customer, CallKind.UPLOAD_DOCUMENT, CallState.DONE)

    assert [face.title for face in faces(request.customer)] == ["CryptoMate refused saving the data"]


def test_a_refused_request_is_forgotten_when_one_exists() -> None:
    customer = make_customer()
    make_call(customer, CallKind.REQUEST_PRODUCT, CallState.REFUSED, wanted_at=timezone.now() - timedelta(minutes=1))
    assert len(faces(customer)) == 1

    make_request(customer)

    assert faces(customer) == []


def test_a_rejection_is_told_in_the_providers_words() -> None:
    items = [{"type": "data", "key": "elsewhere", "reason": "The form was incomplete"}]
    request = make_request(
        make_customer(status="REJECTED"), status=RequestStatus.REJECTED, rejected_items=items,
        rejection_description="Documents not accepted", missing=NOTHING_MISSING,
    )  # fmt: skip

    (face,) = faces(request.customer)

    assert face.look == "refused"
    assert [(each.about, each.words) for each in face.reasons] == [
        ("", "Documents not accepted"), ("Elsewhere", "The form was incomplete"),
    ]  # fmt: skip


def test_a_rejection_without_a_reason_says_that() -> None:
    request = make_request(make_customer(), status=RequestStatus.REJECTED, missing=NOTHING_MISSING)

    assert faces(request.customer)[0].text.startswith("It gave no reason.")


def test_a_document_is_not_said_twice() -> None:
    request = make_request(make_customer())
    document = make_document(request)
    make_call(
        request.customer, CallKind.UPLOAD_DOCUMENT, CallState.UNKNOWN, target_id=document.pk, error_code="NoAnswer"
    )

    assert faces(request.customer) == []


def test_a_word_nobody_knows_is_shown() -> None:
    request = make_request(make_customer(remote_status="on_hold"), remote_status="paused")

    assert [face.title for face in faces(request.customer)] == [
        "CryptoMate says “on_hold”", "CryptoMate says “paused”",
    ]  # fmt: skip


# --- Submitting


def test_what_is_being_submitted_cannot_be_submitted_again() -> None:
    request = make_request(make_customer(), missing=NOTHING_MISSING)
    assert display.reason_against_submit(standing_of(request.customer)) == ""

    make_call(request.customer, CallKind.SUBMIT_REQUEST, CallState.SENT, target_id=request.pk)

    assert display.reason_against_submit(standing_of(request.customer)) == "It is being submitted."


@pytest.mark.parametrize(
    ("status", "is_offered"),
    [("PENDING_DOCUMENTATION", True), ("REJECTED", True), ("IN_KYC", False), ("ENABLED", False)],
)
def test_submitting_is_offered_while_it_is_what_comes_next(status: str, is_offered: bool) -> None:
    request = make_request(make_customer(), status=status)

    assert display.offers_submit(standing_of(request.customer)) is is_offered


# --- How often the page asks


def test_a_page_at_rest_does_not_ask() -> None:
    assert standing_of(make_request(make_customer()).customer).poll_ms == 0


@pytest.mark.parametrize(
    ("seconds", "milliseconds"), [(0, 500), (5, 500), (9, 1000), (20, 2000), (39, 2000), (600, 5000)]
)
def test_a_page_in_motion_asks_ever_more_rarely(seconds: int, milliseconds: int) -> None:
    customer = make_customer()
    make_call(customer, CallKind.UPDATE_CLIENT, CallState.SENT, wanted_at=timezone.now() - timedelta(seconds=seconds))

    assert standing_of(customer).poll_ms == milliseconds


@pytest.mark.parametrize(
    "changes",
    [
        {"status": RequestStatus.IN_KYC, "submitted_at": timezone.now()},
        {"next_sync_at": timezone.now()},
        {"status": RequestStatus.ENABLED, "next_sync_at": timezone.now() + timedelta(hours=1)},
    ],
    ids=["in review", "about to look", "enabled and not yet active"],
)
def test_a_page_asks_while_the_provider_may_change_its_word(changes: dict[str, Any]) -> None:
    assert standing_of(make_request(make_customer(), **changes).customer).poll_ms > 0


@pytest.mark.parametrize(
    ("individual_cards", "words"), [(True, "The review is not finished."), (False, "No card was asked for.")]
)
def test_no_review_is_named_where_none_began(individual_cards: bool, words: str) -> None:
    with pytest.raises(NotAllowed, match=words):
        check_can_issue(make_customer(individual_cards=individual_cards))


def test_a_page_asks_on_while_a_worker_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    request = make_request(make_customer(), syncs=3)
    mark_due(request, now=timezone.now())
    monkeypatch.setattr(tasks.sync_request, "apply_async", lambda **_: None)

    tasks.sync_due_requests()

    assert standing_of(request.customer).poll_ms > 0
    schedule(request, now=timezone.now())
    assert standing_of(request.customer).poll_ms == 0
