"""Whatever is sent to a page about customers, it answers; it never breaks."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cryptomate.testing import passport_requirement
from customers.models import Customer
from customers.tests.making import make_customer, make_request
from customers.tests.pictures import photo
from customers.tests.typed import typed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

TYPES = ["STRING", "DATE", "NUMBER", "BOOLEAN", "EMAIL", "PHONE", "COUNTRY", "HOLOGRAM"]
COLUMNS = [
    "phone", "phone_number", "address", "state", "email", "birth_date", "identification_type", "identification_number",
    "occupation", "gender", "first_name", "second_name", "individual_cards", "id", "status",
]  # fmt: skip
DATA = {
    "id": "everything",
    "fields": [
        *[{"key": f"extra_{word}", "data_type": word, "required": False} for word in TYPES],
        *[{"key": key, "required": False} for key in COLUMNS],
        {"key": "annual_salary", "options": ["LOW", "25000-50000"]},
    ],
}
ANSWERS = {**typed(id=None), "phone_country_code": "54", "phone_number": "11", "annual_salary": "LOW"}
FIELDS = sorted({*typed(), "phone_country_code", "phone_number", "seen", *(f"extra_{word}" for word in TYPES)})
ODD = [
    b"", b"\0", b"a\0b", b"\xff\xfe", "\ud800".encode(errors="surrogatepass"), "\u202eabc".encode(), b"0", b"-1",
    b"---", b"9" * 5000, b"1e999999", b"NaN", b"Infinity", "١٢٣".encode(), b"0001-01-01", b"9999-12-31",
    b"99999999999-1-1", b"true", b"on", b"ARG", b"BRA", b"BRA-SP", b"x" * 600, b"a@b", b"zz", b" ", "\u00a0".encode(),
    b"{}", b"1" + b"0" * 17,
]  # fmt: skip
words = st.one_of(st.sampled_from(ODD), st.binary(max_size=40), st.text(max_size=40).map(lambda text: text.encode()))
changes = st.dictionaries(st.sampled_from(FIELDS), words, max_size=4)
fuzzed = settings(
    max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
few = settings(fuzzed, max_examples=15)


@pytest.fixture
def customer(db: None) -> Customer:
    passport: Any = passport_requirement()
    odd = [{"key": word, "data_type": word, "required": False} for word in TYPES]
    option = {**passport["valid_documents"][0], "metadata": odd, "require_back_image": True}
    missing = {"documents": [{**passport, "valid_documents": [option]}], "data": [DATA]}
    return make_request(make_customer(email="other@example.com", id_number="ZZ9"), missing=missing).customer


@pytest.fixture
def browser(officer: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(officer)
    return client


def encoded(answers: dict[str, Any]) -> bytes:
    return urlencode(answers).encode()


def send(browser: Client, address: str, answers: dict[str, Any], *, way: str = "POST", **extra: Any) -> None:
    """Send it and take back what it changed, so that each example stands for itself."""
    with transaction.atomic():
        if way == "POST":
            kind = "application/x-www-form-urlencoded"
            answer = browser.generic("POST", address, encoded(answers), content_type=kind, **extra)
        else:
            answer = browser.generic("GET", address, QUERY_STRING=encoded(answers).decode(), **extra)
        transaction.set_rollback(True)

    assert answer.status_code < 500, (address, answers)


def test_what_the_others_change_would_be_taken_as_it_stands(browser: Client, customer: Customer) -> None:
    page = f"/customers/{customer.pk}/"

    assert browser.post("/customers/new/", typed()).status_code == 302
    assert browser.post(f"{page}data/everything/", ANSWERS).status_code == 302
    assert browser.post(f"{page}edit/", typed(id=None)).status_code == 302


@fuzzed
@given(changes=changes)
def test_a_registration_never_breaks(browser: Client, changes: dict[str, bytes]) -> None:
    send(browser, "/customers/new/", {**typed(), **changes})


@fuzzed
@given(changes=changes)
def test_a_change_of_data_never_breaks(browser: Client, customer: Customer, changes: dict[str, bytes]) -> None:
    send(browser, f"/customers/{customer.pk}/edit/", {**typed(id=None), **changes})


@fuzzed
@given(changes=changes)
def test_an_answer_to_a_requirement_never_breaks(
    browser: Client, customer: Customer, changes: dict[str, bytes]
) -> None:
    address = f"/customers/{customer.pk}/data/everything/"

    send(browser, address, {**ANSWERS, **changes}, headers={"HX-Request": "true"})


@fuzzed
@given(
    answers=st.dictionaries(st.sampled_from([f"metadata_{word}" for word in TYPES]), words, max_size=3),
    document_type=st.one_of(st.just(b"passport"), words),
    front=st.binary(max_size=200) | st.none(),
    name=st.text(max_size=20),
)
def test_an_upload_never_breaks(
    browser: Client, customer: Customer, answers: dict[str, bytes], document_type: bytes, front: bytes | None, name: str
) -> None:
    sides = {"front_image": photo() if front is None else SimpleUploadedFile(f"{name}.jpg", front)}
    with transaction.atomic():
        answer = browser.post(
            f"/customers/{customer.pk}/documents/identity_document/",
            {"document_type": document_type, **answers, **sides},
        )
        transaction.set_rollback(True)

    assert answer.status_code < 500


@few
@given(body=st.binary(max_size=300), kind=st.sampled_from(["multipart/form-data; boundary=x", "application/json", "x"]))
@pytest.mark.parametrize("act", ["edit/", "submit/", "refresh/", "data/everything/", "documents/identity_document/"])
def test_a_body_of_any_bytes_never_breaks(
    browser: Client, customer: Customer, act: str, body: bytes, kind: str
) -> None:
    with transaction.atomic():
        answer = browser.generic("POST", f"/customers/{customer.pk}/{act}", body, content_type=kind)
        transaction.set_rollback(True)

    assert answer.status_code < 500


@few
@given(word=words)
def test_an_address_with_any_words_never_breaks(browser: Client, customer: Customer, word: bytes) -> None:
    page = f"/customers/{customer.pk}/"
    for address in ("/customers/", "/customers/subdivisions/", page, f"{page}progress/", f"{page}edit/"):
        names = ("status", "older", "newer", "country", "seen", "identity_document")
        send(browser, address, dict.fromkeys(names, word), way="GET")
    send(browser, f"{page}documents/identity_document/", {"document_type": word}, way="GET")
