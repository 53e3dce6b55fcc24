"""What should have spoken and did not stands on the dashboard, with since when; what is usual stays away from it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cards.velocity import PortalMinute
from customers.models import EnablementRequest
from customers.standing import usual_review
from customers.tests.making import make_customer, make_request
from desk.silences import EVERYTHING, silences
from webhooks.models import Refusal, WebhookEvent
from webhooks.pace import newest_of, quiet_since
from webhooks.tests.making import make_event

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)
PURCHASES = ["authorized", "cleared"]


@pytest.fixture
def as_admin(client: Client, admin_person: User) -> Client:
    client.force_login(admin_person)
    return client


def ago(**span: float) -> Any:
    return NOW - timedelta(**span)


def run_web(*, minutes: int = 60, until: int = 0) -> None:
    """Have a web process note these minutes, up to `until` minutes ago."""
    PortalMinute.objects.bulk_create(PortalMinute(minute=ago(minutes=until + each)) for each in range(minutes))


def come(event_type: str, at: Any, *, times: int = 1) -> None:
    WebhookEvent.objects.bulk_create(
        WebhookEvent(
            product="cards", event_type=event_type, operation_id=f"{event_type} {at} {each}", status="success",
            body_digest="1", received_at=at, outcome="HANDLED", handled_at=at,
        )
        for each in range(times)
    )  # fmt: skip


def come_every_day(event_type: str, *, hours: float = 0.5, days: int = 7, times: int = 5) -> None:
    for day in range(1, days + 1):
        come(event_type, ago(days=day, hours=hours), times=times)


def found() -> dict[str, Any]:
    refusals = Refusal.objects.since(ago(days=1))
    return {silence.name: silence for silence in silences(refusals, to=User(is_superuser=True), now=NOW)}


# --- Deliveries


def test_purchases_that_come_every_day_at_this_time_and_not_today_are_missed() -> None:
    run_web()
    come_every_day("authorized")
    come("authorized", ago(hours=1))
    come("client_status", ago(minutes=5))

    assert found()["Purchases"].since == ago(hours=1)


def test_purchases_that_come_are_not_missed() -> None:
    run_web()
    come_every_day("authorized")
    come("cleared", ago(minutes=29))

    assert found() == {}


@pytest.mark.parametrize(
    "usually",
    [
        lambda: come_every_day("authorized", days=3),  # on too few days
        lambda: come_every_day("authorized", times=4),  # too few of them
        lambda: come_every_day("authorized", hours=3),  # before this time of day
        lambda: come_every_day("client_status"),  # others
    ],
    ids=["days", "few", "hours", "others"],
)
def test_what_does_not_usually_come_at_this_time_is_not_missed(usually: Callable[[], None]) -> None:
    run_web()
    usually()
    come("authorized", ago(hours=1))
    come("client_status", ago(minutes=5))

    assert found() == {}


def test_what_never_came_is_not_missed() -> None:
    run_web()

    assert found() == {}


def test_where_nothing_comes_at_all_that_alone_is_said() -> None:
    run_web()
    come_every_day("authorized")
    come_every_day("client_status")
    come("client_status", ago(hours=1))

    silence = found()

    assert list(silence) == ["All deliveries"]
    assert silence["All deliveries"].since == ago(hours=1)
    assert "Ask CryptoMate" in silence["All deliveries"].note


def test_requests_with_a_wrong_key_explain_the_silence() -> None:
    run_web()
    come_every_day("authorized")
    come("authorized", ago(hours=1))
    Refusal.objects.create(hour=ago(hours=1), kind="KEY", count=9, last_at=ago(minutes=3))

    assert "Compare the webhook key" in found()["All deliveries"].note


def test_time_in_which_the_portal_did_not_run_is_no_silence_of_the_provider() -> None:
    run_web(minutes=10)
    run_web(minutes=60, until=120)
    come_every_day("authorized")
    come("authorized", ago(hours=2))

    assert found() == {}


def test_an_intake_that_nobody_runs_is_said() -> None:
    run_web(until=4)

    assert found()["Webhook intake"].since == ago(minutes=4)


# --- Reviews


def decided(customer_id: int, *, took: timedelta) -> None:
    make_request(
        make_customer(api_id=f"client-{customer_id}"), status="ENABLED", submitted_at=ago(days=9),
        decided_at=ago(days=9) + took,
    )  # fmt: skip


def in_review(**submitted: float) -> EnablementRequest:
    return make_request(make_customer(api_id="in review"), status="IN_KYC", submitted_at=ago(**submitted))


def test_a_review_longer_than_four_hours_is_missed_where_no_others_tell_how_long_they_take() -> None:
    in_review(hours=4.1)

    assert found()["1 request in review"].since == ago(hours=4.1)


def test_a_review_within_four_hours_is_not_missed_however_quick_others_were() -> None:
    for number in range(5):
        decided(number, took=timedelta(minutes=3))
    in_review(hours=3.9)

    assert found() == {}


@pytest.mark.parametrize(("hours", "is_missed"), [(19, False), (21, True)])
def test_where_others_take_longer_a_review_is_missed_after_twice_their_time(hours: int, is_missed: bool) -> None:
    for number in range(5):
        decided(number, took=timedelta(hours=10))
    in_review(hours=hours)

    assert bool(found()) == is_missed


def test_a_request_that_is_decided_is_not_missed() -> None:
    decided(1, took=timedelta(days=2))

    assert found() == {}


# --- What is seen, and by whom


def test_the_dashboard_says_what_is_silent_since_when_and_leads_there(as_admin: Client) -> None:
    in_review(hours=30)

    page = as_admin.get("/dashboard/").content.decode()
    [section] = re.findall(r'id="silence".*?</section>', page, re.DOTALL)

    assert "1 request in review</a>" in section
    assert 'href="/#queue-provider"' in section
    assert f'datetime="{timezone.localtime(ago(hours=30)).isoformat(timespec="seconds")}"' in section


def test_the_dashboard_says_when_nothing_is_silent(as_admin: Client) -> None:
    assert "Whatever usually comes has come." in as_admin.get("/dashboard/").content.decode()


def test_a_silence_leads_nowhere_for_those_who_may_not_open_its_rows(client: Client) -> None:
    auditor = User.objects.create_user("auditor")
    auditor.user_permissions.add(Permission.objects.get(codename="view_event"))
    client.force_login(auditor)
    in_review(hours=30)

    assert "#queue-provider" not in client.get("/dashboard/").content.decode()


# --- What it costs


def cost() -> int:
    with CaptureQueriesContext(connection) as queries:
        found()
    return len(queries)


def test_looking_costs_as_many_queries_on_a_busy_day() -> None:
    run_web()
    on_a_quiet_day = cost()
    for kind in PURCHASES:
        come(kind, ago(minutes=2), times=50)

    assert cost() == on_a_quiet_day == 4  # the newest minute, the newest of each kind, the usual time, the overdue


def test_a_silence_costs_two_queries_more_for_each_kind_that_may_be_missed() -> None:
    run_web()
    for kind in ("authorized", "client_status"):
        come_every_day(kind)
        come(kind, ago(hours=1))
    come("deposit", ago(minutes=2))

    with CaptureQueriesContext(connection) as queries:
        assert len(found()) == 2

    assert len(queries) == 8


def plans(act: Callable[[], object]) -> str:
    """Return how PostgreSQL carries out the queries of this where it may choose as for a large table."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    with CaptureQueriesContext(connection) as queries:
        act()
    with connection.cursor() as cursor:
        explained = []
        for query in queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            explained += [line for (line,) in cursor.fetchall()]
    return "\n".join(explained)


def test_deliveries_are_found_by_index() -> None:
    run_web()
    come_every_day("authorized")
    come_every_day("refund", times=300)  # of few rows of one kind, any index is as good as another
    make_event(received_at=ago(hours=1))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE webhooks_webhookevent")

    plan = plans(lambda: quiet_since(EVERYTHING, newest_of(EVERYTHING), now=NOW))

    assert plan.count("delivery_type_newest") == 2
    assert "Seq Scan on webhooks_webhookevent" not in plan


def test_reviews_are_found_by_index() -> None:
    in_review(hours=30)

    assert "request_reviewed" in plans(usual_review)
    assert "request_in_review" in plans(found)
