import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cards.models import Authorization
from customers.models import NewKind, UnknownReason
from customers.tests.making import make_customer
from desk.hours import chart_of_hours
from provider.actions import want
from provider.models import CallKind, CallState, ProviderCall
from webhooks.models import Refusal
from webhooks.tests.making import make_event

pytestmark = pytest.mark.django_db

BOARD = "/dashboard/"


@pytest.fixture
def as_admin(client: Client, admin_person: User) -> Client:
    client.force_login(admin_person)
    return client


def look(client: Client) -> str:
    answer = client.get(BOARD)
    assert answer.status_code == 200
    return answer.content.decode()


def figure(page: str, label: str) -> tuple[str, str]:
    """Return a figure's number and the address behind it."""
    found = re.search(rf'{label}</p>\s*<p class="figure-value"[^>]*>(?:<a href="([^"]*)">)?(\d+)', page)
    assert found, page
    return found[2], (found[1] or "").replace("&amp;", "&")


def decline(reason: str, **changes: Any) -> Authorization:
    now = timezone.now()
    return Authorization.objects.create(
        **{"delivery_key": uuid4().hex, "response_code": "05", "reason": reason, "decided_at": now, **changes}
    )


def test_each_number_leads_to_the_rows_behind_it(as_admin: Client) -> None:
    make_event(outcome="FAILED", error="x", operation_id="the failed one")
    make_event(outcome="REJECTED", product="", outcome_note="The body is not JSON.")
    decline("DATABASE_SLOW")

    page = look(as_admin)

    for label, words in (("Failed deliveries", "the failed one"), ("Rejected", "The body is not JSON.")):
        number, url = figure(page, label)
        assert number == "1"
        assert words in as_admin.get(url).content.decode()
    reason = re.search(r'href="([^"]*reason=DATABASE_SLOW)"', page)
    assert reason
    assert as_admin.get(reason[1]).status_code == 200


def test_refused_keys_are_shown_by_the_hour(as_admin: Client) -> None:
    now = timezone.now()
    for hours, count in ((1, 30), (2, 12), (48, 999)):
        Refusal.objects.create(
            hour=now - timedelta(hours=hours), kind="KEY", count=count, last_at=now - timedelta(hours=hours)
        )

    page = look(as_admin)

    assert figure(page, "Refused keys") == ("42", "#refusals")
    assert "The key was missing or wrong" in page
    assert "999" not in page


def test_declines_that_are_our_fault_stand_apart(as_admin: Client) -> None:
    decline("CARD_LOCKED")
    decline("DATABASE_AWAY")
    decline("CARD_NOT_ACTIVE")
    decline("TOO_LATE", decided_at=timezone.now() - timedelta(days=2))

    page = look(as_admin)

    assert figure(page, "Late or failed authorizations")[0] == "2"
    assert "The card is not active" in page
    assert page.count("The portal</span>") == 2


def test_a_call_without_an_answer_is_counted(as_admin: Client, officer: User) -> None:
    customer = make_customer()
    call = want(kind=CallKind.REGISTER_CLIENT, target=customer, customer_id=customer.pk, by=officer)
    ProviderCall.objects.filter(pk=call.pk).update(state=CallState.UNKNOWN, sent_at=timezone.now())

    number, url = figure(look(as_admin), "Calls without an answer")

    assert number == "1"
    assert "Register the customer" in as_admin.get(url).content.decode()


def test_a_new_kind_of_requirement_is_counted_until_the_portal_knows_it(as_admin: Client) -> None:
    for word in ("HOLOGRAM", "DATE"):  # a later version has learned the second
        NewKind.objects.create(word=word, example="Affinity: Household quorum", times=3)

    number, url = figure(look(as_admin), "New kinds of requirement")

    assert number == "1"
    assert "Affinity: Household quorum" in as_admin.get(url).content.decode()


