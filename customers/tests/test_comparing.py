"""What changed at the provider behind our back is found: the plain is followed, the rest is listed for a person."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from audit.models import Event
from cryptomate.testing import FakeCall, FakeTransport, client_json, request_json
from customers import comparing, comparison_runs
from customers.comparison_runs import compare_now, due_run, stop_comparison
from customers.comparisons import Comparison, ComparisonClock, Discrepancy
from customers.discrepancy_actions import keep_ours, take_theirs
from customers.models import Customer
from customers.nights import night_at
from customers.policies import NotAllowed
from customers.tests.making import NOTHING_MISSING, make_customer, make_request
from provider import budget
from provider.actions import want
from provider.models import CallKind, CallState, ProviderCall
from vault.masking import mask_number

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

CLIENTS = "/management/clients/individuals"
CARDS = "/cards/individual-cards/list/search"


@pytest.fixture(autouse=True)
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Count what is taken from the budget; waiting for it is another test's."""
    taken: list[bool] = []
    monkeypatch.setattr(budget, "take", lambda *, background=False, patience=0.0: taken.append(background))
    return taken


def held(customer: Customer, **changes: Any) -> dict[str, Any]:
    """Return the customer as the provider answers it where nothing differs but these keys."""
    address = {name: getattr(customer, name) for name in ("street_line1", "city", "postal_code", "state", "country")}
    own = ("first_name", "second_name", "last_name", "email", "phone_country_code", "phone_number")
    said: dict[str, Any] = {name: getattr(customer, name) for name in own} | {
        "birth_date": customer.birth_date.isoformat()
    }
    address |= {name: changes.pop(name) for name in list(changes) if name in address}
    said |= {"id": customer.api_id, "status": customer.remote_status, "address": address}
    return client_json(**{**said, **changes})


def lists(provider: FakeTransport, *clients: dict[str, Any], requests: list[dict[str, Any]] | None = None) -> list[Any]:
    """Let the provider list these clients, no cards, and the same requests for each client."""
    listed = list(clients)
    provider.reply("GET", CLIENTS, lambda _call: listed)
    provider.reply("GET", CARDS, {"content": [], "page": 0, "size": 50, "total_elements": 0, "total_pages": 0})
    provider.reply("GET", f"{CLIENTS}/*/products", requests or [])
    return listed


def finish(run: Comparison, provider: FakeTransport) -> Comparison:
    for _ in range(20):
        comparison_runs.advance(run, client=provider.client())
        run.refresh_from_db()
        if not run.is_running:
            break
    return run


def begin() -> Comparison:
    run = comparison_runs.begin(now=timezone.now(), ends_at=timezone.now() + timedelta(hours=1))
    assert run is not None
    return run


def compare(provider: FakeTransport) -> Comparison:
    return finish(begin(), provider)


def found() -> list[tuple[str, str, str, str]]:
    rows = Discrepancy.objects.order_by("label")
    return [(row.label, row.ours, row.theirs, row.state) for row in rows]


# --- Data


def test_what_is_held_alike_is_read_once_and_written_nowhere(provider: FakeTransport) -> None:
    request = make_request(make_customer(), status="ENABLED", missing=NOTHING_MISSING, remote_status="enabled")
    said = request_json(id=request.api_id, status="enabled", missing_requirements=NOTHING_MISSING)
    lists(provider, held(request.customer), requests=[said])

    run = compare(provider)

    assert (run.state, run.compared, run.calls, found()) == ("DONE", 2, 3, [])
    assert [call.path.rpartition("/")[2] for call in provider.calls] == ["individuals", "search", "products"]
    assert request.snapshots.count() == 1


def test_changed_data_are_listed_field_by_field_and_left_alone(provider: FakeTransport) -> None:
    customer = make_customer()
    lists(provider, held(customer, last_name="Barbour", postal_code="1700", state="ARG-X"))

    run = compare(provider)

    assert found() == [
        ("Country and state", "Buenos Aires, Argentina", "Córdoba, Argentina", "OPEN"),
        ("Last name", "Barber", "Barbour", "OPEN"),
        ("Postal code", "1669", "1700", "OPEN"),
    ]
    customer.refresh_from_db()
    assert (customer.last_name, run.found) == ("Barber", 3)


