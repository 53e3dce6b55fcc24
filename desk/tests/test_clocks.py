"""Clocks: with whom the time of a case went, and whether the present stage is late."""

import html
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from customers.models import Customer
from customers.statuses import Source
from customers.tests.making import NOTHING_MISSING, make_customer, make_request
from desk.clocks import Due, Stay, clocks_of
from desk.models import Case, Spell

pytestmark = pytest.mark.django_db

NOW = timezone.now()
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the test's own beginning: PostgreSQL's clock goes on, and this file may have been read minutes ago."""
    now = timezone.now()
    monkeypatch.setitem(globals(), "NOW", now)
    monkeypatch.setattr(timezone, "now", lambda: now)


def case_since(customer: Customer, *, hours: float, side: str = "US") -> Case:
    """Have the customer's case wait for this side since so many hours ago, and for nobody before."""
    Spell.objects.filter(customer=customer).delete()
    since = NOW - hours * HOUR
    Spell.objects.create(customer=customer, waits_for=side, reason="MISSING", began_at=since)
    Case.objects.filter(pk=customer.pk).update(since=since)
    return Case.objects.get(pk=customer.pk)


@pytest.mark.parametrize(
    ("hours", "label", "meaning"),
    [
        (0, "Due in 8 h", "neutral"),
        (3.99, "Due in 4 h", "neutral"),
        (4, "Due in 4 h", "waiting"),
        (4.5, "Due in 3 h", "waiting"),
        (7.5, "Due in 30 min", "waiting"),
        (7.999, "Due in under a minute", "waiting"),
        (8, "Late by under a minute", "bad"),
        (10.9, "Late by 2 h", "bad"),
        (55.9, "Late by 47 h", "bad"),
        (8 + 71.9, "Late by 2 days", "bad"),
    ],
)
def test_what_is_due_is_said_and_never_more_than_there_is(hours: float, label: str, meaning: str) -> None:
    since = NOW - hours * HOUR

    due = Due(soon_at=since + 4 * HOUR, late_at=since + 8 * HOUR, now=NOW)

    assert (due.label, due.meaning, due.is_pressing) == (label, meaning, meaning != "neutral")


def clocks_on_page(client: Client, customer: Customer) -> str:
    answer = client.get(f"/customers/{customer.pk}/")
    assert answer.status_code == 200
    found = re.search(r'<section [^>]*id="clocks".*?</section>', answer.content.decode(), re.DOTALL)
    return html.unescape(found[0]) if found else ""


def test_the_customer_s_page_says_where_the_time_went_and_that_it_is_late(client: Client, officer: User) -> None:
    client.force_login(officer)
    customer = make_customer()
    make_request(customer)
    case_since(customer, hours=10.3)
    for began, ended, side in ((50, 40, "US"), (40, 20, "PROVIDER"), (20, 10.3, "CUSTOMER")):
        Spell.objects.create(
            customer=customer,
            waits_for=side,
            reason="MISSING",
            began_at=NOW - began * HOUR,
            ended_at=NOW - ended * HOUR,
        )

    shown = clocks_on_page(client, customer)

    assert 'badge--bad"><svg' in shown
    assert "Late by 2 h" in shown
    assert "With us since" in shown
    assert "Target: 8 h." in shown
    said = re.sub(r"<[^>]+>", "", "|".join(re.findall(r"<d[td]>(.*?)</d[td]>", shown)))
    assert said == "With us|20 h 18 min in 2 stretches|With CryptoMate|20 h|With the customer|9 h 42 min"
    assert "with us 20 h, with CryptoMate 20 h, with the customer 9.7 h</desc>" in shown
    widths = [float(width) for width in re.findall(r'<rect[^>]* width="([\d.]+)%"', shown)]
    assert widths == pytest.approx([40.6, 40, 19.4], abs=0.1)


def test_what_is_due_soon_is_amber_and_what_is_in_time_is_quiet(client: Client, officer: User) -> None:
    client.force_login(officer)
    customer = make_customer()
    make_request(customer)

    case_since(customer, hours=5.5)
    assert "badge--waiting" in clocks_on_page(client, customer)
    case_since(customer, hours=0)
    shown = clocks_on_page(client, customer)

    assert "Due in" in shown
    assert "badge" not in shown


def test_the_queue_says_by_how_much_a_case_is_late(client: Client, officer: User) -> None:
    client.force_login(officer)
    customer = make_customer()
    make_request(customer)

    for hours, words in ((1, ""), (6.5, "Due in 1 h"), (10.3, "Late by 2 h")):
        case_since(customer, hours=hours)
        row = re.search(rf'<tr id="ours-{customer.pk}".*?</tr>', client.get("/").content.decode(), re.DOTALL)

        assert row
        assert re.findall(r"(?:Due in|Late by) \d+ h", row[0]) == [words][: bool(words)]


def test_a_case_that_is_done_has_a_sum_and_nothing_due(client: Client, officer: User) -> None:
    client.force_login(officer)
    customer = make_customer()
    request = make_request(customer, missing=NOTHING_MISSING)
    case_since(customer, hours=3)
    request.change_status("ENABLED", source=Source.SYNC)
    customer.change_status("ACTIVE", source=Source.SYNC)

    shown = clocks_on_page(client, customer)

    assert "<dt>With us</dt><dd>3 h" in shown
    assert "CryptoMate" not in shown  # through whose hands it passed within a moment
    assert "Done since" in shown
    assert "Due" not in shown
    assert "hx-get" not in shown


def test_the_clocks_go_on_while_the_page_is_open(client: Client, officer: User) -> None:
    client.force_login(officer)
    customer = make_customer()
    make_request(customer)
    case_since(customer, hours=7)
    address = re.search(r'hx-get="([^"]+)" hx-trigger="every 60s"', clocks_on_page(client, customer))
    assert address

    case_since(customer, hours=9)

    assert "Late by 1 h" in client.get(address[1]).content.decode()
    assert client.get(f"/customers/{make_customer(api_id='b', individual_cards=False).pk}/clocks/").status_code == 404


def test_a_customer_without_a_case_has_no_clocks(client: Client, officer: User) -> None:
    client.force_login(officer)

    assert clocks_on_page(client, make_customer(individual_cards=False)) == ""


def test_the_clocks_of_a_long_story_take_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    customer = make_customer()
    make_request(customer)
    case = case_since(customer, hours=1)
    for hours in range(2, 30):
        Spell.objects.create(
            customer=customer, waits_for="PROVIDER", reason="IN_REVIEW",
            began_at=NOW - hours * HOUR, ended_at=NOW - hours * HOUR + HOUR / 2,
        )  # fmt: skip

    with django_assert_num_queries(2):
        clocks = clocks_of(case, now=NOW)

    assert clocks.stays == [Stay("US", HOUR, 1), Stay("PROVIDER", 14 * HOUR, 28)]
