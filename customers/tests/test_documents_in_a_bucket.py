"""Documents in an S3-compatible store, against a real server."""

import base64
import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from importlib.util import find_spec
from io import BytesIO, StringIO
from typing import Any

import pytest
from botocore.config import Config
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from PIL import Image

from audit.models import Event
from cryptomate.testing import FakeTransport, client_json, request_json
from customers.erasing import erase_documents
from customers.models import Customer, Document, EnablementRequest
from customers.stray_files import OLD, remove_stray_file, stray_files
from customers.tasks import read_document
from customers.tests.making import NOTHING_MISSING, make_customer, make_request
from customers.tests.pictures import photo
from provider.actions import carry_out
from provider.models import CallState, ProviderCall
from vault import buckets, cipher, stores
from vault.cipher import CannotDecrypt
from vault.storage import EncryptedStorage
from vault.stores import StoreAway
from vault.testing import BUCKET, BucketServer, free_port

pytestmark = [
    pytest.mark.skipif(find_spec("moto") is None, reason="moto, whose server these tests start, is not installed"),
    pytest.mark.django_db,
    pytest.mark.usefixtures("places", "bucket"),
    pytest.mark.xdist_group("bucket"),
]

AWAY = "The store for documents does not answer."
SCAN = b"\x89PNG the image of a passport"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketServer]:
    server = BucketServer(tmp_path_factory.mktemp("bucket") / "server.log")
    try:
        server.start()
        server.prepare()
        yield server
    finally:
        server.stop()