def test_spaces_and_the_case_of_an_address_are_no_difference(provider: FakeTransport) -> None:
    customer = make_customer()
    lists(provider, held(customer, email=customer.email.upper(), last_name=" Barber "))

    compare(provider)

    assert found() == []


def test_a_key_that_is_left_out_says_nothing(provider: FakeTransport) -> None:
    customer = make_customer(phone_country_code=54, phone_number=1168860622)
    said = held(customer)
    del said["phone_number"], said["phone_country_code"]
    lists(provider, said)

    compare(provider)

    assert found() == []


def test_answers_that_are_shown_are_compared_and_numbers_masked(provider: FakeTransport, officer: User) -> None:
    customer = make_customer(answers={"tax_number": "20-1234", "risk": None})
    theirs = {"occupation": "Pilot", "tax_number": "20-9999", "nickname": "May", "risk": "low"}
    lists(provider, held(customer, **theirs))
    compare(provider)
    assert [row[:3] for row in found()] == [
        ("Occupation", "Architect", "Pilot"),
        ("Tax number", mask_number("20-1234"), mask_number("20-9999")),
    ]

    for row in Discrepancy.objects.all():
        take_theirs(discrepancy=row, by=officer)

    customer.refresh_from_db()
    assert (customer.occupation, customer.answers["tax_number"]) == ("Pilot", "20-9999")


def test_a_difference_that_is_gone_the_next_time_is_closed_by_itself(provider: FakeTransport) -> None:
    customer = make_customer()
    listed = lists(provider, held(customer, city="Pilar"))
    compare(provider)
    listed[:] = [held(customer)]

    compare(provider)

    assert found() == [("City", "Del Viso", "Pilar", "GONE")]


def test_the_same_difference_is_listed_once_with_the_newest_value(provider: FakeTransport) -> None:
    customer = make_customer()
    listed = lists(provider, held(customer, city="Pilar"))
    compare(provider)
    listed[:] = [held(customer, city="Tigre")]

    compare(provider)

    assert found() == [("City", "Del Viso", "Tigre", "OPEN")]


def test_ours_that_was_kept_goes_out_once_the_other_differences_are_gone(
    provider: FakeTransport, officer: User
) -> None:
    customer = make_customer()
    listed = lists(provider, held(customer, city="Pilar", last_name="Barbour"))
    compare(provider)
    keep_ours(discrepancy=Discrepancy.objects.get(field="city"), by=officer)
    assert not ProviderCall.objects.exists()
    listed[:] = [held(customer, city="Pilar")]

    compare(provider)

    call = ProviderCall.objects.get()
    assert (call.kind, call.wanted_by) == (CallKind.UPDATE_CLIENT, officer)
    assert {row[0]: row[3] for row in found()} == {"City": "KEPT", "Last name": "GONE"}


def test_the_database_keeps_one_open_difference_per_field() -> None:
    row = {"record": "CUSTOMER", "key": "1", "field": "city", "label": "City"}
    Discrepancy.objects.create(**row)

    with pytest.raises(IntegrityError, match="one_open_difference_per_field"), transaction.atomic():
        Discrepancy.objects.create(**row)


def test_values_do_not_stand_in_the_database_in_clear(provider: FakeTransport) -> None:
    lists(provider, held(make_customer(), city="Pilar"))

    compare(provider)

    with connection.cursor() as cursor:
        cursor.execute("SELECT ours, theirs, values FROM customers_discrepancy")
        assert not any(word in bytes(column) for column in cursor.fetchone() for word in (b"Pilar", b"Del Viso"))


def test_data_that_are_being_saved_are_compared_the_next_time(provider: FakeTransport) -> None:
    customer = make_customer()
    want(kind=CallKind.UPDATE_CLIENT, target=customer, customer_id=customer.pk, by=None)
    lists(provider, held(customer, city="Pilar"))

    run = compare(provider)

    assert (found(), run.state) == ([], "DONE")
    assert ComparisonClock.objects.get().compared_at < run.started_at


