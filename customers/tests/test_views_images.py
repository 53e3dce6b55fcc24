import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from audit.models import Event
from conftest import person
from customers.actions import Upload, save_draft
from customers.document_images import ONE_LOOK
from customers.images import clean_image
from customers.models import Document
from customers.tests.making import make_customer, make_request
from customers.tests.pictures import photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(officer: User) -> Document:
    upload = Upload("drivers/../license", {}, front=clean_image(photo(kind="PNG", size=(40, 30))), back=None)
    customer = make_request(make_customer()).customer
    return save_draft(customer=customer, requirement_id="identity_document", upload=upload, by=officer)


def address(document: Document, side: str = "front", **changes: Any) -> str:
    return reverse("customers:image", args=[changes.get("customer", document.customer_id), document.pk, side])


def test_an_officer_sees_the_image_and_it_is_recorded(as_officer: Client, document: Document) -> None:
    response = as_officer.get(address(document))

    event = Event.objects.get(kind="document.viewed")
    assert Image.open(io.BytesIO(response.content)).size == (40, 30)
    assert (event.actor_name, event.object_id, event.customer_id) == ("officer", str(document.pk), document.customer_id)


def test_the_image_can_neither_be_cached_nor_run(as_officer: Client, document: Document) -> None:
    response = as_officer.get(address(document))

    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "no-store, private"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert response["Content-Disposition"] == 'inline; filename="driverslicense-front.png"'


def shown() -> list[dict[str, Any]]:
    looks = Event.objects.filter(kind="document.viewed").order_by("seq")
    return [(look.detail or {})["after"] for look in looks]


def looks() -> list[list[str]]:
    return [each["sides"] for each in shown()]


def test_the_record_says_which_picture_was_seen(as_officer: Client, document: Document) -> None:
    as_officer.get(address(document))

    seen = {"document_type": document.document_type, "sides": ["front"], "sha256": [document.front_sha256]}
    assert shown() == [seen]


def test_a_page_drawn_again_and_again_is_one_look(as_officer: Client, document: Document) -> None:
    for _ in range(3):
        as_officer.get(address(document))

    assert looks() == [["front"]]


def test_later_on_it_is_another_look(as_officer: Client, document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    as_officer.get(address(document))
    later = timezone.now() + ONE_LOOK + timedelta(seconds=1)
    monkeypatch.setattr("customers.document_images.timezone.now", lambda: later)

    as_officer.get(address(document))

    assert looks() == [["front"], ["front"]]


def test_another_person_and_another_picture_are_looks_of_their_own(
    as_officer: Client, document: Document, officer: User
) -> None:
    as_officer.get(address(document))
    another = Client()
    another.force_login(person("second", "Officer"))
    another.get(address(document))
    replaced = Upload("drivers/../license", {}, front=clean_image(photo(size=(80, 60))), back=None)
    save_draft(customer=document.customer, requirement_id="identity_document", upload=replaced, by=officer)

    as_officer.get(address(document))

    assert len(looks()) == 3


def test_asking_what_it_is_shows_it_to_nobody(as_officer: Client, document: Document) -> None:
    told, shown = as_officer.head(address(document)), as_officer.get(address(document))

    assert told.content == b""
    assert looks() == [["front"]]
    for name in ("Content-Length", "Content-Type", "Cache-Control", "Content-Security-Policy"):
        assert told[name] == shown[name]


def test_support_sees_no_image(as_support: Client, document: Document) -> None:
    assert as_support.get(address(document)).status_code == 403
    assert not Event.objects.filter(kind="document.viewed").exists()


def test_a_stranger_signs_in_first(client: Client, document: Document) -> None:
    assert client.get(address(document)).status_code == 302


def test_a_side_that_was_not_uploaded_is_not_found(as_officer: Client, document: Document) -> None:
    assert as_officer.get(address(document, "back")).status_code == 404
    assert as_officer.get(address(document).replace("front", "etc")).status_code == 404
    assert not Event.objects.filter(kind="document.viewed").exists()


def test_an_image_is_not_found_under_another_customer(as_officer: Client, document: Document) -> None:
    other = make_customer(api_id="client-2")

    assert as_officer.get(address(document, customer=other.pk)).status_code == 404


def test_an_image_is_only_read(as_officer: Client, document: Document) -> None:
    assert as_officer.post(address(document)).status_code == 405


def test_an_image_that_does_not_open_is_a_sentence_and_no_look(
    as_officer: Client, document: Document, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stored = Path(settings.DOCUMENT_STORAGE) / str(document.front)
    stored.write_bytes(stored.read_bytes()[:-1])
    damaged = as_officer.get(address(document))
    stored.unlink()
    missing = as_officer.get(address(document))

    assert [answer.status_code for answer in (damaged, missing)] == [503, 503]
    assert b"This image does not open. Tell an admin" in missing.content
    assert f"The image of document {document.pk} does not open (FileNotFoundError)" in caplog.text
    assert looks() == []
