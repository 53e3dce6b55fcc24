"""Cards that need two people, where an admin wants two: from asking to the call that issues, and every way it ends."""

from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from audit.models import Event
from cards import actions
from cards.models import Card
from cards.statuses import ApprovalMethod
from cards.tests.making import make_active_customer, make_card
from conftest import person
from customers.masking import sight_of
from customers.models import Customer
from customers.policies import NotAllowed
from customers.timeline import Reader, brief
from people import four_eyes
from people.approvals import Act, Approval, FourEyes
from provider.models import CallKind, ProviderCall

pytestmark = pytest.mark.django_db


def switch_on(act: Act, **changes: Any) -> None:
    FourEyes.objects.update_or_create(act=act, defaults={"is_on": True, **changes})


def issue(customer: Customer, by: User, *, form_id: str = "form-1", **limits: str) -> ProviderCall | Approval:
    return actions.issue_card(
        customer=customer, holder_name="MARIA BARBER", approval_method=ApprovalMethod.TOPUP, form_id=form_id,
        limits={name: Decimal(limit) for name, limit in limits.items()}, by=by,
    )  # fmt: skip


def asked(wanted: ProviderCall | Approval) -> Approval:
    assert isinstance(wanted, Approval)
    assert not ProviderCall.objects.exists()
    return wanted


# --- Issuing


def test_a_card_above_the_limit_is_issued_by_two_people_and_the_log_names_both(officer: User, senior: User) -> None:
    switch_on(Act.ISSUE_CARD, threshold=1000)
    customer = make_active_customer()

    approval = asked(issue(customer, officer, monthly_limit="1000.01"))
    four_eyes.approve(approval=approval, by=senior)

    call = ProviderCall.objects.get()
    assert (call.kind, call.target_id, call.wanted_by) == (CallKind.ISSUE_CARD, customer.pk, officer)
    assert (call.payload["monthly_limit"], call.payload["holder_name"]) == ("1000.01", "MARIA BARBER")
    issued = Event.objects.get(kind="card.issued")
    assert (issued.actor_name, issued.said["after"]["approved_by"]) == ("officer", "senior")
    told = [entry.text for entry in brief(Reader(customer, officer, sight_of(officer, customer)))]
    assert "officer asked for a second person" in told
    assert "senior approved as the second person" in told
    assert "officer issued a card" in told
    assert approval.words == "Issue a card in the name of MARIA BARBER, Top-up, monthly 1,000.01 USD."
    assert issue(customer, officer, monthly_limit="1000.01") == call  # the same form again


@pytest.mark.parametrize(
    ("threshold", "limits", "needs_two"),
    [
        (1000, {"daily_limit": "1000"}, False),
        (1000, {"daily_limit": "10", "per_transaction_limit": "1000.01"}, True),
        (1000, {}, True),  # no limit at all is above every limit
        (1000, {"per_transaction_limit": "1000"}, True),  # as often as one likes
        (None, {"daily_limit": "1"}, True),
        (0, {"daily_limit": "0"}, False),
    ],
)
def test_which_cards_need_two_people(
    threshold: int | None, limits: dict[str, str], needs_two: bool, officer: User
) -> None:
    switch_on(Act.ISSUE_CARD, threshold=threshold)

    assert isinstance(issue(make_active_customer(), officer, **limits), Approval) == needs_two


def test_where_nobody_switched_it_on_one_person_issues(officer: User) -> None:
    FourEyes.objects.update(is_on=False)

    assert isinstance(issue(make_active_customer(), officer), ProviderCall)
    assert not Approval.objects.exists()


def test_a_customer_who_is_not_active_any_more_gets_no_card(officer: User, senior: User) -> None:
    switch_on(Act.ISSUE_CARD)
    customer = make_active_customer()
    approval = asked(issue(customer, officer))
    Customer.objects.update(status="REJECTED")

    with pytest.raises(NotAllowed, match="The review refused this customer"):
        four_eyes.approve(approval=approval, by=senior)

    approval.refresh_from_db()
    assert (approval.state, ProviderCall.objects.count()) == ("ASKED", 0)
    assert not Event.objects.filter(kind="approval.approved").exists()


