"""The page of charts: what each number counts, what it does not, and that it never says more than there is."""

import csv
import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from conftest import person
from customers.models import Customer, EnablementRequest, RejectionReason, StatusChange
from customers.tests.making import make_customer
from desk.models import Spell, Target
from desk.periods import Period, last_days
from desk.report_charts import CHARTS

pytestmark = pytest.mark.django_db

PAGE = "/reports/"
MARCH = "?since=2025-03-03&until=2025-03-16"  # two weeks, from a Monday to a Sunday
HOUR = timedelta(hours=1)


@pytest.fixture
def as_officer(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


def at(day: int, hour: float = 12) -> datetime:
    """Return an hour of a day of March 2025; the 3rd is a Monday."""
    return datetime(2025, 3, day, tzinfo=UTC) + hour * HOUR


def somebody() -> Customer:
    return make_customer(api_id=uuid4().hex, individual_cards=False)  # who has no case of their own yet


def waited(customer: Customer, side: str, began: datetime, ended: datetime | None = None) -> None:
    Spell.objects.create(customer=customer, waits_for=side, reason="MISSING", began_at=began, ended_at=ended)


def changed(customer: Customer, machine: str, before: str, after: str, when: datetime) -> None:
    StatusChange.objects.create(
        machine=machine,
        object_id=uuid4(),
        customer=customer,
        from_status=before,
        to_status=after,
        source="SYNC",
        at=when,
    )


def refused(customer: Customer, words: str, when: datetime, *, code: str = "") -> None:
    EnablementRequest.objects.create(
        customer=customer, api_id=uuid4().hex, status="REJECTED", decided_at=when, submitted_at=when,
        rejection_code=code, rejection_description=words,
    )  # fmt: skip


def table(client: Client, chart: str, query: str = MARCH) -> list[dict[str, str]]:
    answer: Any = client.get(f"{PAGE}{chart}.csv{query}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(StringIO(answer.getvalue().decode())))


def section(client: Client, chart: str, query: str = MARCH) -> str:
    """Return what the page says about one chart, as it is read."""
    answer = client.get(PAGE + query)
    assert answer.status_code == 200
    found = re.search(rf'<section [^>]*id="{chart}".*?</section>', answer.content.decode(), re.DOTALL)
    assert found
    return html.unescape(found[0])


# --- What came in and what was decided


def test_who_came_in_counts_once_and_each_decision_on_its_day(as_officer: Client) -> None:
    once, again, before = somebody(), somebody(), somebody()
    waited(once, "US", at(3, 0), at(3, 5))  # at midnight: the first moment of the period
    waited(again, "US", at(4), at(5))
    waited(again, "PROVIDER", at(5), at(6))
    waited(before, "US", at(2, 23.99), at(4))
    waited(before, "PROVIDER", at(4), at(6))
    changed(again, "customer", "PENDING", "REJECTED", at(6))
    changed(again, "customer", "REJECTED", "PENDING", at(7))
    changed(again, "customer", "PENDING", "ACTIVE", at(16, 23.99))
    changed(before, "customer", "PENDING", "ACTIVE", at(17, 0))  # after its last moment
    changed(before, "card", "FROZEN", "ACTIVE", at(6))

    rows = table(as_officer, "throughput", MARCH + "&by=day")

    assert len(rows) == 14
    busy = {row["Day"]: (row["Came in"], row["Active"], row["Rejected"]) for row in rows if "1" in list(row.values())}
    assert busy == {
        "2025-03-03": ("1", "0", "0"), "2025-03-04": ("1", "0", "0"), "2025-03-06": ("0", "0", "1"),
        "2025-03-16": ("0", "1", "0"),
    }  # fmt: skip
    by_week = table(as_officer, "throughput", MARCH + "&by=week")
    assert [list(row.values()) for row in by_week] == [
        ["2025-03-03 to 2025-03-09", "2", "0", "1"], ["2025-03-10 to 2025-03-16", "0", "1", "0"]
    ]  # fmt: skip
    said = section(as_officer, "throughput")
    assert "2 came in; 1 became Active and 1 Rejected." in said
    assert "<title>6 Mar: 1 rejected</title>" in said


# --- First submissions


def test_only_the_first_decision_on_a_customer_counts(as_officer: Client) -> None:
    approved, sent_back, refused_once, resubmitted, late = (somebody() for _ in range(5))
    changed(approved, "request", "PENDING_DOCUMENTATION", "IN_KYC", at(3))
    changed(approved, "request", "IN_KYC", "ENABLED", at(4))
    changed(sent_back, "request", "IN_KYC", "PENDING_DOCUMENTATION", at(5))
    changed(sent_back, "request", "IN_KYC", "ENABLED", at(6))
    changed(refused_once, "request", "PENDING_DOCUMENTATION", "REJECTED", at(7))  # nobody saw it in review
    changed(resubmitted, "request", "IN_KYC", "REJECTED", at(1))  # before the period
    changed(resubmitted, "request", "IN_KYC", "ENABLED", at(5))
    changed(late, "request", "PENDING_DOCUMENTATION", "IN_KYC", at(5))  # still in review
    changed(late, "customer", "PENDING", "ACTIVE", at(6))  # another machine

    rows = table(as_officer, "first-time-approval")

    assert [list(row.values()) for row in rows] == [
        ["2025-03-03 to 2025-03-09", "3", "1", "33.3"], ["2025-03-10 to 2025-03-16", "0", "0", ""]
    ]  # fmt: skip
    said = section(as_officer, "first-time-approval")
    assert "1 of 3 first submissions approved." in said
    assert ">no decision<" in said
    assert "33%" not in re.sub(r"<rect.*?</rect>", "", said)  # a share of three says too much


# --- Refusals


def test_refusals_are_counted_by_reason_in_our_words(as_officer: Client) -> None:
    for words in ("Name does not match", "The birth date differs", "Document expired", "", "Maria’s neighbour says no"):
        refused(somebody(), words, at(5))
    refused(somebody(), "Document expired", at(17, 0))
    EnablementRequest.objects.create(customer=somebody(), api_id="e", status="ENABLED", decided_at=at(5))

    rows = table(as_officer, "rejections")

    assert [list(row.values()) for row in rows] == [
        ["Name or date of birth differ from the document", "2", "40.0"],
        ["A reason that nobody has written up", "1", "20.0"],
        ["No reason given", "1", "20.0"],
        ["The document was no longer valid", "1", "20.0"],
    ]
    said = section(as_officer, "rejections")
    assert "5 requests were refused. Most often: name or date of birth differ" in said
    assert "neighbour" not in said


def test_reasons_beyond_the_commonest_are_drawn_as_one_and_listed_each(as_officer: Client) -> None:
    for number in range(12):
        RejectionReason.objects.create(
            pattern=f"reason {number} of", staff_text=f"=Reason {number}. Do something.", customer_text="x",
            remedy="FINAL", position=1,
        )  # fmt: skip
        for _ in range(number + 1):
            refused(somebody(), f"reason {number} of", at(5))

    rows, said = table(as_officer, "rejections"), section(as_officer, "rejections")

    assert len(rows) == 12
    assert rows[0]["Reason"] == "'=Reason 11"  # no formula in a spreadsheet
    assert "4 other reasons" in said
    widths = [float(width) for width in re.findall(r'<rect[^>]* width="([\d.]+)%"', said)]
    assert widths == pytest.approx([100 * count / 12 for count in (12, 11, 10, 9, 8, 7, 6, 5, 1 + 2 + 3 + 4)], abs=0.01)


# --- Time with each side


def test_time_with_each_side_is_that_of_waits_that_ended_in_the_period(as_officer: Client) -> None:
    Target.objects.filter(waits_for="US").update(due_soon_after_hours=4, late_after_hours=8)
    for hours in (1, 2, 7.99, 8):  # the last was late the moment it ended
        waited(somebody(), "US", at(5), at(5, 12 + hours))
    waited(somebody(), "US", at(2, 0), at(3, 6))  # 30 hours, of which 6 fell in the period
    waited(somebody(), "PROVIDER", at(1), at(2))  # over before
    waited(somebody(), "PROVIDER", at(16, 20), at(17, 8))  # open at its end
    waited(somebody(), "CUSTOMER", at(10, 0))  # open still

    rows = table(as_officer, "stages")
    us, provider, customer = ({row["With"]: row[side] for row in rows} for side in ("Us", "CryptoMate", "The customer"))

    assert (us["Waits ended"], us["Half took at most, h"]) == ("5", "7.99")
    assert us["Nine in ten took at most, h"] == ""  # of five that would be all
    assert (us["Target, h"], us["Within target"], us["Within target, %"]) == ("8", "3", "60.0")
    assert (us["Hours in all"], us["Still open"]) == ("24.99", "0")
    assert (provider["Waits ended"], provider["Half took at most, h"], provider["Within target, %"]) == ("0", "", "")
    assert (provider["Hours in all"], provider["Still open"], provider["Open longest, h"]) == ("4.0", "1", "4.0")
    assert (customer["Hours in all"], customer["Still open"], customer["Open and late"]) == ("168.0", "1", "1")
    said = section(as_officer, "stages")
    assert "Cases lay longest with the customer: 85% of all waiting." in said
    assert "3 of 5 within 8 h" in said
    assert "half within 8 h" in said
    assert said.count(">no wait ended in this period<") == 2


def test_nine_in_ten_is_said_of_ten(as_officer: Client) -> None:
    for hours in range(1, 12):
        waited(somebody(), "US", at(5, 0), at(5, hours))

    said = section(as_officer, "stages")

    assert "half within 6 h, nine in ten within 10 h" in said
    assert "64% of 11 within 8 h" in said
    nine, half = re.findall(r'<rect class="bar bar--us(?:-soft)?" x="0%" y="\d+" width="([\d.]+)%" height="9"', said)
    (target,) = re.findall(r'<line class="target" x1="([\d.]+)%"', said)
    assert float(half) / float(target) == pytest.approx(6 / 8, abs=0.001)
    assert float(nine) / float(target) == pytest.approx(10 / 8, abs=0.001)


# --- The page


def test_where_nothing_was_decided_nothing_is_drawn_and_no_rate_is_given(as_officer: Client) -> None:
    page = as_officer.get(PAGE + MARCH).content.decode()

    for words in (
        "Nobody came in and nobody was decided in this period.", "No first submission was decided in this period.",
        "No request was refused in this period.", "No case was open in this period.",
    ):  # fmt: skip
        assert words in page
    assert 'class="chart"' not in page
    assert "%" not in section(as_officer, "first-time-approval")


def test_each_chart_says_what_it_counts_and_is_a_table_and_a_file_too(as_officer: Client) -> None:
    customer = somebody()
    waited(customer, "US", at(3), at(4))
    changed(customer, "request", "IN_KYC", "REJECTED", at(5))
    refused(customer, "Document expired", at(5))

    for chart in CHARTS:
        said = section(as_officer, chart)
        assert f'role="img" aria-labelledby="{chart}-title {chart}-text"' in said
        assert "As a table" in said
        shown = re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", said)
        address = re.search(rf'href="({PAGE}{chart}\.csv[^"]*)"', said)
        assert address
        rows = list(csv.reader(StringIO(as_officer.get(address[1]).getvalue().decode())))
        assert [cell or "—" for row in rows for cell in row] == shown
        assert said.count("style=") == 0


@pytest.mark.parametrize(
    ("query", "words"),
    [("?since=2025-03-16&until=2025-03-03", "before the first one"), ("?since=nonsense", "Enter a valid date")],
)
def test_an_address_that_cannot_be_drawn_keeps_what_was_typed(as_officer: Client, query: str, words: str) -> None:
    for address in (PAGE, PAGE + "throughput.csv"):
        answer = as_officer.get(address + query)

        assert answer.status_code == 422
        page = answer.content.decode()
        assert words in page
        assert 'aria-invalid="true"' in page
        assert f'value="{query[7:].partition("&")[0]}"' in page


def test_a_chart_that_does_not_exist_is_not_found(as_officer: Client) -> None:
    assert as_officer.get(f"{PAGE}secrets.csv").status_code == 404


@pytest.mark.parametrize("role", ["Senior officer", "Auditor", "Admin"])
def test_who_looks_after_the_work_finds_the_page_in_the_rail(client: Client, role: str) -> None:
    client.force_login(person("someone", role))

    assert f'<a href="{PAGE}" aria-current="page">' in client.get(PAGE).content.decode()


def test_support_has_no_page_of_charts_and_no_file(client: Client, support: User) -> None:
    client.force_login(support)

    assert client.get(PAGE).status_code == 403
    assert client.get(f"{PAGE}throughput.csv").status_code == 403
    assert f'href="{PAGE}"' not in client.get("/customers/").content.decode()


def test_the_page_takes_as_many_queries_after_a_busy_period(
    as_officer: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for day in range(3, 17):
        customer = somebody()
        waited(customer, "US", at(day), at(day, 20))
        changed(customer, "request", "IN_KYC", "REJECTED", at(day, 20))
        refused(customer, "Document expired", at(day, 20))

    # Session, person, two for permissions, mentions; one for each chart, and one each for reasons and targets.
    with django_assert_num_queries(11):
        as_officer.get(PAGE + MARCH)


def plan_of(act: Callable[[], object]) -> str:
    """Return how PostgreSQL carries out the queries of this where it may choose as for a large table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
        )
    with CaptureQueriesContext(connection) as queries:
        act()
    with connection.cursor() as cursor:
        explained = []
        for query in queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            explained += [line for (line,) in cursor.fetchall()]
    return "\n".join(explained)


def long_ago(*, spells: int) -> None:
    """Write so many waits, over for long, that reading them all would not pay."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO desk_spell (customer_id, waits_for, reason, began_at, ended_at)"
            " SELECT %s, 'US', 'MISSING', moment, moment FROM (SELECT timestamptz '2020-01-01' + n * interval '1 hour'"
            " AS moment FROM generate_series(1, %s) n) moments",
            [somebody().pk, spells],
        )
        cursor.execute("ANALYZE desk_spell")


def test_each_chart_is_counted_by_index() -> None:
    long_ago(spells=3000)
    period: Period = last_days(90, today=timezone.localdate())
    wanted = {
        "throughput": ("status_change_newest", "spell_newest"),
        "first-time-approval": ("status_change_newest", "customers_statuschange_customer"),
        "rejections": ("request_refused",),
        "stages": ("spell_ended", "one_open_spell_per_customer"),
    }
    for slug, indexes in wanted.items():
        plan = plan_of(lambda slug=slug: CHARTS[slug](period, now=timezone.now()))  # type: ignore[misc]
        assert [index for index in indexes if index not in plan] == [], plan
        assert not re.search(r"Seq Scan on (desk_spell|customers_\w*(change|request))", plan), plan
