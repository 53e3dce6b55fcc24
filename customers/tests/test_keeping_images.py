"""One image of a document, kept from the moment it is chosen."""

import threading
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audit.models import Event
from cryptomate.testing import passport_requirement
from customers.models import Customer, Document
from customers.tests.making import make_customer, make_document, make_request
from customers.tests.pictures import no_photo, photo
from imaging import turns
from imaging.hostile import HEIC, HOSTILE
from provider.models import ProviderCall

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

BOTH_SIDES: Any = passport_requirement()
BOTH_SIDES = {
    **BOTH_SIDES,
    "valid_documents": [{**each, "require_back_image": True} for each in BOTH_SIDES["valid_documents"]],
}


@pytest.fixture
def customer() -> Customer:
    return make_request(make_customer(), missing={"documents": [BOTH_SIDES], "data": []}).customer


def keep(browser: Client, customer: Customer, side: str = "front", **sent: Any) -> Any:
    data = {"document_type": "passport", f"{side}_image": photo(), **sent}
    return browser.post(
        f"/customers/{customer.pk}/drafts/{side}/identity_document/", data, headers={"HX-Request": "true"}
    )


def test_an_image_is_kept_at_once_and_shown_with_its_size(as_officer: Client, customer: Customer) -> None:
    answer = keep(as_officer, customer)

    draft = Document.objects.get()
    page = answer.content.decode()
    assert (draft.status, bool(draft.front), bool(draft.back)) == ("DRAFT", True, False)
    assert f"/customers/{customer.pk}/documents/{draft.pk}/front/" in page
    assert "1600 × 1200 px" in page
    assert not ProviderCall.objects.exists()


def test_a_kept_image_is_on_record_with_its_digests(as_officer: Client, customer: Customer) -> None:
    keep(as_officer, customer, side="back")

    draft, event = Document.objects.get(), Event.objects.get(kind="document.kept")
    assert (event.actor_name, event.object_id) == ("officer", str(draft.pk))
    assert event.detail
    assert event.detail["after"]["side"] == "back"
    assert event.detail["after"]["sha256"] == ["", draft.back_sha256]
    assert len(draft.back_source_sha256) == 64
    assert len(draft.back_likeness) == 16


def test_a_conversion_is_told_beside_the_image(as_officer: Client, customer: Customer) -> None:
    answer = keep(as_officer, customer, front_image=SimpleUploadedFile("IMG_0001.HEIC", HEIC))

    assert "converted from HEIC" in answer.content.decode()


def test_both_sides_come_one_after_the_other(as_officer: Client, customer: Customer) -> None:
    keep(as_officer, customer, side="front")
    keep(as_officer, customer, side="back")

    draft = Document.objects.get()
    assert draft.front
    assert draft.back


def test_leaving_the_page_and_returning_finds_the_image(as_officer: Client, customer: Customer) -> None:
    keep(as_officer, customer)

    page = as_officer.get(f"/customers/{customer.pk}/").content.decode()

    assert "Front image kept: 1600 × 1200 px" in page
    assert "Back image kept" not in page


def test_what_was_refused_leaves_what_was_kept(as_officer: Client, customer: Customer) -> None:
    keep(as_officer, customer)
    kept = Document.objects.get()

    answer = keep(as_officer, customer, front_image=no_photo(), front_seen=kept.front_sha256[:16])

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This is not a JPEG" in page
    assert "Front image kept" in page
    kept.refresh_from_db()
    assert kept.front.open().read()


def test_of_a_hostile_file_nothing_is_stored(as_officer: Client, customer: Customer) -> None:
    for hostile in HOSTILE:
        if not hostile.exhausts:
            upload = SimpleUploadedFile(hostile.file_name or "photo", hostile.make())

            answer = keep(as_officer, customer, front_image=upload)

            assert (hostile.name, answer.status_code) == (hostile.name, 422)
            assert "field-error" in answer.content.decode()
    assert not Document.objects.exists()


