import ast
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from customers.models import Customer, StatusChange
from customers.status_changes import StepNotAllowed
from customers.statuses import (
    CUSTOMER_TRANSITIONS,
    DOCUMENT_TRANSITIONS,
    REQUEST_TRANSITIONS,
    CustomerStatus,
    DocumentStatus,
    RequestStatus,
    Source,
    customer_status,
)
from customers.tests.making import make_customer, make_request

pytestmark = pytest.mark.django_db

PAIRS = [(here, there) for here in CustomerStatus for there in CustomerStatus if here != there]
REQUEST_PAIRS = [(here, there) for here in RequestStatus for there in RequestStatus if here != there]


@pytest.mark.parametrize(
    ("transitions", "statuses"),
    [
        (CUSTOMER_TRANSITIONS, CustomerStatus),
        (REQUEST_TRANSITIONS, RequestStatus),
        (DOCUMENT_TRANSITIONS, DocumentStatus),
    ],
)
def test_every_status_says_where_it_may_go(transitions: dict[str, frozenset[str]], statuses: type) -> None:
    assert set(transitions) == set(statuses)  # type: ignore[call-overload]
    assert set().union(*transitions.values()) <= set(statuses)  # type: ignore[call-overload]


@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_an_officer_takes_exactly_the_steps_of_the_table(here: str, there: str, officer: User) -> None:
    customer = make_customer(status=here)

    if there in CUSTOMER_TRANSITIONS[here]:
        customer.change_status(there, source=Source.OFFICER, by=officer)
        assert Customer.objects.get().status == there
    else:
        with pytest.raises(StepNotAllowed, match="cannot become"):
            customer.change_status(there, source=Source.OFFICER, by=officer)
        assert Customer.objects.get().status == here
        assert not StatusChange.objects.exists()


@pytest.mark.parametrize(("here", "there"), REQUEST_PAIRS)
def test_every_step_of_the_provider_is_followed_and_strange_ones_are_marked(here: str, there: str) -> None:
    request = make_request(make_customer(), status=here)

    request.change_status(there, source=Source.SYNC)

    request.refresh_from_db()
    assert request.status == there
    assert StatusChange.objects.get().unexpected == (there not in REQUEST_TRANSITIONS[here])


def test_a_change_leaves_a_record_of_who_and_on_whose_word(officer: User) -> None:
    customer = make_customer()

    customer.change_status("REJECTED", source=Source.OFFICER, by=officer, note="asked for")

    change = StatusChange.objects.get()
    assert (change.from_status, change.to_status, change.note) == ("PENDING", "REJECTED", "asked for")
    assert (change.by, change.customer) == (officer, customer)


def test_arriving_where_it_is_changes_and_records_nothing() -> None:
    customer = make_customer()

    assert customer.change_status("PENDING", source=Source.SYNC) is None
    assert not StatusChange.objects.exists()


def test_a_stale_copy_sees_the_present_status_before_it_decides(officer: User) -> None:
    customer = make_customer()
    Customer.objects.get().change_status("ACTIVE", source=Source.SYNC)

    assert customer.change_status("ACTIVE", source=Source.OFFICER, by=officer) is None
    assert StatusChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_five_who_take_one_step_at_once_one_is_recorded() -> None:
    customer = make_customer()
    start = threading.Barrier(5)

    def step() -> None:
        start.wait()
        try:
            Customer.objects.get(pk=customer.pk).change_status("ACTIVE", source=Source.SYNC)
        finally:
            connection.close()

    threads = [threading.Thread(target=step) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Customer.objects.get().status == "ACTIVE"
    assert StatusChange.objects.count() == 1


def test_the_database_refuses_an_officers_change_without_an_officer() -> None:
    customer = make_customer()

    with pytest.raises(IntegrityError, match="officer_change_names_officer"), transaction.atomic():
        customer.change_status("ACTIVE", source=Source.OFFICER)
    assert Customer.objects.get().status == "PENDING"


@pytest.mark.parametrize("change", ["note = 'other'", "at = now()"])
def test_the_database_refuses_to_rewrite_a_recorded_change(change: str) -> None:
    make_customer().change_status("ACTIVE", source=Source.SYNC)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE customers_statuschange SET {change}")  # noqa: S608 - the table above


@pytest.mark.parametrize(
    ("present", "client", "request_status", "expected"),
    [
        ("PENDING", "pending", None, "PENDING"),
        ("PENDING", "active", "ENABLED", "ACTIVE"),
        ("PENDING", "active", "IN_KYC", "PENDING"),
        ("PENDING", "pending", "ENABLED", "PENDING"),
        ("PENDING", "rejected", "IN_KYC", "REJECTED"),
        ("PENDING", "pending", "REJECTED", "REJECTED"),
        ("REJECTED", "pending", "PENDING_DOCUMENTATION", "REJECTED"),
        ("REJECTED", "pending", "IN_KYC", "PENDING"),
        ("ACTIVE", "pending", "ENABLED", "PENDING"),
        ("ACTIVE", "active", "REJECTED", "REJECTED"),
        ("ACTIVE", "on_hold", "ENABLED", "ACTIVE"),
    ],
)
def test_the_status_follows_client_and_request(
    present: str, client: str, request_status: str | None, expected: str
) -> None:
    assert customer_status(present, client=client, request=request_status) == expected


def test_only_the_one_door_writes_a_status() -> None:
    """Reads the code: `x.status = …` and `update(status=…)` outside `change_status` go round the record."""
    guarded = [Path(settings.BASE_DIR, app) for app in ("customers", "cards", "desk", "webhooks", "portal")]
    doors = {"customers/status_changes.py"}
    found = [
        f"{path.relative_to(settings.BASE_DIR)}:{node.lineno}"
        for app in guarded
        for path in app.rglob("*.py")
        if "tests" not in path.parts and str(path.relative_to(settings.BASE_DIR)) not in doors
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.stmt | ast.expr) and _writes_status(node)
    ]

    assert found == []


def _writes_status(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(target, ast.Attribute) and target.attr == "status" for target in targets)
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("update", "bulk_update")
        and any(keyword.arg == "status" for keyword in node.keywords)
    )