@pytest.fixture
def bucket(server: BucketServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[BucketServer]:
    """Keep documents in the bucket, which is empty at first."""
    settings.DOCUMENT_STORAGE, settings.DOCUMENT_STORAGE_ENDPOINT = f"s3://{BUCKET}/portal", server.url
    for name, value in {"AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1", **server.keys}.items():
        monkeypatch.setenv(name, value)
    stores.bucket_at.cache_clear()
    for key in server.contents():
        server.client().delete_object(Bucket=BUCKET, Key=key)
    yield server
    stores.bucket_at.cache_clear()


@pytest.fixture
def wrong_keys(bucket: BucketServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    stores.bucket_at.cache_clear()


@pytest.fixture
def nobody_there(bucket: BucketServer, settings: Any) -> None:
    settings.DOCUMENT_STORAGE_ENDPOINT = f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def customer() -> Customer:
    return make_request(make_customer()).customer


def keep(browser: Client, customer: Customer, **sent: Any) -> Any:
    data = {"document_type": "passport", "front_image": photo(size=(160, 120)), "front_seen": "", **sent}
    return browser.post(
        f"/customers/{customer.pk}/drafts/front/identity_document/", data, headers={"HX-Request": "true"}
    )


def upload(browser: Client, customer: Customer, **typed: str) -> Any:
    data = {"document_type": "passport", "front_image": photo(), "metadata_number": "AB1234567", **typed}
    return browser.post(f"/customers/{customer.pk}/documents/identity_document/", data)


def image_of(document: Document) -> str:
    return f"/customers/{document.customer_id}/documents/{document.pk}/front/"


def test_the_bucket_holds_neither_picture_nor_name_and_the_page_shows_it(
    as_officer: Client, customer: Customer, bucket: BucketServer
) -> None:
    assert keep(as_officer, customer).status_code == 200

    document, [(key, sealed)] = Document.objects.get(), bucket.contents().items()
    shown = as_officer.get(image_of(document))
    assert Image.open(BytesIO(shown.content)).size == (160, 120)
    assert key == f"portal/{document.front.name}"
    assert not sealed.startswith((b"\xff\xd8", b"\x89PNG"))
    assert shown.content not in sealed


def test_only_the_owner_of_the_bucket_may_read_the_file(bucket: BucketServer) -> None:
    name = EncryptedStorage().save("a/b", ContentFile(SCAN))

    grants = bucket.client().get_object_acl(Bucket=BUCKET, Key=f"portal/{name}")["Grants"]

    assert [(grant["Grantee"]["Type"], grant["Permission"]) for grant in grants] == [("CanonicalUser", "FULL_CONTROL")]


def test_a_picture_in_place_of_another_leaves_one_file(
    as_officer: Client, customer: Customer, bucket: BucketServer, django_capture_on_commit_callbacks: Any
) -> None:
    keep(as_officer, customer)
    first = Document.objects.get().front_sha256

    with django_capture_on_commit_callbacks(execute=True):
        keep(as_officer, customer, front_image=photo(size=(80, 60)), front_seen=first[:16])

    document = Document.objects.get()
    assert document.front_sha256 != first
    assert list(bucket.contents()) == [f"portal/{document.front.name}"]


def test_a_file_is_never_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "5eed")
    storage = EncryptedStorage()
    name = storage.save("a/b", ContentFile(SCAN))

    with pytest.raises(FileExistsError):
        storage.save("a/b", ContentFile(b"another"))

    assert storage.open(name).read() == SCAN


def test_a_file_put_in_the_place_of_another_does_not_open(bucket: BucketServer) -> None:
    storage = EncryptedStorage()
    one, other = (storage.save("a/b", ContentFile(SCAN)) for _ in range(2))
    sealed = bucket.contents()[f"portal/{other}"]
    bucket.client().put_object(Bucket=BUCKET, Key=f"portal/{one}", Body=sealed)

    with pytest.raises(CannotDecrypt):
        storage.open(one)


def test_a_deleted_file_is_gone_and_may_be_deleted_again(bucket: BucketServer) -> None:
    storage = EncryptedStorage()
    name = storage.save("a/b", ContentFile(SCAN))
    assert (storage.exists(name), storage.size(name)) == (True, len(SCAN))

    storage.delete(name)
    storage.delete(name)

    assert bucket.contents() == {}
    assert not storage.exists(name)
    with pytest.raises(FileNotFoundError):
        storage.open(name)


def test_rotation_seals_every_file_again_and_a_second_run_has_nothing_to_do(
    settings: Any, bucket: BucketServer
) -> None:
    storage = EncryptedStorage()
    names = [storage.save("a/b", ContentFile(SCAN)) for _ in range(3)]
    new_key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    settings.DATA_KEYS = [new_key, *settings.DATA_KEYS]
    assert storage.open(names[0]).read() == SCAN  # under the older key

    first, second = (rotated() for _ in range(2))

    settings.DATA_KEYS = [new_key]
    assert "Files: 3 seen, 3 sealed again" in first
    assert "Files: 3 seen, 0 sealed again" in second
    assert {storage.open(name).read() for name in names} == {SCAN}
    assert not any(map(cipher.needs_rotation, bucket.contents().values()))


def rotated() -> str:
    out = StringIO()
    call_command("rotate_data_keys", stdout=out)
    return out.getvalue()


def test_a_file_deleted_while_it_is_sealed_again_stays_away(bucket: BucketServer) -> None:
    storage = EncryptedStorage()
    name = storage.save("a/b", ContentFile(SCAN))

    def change(_: bytes) -> bytes:
        storage.delete(name)
        return b"sealed again"

    with pytest.raises(FileNotFoundError):
        storage.store.rewrite(name, change)

    assert bucket.contents() == {}


@pytest.mark.parametrize("trouble", ["wrong_keys", "nobody_there"])
def test_a_store_that_does_not_answer_keeps_what_was_typed_and_no_row(
    request: pytest.FixtureRequest, as_officer: Client, customer: Customer, trouble: str
) -> None:
    request.getfixturevalue(trouble)

    chosen = keep(as_officer, customer)
    sent = upload(as_officer, customer)

    assert (chosen.status_code, sent.status_code) == (422, 409)
    assert AWAY in chosen.content.decode()
    assert AWAY in sent.content.decode()
    assert 'value="AB1234567"' in sent.content.decode()
    assert not Document.objects.exists()
    assert not ProviderCall.objects.exists()


@pytest.mark.parametrize("trouble", ["wrong_keys", "nobody_there"])
def test_an_image_that_cannot_be_had_now_is_a_503_and_no_look(
    request: pytest.FixtureRequest, as_officer: Client, customer: Customer, trouble: str
) -> None:
    keep(as_officer, customer)
    request.getfixturevalue(trouble)

    answer = as_officer.get(image_of(Document.objects.get()))

    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert AWAY in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert not Event.objects.filter(kind="document.viewed").exists()


def test_a_bucket_that_is_not_there_is_no_missing_file(settings: Any) -> None:
    settings.DOCUMENT_STORAGE = "s3://no-such-bucket"

    with pytest.raises(StoreAway):
        EncryptedStorage().open("a/b")


def test_the_log_says_what_is_wrong_and_nothing_else(
    wrong_keys: None, bucket: BucketServer, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(StoreAway):
        EncryptedStorage().save("maria/b", ContentFile(SCAN))

    assert "The store for documents refuses us (SignatureDoesNotMatch)" in caplog.text
    assert bucket.keys["AWS_ACCESS_KEY_ID"] not in caplog.text
    assert "maria" not in caplog.text


def test_a_document_waits_for_its_store_and_leaves_afterwards(
    as_officer: Client, customer: Customer, provider: FakeTransport, settings: Any
) -> None:
    upload(as_officer, customer)
    call = ProviderCall.objects.get()
    there, settings.DOCUMENT_STORAGE_ENDPOINT = settings.DOCUMENT_STORAGE_ENDPOINT, f"http://127.0.0.1:{free_port()}"

    carry_out(call.pk, client=provider.client())

    call.refresh_from_db()
    assert (call.state, call.attempts, provider.calls) == (CallState.WANTED, 1, [])
    assert AWAY[:-1] in call.message
    settings.DOCUMENT_STORAGE_ENDPOINT = there
    product = request_json(
        id=EnablementRequest.objects.get().api_id, client_id="client-1", missing_requirements=NOTHING_MISSING
    )
    provider.reply("POST", "*/documentation", {"product": product, "rejected_items": []})
    provider.reply("GET", "/management/clients/individuals/client-1", client_json(id="client-1"))
    ProviderCall.objects.update(next_attempt_at=timezone.now())

    carry_out(call.pk, client=provider.client())

    call.refresh_from_db()
    assert (call.state, call.message) == (CallState.DONE, "")


def test_a_rotation_that_loses_its_store_says_that_it_can_go_on(nobody_there: None) -> None:
    with pytest.raises(CommandError, match="Run this again: it goes on from here"):
        rotated()


def test_an_image_that_is_to_be_read_waits_for_its_store(
    as_officer: Client, customer: Customer, request: pytest.FixtureRequest
) -> None:
    keep(as_officer, customer)
    request.getfixturevalue("nobody_there")
    document = Document.objects.get()

    read_document(document_id=str(document.pk))

    due = Document.objects.due_for_reading(now=timezone.now() + timedelta(hours=1))
    assert list(due) == [document]


def test_erasing_empties_the_bucket_and_what_it_lost_sight_of_goes_too(
    as_officer: Client, customer: Customer, bucket: BucketServer
) -> None:
    keep(as_officer, customer)
    stray = EncryptedStorage().save(f"{customer.pk}/image", ContentFile(SCAN))

    erasures = list(erase_documents(Customer.objects.all()))
    assert [(each.documents, each.files) for each in erasures] == [(1, 1)]
    assert list(bucket.contents()) == [f"portal/{stray}"]

    for file in stray_files(now=timezone.now() + OLD + timedelta(minutes=1)):
        remove_stray_file(file)

    assert bucket.contents() == {}


def test_an_erasure_that_loses_its_store_is_finished_later(
    as_officer: Client, customer: Customer, bucket: BucketServer, settings: Any
) -> None:
    keep(as_officer, customer)
    settings.DOCUMENT_STORAGE_ENDPOINT = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(StoreAway):
        list(erase_documents(Customer.objects.all()))
    assert len(bucket.contents()) == 1
    settings.DOCUMENT_STORAGE_ENDPOINT = bucket.url

    list(erase_documents(Customer.objects.all()))

    assert bucket.contents() == {}


def test_a_store_that_takes_the_call_and_never_answers_is_given_up(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vault.buckets.LIMITS", buckets.LIMITS.merge(Config(read_timeout=0.2)))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.DOCUMENT_STORAGE_ENDPOINT = f"http://127.0.0.1:{silent.getsockname()[1]}"

        with pytest.raises(StoreAway):
            EncryptedStorage().open("a/b")
