"""Deliveries handled again in bulk by two people, where an admin wants two."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from audit.models import Event
from cards.tests.test_four_eyes import switch_on
from customers.policies import NotAllowed
from people import four_eyes
from people.approvals import Act, Approval
from webhooks import actions
from webhooks.models import WebhookEvent
from webhooks.tests.making import make_event

pytestmark = pytest.mark.django_db


def failed(**changes: Any) -> WebhookEvent:
    return make_event(outcome="FAILED", error="Handling failed: X", **changes)


def again(by: User) -> int | Approval:
    now = timezone.now()
    return actions.process_failed_again(since=now - timedelta(days=1), by=by, now=now)


def outcomes() -> list[str]:
    return list(WebhookEvent.objects.order_by("received_at").values_list("outcome", flat=True))


def test_those_that_two_people_agreed_on_are_handled_again_and_no_other(admin_person: User, senior: User) -> None:
    switch_on(Act.REPLAY)
    failed(), failed()
    approval = again(admin_person)
    assert isinstance(approval, Approval)
    failed()  # since it was asked for
    assert outcomes() == ["FAILED"] * 3

    with pytest.raises(NotAllowed, match="You asked for this yourself"):
        four_eyes.approve(approval=approval, by=admin_person)
    four_eyes.approve(approval=approval, by=senior)

    assert outcomes() == ["RECEIVED", "RECEIVED", "FAILED"]
    done = Event.objects.filter(kind="delivery.processed_again")
    assert {event.actor_name for event in done} == {"admin"}
    assert approval.words.startswith("Process 2 deliveries again: 2 ")


def test_one_alone_needs_nobody_else_and_so_do_many_where_it_is_off(admin_person: User) -> None:
    failed()
    switch_on(Act.REPLAY)
    assert again(admin_person) == 1

    switch_on(Act.REPLAY, is_on=False)
    failed(), failed()
    assert again(admin_person) == 2


def test_the_pages_say_that_it_waits(client: Client, admin_person: User, senior: User) -> None:
    switch_on(Act.REPLAY)
    inside, _ = failed(), failed()
    client.force_login(admin_person)
    since = f"{timezone.localtime() - timedelta(days=1):%Y-%m-%dT%H:%M}"

    page = client.post("/events/again/", {"since": since}, follow=True).content.decode()

    assert "Process 2 deliveries again" in page
    assert "You cannot approve your own." in page
    assert outcomes() == ["FAILED", "FAILED"]
    outside = failed()
    for row, is_shown in ((inside, True), (outside, False)):
        assert ("Waits for a second person" in client.get(row.get_absolute_url()).content.decode()) == is_shown
    answer = client.post("/events/again/", {"since": since})
    assert answer.status_code == 409
    assert "admin asked for something else here" in answer.content.decode()
    client.force_login(senior)
    assert "Approve</button>" in client.get(inside.get_absolute_url()).content.decode()


def test_django_admin_is_no_way_around_it(client: Client, admin_person: User) -> None:
    switch_on(Act.REPLAY)
    rows = [failed(), failed(), make_event(outcome="REJECTED")]
    client.force_login(admin_person)
    form = {"action": "process_again", "_selected_action": [row.pk for row in rows]}

    page = client.post("/admin/webhooks/webhookevent/", form, follow=True).content.decode()

    assert "this waits for a second person" in page
    assert Approval.objects.get().words.startswith("Process 2 deliveries again")
    assert outcomes() == ["FAILED", "FAILED", "REJECTED"]
