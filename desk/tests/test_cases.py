"""A case says what the rows say, however they came to say it."""

import threading
from datetime import timedelta
from importlib import import_module
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cryptomate.testing import passport_requirement, phone_requirement
from customers.models import Customer, EnablementRequest
from customers.tests.making import NOTHING_MISSING, make_customer, make_document, make_request
from desk.cases import Case, Spell
from desk.statuses import SIDES, Reason, WaitsFor
from desk.targets import FIRST_TARGETS, Target, targets
from desk.tests.reading import read
from provider.actions import want
from provider.models import CallKind, CallState, ProviderCall
from provider.tests.racing import in_a_thread, wait_for_a_lock

pytestmark = pytest.mark.django_db

MISSING = [
    NOTHING_MISSING,
    {"documents": [passport_requirement()], "data": []},
    {"documents": [passport_requirement()], "data": [phone_requirement()]},
]
FLAGGED: list[Any] = [[], [{"type": "document", "key": "passport", "reason": "blurred"}]]


def stands(customer: Customer) -> tuple[str, str]:
    case = Case.objects.filter(customer=customer).first()
    return (case.waits_for, case.reason) if case else (WaitsFor.NOBODY, Reason.DONE)


def answered(call: ProviderCall, state: str, **changes: Any) -> None:
    now = timezone.now()
    changes = {"state": state, "sent_at": now, "answered_at": now, "next_attempt_at": None, **changes}
    ProviderCall.objects.filter(pk=call.pk).update(**changes)


def wanted(kind: CallKind, customer: Customer, target: Any = None) -> ProviderCall:
    return want(kind=kind, target=target or customer, customer_id=customer.pk, by=None)


# --- What the triggers write is what the rows say

STEPS = st.one_of(
    st.tuples(st.just("request"), st.sampled_from(["REQUESTED", "IN_KYC", "REJECTED", "ENABLED"])),
    st.tuples(st.just("status"), st.sampled_from(["PENDING_DOCUMENTATION", "IN_KYC", "REJECTED", "ENABLED"])),
    st.tuples(st.just("missing"), st.sampled_from(range(len(MISSING)))),
    st.tuples(st.just("flagged"), st.sampled_from(range(len(FLAGGED)))),
    st.tuples(st.just("customer"), st.sampled_from(["PENDING", "ACTIVE", "REJECTED"])),
    st.tuples(st.just("registered"), st.booleans()),
    st.tuples(st.just("cards"), st.booleans()),
    st.tuples(st.just("document"), st.sampled_from(["DRAFT", "UPLOADED", "REJECTED", "SUPERSEDED"])),
    st.tuples(st.just("call"), st.sampled_from([*CallKind][:7])),
    st.tuples(st.just("answer"), st.sampled_from(["DONE", "REFUSED", "UNKNOWN", "PERSON", "GONE"])),
)


class History:
    """One customer to whom things happen, in any order, written as bluntly as SQL may."""

    def __init__(self) -> None:
        self.customer = make_customer(api_id=None)

    @property
    def newest(self) -> EnablementRequest | None:
        return Customer.objects.get(pk=self.customer.pk).newest_request

    def step(self, what: str, value: Any) -> None:
        getattr(self, what)(value)

    def request(self, status: str) -> None:
        EnablementRequest.objects.exclude(status="ENABLED").update(status="REJECTED")
        make_request(self.customer, status=status, missing=MISSING[1])

    def status(self, status: str) -> None:
        if self.newest:
            EnablementRequest.objects.filter(pk=self.newest.pk).update(status=status)

    def missing(self, which: int) -> None:
        self._answer(missing_requirements=MISSING[which])

    def flagged(self, which: int) -> None:
        self._answer(rejected_items=FLAGGED[which])

    def _answer(self, **answer: Any) -> None:
        if request := self.newest:
            for name, value in answer.items():
                setattr(request, name, value)
            request.save()

    def customer_status(self, status: str) -> None:
        Customer.objects.update(status=status)

    def registered(self, is_registered: bool) -> None:
        Customer.objects.update(api_id="client-1" if is_registered else None)

    def cards(self, wants_cards: bool) -> None:
        Customer.objects.update(individual_cards=wants_cards)

    def document(self, status: str) -> None:
        if self.newest:
            self.customer.documents.exclude(status="SUPERSEDED").update(status="SUPERSEDED")
            make_document(self.newest, status=status)

    def call(self, kind: CallKind) -> None:
        target = self.newest if kind == CallKind.SUBMIT_REQUEST else self.customer
        if target:
            wanted(kind, self.customer, target)

    def answer(self, state: str) -> None:
        call = ProviderCall.objects.order_by("-wanted_at").first()
        if call is None:
            return
        if state == "GONE":
            call.delete()
        elif call.is_open:
            person = {"next_attempt_at": None} if state == "PERSON" else {}
            is_open = {"answered_at": None, "next_attempt_at": timezone.now(), **person}
            settled = state in ("DONE", "REFUSED")
            answered(call, state if settled else "UNKNOWN", **({} if settled else is_open))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=10))
