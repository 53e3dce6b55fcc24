import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from cards.tests.making import make_card
from webhooks import actions
from webhooks.models import Outcome, WebhookEvent
from webhooks.tests.making import captured, make_event

pytestmark = pytest.mark.django_db

LIST = "/admin/webhooks/webhookevent/"


@pytest.fixture
def as_admin(client: Client, admin_person: User) -> Client:
    client.force_login(admin_person)
    return client


def process_again(client: Client, *events: WebhookEvent) -> str:
    form = {"action": "process_again", "_selected_action": [event.pk for event in events]}
    return client.post(LIST, form, follow=True).content.decode()


def test_a_delivery_is_read_and_not_changed(as_admin: Client) -> None:
    card = make_card()
    event = make_event(card_id=card.pk, customer_id=card.customer_id, body=captured("client_status"))
    address = f"{LIST}{event.pk}/change/"

    page = as_admin.get(address).content.decode()

    assert f"/admin/cards/card/{card.pk}/change/" in page
    assert "jane@example.com" not in page
    assert 'name="_save"' not in page
    assert as_admin.post(address, {"outcome": "HANDLED"}).status_code == 403
    assert as_admin.get(f"{LIST}add/").status_code == 403
    assert as_admin.get(f"{LIST}{event.pk}/delete/").status_code == 403


def test_the_list_is_found_and_filtered(as_admin: Client) -> None:
    make_event(operation_id="op_here")
    make_event(operation_id="op_there", outcome="FAILED")

    page = as_admin.get(LIST, {"q": "op_here", "outcome": "HANDLED"}).content.decode()

    assert "op_here" in page
    assert "op_there" not in page


def test_an_admin_has_deliveries_processed_again(as_admin: Client) -> None:
    failed, answered = make_event(outcome="FAILED"), make_event(event_type="authorization")

    page = process_again(as_admin, failed, answered)

    failed.refresh_from_db()
    answered.refresh_from_db()
    assert "1 will be handled again within seconds." in page
    assert "1 left alone: An authorization is answered once" in page
    assert (failed.outcome, answered.outcome) == (Outcome.RECEIVED, Outcome.HANDLED)


def test_more_than_a_thousand_at_once_are_left_alone(as_admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_AT_ONCE", 1)
    failed = [make_event(outcome="FAILED", operation_id=name) for name in ("one", "two")]

    page = process_again(as_admin, *failed)

    assert "Choose at most 1 deliveries at once" in page
    assert WebhookEvent.objects.filter(outcome="FAILED").count() == 2


def test_reading_alone_does_not_let_one_process_again(client: Client) -> None:
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_webhookevent"))
    client.force_login(reader)
    event = make_event(outcome="FAILED")

    process_again(client, event)

    event.refresh_from_db()
    assert event.outcome == Outcome.FAILED
