"""A document sent in spite of warnings by two people, where an admin wants two."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from audit.models import Event
from customers.models import Customer, Document
from customers.policies import NotAllowed
from customers.tests.making import make_customer, make_request
from customers.tests.pictures import bad_photo, photo
from customers.tests.test_findings import REASON, doubtful, keep, send
from people import four_eyes
from people.approvals import Act, Approval, FourEyes
from provider.models import CallKind, ProviderCall

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]


@pytest.fixture
def customer() -> Customer:
    FourEyes.objects.update_or_create(act=Act.SEND_DOCUMENT, defaults={"is_on": True})
    doubtful()
    return make_request(make_customer()).customer


def ask(browser: Client, customer: Customer, **sent: Any) -> Approval:
    assert send(browser, customer, front_image=photo(), override_reason=REASON, **sent).status_code == 302
    assert not ProviderCall.objects.exists()
    return Approval.objects.get()


def test_what_a_second_person_approves_is_sent_as_it_was_and_the_log_names_both(
    as_officer: Client, customer: Customer, senior: User
) -> None:
    approval = ask(as_officer, customer)
    draft = Document.objects.get()
    assert (draft.status, draft.released_at, draft.overridden) == ("DRAFT", None, [])
    page = as_officer.get(f"/customers/{customer.pk}/").content.decode()
    assert "Send the passport in spite of warnings (front: blurred)" in page
    assert "You cannot approve your own." in page

    four_eyes.approve(approval=approval, by=senior)

    document, call = Document.objects.get(), ProviderCall.objects.get()
    assert (call.kind, call.target_id, str(call.wanted_by)) == (CallKind.UPLOAD_DOCUMENT, draft.pk, "officer")
    assert (document.front_sha256, document.metadata, str(document.uploaded_by)) == (
        draft.front_sha256, {"number": "P1"}, "officer",
    )  # fmt: skip
    assert (document.overridden, document.override_reason) == (["front: blurred"], REASON)
    overridden = Event.objects.get(kind="document.warnings_overridden")
    assert (overridden.actor_name, overridden.said["after"]["approved_by"]) == ("officer", "senior")


def test_another_image_in_its_place_is_not_what_was_approved(
    as_officer: Client, customer: Customer, senior: User
) -> None:
    approval = ask(as_officer, customer)
    seen = Document.objects.get().front_sha256[:16]
    keep(as_officer, customer, photo(seed=1), front_seen=seen)
    replaced = Document.objects.get().front_sha256

    with pytest.raises(NotAllowed, match="has changed since"):
        four_eyes.approve(approval=approval, by=senior)

    approval.refresh_from_db()
    assert (approval.state, Document.objects.get().front_sha256) == ("ASKED", replaced)
    assert not ProviderCall.objects.exists()
    again = send(as_officer, customer, override_reason=REASON)
    assert again.status_code == 409
    assert "officer asked for something else here" in again.content.decode()


def test_a_good_image_needs_nobody_and_a_bad_one_is_sent_by_no_two(as_officer: Client) -> None:
    FourEyes.objects.update_or_create(act=Act.SEND_DOCUMENT, defaults={"is_on": True})
    customer = make_request(make_customer()).customer

    assert send(as_officer, customer, front_image=bad_photo("dark"), override_reason=REASON).status_code == 422
    assert not Approval.objects.exists()
    assert send(as_officer, customer, front_image=photo(), override_reason=REASON).status_code == 302
    assert ProviderCall.objects.count() == 1


def test_a_swap_says_that_it_waits_and_brings_it_to_the_page(as_officer: Client, customer: Customer) -> None:
    data = {"document_type": "passport", "metadata_number": "P1", "front_image": photo(), "override_reason": REASON}
    answer = as_officer.post(
        f"/customers/{customer.pk}/documents/identity_document/", data, headers={"HX-Request": "true"}
    )

    page = answer.content.decode()
    assert "this waits for a second person" in answer["HX-Trigger"]
    assert 'id="approvals"' in page
    assert f'value="{REASON}"' in page  # what was typed stays
    assert not ProviderCall.objects.exists()
