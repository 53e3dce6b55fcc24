"""What is wrong with an image is said before anything is sent: errors keep it here, warnings ask for a reason."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from audit.models import Event
from cryptomate.testing import FakeTransport, request_json
from customers.actions import Upload, save_draft, upload_document
from customers.images import clean_image
from customers.models import Customer, Document
from customers.pictures import SAME, parts_of, sent_with
from customers.policies import NotAllowed
from customers.tests.making import make_customer, make_document, make_request
from customers.tests.pictures import bad_photo, photo
from customers.thresholds import QualityThreshold
from imaging.likeness import distance
from provider.actions import carry_out, want
from provider.models import CallKind, ProviderCall

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

LIKENESS = "0123456789abcdef"
REASON = "The customer has no other document."


@pytest.fixture
def customer() -> Customer:
    return make_request(make_customer()).customer


def keep(browser: Client, customer: Customer, image: Any, **sent: Any) -> str:
    data = {"document_type": "passport", "front_image": image, **sent}
    address = f"/customers/{customer.pk}/drafts/front/identity_document/"
    return str(browser.post(address, data, headers={"HX-Request": "true"}).content.decode())


def send(browser: Client, customer: Customer, **sent: Any) -> Any:
    data = {"document_type": "passport", "metadata_number": "P1", **sent}
    return browser.post(f"/customers/{customer.pk}/documents/identity_document/", data)


def doubtful(name: str = "least_sharpness_doubtful") -> None:
    """Make every photo doubtful."""
    QualityThreshold.objects.create(name=name, value=100_000)


def test_a_good_image_is_shown_with_its_numbers_and_no_finding(as_officer: Client, customer: Customer) -> None:
    page = keep(as_officer, customer, photo())

    assert "sharpness" in page
    assert "Document 1" in page
    assert 'class="findings"' not in page
    assert "Reason for sending it as it is" not in page


@pytest.mark.parametrize("kind", ["blurred", "dark", "overexposed", "cropped", "small"])
def test_a_bad_image_stays_with_what_is_wrong_and_is_not_sent(
    as_officer: Client, customer: Customer, kind: str
) -> None:
    page = keep(as_officer, customer, bad_photo(kind))

    refused = send(as_officer, customer)

    assert "finding--error" in page
    assert refused.status_code == 422
    assert Document.objects.get().front
    assert not ProviderCall.objects.exists()


def test_without_a_script_a_bad_image_is_kept_and_what_is_wrong_is_said_at_its_field(
    as_officer: Client, customer: Customer
) -> None:
    page = send(as_officer, customer, front_image=bad_photo("dark")).content.decode()

    assert "too dark" in page
    assert "Front image kept" in page
    assert Document.objects.get().status == "DRAFT"
    assert not ProviderCall.objects.exists()


def test_a_bad_image_is_replaced_by_a_good_one_and_sent(as_officer: Client, customer: Customer) -> None:
    keep(as_officer, customer, bad_photo())

    assert send(as_officer, customer, front_image=photo()).status_code == 302
    assert ProviderCall.objects.get().kind == CallKind.UPLOAD_DOCUMENT


def test_a_doubtful_image_is_sent_with_a_reason_which_is_on_record(as_officer: Client, customer: Customer) -> None:
    doubtful()
    page = keep(as_officer, customer, photo())

    asked = send(as_officer, customer)
    sent = send(as_officer, customer, override_reason=REASON)

    document, event = Document.objects.get(), Event.objects.get(kind="document.warnings_overridden")
    assert "finding--warning" in page
    assert "Reason for sending it as it is" in page
    assert (asked.status_code, sent.status_code) == (422, 302)
    assert "Say why these images are sent as they are" in asked.content.decode()
    assert (document.overridden, document.override_reason) == (["front: blurred"], REASON)
    assert event.detail == {"after": {"warnings": ["front: blurred"], "reason": REASON}}
    assert event.actor_name == "officer"


def test_a_reason_that_nothing_asked_for_is_not_kept(as_officer: Client, customer: Customer) -> None:
    send(as_officer, customer, front_image=photo(), override_reason=REASON)

    document = Document.objects.get()
    assert (document.overridden, document.override_reason) == ([], None)
    assert not Event.objects.filter(kind="document.warnings_overridden").exists()


def test_no_reason_sends_what_the_provider_would_refuse(as_officer: Client, customer: Customer) -> None:
    refused = send(as_officer, customer, front_image=bad_photo("dark"), override_reason=REASON)

    assert refused.status_code == 422
    assert not ProviderCall.objects.exists()


def test_what_is_typed_as_a_reason_survives_another_image(as_officer: Client, customer: Customer) -> None:
    doubtful()
    keep(as_officer, customer, photo())
    seen = Document.objects.get().front_sha256[:16]

    page = keep(as_officer, customer, photo(seed=1), front_seen=seen, override_reason=REASON)

    assert f'value="{REASON}"' in page


@pytest.mark.parametrize(
    ("take", "reason"), [(lambda: bad_photo("dark"), REASON), (photo, "")], ids=["bad", "doubtful"]
)
def test_the_action_refuses_what_the_form_would(
    customer: Customer, officer: User, settings: Any, take: Any, reason: str
) -> None:
    doubtful()
    upload = Upload("passport", {"number": "P1"}, clean_image(take()), None, override_reason=reason)

    with pytest.raises(NotAllowed):
        upload_document(customer=customer, requirement_id="identity_document", upload=upload, by=officer)

    assert not Document.objects.exists()
    assert not [path for path in Path(settings.DOCUMENT_STORAGE).rglob("*") if path.is_file()]


def test_the_database_takes_no_overridden_warning_without_a_reason(customer: Customer) -> None:
    request = customer.newest_request
    assert request

    with pytest.raises(IntegrityError, match="overridden_warnings_have_a_reason"), transaction.atomic():
        make_document(request, overridden=["front: blurred"])


# --- Limits


def test_a_limit_for_one_type_leaves_the_others(as_officer: Client, customer: Customer) -> None:
    QualityThreshold.objects.create(document_type="national_id", name="least_sharpness_refused", value=100_000)

    assert "findings" not in keep(as_officer, customer, photo())


def test_a_limit_for_a_type_counts_before_the_one_for_all(as_officer: Client, customer: Customer) -> None:
    doubtful()
    QualityThreshold.objects.create(document_type="passport", name="least_sharpness_doubtful", value=1)

    assert "findings" not in keep(as_officer, customer, photo())


# --- The same picture


def refused_with(image: Any, customer: Customer) -> Document:
    request = customer.newest_request
    assert request
    likeness = clean_image(image).likeness
    return make_document(
        request, status="REJECTED", reason="blurry", front_likeness=likeness, likeness_parts=parts_of([likeness])
    )


def test_a_picture_that_was_refused_before_is_doubtful(as_officer: Client, customer: Customer) -> None:
    refused_with(photo(), customer)

    page = keep(as_officer, customer, photo(size=(1200, 900)))

    assert "CryptoMate refused this picture before: “blurry”. Take a new photo." in page
    assert send(as_officer, customer).status_code == 422


def test_another_picture_of_the_same_kind_is_not(as_officer: Client, customer: Customer) -> None:
    refused_with(photo(seed=1), customer)

    assert "refused this picture" not in keep(as_officer, customer, photo())


def test_a_picture_that_another_customer_sent_is_doubtful(as_officer: Client, customer: Customer) -> None:
    other = make_request(make_customer(api_id="client-2", first_name="Jane", last_name="Doe")).customer
    send(as_officer, other, front_image=photo())
    Document.objects.update(status="UPLOADED", uploaded_at=timezone.now())

    page = keep(as_officer, customer, photo())

    assert "The same picture was sent for Jane Doe." in page


def test_the_customers_own_accepted_picture_is_not(as_officer: Client, customer: Customer) -> None:
    send(as_officer, customer, front_image=photo())
    Document.objects.update(status="UPLOADED", uploaded_at=timezone.now())
    ProviderCall.objects.all().delete()

    assert "same picture" not in keep(as_officer, customer, photo())


@pytest.mark.parametrize("apart", range(5))
def test_pictures_are_the_same_up_to_three_bits_wherever_they_differ(customer: Customer, apart: int) -> None:
    request = customer.newest_request
    assert request
    bits = int(LIKENESS, 16)
    other = f"{bits ^ sum(1 << (at * 21 % 64) for at in range(apart)):016x}"
    sent = make_document(request, status="UPLOADED", back_likeness=other, likeness_parts=parts_of([other]))

    assert distance(LIKENESS, other) == apart
    assert list(sent_with(LIKENESS)) == ([sent] if apart <= SAME else [])


def test_the_same_picture_is_found_by_an_index(customer: Customer) -> None:
    request = customer.newest_request
    assert request
    Document.objects.bulk_create(
        Document(
            customer=customer, request=request, requirement=str(at), document_type="passport", status="UPLOADED",
            uploaded_at=timezone.now(), front_likeness=f"{at:016x}", likeness_parts=parts_of([f"{at * 7919:016x}"]),
        )
        for at in range(2000)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_document")

    assert "sent_document_likeness" in sent_with(LIKENESS).explain()


# --- What waits for a new request


@pytest.mark.parametrize("is_released", [True, False], ids=["let go", "only chosen"])
def test_a_new_request_takes_only_what_a_person_let_go(
    provider: FakeTransport, officer: User, *, is_released: bool
) -> None:
    rejected = make_request(
        make_customer(), status="REJECTED", rejected_items=[{"type": "document", "key": "passport"}]
    )
    upload: Any = Upload("passport", {"number": "P1"}, clean_image(photo()), None)
    act = upload_document if is_released else save_draft
    act(customer=rejected.customer, requirement_id="identity_document", upload=upload, by=officer)
    provider.reply("POST", "/*/products", request_json(id="request-new"), status=201)
    call = want(kind=CallKind.REQUEST_PRODUCT, target=rejected.customer, customer_id=rejected.customer_id, by=None)

    carry_out(call.pk, client=provider.client())

    assert ProviderCall.objects.filter(kind=CallKind.UPLOAD_DOCUMENT).exists() == is_released
