"""What is kept of a document before it is whole."""

import threading
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from audit.models import Event
from cryptomate.testing import passport_requirement
from customers.actions import Upload, save_draft, upload_document
from customers.checklists import is_complete
from customers.images import clean_image
from customers.models import Customer, Document
from customers.policies import NotAllowed
from customers.tests.making import make_customer, make_document, make_request
from customers.tests.pictures import photo

BOTH_SIDES: Any = passport_requirement()
BOTH_SIDES = {
    **BOTH_SIDES,
    "valid_documents": [{**each, "require_back_image": True} for each in BOTH_SIDES["valid_documents"]],
}


def customer_asked_for(*documents: Any) -> Customer:
    return make_request(make_customer(), missing={"documents": list(documents), "data": []}).customer


def front_side(document_type: str = "passport") -> Upload:
    return Upload(document_type, {}, front=clean_image(photo()), back=None)


def stored_files(folder: str) -> list[Path]:
    return [path for path in Path(folder).rglob("*") if path.is_file()]


@pytest.mark.django_db(transaction=True)
def test_four_uploads_at_once_keep_one_draft(places: None, officer: User) -> None:
    customer = customer_asked_for(BOTH_SIDES)
    start = threading.Barrier(4)
    statuses: list[int] = []

    def upload() -> None:
        browser = Client(raise_request_exception=False)
        browser.force_login(officer)
        start.wait()
        chosen = {"document_type": "passport", "metadata_number": "P1", "front_image": photo()}
        statuses.append(browser.post(f"/customers/{customer.pk}/documents/identity_document/", chosen).status_code)
        connection.close()

    threads = [threading.Thread(target=upload) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [422] * 4
    assert Document.objects.count() == 1


@pytest.mark.django_db
def test_a_kept_image_is_on_record(officer: User) -> None:
    draft = save_draft(
        customer=customer_asked_for(BOTH_SIDES), requirement_id="identity_document", upload=front_side(), by=officer
    )

    event = Event.objects.get()
    assert (event.kind, event.actor_name, event.object_id) == ("document.kept", "officer", str(draft.pk))
    assert event.detail == {
        "after": {
            "requirement": "identity_document",
            "document_type": "passport",
            "sha256": [draft.front_sha256, ""],
        }
    }


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [True, False, 0])
def test_no_and_nought_are_answers(answer: bool | int) -> None:
    asked: Any = passport_requirement()
    option = {**asked["valid_documents"][0], "metadata": [{"key": "is_diplomatic", "data_type": "BOOLEAN"}]}
    request = make_request(make_customer(), missing={"documents": [{**asked, "valid_documents": [option]}], "data": []})

    assert is_complete(make_document(request, front="kept", metadata={"is_diplomatic": answer}), request)


@pytest.mark.django_db
def test_support_keeps_no_draft(support: User) -> None:
    with pytest.raises(NotAllowed):
        save_draft(
            customer=customer_asked_for(BOTH_SIDES), requirement_id="identity_document", upload=front_side(), by=support
        )

    assert not Document.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_image_that_was_replaced_before_it_was_sent_is_deleted(officer: User, settings: Any) -> None:
    customer = customer_asked_for(BOTH_SIDES)
    chosen: Any = {"customer": customer, "requirement_id": "identity_document", "by": officer}
    save_draft(**chosen, upload=front_side())

    upload_document(**chosen, upload=front_side())

    draft = Document.objects.get()
    assert len(stored_files(settings.DOCUMENT_STORAGE)) == 1
    with draft.front.open() as image:
        assert image.read()


@pytest.mark.django_db
@pytest.mark.parametrize(("requirement", "document_type"), [("x" * 81, "passport"), ("identity", "y" * 81)])
def test_a_name_longer_than_we_keep_is_refused_in_words(
    places: None, as_officer: Client, requirement: str, document_type: str
) -> None:
    asked: Any = passport_requirement()
    option = {**asked["valid_documents"][0], "id": document_type, "metadata": []}
    customer = customer_asked_for({**asked, "id": requirement, "valid_documents": [option]})

    answer = as_officer.post(
        f"/customers/{customer.pk}/documents/{requirement}/", {"document_type": document_type, "front_image": photo()}
    )

    assert answer.status_code == 409
    assert "too long to be kept" in answer.content.decode()
    assert not Document.objects.exists()
