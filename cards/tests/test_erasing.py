"""What is kept of documents once their customers are closed."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from audit.models import Event
from cards.closing import closed_customers
from cards.tests.making import make_card
from customers.actions import Upload, save_draft
from customers.erasing import erase_documents
from customers.images import clean_image
from customers.models import Customer, Document, StatusChange
from customers.tests.making import make_customer, make_request
from customers.tests.pictures import photo
from customers.unsaved import UnsavedAnswers
from provider.models import CallKind, ProviderCall
from vault.stores import PrivateFolder, StoreAway

pytestmark = pytest.mark.django_db

LONG_AGO = timezone.now() - timedelta(days=400)


@pytest.fixture
def closed(officer: User) -> Customer:
    """Return a customer who was refused long ago, after both sides of a passport had been sent."""
    return refused_customer("client-1", officer)


def refused_customer(api_id: str, by: User) -> Customer:
    request = make_request(make_customer(api_id=api_id))
    image = clean_image(photo(size=(160, 120)))
    upload = Upload("passport", {"number": "AB1234567"}, front=image, back=image)
    save_draft(customer=request.customer, requirement_id="identity_document", upload=upload, by=by)
    Document.objects.filter(customer=request.customer).update(
        status="REJECTED", reason="blurry", uploaded_at=LONG_AGO, created_at=LONG_AGO
    )
    request.customer.requests.update(status="REJECTED", created_at=LONG_AGO)
    Customer.objects.filter(pk=request.customer_id).update(status="REJECTED", created_at=LONG_AGO)
    return Customer.objects.get(pk=request.customer_id)


def erase(*arguments: str, days: int = 365) -> str:
    out = StringIO()
    call_command("erase_documents", f"--closed-for-days={days}", *arguments, stdout=out)
    return out.getvalue()


def stored_files(settings: Any) -> list[Path]:
    return [path for path in Path(settings.DOCUMENT_STORAGE).rglob("*") if path.is_file()]


# --- What goes and what stays


def test_a_dry_run_says_what_would_go_and_touches_nothing(closed: Customer, settings: Any) -> None:
    said = erase()

    assert f"Customer {closed.pk}: documents 1, images 2" in said
    assert "Documents 1 and images 2 of customers 1 would go." in said
    assert "Barber" not in said
    assert "AB1234567" not in said
    assert len(stored_files(settings)) == 2
    assert Document.objects.get().metadata == {"number": "AB1234567"}


def test_what_the_document_held_goes_and_the_fact_of_it_stays(closed: Customer, settings: Any) -> None:
    before = Document.objects.get()

    said = erase("--erase")

    after = Document.objects.get()
    assert "Documents 1 and images 2 of customers 1 are erased." in said
    assert stored_files(settings) == []
    assert (after.metadata, after.measurements, after.reading, after.likeness_parts) == ({}, {}, None, [])
    assert (after.front_likeness, after.back_likeness, str(after.front), str(after.back)) == ("", "", "", "")
    assert (after.front_sha256, after.document_type, after.status) == (before.front_sha256, "passport", "REJECTED")
    assert after.erased_at is not None


def test_the_erasure_is_on_record(closed: Customer) -> None:
    erase("--erase")

    document, event = Document.objects.get(), Event.objects.get(kind="document.erased")
    assert (event.source, event.customer_id, event.object_id) == ("command", closed.pk, str(document.pk))
    assert event.detail
    assert event.detail["after"]["sha256"] == [document.front_sha256, document.back_sha256]


def test_a_draft_is_put_aside_with_what_was_typed_and_never_sent(closed: Customer, officer: User) -> None:
    Document.objects.update(status="DRAFT", uploaded_at=None)
    for card, typed in [
        ("document:identity_document", {"metadata_number": "AB1234567"}),
        ("data:tax", {"tax": "20-2"}),
    ]:
        UnsavedAnswers.objects.create(customer=closed, person=officer, card=card, typed=typed)

    erase("--erase")

    assert Document.objects.get().status == "SUPERSEDED"
    assert not UnsavedAnswers.objects.exists()


def test_a_second_run_finds_nothing(closed: Customer) -> None:
    erase("--erase")

    assert "Documents 0 and images 0 of customers 0 are erased." in erase("--erase")
    assert Event.objects.filter(kind="document.erased").count() == 1


def test_the_pages_say_when_it_was_erased(closed: Customer, client: Client, officer: User) -> None:
    erase("--erase")
    client.force_login(officer)
    document, today = Document.objects.get(), f"{timezone.now():%-d %b %Y}"
    address = f"/customers/{closed.pk}/documents/{document.pk}/"

    page, viewer = client.get(f"/customers/{closed.pk}/"), client.get(address)

    assert f"Its images were erased on {today}" in page.content.decode()
    assert f"Its images were erased on {today}" in viewer.content.decode()
    assert client.get(f"{address}front/").status_code == 404
    assert not Event.objects.filter(kind="document.viewed").exists()


def test_postgresql_refuses_an_erased_document_that_holds_something(closed: Customer) -> None:
    with pytest.raises(IntegrityError, match="erased_document_holds_nothing"), transaction.atomic():
        Document.objects.update(erased_at=timezone.now())


@pytest.mark.parametrize("wrong", ["0", "-3", "soon"])
def test_a_number_of_days_is_asked_for(wrong: str) -> None:
    with pytest.raises(CommandError, match="closed-for-days"):
        call_command("erase_documents", f"--closed-for-days={wrong}")


# --- Who is closed


def with_open_request(customer: Customer) -> None:
    customer.requests.update(status="PENDING_DOCUMENTATION")


def with_open_call(customer: Customer) -> None:
    document = customer.documents.get()
    ProviderCall.objects.create(
        kind=CallKind.UPLOAD_DOCUMENT, target_id=document.pk, customer_id=customer.pk, payload_digest="1",
        wanted_at=LONG_AGO,
    )  # fmt: skip


def with_live_card(customer: Customer) -> None:
    make_card(customer=customer, status="FROZEN", issued_at=LONG_AGO)


def who_moved_lately(customer: Customer) -> None:
    StatusChange.objects.create(
        machine="customer", object_id=customer.pk, customer=customer, from_status="PENDING", to_status="REJECTED",
        source="SYNC", at=timezone.now() - timedelta(days=300),
    )  # fmt: skip


def who_waits(customer: Customer) -> None:
    Customer.objects.update(status="PENDING")


def who_is_active_without_a_card(customer: Customer) -> None:
    Customer.objects.update(status="ACTIVE")
    customer.requests.update(status="ENABLED")


def with_a_card_issued_lately(customer: Customer) -> None:
    make_card(customer=customer, status="DELETED", issued_at=timezone.now())


OPEN = [
    with_open_request, with_open_call, with_live_card, who_moved_lately, who_waits, who_is_active_without_a_card,
    with_a_card_issued_lately,
]  # fmt: skip


@pytest.mark.parametrize("change", OPEN, ids=lambda change: change.__name__)
def test_nothing_is_erased_of_a_customer(change: Callable[[Customer], None], closed: Customer, settings: Any) -> None:
    change(closed)

    assert "Documents 0 and images 0 of customers 0 are erased." in erase("--erase")
    assert len(stored_files(settings)) == 2


def test_an_active_customer_whose_cards_ended_long_ago_is_closed(closed: Customer) -> None:
    who_is_active_without_a_card(closed)
    make_card(customer=closed, status="DELETED", issued_at=LONG_AGO)

    assert "customers 1 are erased" in erase("--erase")


# --- Crashes, and others at work


def erased(batch: int = 50) -> list[Any]:
    return list(erase_documents(closed_customers(before=timezone.now() - timedelta(days=365)), batch=batch))


def test_files_that_a_crash_left_are_deleted_by_the_next_run(closed: Customer, settings: Any) -> None:
    with mock.patch.object(PrivateFolder, "delete", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        erase("--erase")
    assert Document.objects.get().erased_at is not None
    assert len(stored_files(settings)) == 2

    erase("--erase")

    assert stored_files(settings) == []
    assert str(Document.objects.get().front) == ""


def test_a_crash_after_the_first_file_is_finished_too(closed: Customer, settings: Any) -> None:
    real, calls = PrivateFolder.delete, iter(range(10))

    def once(self: PrivateFolder, name: str) -> None:
        if next(calls):
            raise StoreAway
        real(self, name)

    with mock.patch.object(PrivateFolder, "delete", once), pytest.raises(CommandError, match="finishes what it began"):
        erase("--erase")
    assert len(stored_files(settings)) == 1

    erase("--erase")

    assert stored_files(settings) == []


def test_many_customers_go_in_batches(officer: User) -> None:
    customers = {refused_customer(f"client-{number}", officer).pk for number in range(3)}

    assert {each.customer_id for each in erased(batch=1)} == customers


@pytest.fixture
def elsewhere(transactional_db: None) -> Iterator[Any]:
    """Return a second connection, as another process would have."""
    other = connection.copy()
    yield other
    other.close()


@pytest.mark.django_db(transaction=True)
def test_a_customer_somebody_works_on_is_left_for_the_next_run(officer: User, elsewhere: Any) -> None:
    busy, idle = (refused_customer(f"client-{number}", officer) for number in range(2))
    with elsewhere.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM customers_customer WHERE id = %s FOR NO KEY UPDATE", [busy.pk])

        assert [each.customer_id for each in erased()] == [idle.pk]

        cursor.execute("ROLLBACK")
    assert [each.customer_id for each in erased()] == [busy.pk]


def test_a_case_that_is_opened_again_at_the_last_moment_keeps_its_documents(closed: Customer, settings: Any) -> None:
    def open_again(execute: Any, statement: str, *rest: Any) -> Any:
        answer = execute(statement, *rest)
        if "FOR NO KEY UPDATE" in statement and "SKIP LOCKED" in statement:
            with_open_request(closed)
        return answer

    with connection.execute_wrapper(open_again):
        assert erased() == []

    assert len(stored_files(settings)) == 2
