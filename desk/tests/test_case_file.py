"""The case file: what stands in it, who makes it, and that a stranger can tell whether it was changed."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from audit.kinds import Kind
from audit.models import Event
from audit.sealing import seal_all
from customers.models import Customer
from customers.note_actions import add_note, withdraw_note
from customers.policies import NotAllowed
from customers.statuses import Source
from customers.tests.making import make_customer, make_document, make_request
from desk.actions import make_case_file
from desk.verify import ORDER, faults_of, is_signed
from people.sessions import CONFIRMED
from provider.actions import want
from provider.models import CallKind


@pytest.fixture
def customer(officer: User) -> Customer:
    """Somebody with a request, a document, a call, and an officer who looked."""
    customer = make_customer()
    request = make_request(customer, rejection_description="Blurred photo")
    make_document(request, status="UPLOADED", front_sha256="f" * 64, metadata={"number": "AB1234567"})
    customer.change_status("ACTIVE", source=Source.OFFICER, by=officer, note="Seen in person")
    want(kind=CallKind.UPDATE_CLIENT, target=customer, customer_id=customer.pk, by=officer)
    withdraw_note(note=add_note(customer=customer, text="Looks like his brother", by=officer), by=officer)
    seal_all()
    return customer


@pytest.fixture
def as_auditor(client: Client, auditor: User) -> Client:
    client.force_login(auditor)
    return client


def address(customer: Customer) -> str:
    return f"/customers/{customer.pk}/case-file/"


def made(client: Client, customer: Customer) -> zipfile.ZipFile:
    response = client.post(address(customer))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"].startswith(f'attachment; filename="case-{str(customer.pk)[:8]}-')
    return zipfile.ZipFile(io.BytesIO(response.getvalue()))


@pytest.mark.django_db
def test_a_case_file_holds_all_that_is_on_record_and_is_on_record_itself(
    as_auditor: Client, customer: Customer
) -> None:
    file = made(as_auditor, customer)

    summary = file.read("summary.html").decode()
    for words in ("Maria Barber", "AB1234567", "Blurred photo", "f" * 64, "Customer: Active", "Save the customer",
                  "Looks like his brother", "wrote a note (withdrawn "):  # fmt: skip
        assert words in summary
    assert "made the case file of the customer" in summary.partition("Who looked")[2]
    assert "<script" not in summary
    assert json.loads(file.read("documents.json"))[0]["metadata"] == {"number": "AB1234567"}
    assert json.loads(file.read("changes.json"))[0]["by"] == "officer"
    [note] = json.loads(file.read("notes.json"))
    assert (note["by"], note["text"]) == ("officer", "Looks like his brother")
    assert note["withdrawn_at"]
    assert len(json.loads(file.read("snapshots.json"))) == len(json.loads(file.read("requests.json"))) == 1
    looks = json.loads(file.read("looks.json"))
    assert [(look["actor_name"], look["kind"]) for look in looks] == [("auditor", "case_file.made")]
    on_record = Event.objects.of_kind(Kind.CASE_FILE_MADE).get()
    assert (on_record.actor_name, on_record.customer_id) == ("auditor", customer.pk)


@pytest.mark.django_db
def test_a_stranger_can_verify_it_and_is_told_what_was_changed(
    as_auditor: Client, customer: Customer, tmp_path: Path
) -> None:
    made(as_auditor, customer).extractall(tmp_path)
    out = io.StringIO()
    call_command("audit_public_key", stdout=out)
    fingerprint = out.getvalue().split()[-1]
    assert fingerprint in as_auditor.get("/audit/").content.decode()

    def verify(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(tmp_path / "verify.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    whole = verify("--fingerprint", fingerprint)
    (tmp_path / "summary.html").write_text("Nothing happened")
    (tmp_path / "looks.json").unlink()
    (tmp_path / "more.txt").write_text("And this")
    changed = verify()

    assert (whole.returncode, changed.returncode) == (0, 1)
    assert fingerprint in whole.stdout
    assert changed.stdout.splitlines() == ["looks.json is missing.", "summary.html was changed.", "more.txt was added."]


@pytest.mark.django_db
def test_a_case_file_that_somebody_signed_anew_is_found_out(as_auditor: Client, customer: Customer) -> None:
    file = made(as_auditor, customer)
    files = {name: file.read(name) for name in file.namelist()}
    fingerprint = json.loads(files["manifest.json"])["fingerprint"]
    theirs = Ed25519PrivateKey.generate()
    changed = files["manifest.json"].replace(b"auditor", b"officer")

    def with_signature(key: Ed25519PrivateKey) -> dict[str, bytes]:
        return {**files, "manifest.json": changed, "manifest.sig": key.sign(changed).hex().encode()}

    assert faults_of(files, fingerprint) == []
    assert faults_of({**files, "manifest.json": changed}) == [
        "manifest.json was changed: the signature is not its own."
    ]
    assert faults_of(with_signature(theirs)) == ["manifest.json was changed: the signature is not its own."]
    forged = {**with_signature(theirs), "public_key.txt": theirs.public_key().public_bytes_raw().hex().encode()}
    assert faults_of(forged, fingerprint) == ["public_key.txt holds another key than the portal's."]
    assert faults_of({"summary.html": b""})[0] == "manifest.json is missing."


@pytest.mark.django_db
def test_only_who_may_makes_one(client: Client, customer: Customer, officer: User, support: User, senior: User) -> None:
    for one in (officer, support):
        client.force_login(one)
        assert client.post(address(customer)).status_code == 403
        assert address(customer) not in client.get(f"/customers/{customer.pk}/").content.decode()
        with pytest.raises(NotAllowed):
            make_case_file(customer=customer, by=one, now=timezone.now())
    client.force_login(senior)
    assert address(customer) in client.get(f"/customers/{customer.pk}/").content.decode()
    assert client.get(address(customer)).status_code == 405
    assert client.post(address(Customer(pk="00000000-0000-0000-0000-000000000007"))).status_code == 404

    assert not Event.objects.of_kind(Kind.CASE_FILE_MADE)


@pytest.mark.django_db
def test_who_signed_in_long_ago_gives_the_password_first_and_comes_back(as_auditor: Client, customer: Customer) -> None:
    session = as_auditor.session
    session[CONFIRMED] = 0
    session.save()

    answer = as_auditor.post(address(customer))

    assert answer.status_code == 302
    assert answer["Location"] == f"/accounts/confirm/?next=%2Fcustomers%2F{customer.pk}%2F"
    assert "Ask for the file again." in as_auditor.get(f"/customers/{customer.pk}/").content.decode()
    assert not Event.objects.of_kind(Kind.CASE_FILE_MADE)


# RFC 8032, section 7.1: public key, message, signature
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]  # fmt: skip


def test_the_script_knows_the_signatures_of_the_standard_and_no_others() -> None:
    for key, message, signature in ((bytes.fromhex(part) for part in vector) for vector in VECTORS):
        assert is_signed(message, signature, key)
        assert not is_signed(message + b"x", signature, key)
        assert not is_signed(message, signature, bytes.fromhex(VECTORS[0][0])[::-1])
        for position in (0, 31, 32, 63):
            changed = bytearray(signature)
            changed[position] ^= 1
            assert not is_signed(message, bytes(changed), key)
        again = int.from_bytes(signature[32:], "little") + ORDER  # the same signature in other bytes
        assert not is_signed(message, signature[:32] + again.to_bytes(32, "little"), key)
        assert not is_signed(message, b"", key)
        assert not is_signed(message, signature, b"")


def test_the_script_and_the_library_agree() -> None:
    for number in range(5):
        key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(bytes([number])).digest())
        message = bytes(range(number * 40))
        assert is_signed(message, key.sign(message), key.public_key().public_bytes_raw())