def test_what_was_read_before_an_answer_is_void(provider: FakeTransport) -> None:
    customer = make_customer()

    def answered_meanwhile(_call: FakeCall) -> list[dict[str, Any]]:
        call = want(kind=CallKind.UPDATE_CLIENT, target=customer, customer_id=customer.pk, by=None)
        now = timezone.now()
        ProviderCall.objects.filter(pk=call.pk).update(state=CallState.DONE, sent_at=now, answered_at=now)
        return [held(customer, city="Pilar")]

    provider.reply("GET", CLIENTS, answered_meanwhile)
    provider.reply("GET", CARDS, {"content": [], "total_pages": 0})
    provider.reply("GET", f"{CLIENTS}/*/products", [])

    compare(provider)

    assert found() == []


# --- What is followed without asking


def test_a_status_that_changed_is_followed_and_recorded(provider: FakeTransport) -> None:
    request = make_request(make_customer(status="ACTIVE", remote_status="active"), status="ENABLED")
    said = request_json(id=request.api_id, status="rejected", rejection_description="Sanctions match")
    lists(provider, held(request.customer, status="rejected"), requests=[said])

    run = compare(provider)

    request.refresh_from_db()
    customer = Customer.objects.get()
    assert (customer.status, request.status, run.taken) == ("REJECTED", "REJECTED", 2)
    assert {row[:4] for row in found()} == {
        ("Status", "Active", "Rejected", "TAKEN"), ("Status", "Enabled", "Refused", "TAKEN"),
    }  # fmt: skip
    assert set(customer.status_changes.values_list("source", flat=True)) == {"SYNC"}
    assert Event.objects.filter(kind="difference.followed", customer_id=customer.pk).count() == 2


def test_a_step_that_is_not_in_the_table_is_followed_and_marked(provider: FakeTransport) -> None:
    request = make_request(make_customer(), status="REJECTED")
    said = request_json(id=request.api_id, status="in_kyc", missing_requirements=NOTHING_MISSING)
    lists(provider, held(request.customer), requests=[said])

    compare(provider)

    request.refresh_from_db()
    assert request.status == "IN_KYC"
    assert request.customer.status_changes.get(machine="request").unexpected


def test_a_request_opened_in_the_providers_own_portal_is_adopted(provider: FakeTransport) -> None:
    customer = make_customer()
    lists(provider, held(customer), requests=[request_json(id="theirs")])

    compare(provider)

    assert customer.requests.get().api_id == "theirs"
    assert found() == [("Request opened at CryptoMate", "We did not know it", "Documents needed", "TAKEN")]


def test_a_second_open_request_is_left_to_a_person(provider: FakeTransport) -> None:
    request = make_request(make_customer())
    lists(provider, held(request.customer), requests=[request_json(id="theirs")])

    compare(provider)

    assert [row[0] for row in found()] == ["Not there", "Open request"]
    assert request.customer.requests.get() == request


# --- Records that only one side has


def test_a_client_we_do_not_know_is_listed_until_it_is_gone(provider: FakeTransport) -> None:
    listed = lists(provider, client_json(id="stranger", email="someone@example.com"))
    compare(provider)
    assert found() == [("Not here", "We do not know it", "Maria Barber, someone@example.com", "OPEN")]
    listed.clear()

    compare(provider)

    assert found()[0][3] == "GONE"


def test_a_client_whose_registration_is_on_its_way_is_no_stranger(provider: FakeTransport) -> None:
    customer = make_customer(api_id=None)
    lists(provider, held(customer, id="new", status="pending"))

    compare(provider)

    assert found() == []


