from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from audit.models import Event
from people.confirming import confirmed
from people.middleware import OF_ITSELF
from people.models import Attempts, Kept
from people.tasks import tidy
from people.tests.conftest import PASSWORD
from people.tests.test_signing_in import kinds, sign_in

pytestmark = pytest.mark.django_db

SESSION = "/accounts/session/"
JSON = {"Accept": "application/json"}


def later(**span: float) -> Any:
    return time_machine.travel(timezone.now() + timedelta(**span), tick=False)


def test_who_does_nothing_for_half_an_hour_is_signed_out_and_it_is_on_record(client: Client, olga: User) -> None:
    sign_in(client, "officer")

    with later(minutes=29):
        assert client.get(SESSION).status_code == 200
    with later(minutes=58):
        assert client.get(SESSION).status_code == 200
    with later(minutes=89):
        assert client.get("/customers/")["Location"] == "/accounts/login/?next=/customers/"
    assert kinds()[-1] == "person.session_expired"
    assert Event.objects.latest_first()[0].actor_name == "officer"
    assert client.get(SESSION).status_code == 302


def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(client: Client, olga: User) -> None:
    sign_in(client, "officer")

    for minute in (10, 20, 29):
        with later(minutes=minute):
            assert client.get("/", headers={OF_ITSELF: "1"}).status_code == 200
    with later(minutes=31):
        assert client.get("/", headers={OF_ITSELF: "1"}).status_code == 302


def test_a_page_learns_how_long_the_session_lasts_and_a_person_prolongs_it(client: Client, olga: User) -> None:
    sign_in(client, "officer")

    with later(minutes=28):
        asked = client.get(SESSION, headers={**JSON, OF_ITSELF: "1"}).json()
        stayed = client.post(SESSION, headers=JSON).json()

    assert 100 <= asked["left"] <= 120
    assert stayed == {"left": 1800, "name": "officer"}
    assert "You are signed in" in client.get(SESSION).content.decode()


def test_the_busiest_session_ends_after_twelve_hours(client: Client, olga: User) -> None:
    sign_in(client, "officer")

    for step in range(1, 25):
        with later(minutes=29 * step):
            assert client.post(SESSION, headers=JSON).status_code == 200
    with later(hours=12, minutes=1):
        assert client.post(SESSION, headers=JSON).status_code == 302


def test_a_person_sees_where_they_are_signed_in_and_signs_out_there(client: Client, olga: User, ada: User) -> None:
    phone, tablet, admin = Client(), Client(), Client()
    sign_in(client, "officer", REMOTE_ADDR="203.0.113.1", headers={"User-Agent": "Desk browser"})
    sign_in(phone, "officer", REMOTE_ADDR="203.0.113.2", headers={"User-Agent": "Phone browser"})
    sign_in(tablet, "officer")
    sign_in(admin, "admin")
    page = client.get("/accounts/sessions/")
    shown = page.content.decode()
    of_phone = next(each for each in page.context["sessions"] if each.user_agent == "Phone browser")

    client.post("/accounts/sessions/end/", {"session": of_phone.pk})

    assert "Desk browser" in shown
    assert "203.0.113.2" in shown
    assert [phone.get("/").status_code, tablet.get("/").status_code, client.get("/").status_code] == [302, 200, 200]
    client.post("/accounts/sessions/end/")
    assert [tablet.get("/").status_code, client.get("/").status_code, admin.get("/").status_code] == [302, 200, 200]
    assert kinds().count("person.session_ended") == 2


def test_nobody_ends_the_session_of_another(client: Client, olga: User, ada: User) -> None:
    other = Client()
    sign_in(other, "admin")
    theirs = other.get("/accounts/sessions/").context["sessions"][0]
    sign_in(client, "officer")

    client.post("/accounts/sessions/end/", {"session": theirs.pk})
    client.post("/accounts/sessions/end/", {"session": "1; DROP TABLE"})

    assert other.get("/").status_code == 200


def test_a_session_that_was_written_by_hand_is_none(client: Client, olga: User) -> None:
    sign_in(client, "officer")
    row = Session.objects.get()
    row.session_key = "k" * 32  # a copy under a key that somebody chose
    row.save(force_insert=True)

    client.cookies["sessionid"] = row.session_key

    assert client.get(SESSION).status_code == 302


def test_what_has_ended_is_let_go_of(client: Client, olga: User) -> None:
    old = Client()
    sign_in(old, "officer", "hunter2")
    sign_in(old, "officer")
    cache.set("x", 1, timeout=60)
    with later(hours=7):
        sign_in(client, "officer")
        sign_in(client, "somebody", "hunter2")
    with later(hours=13):
        tidy()

    assert [row.session_key for row in UserSession.objects.all()] == [client.session.session_key]
    assert Session.objects.count() == 1
    assert [Attempts.objects.count(), Kept.objects.count()] == [0, 0]


def person_form(person: User, **changes: Any) -> dict[str, Any]:
    groups = [Group.objects.get(name="Admin").pk]
    return {"username": person.username, "is_active": "on", "is_staff": "on", "groups": groups, **changes}


def test_changing_people_asks_for_the_password_and_then_goes_on_with_what_was_typed(client: Client, ada: User) -> None:
    sign_in(client, "admin")
    address = reverse("admin:auth_user_change", args=[ada.pk])
    assert client.get(address).status_code == 200

    with later(minutes=16):
        led = client.post(address, person_form(ada, first_name="Ada"))
        wrong = client.post(led["Location"], {"password": "hunter2"})
        ada.refresh_from_db()
        assert ada.first_name == ""
        done = client.post(led["Location"], {"password": PASSWORD})

    assert led["Location"] == f"/accounts/confirm/?next={quote(address, safe='')}"
    assert "This is not your password." in wrong.content.decode()
    assert done["Location"] == "/admin/auth/user/"
    ada.refresh_from_db()
    assert ada.first_name == "Ada"
    assert kinds()[-1] == "person.identity_confirmed"


@pytest.mark.parametrize(
    "path", ["/accounts/second-factor/app/", "/accounts/second-factor/key/", "/admin/auth/group/add/"]
)
def test_sensitive_pages_ask_for_the_password_when_it_was_given_long_ago(client: Client, ada: User, path: str) -> None:
    sign_in(client, "admin")

    with later(minutes=16):
        answer = client.get(path)
        assert answer["Location"].startswith("/accounts/confirm/?next=")
        assert client.post(answer["Location"], {"password": PASSWORD})["Location"] == path
        assert client.get(path).status_code == 200


def test_an_act_by_swap_leads_to_the_password_and_back_to_its_page(rf: Any, client: Client, olga: User) -> None:
    act = confirmed(lambda _request: HttpResponse("carried out"))
    request = rf.post("/customers/1/erase/", headers={"HX-Request": "true", "HX-Current-URL": "http://x/customers/1/"})
    request.user, request.session, request.htmx = olga, {}, True

    answer = act(request)

    assert answer["HX-Redirect"] == "/accounts/confirm/?next=%2Fcustomers%2F1%2F"
    assert isinstance(answer, HttpResponseClientRedirect)
