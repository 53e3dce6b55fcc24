"""The next case: the oldest that matches and is free, and never the same one for two people."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from audit.models import Event
from conftest import person
from customers.policies import NotAllowed
from desk import case_actions as actions
from desk.cases import Case
from desk.filters import Filters
from desk.tests.queueing import make_case
from provider.actions import want
from provider.models import CallKind
from provider.tests.racing import in_a_thread, wait_for_a_lock

ALL = Filters()


@pytest.fixture
def as_officer(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


def take(by: User, filters: Filters = ALL, after: Case | None = None) -> Case | None:
    return actions.take_next(filters=filters, by=by, after=after)


@pytest.mark.django_db
def test_the_oldest_comes_first_and_who_goes_on_sees_all_and_then_the_oldest_again(officer: User) -> None:
    younger, oldest, middle = make_case(1, hours=1), make_case(2, hours=9), make_case(3, hours=5)

    taken = [first := take(officer)]
    for _ in range(3):
        taken.append(take(officer, after=taken[-1]))

    assert taken == [oldest, middle, younger, oldest]
    assert first
    held = Case.objects.exclude(held_by=None)
    assert [(case.pk, case.held_by) for case in held] == [(oldest.pk, officer)]
    assert Event.objects.filter(kind="case.taken").count() == 4
    assert Event.objects.filter(kind="case.released").count() == 3


@pytest.mark.django_db
def test_only_what_the_person_can_work_on_is_next(officer: User) -> None:
    colleague, now = person("colleague", "Officer"), timezone.now()
    held, assigned, snoozed, moving, _ = (make_case(number, hours=9 - number) for number in range(5))
    in_review = make_case(6, hours=20, status="IN_KYC")
    Case.objects.filter(pk=held.pk).update(held_by=colleague, held_until=now + timedelta(minutes=5))
    Case.objects.filter(pk=assigned.pk).update(assigned_to=colleague)
    Case.objects.filter(pk=snoozed.pk).update(snoozed_until=now + timedelta(hours=1))
    want(kind=CallKind.UPDATE_CLIENT, target=moving.customer, customer_id=moving.pk, by=None)
    actions.ask_customer(case=make_case(7, hours=30), by=colleague)
    assert in_review.waits_for == "PROVIDER"

    assert [case and case.customer.last_name for case in (take(officer), take(officer))] == ["Barber4", None]

    Case.objects.filter(held_by=colleague).update(held_until=now)  # it is over, and so is the snooze
    Case.objects.update(snoozed_until=now)
    assert take(officer) == held
    assert take(officer) == snoozed


@pytest.mark.django_db
def test_who_asks_again_from_the_queue_leaves_what_they_held(officer: User) -> None:
    first, second = make_case(1, hours=2), make_case(2, hours=1)
    assert [take(officer), take(officer)] == [first, second]

    assert list(Case.objects.exclude(held_by=None)) == [second]
    Case.objects.filter(pk=first.pk).update(snoozed_until=timezone.now() + timedelta(hours=1))
    assert take(officer) is None
    assert list(Case.objects.exclude(held_by=None)) == [second]  # there is nothing to leave it for


@pytest.mark.django_db
def test_the_next_one_matches_the_filters(officer: User) -> None:
    make_case(1, hours=9)
    french = make_case(2, customer={"country": "FRA"})

    assert take(officer, Filters(country="FRA")) == french
    assert take(officer, Filters(country="FRA")) is None


@pytest.mark.django_db
def test_what_was_assigned_to_somebody_who_left_is_nobodys(officer: User) -> None:
    case, gone = make_case(), person("gone", "Officer")
    actions.assign_cases(cases=[case], to=gone, by=gone)
    assert take(officer) is None
    User.objects.filter(pk=gone.pk).update(is_active=False)

    assert take(officer, Filters(whose="nobody")) == case
    actions.assign_cases(cases=[case], to=officer, by=officer)
    assert Case.objects.get().assigned_to == officer


@pytest.mark.django_db
def test_who_may_not_work_on_cases_is_given_none(support: User) -> None:
    make_case()

    with pytest.raises(NotAllowed, match="You may not do this"):
        take(support)


@pytest.mark.django_db
def test_from_the_queue_to_the_customer_and_on_with_the_same_filters(as_officer: Client, officer: User) -> None:
    make_case(1, hours=9)
    first, second = (make_case(number, hours=6 - number, customer={"country": "FRA"}) for number in (2, 3))

    answer = as_officer.post("/queue/next/?country=FRA")
    assert answer["Location"] == f"/customers/{first.pk}/"
    bar = as_officer.get(answer["Location"]).content.decode()
    assert '/queue/next/?country=FRA"' in bar
    answer = as_officer.post("/queue/next/?country=FRA", {"after": first.pk})
    assert answer["Location"] == f"/customers/{second.pk}/"

    Case.objects.exclude(pk=second.pk).update(waits_for="US", snoozed_until=timezone.now() + timedelta(days=1))
    answer = as_officer.post("/queue/next/?country=FRA", {"after": second.pk}, follow=True)
    assert answer.redirect_chain == [("/?country=FRA", 302)]
    assert "Nothing else waits for you with these filters." in answer.content.decode()
    assert Case.objects.get(pk=second.pk).held_by == officer  # there is nothing to leave it for


@pytest.mark.django_db
@pytest.mark.parametrize("after", ["x", "00000000-0000-0000-0000-000000000000"])
def test_after_what_is_no_case_nothing_comes(as_officer: Client, after: str) -> None:
    assert as_officer.post("/queue/next/", {"after": after}).status_code == 404


# --- Two and eight at once


@pytest.fixture
def people(transactional_db: None) -> list[User]:
    return [person(f"officer{number}", "Officer") for number in range(8)]


@pytest.mark.parametrize(("racers", "cases"), [(2, 2), (8, 12)])
def test_people_who_ask_at_once_are_given_different_cases_and_none_is_left_out(
    people: list[User], racers: int, cases: int
) -> None:
    oldest_first = [make_case(number, hours=cases - number) for number in range(cases)]
    at_once, taken = threading.Barrier(racers), dict[str, Case | None]()

    def race(someone: User) -> None:
        try:
            at_once.wait(10)
            taken[someone.username] = take(someone)
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=[someone]) for someone in people[:racers]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    given = [case.pk for case in taken.values() if case]
    assert sorted(given) == sorted(case.pk for case in oldest_first[:racers])
    held = {case.pk: str(case.held_by) for case in Case.objects.exclude(held_by=None).select_related("held_by")}
    assert held == {case.pk: name for name, case in taken.items() if case}


def test_who_goes_on_and_who_assigns_many_do_not_wait_for_each_other(
    people: list[User], senior: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone, let_go = people[0], actions._let_go
    first, second = sorted((make_case(number) for number in (1, 2)), key=lambda case: case.pk)
    actions.take_case(case=first, by=someone)
    has_taken, goes_on, failed = threading.Event(), threading.Event(), list[Exception]()

    def let_go_later(*args: Any, **kwargs: Any) -> bool:
        has_taken.set()
        goes_on.wait(10)
        return let_go(*args, **kwargs)

    def assign() -> None:
        try:
            actions.assign_cases(cases=[first, second], to=senior, by=senior)
        except OperationalError as deadlock:
            failed.append(deadlock)

    def go_on() -> None:
        try:
            take(someone, after=first)
        except OperationalError as deadlock:
            failed.append(deadlock)

    monkeypatch.setattr(actions, "_let_go", let_go_later)
    goes = in_a_thread(go_on)
    has_taken.wait(10)
    assigns = in_a_thread(assign)
    wait_for_a_lock()
    goes_on.set()
    for thread in (goes, assigns):
        thread.join(20)

    assert failed == []
    assert list(Case.objects.order_by("pk").values_list("held_by", "assigned_to")) == [
        (None, senior.pk), (someone.pk, senior.pk),
    ]  # fmt: skip


def test_when_there_are_fewer_cases_than_people_the_others_are_given_none(people: list[User]) -> None:
    case = make_case()
    at_once, taken = threading.Barrier(4), list[Case | None]()

    def race(someone: User) -> None:
        try:
            at_once.wait(10)
            taken.append(take(someone))
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=[someone]) for someone in people[:4]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(taken, key=bool) == [None, None, None, case]