def test_after_every_step_of_any_history_the_case_says_what_the_rows_say(
    db: None, steps: list[tuple[str, Any]]
) -> None:
    with transaction.atomic():
        history = History()
        for what, value in steps:
            history.step("customer_status" if what == "customer" else what, value)
            assert stands(history.customer) == read(history.customer), (what, value)
        assert spells_follow(history.customer)
        transaction.set_rollback(True)


def spells_follow(customer: Customer) -> bool:
    """Say whether the spells touch each other, change sides every time, and the open one is where the case stands."""
    spells = list(Spell.objects.filter(customer=customer).order_by("pk"))
    assert all(first.ended_at and first.ended_at <= later.began_at for first, later in pairwise(spells))
    open_ones = [each.waits_for for each in spells if each.ended_at is None]
    side = stands(customer)[0]
    return open_ones == ([] if side == WaitsFor.NOBODY else [side])


@pytest.mark.parametrize("reason", Reason)
def test_postgresql_and_python_agree_whom_each_reason_waits_for(reason: Reason) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT desk_side(%s)", [reason])

        assert cursor.fetchone() == (SIDES[reason],)


def test_a_case_that_begins_has_waited_since_its_request_has() -> None:
    submitted = timezone.now() - timedelta(hours=3)
    request = make_request(make_customer(), status="IN_KYC", submitted_at=submitted)

    assert Case.objects.get(pk=request.customer_id).since == submitted
    assert Spell.objects.get().began_at == submitted


def test_another_side_begins_a_spell_and_another_reason_does_not() -> None:
    request = make_request(make_customer())
    begun = Case.objects.get().since

    request.missing_requirements = NOTHING_MISSING
    request.save()
    assert (Case.objects.get().reason, Case.objects.get().since) == (Reason.READY, begun)
    request.change_status("IN_KYC", source="SYNC")  # type: ignore[arg-type]

    ours, theirs = Spell.objects.all()
    assert (ours.waits_for, ours.ended_at) == (WaitsFor.US, theirs.began_at)
    assert (theirs.waits_for, theirs.ended_at) == (WaitsFor.PROVIDER, None)


def test_people_who_come_in_bulk_and_are_through_have_no_case() -> None:
    customers = [make_customer(api_id=f"client-{number}", status="ACTIVE") for number in range(3)]
    EnablementRequest.objects.bulk_create(
        EnablementRequest(customer=customer, api_id=f"request-{number}", status=status)
        for number, (customer, status) in enumerate(zip(customers, ["ENABLED", "ENABLED", "IN_KYC"], strict=True))
    )

    assert list(Case.objects.values_list("customer", "reason")) == [(customers[2].pk, Reason.IN_REVIEW)]