def test_when_many_are_being_checked_the_browser_is_asked_to_come_again(
    as_officer: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_in_this_process", threading.BoundedSemaphore(1))
    with turns.turn():
        answer = keep(as_officer, customer)

    assert (answer.status_code, answer["Retry-After"]) == (429, "3")
    assert not Document.objects.exists()


def test_an_image_that_somebody_chose_meanwhile_is_not_replaced_unasked(as_officer: Client, customer: Customer) -> None:
    keep(as_officer, customer)
    kept = Document.objects.get().front_sha256

    answer = keep(as_officer, customer, front_image=photo(size=(200, 100)))

    assert answer.status_code == 422
    assert "Somebody chose another image here meanwhile" in answer.content.decode()
    assert Document.objects.get().front_sha256 == kept


def test_an_image_that_was_seen_is_replaced(as_officer: Client, customer: Customer) -> None:
    keep(as_officer, customer)
    before = Document.objects.get()

    keep(as_officer, customer, front_image=photo(size=(200, 100)), front_seen=before.front_sha256[:16])

    after = Document.objects.get()
    assert (after.pk, after.measurements["front"]["width"]) == (before.pk, 200)


def test_another_image_is_shown_at_another_address(as_officer: Client, customer: Customer) -> None:
    before = keep(as_officer, customer).content.decode()
    seen = Document.objects.get().front_sha256[:16]

    after = keep(as_officer, customer, front_image=photo(size=(200, 100)), front_seen=seen).content.decode()

    assert f"front/?image={seen}" in before
    assert f"front/?image={Document.objects.get().front_sha256[:16]}" in after
    assert seen not in after


def test_after_an_image_was_kept_the_form_can_be_sent(as_officer: Client, customer: Customer) -> None:
    answer = keep(as_officer, customer).content.decode()
    keep(as_officer, customer, side="back")
    drawn_from = as_officer.get(f"/customers/{customer.pk}/").content.decode().partition('name="drawn_from" value="')[2]

    sent = as_officer.post(
        f"/customers/{customer.pk}/documents/identity_document/",
        {"document_type": "passport", "metadata_number": "P1", "drawn_from": drawn_from.partition('"')[0]},
    )

    assert 'name="drawn_from" value="' in answer
    assert sent.status_code == 302
    assert ProviderCall.objects.get().target_id == Document.objects.get().pk


def test_a_poll_after_the_answer_draws_the_card_no_second_time(as_officer: Client, customer: Customer) -> None:
    page = as_officer.get(f"/customers/{customer.pk}/").content.decode()
    seen = page.partition('name="seen" value="')[2].partition('"')[0]

    answer = keep(as_officer, customer, seen=seen).content.decode()

    now = answer.partition('id="seen" name="seen" value="')[2].partition('"')[0]
    poll = as_officer.get(f"/customers/{customer.pk}/progress/", {"seen": now}).content.decode()
    assert 'id="document-identity_document"' not in poll


def test_an_image_for_a_side_that_nobody_asks_for_is_not_found(as_officer: Client) -> None:
    customer = make_request(make_customer()).customer

    assert keep(as_officer, customer, side="back").status_code == 404
    assert keep(as_officer, customer, document_type="library_card").status_code == 404
    assert not Document.objects.exists()


def test_without_a_file_nothing_is_kept(as_officer: Client, customer: Customer) -> None:
    answer = keep(as_officer, customer, front_image="")

    assert answer.status_code == 422
    assert not Document.objects.exists()


def test_an_image_is_refused_while_the_document_is_being_uploaded(as_officer: Client) -> None:
    request = make_request(make_customer(), status="IN_KYC")

    answer = keep(as_officer, request.customer)

    assert answer.status_code in (404, 422)
    assert not Document.objects.exists()


def test_support_keeps_no_image(as_support: Client, customer: Customer) -> None:
    assert keep(as_support, customer).status_code == 403
    assert not Document.objects.exists()


def test_a_stranger_signs_in_first(client: Client, customer: Customer) -> None:
    assert keep(client, customer).status_code == 302
    assert not Document.objects.exists()


def test_an_image_is_only_sent(as_officer: Client, customer: Customer) -> None:
    assert as_officer.get(f"/customers/{customer.pk}/drafts/front/identity_document/").status_code == 405


def test_a_draft_of_another_type_is_put_aside_by_the_first_image_of_this_one(
    as_officer: Client, customer: Customer
) -> None:
    request = customer.newest_request
    assert request
    other = make_document(request, document_type="national_id")

    keep(as_officer, customer)

    other.refresh_from_db()
    assert other.status == "SUPERSEDED"
    assert Document.objects.drafts().get().document_type == "passport"
