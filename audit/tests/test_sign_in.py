import pytest
from django.contrib.auth.models import User
from django.test import Client

from audit.kinds import Kind, Source
from audit.models import Change, Event

pytestmark = pytest.mark.django_db

SIGN_IN = "/accounts/login/"


def test_signing_in_is_recorded_with_its_address(client: Client, officer: User) -> None:
    response = client.post(SIGN_IN, {"username": "officer", "password": "demo"}, REMOTE_ADDR="203.0.113.7")

    event = Event.objects.get()
    assert response.status_code == 302
    assert (event.kind, event.actor_name, event.object_id) == (Kind.SIGNED_IN, "officer", str(officer.pk))
    assert (event.source, event.ip) == (Source.WEB, "203.0.113.7")
    assert event.request_id == response["X-Request-Id"]


def test_signing_out_is_recorded(client: Client, officer: User) -> None:
    client.force_login(officer)

    client.post("/accounts/logout/")

    assert Event.objects.latest_first()[0].kind == Kind.SIGNED_OUT
    assert Event.objects.latest_first()[0].actor_name == "officer"


def test_signing_out_of_nothing_records_nothing(client: Client) -> None:
    client.post("/accounts/logout/")

    assert not Event.objects.exists()


def test_a_wrong_password_is_recorded_without_the_password(client: Client, officer: User) -> None:
    client.post(SIGN_IN, {"username": "officer", "password": "hunter2"})

    event = Event.objects.get()
    assert (event.kind, event.actor_name, event.object_id) == (Kind.SIGN_IN_FAILED, "", str(officer.pk))
    assert event.changes == [Change("username", None, "officer")]
    assert "hunter2" not in str(event.detail)


def test_a_name_we_do_not_know_is_not_kept(client: Client, officer: User) -> None:
    client.post(SIGN_IN, {"username": "my-password-in-the-wrong-field", "password": "x"})

    event = Event.objects.get()
    assert event.kind == Kind.SIGN_IN_FAILED
    assert (event.object_id, event.detail) == ("", None)


def test_a_request_without_an_address_is_recorded_all_the_same(client: Client, officer: User) -> None:
    client.post(SIGN_IN, {"username": "officer", "password": "demo"}, REMOTE_ADDR="unix:")

    assert Event.objects.get().ip is None


def test_a_forged_forwarding_header_does_not_become_the_address(client: Client, officer: User) -> None:
    client.post(SIGN_IN, {"username": "officer", "password": "demo"}, HTTP_X_FORWARDED_FOR="198.51.100.1")

    assert Event.objects.get().ip == "127.0.0.1"
