import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from audit.models import Event
from people.actions import MOST_FOR_NAME
from people.tests.codes import code_of
from people.tests.conftest import PASSWORD
from people.tests.test_signing_in import kinds, sign_in

pytestmark = pytest.mark.django_db

CODE = "/accounts/code/"
FACTORS = "/accounts/second-factor/"


def set_up_app(client: Client) -> str:
    """Set up an authenticator app as a person would; return its secret."""
    page = client.get(f"{FACTORS}app/").content.decode()
    secret = re.search(r'id="key"[^>]* value="([A-Z2-7]+)"', page)[1]  # type: ignore[index]
    client.post(f"{FACTORS}app/", {"code": code_of(secret)})
    return secret


def recovery_codes(client: Client) -> list[str]:
    return re.findall(r"<li>(\d{8})</li>", client.get(f"{FACTORS}codes/").content.decode())


@pytest.fixture
def secret(client: Client, olga: User) -> str:
    """The secret of the app that the officer has set up; she is signed out again."""
    sign_in(client, "officer")
    secret = set_up_app(client)
    client.logout()
    return secret


@pytest.mark.parametrize(
    ("setting", "name", "is_led"),
    [("off", "admin", False), ("admins", "admin", True), ("admins", "officer", False), ("all", "officer", True)],
)
def test_who_must_have_a_second_factor_sets_one_up_before_any_other_page(
    client: Client, settings: Any, olga: User, ada: User, setting: str, name: str, is_led: bool
) -> None:
    settings.SECOND_FACTOR = setting
    sign_in(client, name)

    answers = [client.get("/events/"), client.post("/customers/new/", {"first_name": "Maria"})]

    assert [answer.get("Location") == FACTORS for answer in answers] == [is_led] * 2
    assert client.get(FACTORS).status_code == 200
    if is_led:
        set_up_app(client)
        assert client.get("/events/").get("Location") != FACTORS


def test_an_app_is_asked_for_its_code_at_the_next_sign_in(client: Client, olga: User, secret: str) -> None:
    assert sign_in(client, "officer") == CODE
    assert client.get("/").status_code == 302

    wrong = client.post(CODE, {"code": "000000"})
    right = client.post(CODE, {"code": code_of(secret, ahead=1)})

    assert "This code is not right." in wrong.content.decode()
    assert right["Location"] == "/"
    assert client.get("/").status_code == 200
    assert kinds()[-2:] == ["person.sign_in_failed", "person.signed_in"]
    assert Event.objects.get(kind="person.sign_in_failed").note == "the password was right, the code was not"


def test_the_page_that_was_asked_for_opens_after_the_code(client: Client, olga: User, secret: str) -> None:
    client.post("/accounts/login/?next=/customers/", {"username": "officer", "password": PASSWORD})

    assert client.post(CODE, {"code": code_of(secret, ahead=1)})["Location"] == "/customers/"


def test_a_code_is_taken_once(client: Client, olga: User, secret: str) -> None:
    code = code_of(secret, ahead=1)
    sign_in(client, "officer")
    client.post(CODE, {"code": code})
    client.logout()

    with time_machine.travel(timezone.now() + timedelta(seconds=31)):  # still in the tolerance
        sign_in(client, "officer")
        again = client.post(CODE, {"code": code})

    assert again.status_code == 200
    assert "person.signed_in" not in kinds()[-1:]


def test_wrong_codes_count_with_wrong_passwords_and_lock(client: Client, olga: User, secret: str) -> None:
    sign_in(client, "officer")
    for _ in range(MOST_FOR_NAME):
        client.post(CODE, {"code": "000000"})

    refused = client.post(CODE, {"code": code_of(secret, ahead=1)})

    assert "Too many attempts. Try again at" in refused.content.decode()
    assert kinds()[-1] == "person.sign_in_locked"
    assert "Too many attempts" in sign_in(Client(), "officer")


def test_passwords_that_are_right_lock_nobody_out_before_the_code(client: Client, olga: User, secret: str) -> None:
    for _ in range(MOST_FOR_NAME + 1):
        assert sign_in(Client(), "officer") == CODE


