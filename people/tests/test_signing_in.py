import re
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from audit.models import Event
from people.actions import MOST_FOR_ADDRESS, MOST_FOR_NAME, spend_attempt
from people.models import LOCKED_FOR, Attempts
from people.tests.conftest import PASSWORD

SIGN_IN = "/accounts/login/"
WRONG = "Username or password is not right."


def sign_in(client: Client, name: str, password: str = PASSWORD, **more: Any) -> str:
    answer = client.post(SIGN_IN, {"username": name, "password": password}, **more)
    return answer["Location"] if answer.status_code == 302 else answer.content.decode()


def _without_token(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def kinds() -> list[str]:
    return list(Event.objects.order_by("seq").values_list("kind", flat=True))


@pytest.mark.django_db
def test_a_wrong_name_and_a_wrong_password_read_alike(client: Client, olga: User) -> None:
    wrong_password = sign_in(client, "officer", "hunter2")
    wrong_name = sign_in(client, "offiser", "hunter2")

    assert WRONG in wrong_password
    assert 'value="officer"' in wrong_password
    assert _without_token(wrong_name).replace("offiser", "officer") == _without_token(wrong_password)


@pytest.mark.django_db
def test_a_person_who_may_no_longer_in_reads_the_same(client: Client, olga: User) -> None:
    User.objects.filter(pk=olga.pk).update(is_active=False)

    assert WRONG in sign_in(client, "officer")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["officer", "nobody"])
def test_after_too_many_attempts_even_the_right_password_waits_and_reads_until_when(
    client: Client, olga: User, name: str
) -> None:
    for _ in range(MOST_FOR_NAME):
        assert WRONG in sign_in(client, name, "hunter2")
    until = timezone.localtime(timezone.now() + LOCKED_FOR)

    refused = sign_in(client, name)

    assert "Too many attempts. Try again at" in refused
    assert f"{until:%H:}" in refused
    assert kinds().count("person.sign_in_locked") == 1
    assert Event.objects.get(kind="person.sign_in_locked").object_id == (str(olga.pk) if name == "officer" else "")
    with time_machine.travel(timezone.now() + LOCKED_FOR + timedelta(seconds=1), tick=False):
        assert (sign_in(client, name) == "/") is (name == "officer")


@pytest.mark.django_db
def test_an_address_that_tries_many_names_is_locked_out(client: Client, olga: User) -> None:
    for number in range(MOST_FOR_ADDRESS):
        sign_in(client, f"name-{number}", "hunter2", REMOTE_ADDR="203.0.113.7")

    assert "Too many attempts" in sign_in(client, "officer", REMOTE_ADDR="203.0.113.7")
    assert sign_in(client, "officer", REMOTE_ADDR="203.0.113.8") == "/"
    client.logout()
    call_command("unlock_sign_in", "203.0.113.7")
    assert sign_in(client, "officer", REMOTE_ADDR="203.0.113.7") == "/"


@pytest.mark.django_db
def test_what_is_counted_names_nobody(client: Client, olga: User) -> None:
    sign_in(client, "officer", "hunter2", REMOTE_ADDR="203.0.113.7")

    rows = str(list(Attempts.objects.values()))

    assert Attempts.objects.count() == 2
    assert "officer" not in rows
    assert "203.0.113.7" not in rows


@pytest.mark.django_db
def test_signing_in_forgets_the_attempts_before(client: Client, olga: User) -> None:
    for _ in range(MOST_FOR_NAME - 1):
        sign_in(client, "officer", "hunter2")
    assert sign_in(client, "officer") == "/"
    client.logout()

    for _ in range(MOST_FOR_NAME):
        assert WRONG in sign_in(client, "officer", "hunter2")


@pytest.mark.django_db
def test_an_admin_unlocks_a_person_and_it_is_on_record(client: Client, olga: User, ada: User) -> None:
    for _ in range(MOST_FOR_NAME):
        sign_in(client, "officer", "hunter2")
    admin = Client()
    admin.force_login(ada)
    act = {"action": "unlock_sign_in", "_selected_action": [olga.pk]}

    answer = admin.post("/admin/auth/user/", act, follow=True)
    again = admin.post("/admin/auth/user/", act, follow=True)

    assert b"Unlocked officer." in answer.content
    assert b"Nobody of them was locked out." in again.content
    assert Event.objects.get(kind="person.sign_in_unlocked").actor_name == "admin"
    assert sign_in(client, "officer") == "/"


@pytest.mark.django_db
def test_the_command_unlocks_a_person_and_says_when_there_is_nothing_to_unlock(client: Client, olga: User) -> None:
    sign_in(client, "officer", "hunter2")

    call_command("unlock_sign_in", "officer")

    with pytest.raises(CommandError, match="nothing to unlock for officer"):
        call_command("unlock_sign_in", "officer")


@pytest.mark.django_db(transaction=True, available_apps=["people"])  # so that one table is emptied, not all
def test_attempts_at_the_same_time_are_no_more_than_one_by_one() -> None:
    spent = []
    start = threading.Barrier(8)

    def attempt() -> None:
        start.wait(10)
        spent.append(spend_attempt(name="officer"))
        connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len([each for each in spent if not each.locked_until]) == MOST_FOR_NAME
    assert len([each for each in spent if each.is_last]) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "too short"),
        ("Cryptomate-Portal-2026!", "little more than the portal"),
        ("officer@example.com", "similar"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(client: Client, olga: User, password: str, why: str) -> None:
    client.force_login(olga)

    page = client.post("/accounts/password/", {"oldpassword": PASSWORD, "password1": password, "password2": password})

    assert why in page.content.decode()
    olga.refresh_from_db()
    assert olga.check_password(PASSWORD)
    assert "person.password_changed" not in kinds()


@pytest.mark.django_db
def test_a_new_password_holds_is_on_record_and_signs_out_other_browsers(client: Client, olga: User) -> None:
    other, new = Client(), "another seven unlikely words there"
    sign_in(client, "officer")
    sign_in(other, "officer")

    client.post("/accounts/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302
    assert kinds()[-2:] == ["person.signed_in", "person.password_changed"]
    assert new not in str(Event.objects.latest_first()[0].detail)


@pytest.mark.django_db
def test_without_a_record_the_password_stays(client: Client, olga: User, monkeypatch: pytest.MonkeyPatch) -> None:
    new = "another seven unlikely words there"
    sign_in(client, "officer")
    monkeypatch.delattr("people.signals.record")
    client.raise_request_exception = False

    client.post("/accounts/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    olga.refresh_from_db()
    assert olga.check_password(PASSWORD)


@pytest.mark.django_db
def test_the_present_password_is_asked_for(client: Client, olga: User) -> None:
    client.force_login(olga)
    new = "another seven unlikely words there"

    page = client.post("/accounts/password/", {"oldpassword": "hunter2", "password1": new, "password2": new})

    assert "This is not your present password." in page.content.decode()
    assert "person.password_changed" not in kinds()


@pytest.mark.django_db
def test_the_admins_own_page_for_passwords_leads_to_ours(client: Client, ada: User) -> None:
    client.force_login(ada)

    assert client.get("/admin/password_change/")["Location"] == "/accounts/password/"


@pytest.mark.django_db
def test_there_is_no_way_in_that_an_admin_did_not_open(client: Client, olga: User) -> None:
    client.force_login(olga)

    for path in ("signup/", "email/", "password/reset/", "confirm-email/", "social/", "login/code/"):
        assert client.get(f"/accounts/{path}").status_code == 404