def test_a_customer_that_no_list_names_is_asked_for_before_it_counts_as_missing(provider: FakeTransport) -> None:
    gone, left_out = make_customer(api_id="gone"), make_customer(api_id="left-out", email="b@example.com")
    lists(provider)
    provider.refuse("GET", f"{CLIENTS}/gone", 404)
    provider.reply("GET", f"{CLIENTS}/left-out", held(left_out))

    compare(provider)

    assert [(row.key, row.label) for row in Discrepancy.objects.all()] == [(str(gone.pk), "Not there")]


# --- The run


def test_a_thirtieth_is_asked_about_each_night_and_those_first_that_waited_longest(
    provider: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison_runs, "AT_LEAST", 1)
    now = timezone.now()
    customers = [
        make_customer(api_id=f"client-{day}", email=f"{day}@example.com", created_at=now - timedelta(days=day))
        for day in range(1, 32)
    ]
    lists(provider, *(held(customer) for customer in customers))

    for _ in range(2):
        compare(provider)

    asked = [call.path.split("/")[-2] for call in provider.calls_to("GET", f"{CLIENTS}/*/products")]
    assert asked == ["client-31", "client-30", "client-29", "client-28"]


def test_a_run_that_was_cut_off_goes_on_where_it_stood(
    provider: FakeTransport, admin_person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "BATCH", 1)
    customers = [make_customer(api_id=f"client-{each}", email=f"{each}@example.com") for each in range(3)]
    lists(provider, *(held(customer) for customer in customers))
    run = begin()
    for _ in range(4):  # both lists, the cards that none names, the first customer
        comparison_runs.advance(run, client=provider.client())
        run.refresh_from_db()
    stop_comparison(by=admin_person)
    comparison_runs.advance(Comparison.objects.get(), client=provider.client())
    assert len(provider.calls_to("GET", f"{CLIENTS}/*/products")) == 1

    run = compare_now(by=admin_person)
    finish(run, provider)

    assert Comparison.objects.count() == 1
    asked = [call.path.split("/")[-2] for call in provider.calls_to("GET", f"{CLIENTS}/*/products")]
    assert sorted(asked) == ["client-0", "client-1", "client-2"]
    assert len(provider.calls_to("GET", CLIENTS)) == 1


def test_what_a_killed_worker_held_comes_back_after_its_lease(
    provider: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = make_customer()
    lists(provider, held(customer))
    run = begin()
    monkeypatch.setattr(comparing, "_compare_one", lambda *_: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit):
        finish(run, provider)
    monkeypatch.undo()
    monkeypatch.setattr(budget, "take", lambda **_: None)
    run.refresh_from_db()
    comparison_runs.advance(run, client=provider.client())
    assert run.is_running
    assert not provider.calls_to("GET", f"{CLIENTS}/*/products")
    ComparisonClock.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))

    finish(run, provider)

    assert len(provider.calls_to("GET", f"{CLIENTS}/*/products")) == 1
    assert run.state == "DONE"


def test_every_call_is_taken_from_the_background_budget(provider: FakeTransport, taken: list[bool]) -> None:
    lists(provider, held(make_customer()))

    run = compare(provider)

    assert taken == [True] * len(provider.calls)
    assert run.calls == len(provider.calls)