def test_a_form_gone_back_to_and_sent_below_the_limit_leaves_nothing_to_approve(officer: User, senior: User) -> None:
    switch_on(Act.ISSUE_CARD, threshold=1000)
    customer = make_active_customer()
    approval = asked(issue(customer, officer, monthly_limit="5000"))
    assert isinstance(issue(customer, officer, monthly_limit="10"), ProviderCall)

    with pytest.raises(NotAllowed, match="its card is issued already"):
        four_eyes.approve(approval=approval, by=senior)
    four_eyes.refuse(approval=approval, by=senior, note="It is issued.")

    assert ProviderCall.objects.get().payload["monthly_limit"] == "10"


def test_what_waits_when_it_is_switched_off_is_still_issued_once_approved(officer: User, senior: User) -> None:
    switch_on(Act.ISSUE_CARD)
    approval = asked(issue(make_active_customer(), officer))
    FourEyes.objects.update(is_on=False)

    four_eyes.approve(approval=approval, by=senior)

    assert ProviderCall.objects.count() == 1


def test_support_cannot_even_ask(support: User) -> None:
    switch_on(Act.ISSUE_CARD)

    with pytest.raises(NotAllowed, match="You may not"):
        issue(make_active_customer(), support)

    assert not Approval.objects.exists()


def test_limits_are_not_raised_past_the_second_person(officer: User, senior: User) -> None:
    switch_on(Act.ISSUE_CARD, threshold=1000)
    card = make_card(daily_limit=Decimal(100))

    approval = asked(actions.set_limits(card=card, limits={"daily_limit": Decimal(5000)}, by=officer))
    assert approval.words == "Change the limits of •••• 4242: daily 5,000.00 USD instead of 100.00 USD."
    four_eyes.approve(approval=approval, by=senior)

    call = ProviderCall.objects.get()
    assert (call.kind, call.wanted_by, call.payload["daily_limit"]) == (CallKind.SET_LIMITS, officer, "5000")
    assert Event.objects.get(kind="card.limits_changed").said["after"]["approved_by"] == "senior"


@pytest.mark.parametrize(
    ("before", "after", "needs_two"),
    [
        ({"daily_limit": Decimal(5000)}, {"daily_limit": Decimal(4000)}, False),  # it goes down
        ({"daily_limit": Decimal(100)}, {"daily_limit": Decimal(900)}, False),
        ({"daily_limit": Decimal(100)}, {}, True),
        ({"daily_limit": Decimal(100)}, {"per_transaction_limit": Decimal(900)}, True),
        ({}, {}, False),
        ({"daily_limit": Decimal(5000)}, {"daily_limit": Decimal(5000), "weekly_limit": Decimal(9000)}, False),
        ({"daily_limit": Decimal(100), "weekly_limit": Decimal(9000)}, {"weekly_limit": Decimal(9000)}, True),
    ],
)
def test_which_new_limits_need_two_people(
    before: dict[str, Decimal], after: dict[str, Decimal], needs_two: bool, officer: User
) -> None:
    switch_on(Act.ISSUE_CARD, threshold=1000)
    card = make_card(**before)

    assert isinstance(actions.set_limits(card=card, limits=after, by=officer), Approval) == needs_two


# --- Two approvers at once


