"""Files that no document names."""

import os
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.models import Event
from customers.actions import Upload, save_draft
from customers.images import clean_image
from customers.models import Customer, Document, document_storage
from customers.tests.making import make_customer, make_request
from customers.tests.pictures import photo
from vault.stores import PrivateFolder, StoreAway

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(officer: User) -> Customer:
    """Return a customer with a draft of two sides, chosen two days ago."""
    customer, image = make_request(make_customer()).customer, clean_image(photo(size=(160, 120)))
    upload = Upload("passport", {}, front=image, back=image)
    save_draft(customer=customer, requirement_id="identity_document", upload=upload, by=officer)
    return customer


@pytest.fixture
def stray(customer: Customer, settings: Any) -> str:
    """Return the name of a file whose row was never committed."""
    name: str = document_storage().save(f"{customer.pk}/image", ContentFile(b"scan"))
    for path in folder_of(settings).rglob("*"):
        age(path, days=2)
    return name


def folder_of(settings: Any) -> Path:
    return Path(settings.DOCUMENT_STORAGE)


def age(path: Path, *, days: int) -> None:
    then = (timezone.now() - timedelta(days=days)).timestamp()
    os.utime(path, (then, then))


def remove_stray_files(*arguments: str) -> str:
    out = StringIO()
    call_command("remove_stray_files", *arguments, stdout=out)
    return out.getvalue()


def test_a_dry_run_names_the_file_and_leaves_it(stray: str, settings: Any) -> None:
    said = remove_stray_files()

    assert stray in said
    assert "Files 1 that no document names would go." in said
    assert (folder_of(settings) / stray).exists()


def test_the_file_goes_and_those_of_documents_stay(stray: str, customer: Customer) -> None:
    assert "Files 1 that no document names are removed." in remove_stray_files("--remove")

    document, event = Document.objects.get(), Event.objects.get(kind="stray_file.removed")
    assert set(document_storage().names()) == {document.front.name, document.back.name}
    assert (event.source, event.customer_id) == ("command", customer.pk)
    assert "Files 0 that no document names are removed." in remove_stray_files("--remove")


def test_a_file_of_today_may_belong_to_a_row_that_is_being_written(stray: str, settings: Any) -> None:
    (folder_of(settings) / stray).touch()

    assert "Files 0" in remove_stray_files("--remove")


def test_what_a_crash_left_half_written_goes_too(stray: str, settings: Any) -> None:
    unfinished = (folder_of(settings) / stray).parent / ".draft-abc123"
    unfinished.write_bytes(b"half")
    age(unfinished, days=2)

    assert "Files 2" in remove_stray_files("--remove")
    assert not unfinished.exists()


def test_a_file_that_is_none_of_ours_is_left_alone(stray: str, settings: Any) -> None:
    others = folder_of(settings) / "notes.txt"
    others.write_text("not a document")
    age(others, days=9)

    assert "Files 1" in remove_stray_files("--remove")
    assert others.exists()


def test_a_picture_whose_deletion_was_lost_is_found(
    customer: Customer, settings: Any, officer: User, django_capture_on_commit_callbacks: Any
) -> None:
    replaced = Upload("passport", {}, front=clean_image(photo(size=(80, 60))), back=None)
    with (
        mock.patch.object(PrivateFolder, "delete", side_effect=StoreAway),
        django_capture_on_commit_callbacks(execute=True),
    ):
        save_draft(customer=customer, requirement_id="identity_document", upload=replaced, by=officer)
    for path in folder_of(settings).rglob("*"):
        age(path, days=2)

    assert "Files 1 that no document names are removed." in remove_stray_files("--remove")


def test_a_store_that_does_not_answer_loses_no_record(stray: str) -> None:
    with mock.patch.object(PrivateFolder, "delete", side_effect=StoreAway), pytest.raises(CommandError, match="again"):
        remove_stray_files("--remove")

    assert not Event.objects.filter(kind="stray_file.removed").exists()
