import json
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import add_message, constants
from django.contrib.messages.storage.fallback import FallbackStorage
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from portal.middleware import messages_for_swaps

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor(officer: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(officer)
    return client


def test_an_error_of_ours_gives_a_number_to_quote_and_no_details(visitor: Client) -> None:
    with mock.patch("desk.views.sections", side_effect=RuntimeError("mjuliabarber@example.com")):
        answer = visitor.get("/")

    page = answer.content.decode()
    assert answer.status_code == 500
    assert answer["X-Request-Id"] in page
    assert "mjuliabarber" not in page


def test_a_database_that_is_away_is_said_to_be_and_the_page_may_be_asked_for_again(visitor: Client) -> None:
    with mock.patch("desk.views.sections", side_effect=OperationalError):
        answer = visitor.get("/")

    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert answer["X-Request-Id"] in answer.content.decode()


FORM = b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nofficer\r\n--x--\r\n'


@pytest.mark.parametrize("charset", ["hex", "rot13", "utf-7", "unicode_escape", "latin-1"])
def test_a_form_in_another_encoding_is_refused(charset: str) -> None:
    stranger = Client(raise_request_exception=False, enforce_csrf_checks=True)

    answer = stranger.generic(
        "POST", "/accounts/login/", FORM, content_type=f"multipart/form-data; boundary=x; charset={charset}"
    )

    assert answer.status_code == 400


@pytest.mark.parametrize("address", ["/admin/people/foureyes/x%00y/change/", "/nowhere/%00"])
def test_an_address_with_nul_is_refused(address: str, admin_person: User) -> None:
    admin = Client(raise_request_exception=False)
    admin.force_login(admin_person)

    assert admin.get(address).status_code == 400


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "nonsense"])
def test_a_form_in_utf_8_is_read(charset: str, client: Client) -> None:
    answer = client.generic(
        "POST", "/accounts/login/", FORM, content_type=f"multipart/form-data; boundary=x; charset={charset}"
    )

    assert 'value="officer"' in answer.content.decode()


def test_an_address_is_read_as_utf_8_whatever_a_request_says(visitor: Client) -> None:
    answer = visitor.generic("GET", "/customers/", content_type="text/plain; charset=hex", QUERY_STRING="status=x")

    assert answer.status_code == 200


@pytest.mark.parametrize(("htmx", "shown"), [(True, True), (False, False)])
def test_messages_reach_a_page_that_swaps_a_part_of_itself(htmx: bool, shown: bool) -> None:
    request = RequestFactory().get("/")
    request.session = {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    request.htmx = htmx  # type: ignore[attr-defined]

    def view(request: HttpRequest) -> HttpResponse:
        add_message(request, constants.SUCCESS, "Card frozen")
        return HttpResponse("part")

    answer = messages_for_swaps(view)(request)

    assert ("HX-Trigger" in answer) == shown
    if shown:
        expected = {"messages": {"items": [{"level": "success", "text": "Card frozen"}]}}
        assert json.loads(answer["HX-Trigger"]) == expected


def test_a_refused_page_is_no_fault_and_a_broken_one_is(visitor: Client, caplog: pytest.LogCaptureFixture) -> None:
    visitor.get("/audit/")
    visitor.get("/nowhere/")
    refused = list(caplog.records)
    with mock.patch("desk.views.sections", side_effect=RuntimeError):
        visitor.get("/")

    assert refused == []
    assert [record.exc_info is not None for record in caplog.records] == [True]