@pytest.mark.django_db(transaction=True)
def test_of_two_approvers_at_once_one_wins_and_the_other_is_told() -> None:
    officer = person("officer", "Officer")
    seniors = [person(name, "Senior officer") for name in ("left", "right")]
    switch_on(Act.ISSUE_CARD)
    approval = asked(issue(make_active_customer(), officer))
    barrier, answers = Barrier(2), []

    def approve(by: User) -> None:
        try:
            barrier.wait()
            four_eyes.approve(approval=Approval.objects.get(), by=by)
            answers.append("approved")
        except NotAllowed as refusal:
            answers.append(str(refusal))
        finally:
            connection.close()

    threads = [Thread(target=approve, args=[each]) for each in seniors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    approval.refresh_from_db()
    winner = approval.decided_by
    assert winner
    told = [answer for answer in answers if answer != "approved"]
    assert len(told) == 1
    assert told[0].startswith(f"{winner.username} approved this at")
    assert ProviderCall.objects.count() == 1
    assert Event.objects.filter(kind="approval.approved").count() == 1


@pytest.mark.django_db(transaction=True)
def test_asking_again_while_it_is_approved_waits_its_turn_and_locks_nobody_out() -> None:
    officer, senior = person("officer", "Officer"), person("senior", "Senior officer")
    switch_on(Act.ISSUE_CARD)
    customer = make_active_customer()
    approval = asked(issue(customer, officer))
    barrier, failures = Barrier(2), []

    def race(act: Any) -> None:
        try:
            barrier.wait()
            act()
        except NotAllowed:
            pass
        except Exception as error:  # a deadlock would be one
            failures.append(error)
        finally:
            connection.close()

    threads = [
        Thread(target=race, args=[lambda: four_eyes.approve(approval=approval, by=senior)]),
        Thread(target=race, args=[lambda: issue(customer, officer, form_id="form-2", daily_limit="7")]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert ProviderCall.objects.count() == 1


# --- The pages


def test_the_officer_reads_that_it_waits_and_the_senior_approves_on_the_record(officer: User, senior: User) -> None:
    switch_on(Act.ISSUE_CARD, threshold=1000)
    customer = make_active_customer()
    first, second = Client(), Client()
    first.force_login(officer)
    second.force_login(senior)
    form = {
        "form_id": "0a5f7f5e-2a4c-4a53-8c38-1f3b0a0c7d11", "holder_name": "Maria Barber", "approval_method": "TOPUP",
        "daily_limit": "5000",
    }  # fmt: skip

    answer = first.post(f"/customers/{customer.pk}/cards/issue/", form, follow=True)

    page = answer.content.decode()
    approval = Approval.objects.get()
    assert "Nothing is done yet: this waits for a second person." in page
    assert "Issue a card in the name of Maria Barber, Top-up, daily 5,000.00 USD." in page
    assert "You cannot approve your own." in page
    assert f"/approvals/{approval.pk}/withdraw/" in page
    assert f"/approvals/{approval.pk}/approve/" not in page
    assert first.post(f"/approvals/{approval.pk}/approve/").status_code == 403

    page = second.get(f"/customers/{customer.pk}/").content.decode()
    assert "officer asked" in page
    assert f"/approvals/{approval.pk}/approve/" in page
    back = f"/customers/{customer.pk}/"
    done = second.post(f"/approvals/{approval.pk}/approve/", {"back": back, "note": "Known customer"})

    assert (done.status_code, done["Location"]) == (302, back)
    assert ProviderCall.objects.get().wanted_by == officer
    late = second.post(f"/approvals/{approval.pk}/refuse/", {"note": "No"})
    assert late.status_code == 409
    assert "senior approved this at" in late.content.decode()


def test_a_card_s_page_shows_what_waits_and_the_poll_brings_it(officer: User, senior: User, client: Client) -> None:
    switch_on(Act.ISSUE_CARD, threshold=1000)
    card = make_card(daily_limit=Decimal(100))
    client.force_login(senior)
    seen = client.get(f"/cards/{card.pk}/").context["seen"]
    actions.set_limits(card=card, limits={"daily_limit": Decimal(5000)}, by=officer)

    partial = client.get(f"/cards/{card.pk}/live/?seen={seen}").content.decode()

    assert "Change the limits of •••• 4242: daily 5,000.00 USD" in partial
    assert 'id="approvals"' in partial
    assert not Card.objects.filter(daily_limit=5000).exists()
