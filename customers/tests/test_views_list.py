import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from customers import paging
from customers.models import Customer
from customers.tests.making import make_customer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]


def make_many(count: int) -> list[Customer]:
    """Return customers, oldest first; each two share a time, so that the id has to tell them apart."""
    start = timezone.now() - timedelta(days=1)
    for number in range(count):
        make_customer(api_id=f"client-{number}", created_at=start + timedelta(minutes=number // 2))
    return list(Customer.objects.order_by("created_at", "pk"))


def names(response: Any) -> list[Any]:
    return [row.customer.pk for row in response.context["listed"].rows]


def test_the_list_shows_who_where_and_how_they_stand(as_officer: Client) -> None:
    make_customer(status="ACTIVE")

    page = as_officer.get("/customers/").content.decode()

    for shown in ("Maria Barber", "Argentina", "Active", "New customer"):
        assert shown in page


def test_support_sees_the_list_without_the_way_to_register(as_support: Client) -> None:
    make_customer()

    page = as_support.get("/customers/").content.decode()

    assert "Maria Barber" in page
    assert "New customer" not in page


def test_pages_lead_through_everybody_and_back(as_officer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)
    newest_first = [customer.pk for customer in make_many(8)][::-1]

    first = as_officer.get("/customers/")
    second = as_officer.get(first.context["older_url"])
    third = as_officer.get(second.context["older_url"])
    back = as_officer.get(third.context["newer_url"])
    start = as_officer.get(back.context["newer_url"])

    assert names(first) + names(second) + names(third) == newest_first
    assert (first.context["newer_url"], third.context["older_url"]) == ("", "")
    assert names(back) == names(second)
    assert names(start) == names(first)
    assert start.context["newer_url"] == ""


def test_a_status_filters_and_stays_in_the_address(as_officer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 1)
    make_many(2)
    active = make_customer(api_id="a1", status="ACTIVE")
    make_customer(api_id="a2", status="ACTIVE")

    first = as_officer.get("/customers/", {"status": "ACTIVE"})
    second = as_officer.get(first.context["older_url"])

    assert first.context["listed"].total == 2
    assert names(second) == [active.pk]
    assert '<option value="ACTIVE" selected>' in second.content.decode()


def test_an_empty_list_says_what_it_will_show(as_officer: Client) -> None:
    assert "No customers yet" in as_officer.get("/customers/").content.decode()
    assert "No customer has this status" in as_officer.get("/customers/", {"status": "ACTIVE"}).content.decode()


def test_a_page_after_everybody_newer_is_the_first(as_officer: Client) -> None:
    customer = make_customer()

    response = as_officer.get("/customers/", {"newer": str(paging.Place(customer.created_at, customer.pk))})

    assert names(response) == [customer.pk]


@pytest.mark.parametrize(
    "place", ["x", "2026-01-01T00:00:00_x", "2026-01-01T00:00:00_5a3d9bbe-b2fa-49d2-a736-71bb3ea502c7"]
)
def test_an_address_we_did_not_write_is_refused(place: str, as_officer: Client) -> None:
    assert as_officer.get("/customers/", {"older": place}).status_code == 400


@pytest.mark.parametrize("way", ["older", "newer"])
@pytest.mark.parametrize("moment", ["2026-01-01T00:00:00+23:59", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59-23:59"])
def test_a_moment_no_row_can_have_breaks_nothing(way: str, moment: str, as_officer: Client) -> None:
    answer = as_officer.get("/customers/", {way: f"{moment}_{uuid.uuid4()}"})

    assert answer.status_code in (200, 400)


def test_the_list_costs_the_same_for_one_as_for_many(as_officer: Client, django_assert_num_queries: Any) -> None:
    make_many(20)

    # session, person, two of permissions, count, rows, countries
    with django_assert_num_queries(8):
        as_officer.get("/customers/")


def test_only_reading_is_possible(as_officer: Client) -> None:
    assert as_officer.post("/customers/").status_code == 405
