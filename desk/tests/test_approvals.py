"""The list of what waits for a second person, and its count in the frame."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cards.tests.making import make_active_customer, make_card
from customers.models import Customer
from people import four_eyes
from people.approvals import Act, Approval, FourEyes
from people.four_eyes import hold, wish_about

pytestmark = pytest.mark.django_db


def ask(by: User, row: Customer, *, act: Act = Act.ISSUE_CARD, words: str = "Issue a card.") -> Approval:
    wish = wish_about(row, act=act, words=words, payload={}, customer_id=row.pk)
    held = hold(wish, by=by, approval=None, is_needed=True)
    assert held
    return held


def page(client: Client, by: User, address: str = "/approvals/") -> str:
    client.force_login(by)
    return client.get(address).content.decode()


def test_each_sees_what_concerns_them(
    client: Client, officer: User, senior: User, support: User, admin_person: User
) -> None:
    ask(officer, make_active_customer(), words="Issue the officer’s card.")
    ask(senior, make_active_customer(), words="Issue the senior’s card.")

    assert "officer’s card" in page(client, officer)
    assert "senior’s card" not in page(client, officer)
    assert page(client, senior).count("Approve</button>") == 1
    assert "You cannot approve your own" in page(client, senior)
    for nobody in (support, admin_person):
        assert "Nothing waits for you" in page(client, nobody)


def test_the_frame_counts_what_waits_for_me_and_says_nothing_where_nobody_needs_two(
    client: Client, officer: User, senior: User
) -> None:
    FourEyes.objects.get_or_create(act=Act.ISSUE_CARD)
    assert "Approvals" not in page(client, senior, "/")

    ask(officer, make_active_customer())
    ask(senior, make_active_customer())

    assert 'nav-count">1<' in page(client, senior, "/")
    assert "Approvals" not in page(client, officer, "/")


def test_what_was_decided_says_by_whom_and_why(client: Client, officer: User, senior: User) -> None:
    four_eyes.refuse(approval=ask(officer, make_active_customer()), by=senior, note="Too high.")

    shown = page(client, officer, "/approvals/?state=decided")

    assert "Refused" in shown
    assert "“Too high.”" in shown
    assert "Nothing waits for you" in page(client, officer)


def test_words_of_others_are_masked_for_whom_the_customer_is(client: Client, officer: User, support: User) -> None:
    customer = make_active_customer(email="maria@private.example")
    ask(officer, customer, words="Write to maria@private.example first.")

    assert "maria@private.example" in page(client, officer, f"/customers/{customer.pk}/")
    shown = page(client, support, f"/customers/{customer.pk}/")
    assert "Waits for a second person" in shown
    assert "maria@private.example" not in shown


def test_who_decides_without_seeing_the_data_is_not_shown_them_for_it(
    client: Client, officer: User, support: User
) -> None:
    approval = ask(officer, make_active_customer(email="maria@private.example"), words="To maria@private.example.")
    support.user_permissions.add(Permission.objects.get(codename="approve_card"))
    client.force_login(support)

    answer = client.post(f"/approvals/{approval.pk}/refuse/", {"note": "No."}, follow=True)

    assert "Refused. To m•••@private.example." in answer.content.decode()
    assert "maria@private.example" not in answer.content.decode()


def test_many_cost_as_much_as_one_and_pages_go_by_key(client: Client, officer: User, senior: User) -> None:
    customer = make_active_customer()
    costs = []
    for number in (1, 55):
        while Approval.objects.count() < number:
            card = make_card(customer=customer)
            wish = wish_about(card, act=Act.ISSUE_CARD, words="Raise.", payload={}, customer_id=customer.pk)
            hold(wish, by=officer, approval=None, is_needed=True)
        client.force_login(senior)
        with CaptureQueriesContext(connection) as queries:
            shown = client.get("/approvals/").content.decode()
        costs.append(len(queries))

    assert costs[0] == costs[1] <= 9
    assert "Older" in shown
    assert client.get("/approvals/?older=nonsense").status_code == 400


def test_an_approval_asks_for_the_password_again_and_then_is_given(client: Client, officer: User, senior: User) -> None:
    approval = ask(officer, make_active_customer())
    client.force_login(senior)
    session = client.session
    session["confirmed_at"] = 0
    session.save()

    answer = client.post(f"/approvals/{approval.pk}/approve/")

    assert "/accounts/confirm/" in answer["Location"]
    approval.refresh_from_db()
    assert approval.state == "ASKED"


def test_a_way_back_that_is_not_ours_is_not_taken(client: Client, officer: User) -> None:
    approval = ask(officer, make_active_customer())
    client.force_login(officer)

    answer = client.post(f"/approvals/{approval.pk}/withdraw/", {"back": "https://elsewhere.example/"})

    assert answer["Location"] == "/approvals/"


def test_a_note_that_was_typed_is_kept_when_it_cannot_be_done(client: Client, officer: User, senior: User) -> None:
    approval = ask(officer, make_active_customer())
    client.force_login(senior)
    officer.groups.clear()

    answer = client.post(f"/approvals/{approval.pk}/approve/", {"note": "Called her"})

    assert answer.status_code == 409
    assert "officer may not do this any more" in answer.content.decode()
    # In a field of several lines, because Enter in one of one line presses the first button: Approve.
    assert 'name="note" rows="2" maxlength="300" autocomplete="off">Called her</textarea>' in answer.content.decode()


def test_the_record_says_for_a_day_what_was_refused_and_why_until_it_is_asked_for_again(
    client: Client, officer: User, senior: User
) -> None:
    customer = make_active_customer()
    record = f"/customers/{customer.pk}/"
    four_eyes.refuse(approval=ask(officer, customer), by=senior, note="Too high.")
    assert "Refused by senior" in page(client, officer, record)
    assert "“Too high.”" in page(client, officer, record)

    ask(officer, customer, words="Issue a smaller one.")
    assert "Refused by senior" not in page(client, officer, record)

    four_eyes.refuse(approval=Approval.objects.get(state="ASKED"), by=senior, note="Still.")
    Approval.objects.update(decided_at=timezone.now() - timedelta(days=1))
    assert "Refused by senior" not in page(client, officer, record)
