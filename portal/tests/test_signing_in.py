import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from customers.tests.making import make_customer
from people.sessions import CONFIRMED

pytestmark = pytest.mark.django_db

CUSTOMER = f"/customers/{uuid.UUID(int=7)}/"
ACT = f"{CUSTOMER}submit/"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"http://testserver{CUSTOMER}?passport=1#data", f"{CUSTOMER}%3Fpassport%3D1"),
        (f"http://elsewhere.example{CUSTOMER}", "/"),
        ("", "/"),
    ],
)
def test_sign_in_leads_back_to_the_page_whose_form_was_sent(client: Client, before: str, after: str) -> None:
    answer = client.post(ACT, headers={"Referer": before} if before else {})

    assert answer["Location"] == f"/accounts/login/?next={after}"


def test_sign_in_leads_to_the_page_that_was_asked_for(client: Client) -> None:
    assert client.get(CUSTOMER, headers={"Referer": "http://testserver/"})["Location"].endswith(f"?next={CUSTOMER}")


def opened(client: Client, path: str, **headers: str) -> HttpResponse | Any:
    return client.get(path, headers={**BROWSER, **headers})


def test_the_address_of_an_act_leads_to_what_it_is_about(client: Client, officer: User) -> None:
    client.force_login(officer)

    answer = opened(client, ACT)

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert f'href="{CUSTOMER}"' in answer.content.decode()


def test_an_act_that_is_about_nothing_leads_to_the_queue(client: Client, officer: User) -> None:
    client.force_login(officer)

    assert "Go to the queue" in opened(client, "/accounts/logout/").content.decode()


def test_a_program_that_asks_the_wrong_way_gets_no_page(client: Client, officer: User) -> None:
    client.force_login(officer)

    assert opened(client, ACT, Accept="*/*").content == b""


def test_the_admin_turns_a_signed_in_person_away_who_may_not_in(client: Client, officer: User) -> None:
    client.force_login(officer)

    answer = client.get("/admin/", follow=True)

    assert answer.status_code == 403
    assert "Django admin is open to admins only." in answer.content.decode()


def test_the_admin_lets_an_admin_in_through_the_one_sign_in_page(client: Client, admin_person: User) -> None:
    way = client.get("/admin/", follow=True).redirect_chain[-1]
    client.force_login(admin_person)

    assert way == ("/accounts/login/?next=/admin/", 302)
    assert client.get(way[0], follow=True).redirect_chain == [("/admin/", 302)]


def test_a_form_that_swaps_its_whole_page_opens_the_next_one_with_its_message(client: Client, officer: User) -> None:
    path = f"/customers/{make_customer().pk}/"
    client.force_login(officer)

    answer = client.post(f"{path}refresh/", headers={"HX-Request": "true", "HX-Target": "main"})

    assert (answer.status_code, answer["HX-Redirect"], "Location" in answer) == (200, path, False)
    assert "There is nothing to ask CryptoMate about yet" in client.get(path).content.decode()


def test_the_sign_in_page_is_not_opened_over_a_form(client: Client) -> None:
    answer = client.post(ACT, headers={"HX-Request": "true", "HX-Target": "main"})

    assert answer.status_code == 302
    assert "HX-Redirect" not in answer


@pytest.mark.parametrize("act", ["/events/again/", "/cards/velocity/"])
def test_a_sensitive_act_asks_for_the_password_again_and_its_page_does_not(
    client: Client, admin_person: User, act: str
) -> None:
    client.force_login(admin_person)
    session = client.session
    session[CONFIRMED] = 0
    session.save()

    assert client.get(act).status_code == 200
    assert client.post(act)["Location"].startswith("/accounts/confirm/")