def test_a_recovery_code_opens_the_door_once_and_codes_are_shown_once(client: Client, olga: User) -> None:
    sign_in(client, "officer")
    set_up_app(client)
    codes = recovery_codes(client)
    assert len(codes) == 10
    assert recovery_codes(client) == []
    client.logout()

    sign_in(client, "officer")
    assert client.post(CODE, {"code": codes[3]})["Location"] == "/"
    client.logout()
    sign_in(client, "officer")
    assert client.post(CODE, {"code": codes[3]}).status_code == 200


def test_secrets_stand_sealed_and_are_sealed_again_with_a_new_key(
    client: Client, settings: Any, olga: User, secret: str
) -> None:
    def stored() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(data::text, ' ') FROM mfa_authenticator")
            return str(cursor.fetchone()[0])

    before = stored()
    settings.DATA_KEYS = ["bmV3LWRhdGEta2V5LWZvci10aGUtcG9ydGFsLS0tMDA=", *settings.DATA_KEYS]
    call_command("rotate_data_keys")
    after = stored()
    settings.DATA_KEYS = settings.DATA_KEYS[:1]

    assert secret not in before
    assert before != after
    sign_in(client, "officer")
    assert client.post(CODE, {"code": code_of(secret, ahead=1)})["Location"] == "/"


def test_a_secret_that_is_being_set_up_stands_sealed(client: Client, olga: User) -> None:
    sign_in(client, "officer")
    client.get(f"{FACTORS}app/")

    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(session_data, ' ') FROM django_session")
        stored = cursor.fetchone()[0]

    assert client.session["mfa.totp.secret"]
    assert "eyJ" not in stored  # what base64 makes of the beginning of JSON
    assert ":" not in stored  # nor signed text


def test_what_is_set_up_and_removed_is_on_record_without_its_secret(client: Client, olga: User, secret: str) -> None:
    added = [
        event.changes[0].after for event in Event.objects.filter(kind="person.second_factor_added").order_by("seq")
    ]
    sign_in(client, "officer")
    client.post(CODE, {"code": code_of(secret, ahead=1)})

    client.post(f"{FACTORS}app/remove/")

    assert added == ["totp", "recovery_codes"]
    assert kinds()[-2:] == ["person.second_factor_removed"] * 2
    assert not Authenticator.objects.exists()
    assert secret not in str([event.detail for event in Event.objects.all()])


def test_an_admin_removes_the_second_factor_of_who_lost_it(client: Client, olga: User, ada: User, secret: str) -> None:
    other = Client()
    sign_in(other, "officer")
    other.post(CODE, {"code": code_of(secret, ahead=1)})
    sign_in(client, "admin")

    client.post("/admin/auth/user/", {"action": "remove_second_factor", "_selected_action": [olga.pk]})

    assert not Authenticator.objects.exists()
    event = Event.objects.filter(kind="person.second_factor_removed").first()
    assert (event.actor_name, event.object_id) == ("admin", str(olga.pk))  # type: ignore[union-attr]
    assert other.get("/").status_code == 302
    assert sign_in(Client(), "officer") == "/"


def test_nobody_reaches_the_keys_of_another(client: Client, olga: User, ada: User) -> None:
    key = Authenticator.objects.create(user=ada, type="webauthn", data={"name": "hers", "credential": {}})
    sign_in(client, "officer")

    assert client.post(f"{FACTORS}key/{key.pk}/remove/").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


@pytest.mark.parametrize(
    "credential", ["", "no json", "{}", '{"id": 1}', '{"id": "x", "rawId": "x", "response": {}}', "[]"]
)
def test_nonsense_in_place_of_a_key_is_refused(client: Client, olga: User, credential: str) -> None:
    sign_in(client, "officer")
    client.get(f"{FACTORS}key/")

    answer = client.post(f"{FACTORS}key/", {"name": "mine", "credential": credential})

    assert answer.status_code == 200
    assert not Authenticator.objects.exists()