def test_a_spent_budget_ends_the_turn_and_the_next_goes_on(
    provider: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists(provider, held(make_customer()))
    run = begin()
    monkeypatch.setattr(budget, "take", lambda **_: (_ for _ in ()).throw(budget.BudgetSpent))
    comparison_runs.advance(run, client=provider.client())
    run.refresh_from_db()
    assert (provider.calls, run.is_running, run.step) == ([], True, "CLIENTS")
    assert "free" in run.note
    monkeypatch.setattr(budget, "take", lambda **_: None)

    assert finish(run, provider).state == "DONE"


def test_a_provider_that_is_away_loses_no_record(provider: FakeTransport) -> None:
    away, customer = FakeTransport(), make_customer()
    lists(provider, held(customer))
    run = begin()
    Comparison.objects.update(step="CUSTOMERS", has_listed_clients=True)
    run.refresh_from_db()
    away.fail_to_connect("GET", "*")

    comparison_runs.advance(run, client=away.client())

    run.refresh_from_db()
    assert (run.is_running, run.asked, run.failed) == (True, 0, 0)
    assert "does not answer" in run.note
    finish(run, provider)
    assert (run.state, run.asked) == ("DONE", 1)


def test_a_large_programme_is_asked_about_one_by_one(provider: FakeTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "LISTED_UP_TO", 0)
    customer = make_customer()
    lists(provider)
    provider.reply("GET", f"{CLIENTS}/{customer.api_id}", held(customer, city="Pilar"))

    compare(provider)

    assert not provider.calls_to("GET", CLIENTS)
    assert [row[0] for row in found()] == ["City"]


# --- When


NIGHT = datetime(2026, 4, 16, 2, 0, tzinfo=UTC)


def test_the_night_may_begin_before_midnight() -> None:
    night = night_at(datetime(2026, 4, 16, 3, 0, tzinfo=UTC), (22, 4))

    assert night is not None
    assert night.start == datetime(2026, 4, 15, 22, 0, tzinfo=UTC)
    assert night_at(datetime(2026, 4, 16, 4, 0, tzinfo=UTC), (22, 4)) is None
    assert night_at(NIGHT, None) is None


def test_one_run_begins_each_night_and_none_by_day() -> None:
    assert due_run(now=NIGHT + timedelta(hours=9)) is None
    run = due_run(now=NIGHT)
    assert run is not None
    assert due_run(now=NIGHT + timedelta(minutes=1)) == run
    Comparison.objects.update(state="DONE")

    assert due_run(now=NIGHT + timedelta(minutes=2)) is None
    assert due_run(now=NIGHT + timedelta(days=1)) not in (None, run)


def test_what_the_night_left_over_goes_on_in_the_next_one() -> None:
    run = due_run(now=NIGHT)

    assert due_run(now=NIGHT + timedelta(hours=4)) is None
    assert Comparison.objects.get().state == "PAUSED"
    assert due_run(now=NIGHT + timedelta(days=1)) == run


def test_what_a_person_stopped_at_night_waits_for_the_next_one(
    admin_person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = due_run(now=NIGHT)
    monkeypatch.setattr(timezone, "now", lambda: NIGHT + timedelta(minutes=5))
    stop_comparison(by=admin_person)

    assert due_run(now=NIGHT + timedelta(minutes=6)) is None
    assert due_run(now=NIGHT + timedelta(days=1)) == run


def test_only_admins_start_and_stop_a_comparison(officer: User, admin_person: User) -> None:
    with pytest.raises(NotAllowed, match="Ask an admin"):
        compare_now(by=officer)
    compare_now(by=admin_person)

    with pytest.raises(NotAllowed, match="running already"):
        compare_now(by=admin_person)
    with pytest.raises(NotAllowed, match="Ask an admin"):
        stop_comparison(by=officer)
    assert [event.kind for event in Event.objects.filter(kind__startswith="comparison")] == ["comparison.started"]


def test_the_database_runs_one_comparison_at_a_time(admin_person: User) -> None:
    compare_now(by=admin_person)

    with pytest.raises(IntegrityError, match="one_comparison_at_a_time"), transaction.atomic():
        Comparison.objects.create(step="CLIENTS", started_at=NIGHT, ends_at=NIGHT)


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_a_run_and_ask_about_nobody_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "BATCH", 1)
    for each in range(2):
        make_customer(api_id=f"client-{each}", email=f"{each}@example.com")
    run = begin()
    Comparison.objects.update(step="CUSTOMERS", has_listed_clients=True)
    both_ask, asked = threading.Barrier(2, timeout=20), []

    def work() -> None:
        def products(call: FakeCall) -> list[Any]:
            both_ask.wait()
            asked.append(call.path.split("/")[-2])
            return []

        provider = FakeTransport()
        provider.reply("GET", f"{CLIENTS}/*/products", products)
        comparison_runs.advance(Comparison.objects.get(), client=provider.client())
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    run.refresh_from_db()
    assert (sorted(asked), run.asked) == (["client-0", "client-1"], 2)
