from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from audit.kinds import Kind
from audit.models import Event
from cards.tests.making import make_active_customer, make_card
from customers import paging
from webhooks.models import WebhookEvent
from webhooks.tests.making import captured, deliver, make_event

pytestmark = pytest.mark.django_db

LOG = "/events/"
DECISIONS = "/events/authorizations/"
CARD, MARIA = "2f1d7a1e-5f0f-4a55-8d0b-4f4f6a3f5c11", "2f1d7a1e-5f0f-4a55-8d0b-4f4f6a3f5c12"
HTMX = {"HX-Request": "true"}
NOON = datetime(2026, 4, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def as_support(client: Client, support: User) -> Client:
    client.force_login(support)
    return client


@pytest.fixture
def as_officer(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


def operations(answer: Any) -> list[str]:
    return [event.operation_id for event in answer.context["listed"].rows]


@pytest.mark.parametrize("address", [LOG, DECISIONS, "/events/2f1d7a1e-5f0f-4a55-8d0b-4f4f6a3f5c11/"])
class TestWhoMayLook:
    def test_a_stranger_is_sent_to_sign_in(self, client: Client, address: str) -> None:
        answer = client.get(address)

        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")

    def test_a_person_without_the_permission_is_refused(self, client: Client, address: str) -> None:
        client.force_login(User.objects.create_user("nobody"))

        assert client.get(address).status_code == 403

    def test_nothing_is_posted(self, as_support: Client, address: str) -> None:
        assert as_support.post(address).status_code == 405


def test_a_delivery_that_is_not_there_is_not_found(as_support: Client) -> None:
    assert as_support.get("/events/2f1d7a1e-5f0f-4a55-8d0b-4f4f6a3f5c11/").status_code == 404


def test_the_log_shows_what_came_and_what_became_of_it(as_support: Client) -> None:
    card = make_card(last4="4242")
    make_event(card_id=card.pk)
    make_event(event_type="ramp_on", product="treasury", outcome="IGNORED", outcome_note="No use for it")

    page = as_support.get(LOG).content.decode()

    for words in ("Authorized", "•••• 4242", "Handled", "Ramp on", "Ignored", "No use for it"):
        assert words in page


def test_an_empty_log_says_what_will_be_there(as_support: Client) -> None:
    assert "No deliveries here" in as_support.get(LOG).content.decode()
    assert "No decisions yet" in as_support.get(DECISIONS).content.decode()


def test_the_log_takes_as_many_queries_for_fifty_rows_as_for_one(
    as_support: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    card = make_card()
    for _ in range(50):
        make_event(card_id=card.pk)

    with django_assert_num_queries(6):  # session, person, two for permissions, the rows, mentions
        as_support.get(LOG)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("product=treasury", ["ramp"]),
        ("type=Authorized", ["auth"]),
        ("type=unheard_of", []),
        ("outcome=FAILED", ["bad"]),
        ("since=2026-04-15T12:01", ["bad"]),
        ("until=2026-04-15T12:00", ["ramp"]),
        ("since=2026-04-15T12:00&until=2026-04-15T12:01", ["auth"]),
        ("operation=auth", ["auth"]),
        ("card=crd_123", ["auth"]),
        ("card=4321", ["auth"]),
        ("card=%E2%80%A2%E2%80%A2%E2%80%A2%E2%80%A2+4321", ["auth"]),
        ("card=2f1d7a1e-5f0f-4a55-8d0b-4f4f6a3f5c11", ["auth"]),
        ("card=9999", []),
        ("customer=MARIA%40example.com", ["auth"]),
        ("customer=cli_maria", ["auth"]),
        ("customer=2f1d7a1e-5f0f-4a55-8d0b-4f4f6a3f5c12", ["auth"]),
        ("customer=nobody%40example.com", []),
        ("card=4321&outcome=FAILED", []),
        ("product=treasury&outcome=FAILED", []),
    ],
)
def test_the_address_narrows_the_log(as_support: Client, query: str, found: list[str]) -> None:
    make_event(operation_id="ramp", product="treasury", event_type="ramp_on", received_at=NOON - timedelta(minutes=1))
    maria = make_active_customer(pk=MARIA, api_id="cli_maria", email="maria@example.com")
    card = make_card(pk=CARD, api_id="crd_123", last4="4321", customer=maria)
    tied = {"card_api_id": card.api_id, "card_id": card.pk, "customer_id": maria.pk}
    make_event(operation_id="auth", received_at=NOON, **tied)
    make_event(operation_id="bad", event_type="cleared", outcome="FAILED", received_at=NOON + timedelta(minutes=1))

    answer = as_support.get(f"{LOG}?{query}")

    assert operations(answer) == found


def test_a_filter_that_makes_no_sense_is_told_and_kept(as_support: Client) -> None:
    make_event(operation_id="one")

    answer = as_support.get(f"{LOG}?since=yesterday&outcome=LOST&product=cards")

    assert answer.status_code == 422
    assert 'value="yesterday"' in answer.content.decode()
    assert operations(answer) == ["one"]


def test_pages_neither_skip_nor_repeat(as_support: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 2)
    for number in range(5):
        make_event(operation_id=f"op_{number}", received_at=NOON)  # the same moment: the id decides
    wanted = [event.operation_id for event in WebhookEvent.objects.order_by("-received_at", "-pk")]

    first = as_support.get(f"{LOG}?outcome=HANDLED")
    second = as_support.get(LOG + first.context["listed"].older_url)
    third = as_support.get(LOG + second.context["listed"].older_url)
    back = as_support.get(LOG + third.context["listed"].newer_url)

    assert operations(first) + operations(second) + operations(third) == wanted
    assert operations(back) == operations(second)
    assert "outcome=HANDLED" in back.context["listed"].older_url
    assert (first.context["listed"].newer_url, third.context["listed"].older_url) == ("", "")


def test_going_back_to_the_newest_page_finds_it_live_again(as_support: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 2)
    for _ in range(3):
        make_event()

    older = as_support.get(LOG + as_support.get(LOG).context["listed"].older_url)
    newest = as_support.get(LOG + older.context["listed"].newer_url)

    assert older.context["listed"].again_url == ""
    assert newest.context["listed"].again_url != ""


@pytest.mark.parametrize(
    "cursor", ["x", "2026-04-15T12:00:00_x", "2026-04-15_2f1d7a1e-5f0f-4a55-8d0b-4f4f6a3f5c11", "_"]
)
def test_a_cursor_that_makes_no_sense_gives_the_first_page(as_support: Client, cursor: str) -> None:
    make_event(operation_id="one")

    assert operations(as_support.get(LOG, {"before": cursor})) == ["one"]


def test_the_first_page_asks_again_and_is_told_only_what_is_new(as_support: Client) -> None:
    make_event()
    again = LOG + as_support.get(LOG).context["listed"].again_url

    unchanged = as_support.get(again, headers=HTMX)
    make_event(operation_id="newer")
    changed = as_support.get(again, headers=HTMX)

    assert (unchanged.status_code, unchanged.content) == (204, b"")
    assert changed.status_code == 200
    assert changed.content.decode().strip().startswith('<section id="events"')
    assert operations(changed)[0] == "newer"


def test_a_delivery_is_shown_with_what_it_touched(as_officer: Client) -> None:
    card = make_card(api_id="crd_123")
    deliver(captured("authorized"))
    event = WebhookEvent.objects.get()

    page = as_officer.get(event.get_absolute_url()).content.decode()

    for words in (
        "Acme Coffee",
        "txn_abc123",
        f"/cards/{card.pk}/",
        f"/customers/{card.customer_id}/",
        "/transactions/",
    ):
        assert words in page


def test_an_authorization_shows_our_answer(as_support: Client) -> None:
    make_card(api_id="crd_123", status="FROZEN")
    deliver(captured("authorization"))

    delivery = as_support.get(WebhookEvent.objects.get().get_absolute_url()).content.decode()
    decisions = as_support.get(DECISIONS).content.decode()

    for page in (delivery, decisions):
        assert "Declined" in page
        assert "The card is not active" in page


PRIVATE = ("jane@example.com", "Jane", "Doe")


def test_what_a_delivery_says_about_a_person_is_masked_for_everybody_at_first(
    as_officer: Client, officer: User
) -> None:
    deliver(captured("client_status"))

    page = as_officer.get(WebhookEvent.objects.get().get_absolute_url()).content.decode()

    for private in PRIVATE:
        assert private not in page
    for plain in ("REJECTED_BY_PROVIDER", "cli_abc123", "••••", "Show it in full"):
        assert plain in page
    assert not Event.objects.filter(kind=Kind.RECORD_VIEWED).exists()


def test_an_officer_opens_it_in_full_and_that_is_recorded(as_officer: Client) -> None:
    customer = make_active_customer(api_id="cli_abc123")
    deliver(captured("client_status"))
    event = WebhookEvent.objects.get()

    page = as_officer.get(event.get_absolute_url(), {"in_full": ""}).content.decode()

    for private in PRIVATE:
        assert private in page
    viewed = Event.objects.get(kind=Kind.RECORD_VIEWED)
    assert (viewed.actor_name, viewed.object_id, viewed.customer_id) == ("officer", str(event.pk), customer.pk)
    assert viewed.detail is None


def test_support_cannot_open_it_in_full(as_support: Client) -> None:
    deliver(captured("client_status"))
    address = WebhookEvent.objects.get().get_absolute_url()

    assert "Show it in full" not in as_support.get(address).content.decode()
    refused = as_support.get(address, {"in_full": ""})

    assert refused.status_code == 403
    assert "jane@example.com" not in refused.content.decode()
    assert not Event.objects.filter(kind=Kind.RECORD_VIEWED).exists()


def test_support_opens_it_in_full_while_its_customer_is_revealed(as_support: Client, settings: Any) -> None:
    customer = make_active_customer()
    event = make_event(body=captured("client_status"), customer_id=customer.pk)
    address, in_full, reveal = event.get_absolute_url(), {"in_full": ""}, f"/customers/{customer.pk}/reveal/"
    assert reveal in as_support.get(address).content.decode()
    assert as_support.get(address, in_full)["Location"] == address

    as_support.post(reveal, {"reason": "CALLER", "back": address})

    assert "jane@example.com" in as_support.get(address, in_full).content.decode()
    settings.REVEAL_SECONDS = 0
    assert as_support.get(address, in_full)["Location"] == address


def test_a_page_in_full_does_not_ask_again_by_itself(as_officer: Client) -> None:
    event = make_event(outcome="FAILED", error="Handling failed: X", next_attempt_at=timezone.now())

    assert "hx-trigger" not in as_officer.get(event.get_absolute_url(), {"in_full": ""}, headers=HTMX).content.decode()


def test_a_delivery_that_waits_is_followed_and_one_at_rest_is_not(as_support: Client) -> None:
    waiting = make_event(outcome="FAILED", error="Handling failed: X", next_attempt_at=timezone.now())
    settled = make_event()

    assert 'hx-trigger="every 1s"' in as_support.get(waiting.get_absolute_url()).content.decode()
    assert "hx-trigger" not in as_support.get(settled.get_absolute_url(), headers=HTMX).content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"outcome": "FAILED", "error": "Handling failed: X"}, "ask an admin to process it again"),
        ({"outcome": "REJECTED", "outcome_note": "The body is not JSON."}, "The body is not JSON."),
        ({"outcome": "IGNORED", "outcome_note": "Card not known for a day"}, "Card not known for a day"),
        ({"outcome": "RECEIVED", "next_attempt_at": NOON}, "Waiting to be handled"),
    ],
)
def test_each_outcome_says_what_happens_next(as_support: Client, changes: dict[str, Any], sentence: str) -> None:
    event = make_event(**changes)

    assert sentence in as_support.get(event.get_absolute_url()).content.decode()
