"""Filters of the queue: in the address, page by page, saved by name; and many cases assigned at once."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from conftest import person
from customers.policies import NotAllowed
from desk.cases import Case
from desk.filters import MARKS, Filters
from desk.saved_filters import MOST, SavedFilter, remove_filter, save_filter
from desk.targets import Target
from desk.tests.queueing import make_case

pytestmark = pytest.mark.django_db

BLURRED = [{"type": "document", "key": "passport", "reason": "blurred"}]
NO_DOCUMENT: dict[str, list[Any]] = {"documents": [], "data": []}


@pytest.fixture
def as_officer(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


def shown(client: Client, query: str) -> set[int]:
    """Return the numbers of the cases that the queue shows."""
    page = client.get(f"/?{query}").content.decode()
    return {number for number in range(1, 10) if f">Maria Barber{number}<" in page}


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", {1, 2, 3, 4, 5, 6}),
        ("waits=us", {1, 2, 3, 4, 6}),
        ("waits=provider", {5}),
        ("whose=mine", {1}),
        ("whose=nobody", {2, 3, 4, 5, 6}),
        ("late=1", {2}),
        ("rejected=1", {3, 4}),
        ("escalated=1", {6}),
        ("snoozed=1", {7}),
        ("country=FRA", {2, 5}),
        ("country=FRA&waits=us", {2}),
        ("document=passport", {1, 2, 5, 6}),
        ("document=visa", set()),
        ("waits=moon&whose=world&country=%00&document=%00", {1, 2, 3, 4, 5, 6}),
    ],
)
def test_the_address_says_what_is_shown(as_officer: Client, officer: User, query: str, numbers: set[int]) -> None:
    french = {"country": "FRA"}
    make_case(1)
    make_case(2, hours=30, customer=french)
    make_case(3, status="REJECTED", missing=NO_DOCUMENT)
    make_case(4, missing=NO_DOCUMENT, rejected_items=BLURRED)
    make_case(5, status="IN_KYC", submitted_at=timezone.now(), customer=french)
    escalated, snoozed = make_case(6), make_case(7)
    Case.objects.filter(customer__last_name="Barber1").update(assigned_to=officer)
    Case.objects.filter(pk=escalated.pk).update(escalated_at=timezone.now(), escalated_by=officer)
    Case.objects.filter(pk=snoozed.pk).update(snoozed_until=timezone.now() + timedelta(days=1))

    assert shown(as_officer, query) == numbers


def test_what_is_filtered_by_stands_above_the_list_and_goes_into_the_poll(as_officer: Client) -> None:
    page = as_officer.get("/?waits=us&late=1&document=passport").content.decode()

    assert "Waits for us, Late, Passport." in page
    assert 'hx-get="/queue/cases/?waits=us&amp;late=1&amp;document=passport"' in page
    assert 'action="/queue/next/?waits=us&amp;document=passport&amp;late=1"' in page
    assert '<option value="us" selected>' in page


@pytest.mark.parametrize(
    ("hours", "badge"), [(0, ""), (5, "Due in"), (9, "Late by")], ids=["in time", "due soon", "late"]
)
def test_a_case_says_when_it_is_late(as_officer: Client, hours: int, badge: str) -> None:
    make_case(1, hours=hours)

    section = as_officer.get("/").content.decode().partition('id="queue-ours"')[2].partition("</section>")[0]

    assert [word for word in ("Due in", "Late by") if f"</svg>{word} " in section] == ([badge] if badge else [])
    assert ("1 late" in section) == (badge == "Late by")


def test_admins_choose_what_is_late(as_officer: Client) -> None:
    make_case(1, hours=9)
    Target.objects.update(late_after_hours=500)

    assert shown(as_officer, "late=1") == set()


def test_nobody_removes_a_target_or_adds_one(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root"))

    assert client.get("/admin/desk/target/add/").status_code == 403
    assert client.post("/admin/desk/target/US/delete/", {"post": "yes"}).status_code == 403
    assert Target.objects.filter(pk="US").exists()


# --- Page by page


def test_a_side_alone_is_read_page_by_page_and_back(as_officer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk.queue.PAGE_SIZE", 2)
    for number in range(1, 6):
        make_case(number, hours=6 - number, customer={"country": "FRA"})
    make_case(6, hours=3)

    def follow(query: str, link: str) -> str:
        page = as_officer.get(f"/?{query}").content.decode()
        before = page.partition(f'rel="{link}"')[0]
        return before.rpartition('href="/?')[2].partition('"')[0].replace("&amp;", "&")

    first = "waits=us&country=FRA"
    second = follow(first, "next")
    third = follow(second, "next")
    assert [shown(as_officer, query) for query in (first, second, third)] == [{1, 2}, {3, 4}, {5}]
    back = follow(third, "prev")
    assert shown(as_officer, back) == {3, 4}
    assert shown(as_officer, follow(back, "prev")) == {1, 2}
    assert 'rel="prev"' not in as_officer.get(f"/?{first}").content.decode()


def test_pages_hold_still_among_cases_of_one_moment(as_officer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk.queue.PAGE_SIZE", 1)
    for number in (1, 2, 3):
        make_case(number)
    Case.objects.update(since=timezone.now())
    query, seen = "waits=us", list[set[int]]()
    while query:
        seen.append(shown(as_officer, query))
        page = as_officer.get(f"/?{query}").content.decode()
        query = page.partition('rel="next"')[0].rpartition('href="/?')[2].partition('"')[0].replace("&amp;", "&")
        query = query if 'rel="next"' in page else ""

    assert sorted(map(min, seen)) == [1, 2, 3]


@pytest.mark.parametrize("place", ["newer=x", "older=2026-01-01_1", "newer=2026-11-20T10:00:00_x"])
def test_a_place_that_we_did_not_write_is_a_bad_request(as_officer: Client, place: str) -> None:
    make_case(1)

    assert as_officer.get(f"/?waits=us&{place}").status_code == 400


# --- Saved


def test_a_filter_is_saved_shown_and_removed(as_officer: Client, officer: User) -> None:
    assert as_officer.post("/queue/filters/?late=1&waits=us", {"name": "  My   late ones "}).status_code == 302
    saved = SavedFilter.objects.get()
    assert (saved.owner, saved.name, saved.query) == (officer, "My late ones", "waits=us&late=1")

    page = as_officer.get("/?waits=us&late=1").content.decode()
    assert '<a href="/?waits=us&amp;late=1" aria-current="page">My late ones</a>' in page
    as_officer.post(f"/queue/filters/{saved.pk}/remove/")

    assert "My late ones" not in as_officer.get("/").content.decode().partition('id="cases"')[0].partition("chips")[2]
    assert not SavedFilter.objects.exists()


def test_the_same_name_means_the_new_filter_and_belongs_to_its_owner_alone(officer: User, support: User) -> None:
    save_filter(name="Mine", filters=Filters(late=True), by=officer)
    saved = save_filter(name="Mine", filters=Filters(rejected=True), by=officer)
    save_filter(name="Mine", filters=Filters(late=True), by=support)

    assert SavedFilter.objects.get(owner=officer).query == "rejected=1"
    with pytest.raises(NotAllowed, match="somebody else’s"):
        remove_filter(saved=saved, by=support)


@pytest.mark.parametrize(
    ("query", "name", "said"),
    [
        ("late=1", " ", "Give the filter a name of at most 40 characters."),
        ("late=1", "x" * 41, "Give the filter a name of at most 40 characters."),
        ("", "Everything", "Choose what to filter by, then save it."),
    ],
)
def test_a_filter_that_says_nothing_is_not_saved(as_officer: Client, query: str, name: str, said: str) -> None:
    answer = as_officer.post(f"/queue/filters/?{query}", {"name": name})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert (f'value="{name}"' in answer.content.decode()) == bool(query)


@pytest.mark.parametrize("document", ["\N{PASSPORT CONTROL}" * 80, "x" * 81, "pass\0port"])
def test_no_document_is_called_what_nobody_could_save(as_officer: Client, document: str) -> None:
    address = f"/queue/filters/?{urlencode({'late': 1, 'document': document})}"

    assert as_officer.post(address, {"name": "Odd\0 one"}).status_code == 302

    saved = SavedFilter.objects.get()
    assert (saved.name, saved.query) == ("Odd one", "late=1")


def test_the_longest_filters_there_are_can_be_saved(officer: User) -> None:
    marks = dict.fromkeys(MARKS, "1")
    filters = Filters.read({"waits": "customer", "whose": "nobody", "country": "%%%", "document": "%" * 80, **marks})

    assert Filters.from_query(save_filter(name="All", filters=filters, by=officer).query) == filters


def test_nobody_keeps_more_filters_than_fit(officer: User) -> None:
    for number in range(MOST):
        save_filter(name=f"Filter {number}", filters=Filters(late=True), by=officer)

    with pytest.raises(NotAllowed, match="Remove one first"):
        save_filter(name="One more", filters=Filters(late=True), by=officer)
    save_filter(name="Filter 1", filters=Filters(rejected=True), by=officer)


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("saved_filter_has_a_name_of_its_own", {"name": "Mine", "query": "late=1"}),
        ("saved_filter_filters_by_a_name", {"name": "", "query": "late=1"}),
        ("saved_filter_filters_by_a_name", {"name": "Mine too", "query": ""}),
    ],
)
def test_postgresql_refuses_a_saved_filter_that_cannot_be(officer: User, rule: str, values: dict[str, str]) -> None:
    save_filter(name="Mine", filters=Filters(late=True), by=officer)

    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        SavedFilter.objects.create(owner=officer, **values)


# --- Many at once


def test_ticked_cases_are_assigned_together(client: Client, senior: User, officer: User) -> None:
    client.force_login(senior)
    cases = [make_case(number) for number in range(1, 4)]
    ticked = [str(case.pk) for case in cases[:2]]
    assert f'name="case" value="{ticked[0]}" form="bulk"' in client.get("/?waits=us").content.decode()

    answer = client.post("/queue/assign/?waits=us", {"case": [*ticked, "x"], "to": officer.pk}, follow=True)

    assert answer.redirect_chain == [("/?waits=us", 302)]
    assert "2 cases assigned." in answer.content.decode()
    assert set(Case.objects.filter(assigned_to=officer).values_list("pk", flat=True)) == {c.pk for c in cases[:2]}


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"to": "me"}, 422, "Tick the cases to assign first."),
        ({"case": "case", "to": "999"}, 422, "Choose to whom the cases go."),
        ({"case": "case", "to": "me"}, 409, "This case is colleague’s."),
    ],
)
def test_what_cannot_be_assigned_is_said_and_nothing_is(
    as_officer: Client, officer: User, fields: dict[str, Any], status: int, said: str
) -> None:
    case, free = make_case(1), make_case(2)
    Case.objects.filter(pk=case.pk).update(assigned_to=person("colleague", "Officer"))
    known = {"case": [case.pk, free.pk], "me": officer.pk}

    answer = as_officer.post("/queue/assign/", {name: known.get(value, value) for name, value in fields.items()})

    assert answer.status_code == status
    assert said in answer.content.decode()
    assert not Case.objects.filter(assigned_to=officer).exists()
    page = answer.content.decode()
    assert (f'value="{case.pk}" form="bulk" checked' in page) == ("case" in fields)  # typed, and so kept
    assert (f'<option value="{officer.pk}" selected>' in page) == (fields["to"] == "me")


def test_officers_are_offered_themselves_and_nobody_and_support_nothing(
    as_officer: Client, senior: User, support: User
) -> None:
    make_case(1)
    assert "senior" not in as_officer.get("/").content.decode().partition('id="bulk"')[2].partition("</form>")[0]
    as_officer.force_login(support)

    page = as_officer.get("/").content.decode()

    assert 'id="bulk"' not in page
    assert 'name="case"' not in page
    assert "Next case" not in page