def test_a_refusal_that_nobody_has_written_up_is_counted(as_admin: Client) -> None:
    UnknownReason.objects.create(words="The moon was full", times=2)
    UnknownReason.objects.create(words="Written up already", written_at=timezone.now())

    number, url = figure(look(as_admin), "Refusals not written up")

    page = as_admin.get(url).content.decode()
    assert number == "1"
    assert "The moon was full" in page
    assert "Written up already" not in page


@pytest.mark.parametrize(("seconds", "words"), [(5, "At work"), (90, "Silent")])
def test_beat_is_at_work_or_silent(as_admin: Client, seconds: int, words: str) -> None:
    heartbeats: Any = apps.get_model("portal", "Heartbeat")
    heartbeats.beat("beat", at=timezone.now() - timedelta(seconds=seconds))

    found = re.search(r"<dt>Beat</dt><dd>(.*?)</dd>", look(as_admin))

    assert found
    assert words in found[1]


def test_what_was_never_heard_of_is_to_be_started(as_admin: Client) -> None:
    page = look(as_admin)

    for name in ("Beat", "Worker for people", "Worker for background", "Worker for documents", "Broker"):
        assert f"<dt>{name}</dt>" in page
    assert page.count("and never heard of") == 5
    assert "Start what is silent" in page


def test_an_hour_shows_what_came_and_what_became_of_it(as_admin: Client) -> None:
    for outcome in ("HANDLED", "IGNORED", "FAILED"):
        make_event(outcome=outcome)
    make_event(received_at=timezone.now() - timedelta(days=3))

    page = look(as_admin)

    assert 'class="bar bar--good"' in page
    assert 'class="bar bar--bad"' in page
    assert "3 in an hour" in page


def test_an_hour_without_deliveries_has_its_place_and_its_row() -> None:
    now = datetime(2026, 4, 15, 12, 30, tzinfo=UTC)

    chart = chart_of_hours({now.replace(minute=0): {"HANDLED": 999, "FAILED": 1}}, until=now)

    assert len(chart.table.rows) == 24
    assert chart.table.rows[0] == ("2026-04-15 12:00", 999, 0, 1, 1000)
    assert chart.table.rows[-1] == ("2026-04-14 13:00", 0, 0, 0, 0)
    assert chart.picture is not None
    assert "12:00: 999 handled or ignored, 1 failed or rejected" in str(chart.picture)


def test_the_page_takes_as_many_queries_on_a_busy_day(
    as_admin: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(20):
        make_event()
        decline("CARD_UNKNOWN")

    with django_assert_num_queries(26):  # session, person, permissions, mentions, approvals, twenty of its own
        as_admin.get(BOARD)


@pytest.mark.parametrize("permission", ["view_webhookevent", "view_event"])
def test_either_permission_opens_it_and_shows_it_in_the_rail(client: Client, permission: str) -> None:
    person = User.objects.create_user("someone")
    person.user_permissions.add(Permission.objects.get(codename=permission))
    client.force_login(person)

    assert f'<a href="{BOARD}" aria-current="page">' in look(client)


def test_numbers_lead_nowhere_for_those_who_may_not_open_the_rows(client: Client) -> None:
    auditor = User.objects.create_user("auditor")
    auditor.user_permissions.add(Permission.objects.get(codename="view_event"))
    client.force_login(auditor)
    make_event(outcome="FAILED", error="x")

    assert figure(look(client), "Failed deliveries") == ("1", "")


def test_others_are_refused(client: Client) -> None:
    client.force_login(User.objects.create_user("nobody"))

    assert client.get(BOARD).status_code == 403
    assert client.post(BOARD).status_code in (403, 405)


def test_the_page_keeps_itself_true(as_admin: Client) -> None:
    partial = as_admin.get(BOARD, headers={"HX-Request": "true"}).content.decode()

    assert partial.strip().startswith('<div class="stack" id="board"')
    assert 'hx-trigger="every 30s"' in partial