def test_what_comes_in_bulk_calls_no_trigger_for_each_row() -> None:
    """pgtrigger's functions open a subtransaction: 100,000 in one statement took minutes, and take seconds at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname ~ '^pgtrigger_(follow|first|next|turn)'"
            " AND tgtype & 5 = 5"  # for each row, on INSERT
        )

        assert cursor.fetchall() == []


def test_a_claim_or_a_look_touches_no_case() -> None:
    request = make_request(make_customer())
    call = wanted(CallKind.UPDATE_CLIENT, request.customer)
    Case.objects.all().delete()

    now = timezone.now()
    ProviderCall.objects.filter(pk=call.pk).update(state="SENT", sent_at=now, attempts=1, next_attempt_at=now)
    ProviderCall.objects.filter(pk=call.pk).update(state="UNKNOWN", attempts=2)
    EnablementRequest.objects.update(synced_at=now, next_sync_at=now, syncs=4)

    assert not Case.objects.exists()


# --- The customer is asked


def test_a_customer_who_was_asked_is_waited_for_until_the_request_goes_on() -> None:
    request = make_request(make_customer())
    Case.objects.update(customer_asked_at=timezone.now())
    assert stands(request.customer) == (WaitsFor.CUSTOMER, Reason.MISSING)

    request.change_status("IN_KYC", source="SYNC")  # type: ignore[arg-type]
    assert stands(request.customer) == (WaitsFor.PROVIDER, Reason.IN_REVIEW)
    request.change_status("PENDING_DOCUMENTATION", source="SYNC")  # type: ignore[arg-type]

    assert stands(request.customer) == (WaitsFor.US, Reason.MISSING)
    assert [each.waits_for for each in Spell.objects.all()] == ["US", "CUSTOMER", "PROVIDER", "US"]


def test_what_the_customer_was_not_asked_for_waits_for_us() -> None:
    request = make_request(make_customer())
    Case.objects.update(customer_asked_at=timezone.now())

    call = wanted(CallKind.UPLOAD_DOCUMENT, request.customer)
    assert stands(request.customer) == (WaitsFor.CUSTOMER, Reason.MISSING)  # what is on its way is no news yet
    answered(call, CallState.UNKNOWN, answered_at=None)
    assert stands(request.customer) == (WaitsFor.US, Reason.UNKNOWN_CALL)
    answered(call, CallState.DONE)
    assert stands(request.customer) == (WaitsFor.US, Reason.MISSING)

    Case.objects.update(customer_asked_at=timezone.now())
    request.missing_requirements = NOTHING_MISSING
    request.save()
    assert stands(request.customer) == (WaitsFor.US, Reason.READY)


def test_news_wake_a_case_and_an_end_frees_it(officer: User) -> None:
    request = make_request(make_customer(status="ACTIVE"))
    later = timezone.now() + timedelta(days=1)
    Case.objects.update(
        snoozed_until=later, held_by=officer, held_until=later, escalated_at=later, escalated_by=officer
    )

    request.change_status("IN_KYC", source="SYNC")  # type: ignore[arg-type]
    assert (Case.objects.get().snoozed_until, Case.objects.get().held_by) == (None, officer)
    request.change_status("ENABLED", source="SYNC")  # type: ignore[arg-type]

    case = Case.objects.get()
    assert (case.waits_for, case.held_by, case.held_until, case.escalated_by) == ("NOBODY", None, None, None)
    assert Spell.objects.filter(ended_at=None).count() == 0


# --- What was there before

MIGRATION = "desk.migrations.0001_cases"


def test_cases_and_spells_of_earlier_work_are_read_from_its_history() -> None:
    request = make_request(make_customer(), created_at=timezone.now() - timedelta(hours=9))
    for status in ("IN_KYC", "PENDING_DOCUMENTATION", "IN_KYC"):
        request.change_status(status, source="SYNC")  # type: ignore[arg-type]
    make_request(make_customer(api_id="client-2", status="ACTIVE"), status="ENABLED")
    known = [(each.waits_for, each.customer_id) for each in Spell.objects.order_by("began_at")]
    Case.objects.all().delete()
    Spell.objects.all().delete()

    migration = import_module(MIGRATION)
    with connection.cursor() as cursor:
        cursor.execute(migration.PRESENT_CASES)
        cursor.execute(migration.EARLIER_SPELLS)

    assert stands(request.customer) == (WaitsFor.PROVIDER, Reason.IN_REVIEW)
    spells = list(Spell.objects.order_by("began_at"))
    assert [(each.waits_for, each.customer_id) for each in spells] == known
    assert [each.ended_at for each in spells] == [*(each.began_at for each in spells[1:]), None]
    assert spells[0].began_at == request.created_at
    assert Case.objects.get().since == spells[-1].began_at


# --- Rules that PostgreSQL holds


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("case_reason_is_known", {"reason": "LOST"}),
        ("hold_is_somebodys_and_ends", {"held_until": timezone.now()}),
        ("escalation_names_who_and_when", {"escalated_at": timezone.now()}),
    ],
)
def test_postgresql_refuses_a_case_that_cannot_be(rule: str, changes: dict[str, Any]) -> None:
    make_request(make_customer())

    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Case.objects.update(**changes)


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("case_waits_for_is_known", {"waits_for": "MOON", "reason": "MISSING"}),
        ("done_case_waits_for_nobody", {"waits_for": "US", "reason": "DONE"}),
        ("case_waits_for_a_customer_who_was_asked", {"waits_for": "CUSTOMER", "reason": "MISSING"}),
        (
            "case_closed_by_hand_was_refused_or_asked_about",
            {"waits_for": "NOBODY", "reason": "READY", "closed_at": timezone.now()},
        ),
    ],
)
def test_postgresql_refuses_a_case_that_waits_for_what_cannot_be(rule: str, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Case.objects.create(customer=make_customer(), **values)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("spell_ends_after_it_began", {"ended_at": timezone.now() - timedelta(days=9)}),
        ("spell_is_with_somebody", {"waits_for": "NOBODY"}),
        ("spell_reason_is_known", {"reason": "LOST"}),
    ],
)
def test_postgresql_refuses_a_spell_that_cannot_be(rule: str, changes: dict[str, Any]) -> None:
    make_request(make_customer())

    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Spell.objects.update(**changes)


def test_a_customer_is_with_one_side_at_a_time() -> None:
    spell = Spell(customer=make_request(make_customer()).customer, waits_for="PROVIDER", reason="IN_REVIEW")
    spell.began_at = timezone.now()

    with pytest.raises(IntegrityError, match="one_open_spell_per_customer"), transaction.atomic():
        spell.save()


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("target_is_late_after_due_soon", {"waits_for": "US", "due_soon_after_hours": 8, "late_after_hours": 8}),
        ("target_is_of_a_side", {"waits_for": "NOBODY", "due_soon_after_hours": 1, "late_after_hours": 8}),
    ],
)
def test_postgresql_refuses_a_target_that_cannot_be(rule: str, values: dict[str, Any]) -> None:
    Target.objects.all().delete()

    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Target.objects.create(**values)


def test_every_side_has_a_target_also_where_none_was_written() -> None:
    Target.objects.filter(waits_for="US").delete()
    Target.objects.filter(waits_for="CUSTOMER").update(late_after_hours=500)

    assert {side: each.late_after_hours for side, each in targets().items()} == {
        "US": FIRST_TARGETS[WaitsFor.US][1], "PROVIDER": FIRST_TARGETS[WaitsFor.PROVIDER][1], "CUSTOMER": 500,
    }  # fmt: skip


# --- Two at once


@pytest.mark.django_db(transaction=True)
def test_two_who_write_at_once_leave_the_case_as_both_made_it() -> None:
    """Each sees the other's change only once it is committed: the later of the two has to look again."""
    request = make_request(make_customer())
    call = wanted(CallKind.UPDATE_CLIENT, request.customer)
    has_written, both_go_on = threading.Event(), threading.Event()

    def refuse_the_call() -> None:
        with transaction.atomic():
            answered(call, CallState.REFUSED)
            has_written.set()
            both_go_on.wait(10)

    first = in_a_thread(refuse_the_call)
    has_written.wait(10)
    second = in_a_thread(lambda: EnablementRequest.objects.filter(pk=request.pk).update(status="IN_KYC"))
    wait_for_a_lock()
    both_go_on.set()
    first.join(10)
    second.join(10)

    assert stands(request.customer) == read(request.customer) == (WaitsFor.US, Reason.REFUSED_CALL)


@pytest.mark.django_db(transaction=True)
def test_two_who_begin_a_case_at_once_leave_it_as_both_made_it() -> None:
    """There is no row to wait for yet: whose insert comes second finds one, and has to look again."""
    customer = make_customer(individual_cards=True)
    has_written, both_go_on = threading.Event(), threading.Event()

    def ask() -> None:
        with transaction.atomic():
            make_request(customer)
            has_written.set()
            both_go_on.wait(10)

    first = in_a_thread(ask)
    has_written.wait(10)
    second = in_a_thread(lambda: wanted(CallKind.UPDATE_CLIENT, customer))
    wait_for_a_lock()
    both_go_on.set()
    first.join(10)
    second.join(10)

    assert stands(customer) == read(customer) == (WaitsFor.US, Reason.MISSING)
    assert (Case.objects.get().request, Case.objects.get().is_moving) == (customer.newest_request, True)
