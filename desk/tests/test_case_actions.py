"""What people do about a case: what becomes of it, what is on record, and when it is refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from audit.models import Event
from conftest import person
from customers.models import EnablementRequest, Mention
from customers.policies import NotAllowed
from customers.statuses import Source
from customers.tests.making import MISSING, NOTHING_MISSING, make_request
from desk import case_actions as actions
from desk.cases import Case
from desk.statuses import WaitsFor
from desk.tests.queueing import make_case
from provider.models import CallKind, ProviderCall

pytestmark = pytest.mark.django_db

LATER = timezone.now() + timedelta(hours=5)


@pytest.fixture
def colleague(db: None) -> User:
    return person("colleague", "Officer")


@pytest.fixture
def case(db: None) -> Case:
    return make_case()


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def recorded(kind: str) -> Event:
    return Event.objects.get(kind=kind)


# --- Holding


def test_a_case_is_held_and_let_go_and_both_are_on_record(case: Case, officer: User) -> None:
    actions.take_case(case=case, by=officer)
    assert fresh(case).held_by == officer
    actions.take_case(case=case, by=officer)  # a second click
    actions.release_case(case=case, by=officer)

    assert (fresh(case).held_by, fresh(case).held_until) == (None, None)
    kinds = Event.objects.about_customer(case.pk).order_by("seq").values_list("kind", flat=True)
    assert list(kinds) == ["case.taken", "case.released"]


def test_what_another_holds_is_not_taken_and_not_let_go(case: Case, officer: User, colleague: User) -> None:
    actions.take_case(case=case, by=officer)

    with pytest.raises(NotAllowed, match="officer holds this case until"):
        actions.take_case(case=case, by=colleague)
    with pytest.raises(NotAllowed, match="You do not hold this case any more"):
        actions.release_case(case=case, by=colleague)
    actions.keep_case(case=case, by=colleague)

    assert fresh(case).held_by == officer


def test_a_hold_that_is_over_is_nobodys(case: Case, officer: User, colleague: User) -> None:
    actions.take_case(case=case, by=officer)
    Case.objects.update(held_until=timezone.now())

    actions.keep_case(case=case, by=officer)  # a page that slept
    actions.take_case(case=case, by=colleague)

    assert fresh(case).held_by == colleague


def test_an_open_page_holds_on(case: Case, officer: User) -> None:
    actions.take_case(case=case, by=officer)
    Case.objects.update(held_until=timezone.now() + timedelta(minutes=1))

    actions.keep_case(case=case, by=officer)

    held_until = fresh(case).held_until
    assert held_until
    assert held_until > timezone.now() + timedelta(minutes=10)


def test_who_is_taken_over_from_is_told_why(case: Case, officer: User, colleague: User) -> None:
    actions.take_case(case=case, by=officer)

    actions.take_over_case(case=case, reason="The caller is on my line", by=colleague)

    assert fresh(case).held_by == colleague
    assert recorded("case.taken_over").note == "The caller is on my line"
    mention = Mention.objects.of(officer).unseen().get()
    assert "The caller is on my line" in mention.note.text
    with pytest.raises(NotAllowed, match="Nobody else holds this case any more"):
        actions.take_over_case(case=case, reason="Again", by=colleague)


def test_a_case_is_taken_over_also_from_who_has_left(case: Case, officer: User, colleague: User) -> None:
    actions.take_case(case=case, by=colleague)
    User.objects.filter(pk=colleague.pk).update(is_active=False)

    actions.take_over_case(case=case, reason="Gone", by=officer)

    assert fresh(case).held_by == officer
    assert recorded("case.taken_over").note == "Gone"


# --- Whose it is


def test_officers_assign_cases_to_themselves_and_senior_officers_to_anybody(
    case: Case, officer: User, senior: User, colleague: User
) -> None:
    assert actions.assign_cases(cases=[case], to=officer, by=officer) == 1
    assert actions.assign_cases(cases=[case], to=officer, by=officer) == 0
    with pytest.raises(NotAllowed, match="This case is officer’s"):
        actions.assign_cases(cases=[case], to=colleague, by=colleague)
    with pytest.raises(NotAllowed, match="assign cases to yourself"):
        actions.assign_cases(cases=[case], to=None, by=colleague)
    with pytest.raises(NotAllowed, match="assign cases to yourself"):
        actions.assign_cases(cases=[case], to=colleague, by=officer)

    actions.assign_cases(cases=[case], to=colleague, by=senior)

    assert fresh(case).assigned_to == colleague
    event = Event.objects.filter(kind="case.assigned").latest("seq")
    assert [(change.was, change.became) for change in event.changes] == [("officer", "colleague")]


def test_of_many_cases_all_are_assigned_or_none(officer: User, colleague: User) -> None:
    free, taken = make_case(1), make_case(2)
    actions.assign_cases(cases=[taken], to=colleague, by=colleague)

    with pytest.raises(NotAllowed):
        actions.assign_cases(cases=[free, taken], to=officer, by=officer)

    assert fresh(free).assigned_to is None


def test_a_case_is_given_only_to_who_works_on_cases(case: Case, senior: User, support: User) -> None:
    with pytest.raises(NotAllowed, match="support does not work on cases"):
        actions.assign_cases(cases=[case], to=support, by=senior)


def test_handing_over_assigns_lets_go_and_tells(case: Case, officer: User, colleague: User) -> None:
    with pytest.raises(NotAllowed, match="Take the case first"):
        actions.hand_over_case(case=case, to=colleague, note="Please call", by=officer)
    actions.take_case(case=case, by=officer)

    actions.hand_over_case(case=case, to=colleague, note="Please call", by=officer)

    assert (fresh(case).assigned_to, fresh(case).held_by) == (colleague, None)
    assert "Please call" in Mention.objects.of(colleague).unseen().get().note.text
    with pytest.raises(NotAllowed, match="Choose a colleague"):
        actions.hand_over_case(case=case, to=colleague, note="Mine", by=colleague)


def test_handing_over_leaves_alone_who_is_at_the_case(case: Case, officer: User, colleague: User, senior: User) -> None:
    actions.take_case(case=case, by=officer)

    actions.hand_over_case(case=case, to=colleague, note="From tomorrow", by=senior)

    assert (fresh(case).assigned_to, fresh(case).held_by) == (colleague, officer)


# --- When it is worked on, and whom it waits for


def test_a_snoozed_case_is_let_go_and_comes_back_when_woken(case: Case, officer: User) -> None:
    actions.take_case(case=case, by=officer)
    actions.snooze_case(case=case, until=LATER, note="Documents come by post", by=officer)

    assert (fresh(case).held_by, fresh(case).snoozed_until) == (None, LATER)
    assert fresh(case).snooze_note == "Documents come by post"
    actions.wake_case(case=case, by=officer)

    assert fresh(case).snoozed_until is None
    assert recorded("case.woken").actor_name == "officer"


@pytest.mark.parametrize("until", [timedelta(hours=-1), timedelta(days=91)])
def test_nobody_snoozes_into_the_past_or_for_good(case: Case, officer: User, until: timedelta) -> None:
    with pytest.raises(NotAllowed, match="Choose a time to come, within 90 days"):
        actions.snooze_case(case=case, until=timezone.now() + until, note="", by=officer)


def test_an_escalation_says_why_until_it_is_settled(case: Case, officer: User, senior: User) -> None:
    actions.escalate_case(case=case, note="Is this name on our list?", by=officer)
    assert (fresh(case).escalated_by, fresh(case).escalation_note) == (officer, "Is this name on our list?")
    with pytest.raises(NotAllowed, match="escalated already"):
        actions.escalate_case(case=case, note="Again", by=senior)

    actions.settle_escalation(case=case, by=senior)

    assert (fresh(case).escalated_at, fresh(case).escalation_note) == (None, None)


def test_a_case_waits_for_the_customer_until_they_answer(case: Case, officer: User) -> None:
    actions.take_case(case=case, by=officer)
    actions.ask_customer(case=case, by=officer)
    assert (fresh(case).waits_for, fresh(case).held_by) == (WaitsFor.CUSTOMER, None)
    with pytest.raises(NotAllowed, match="asked already"):
        actions.ask_customer(case=case, by=officer)

    actions.hear_from_customer(case=case, by=officer)

    assert fresh(case).waits_for == WaitsFor.US
    with pytest.raises(NotAllowed, match="Nobody has noted"):
        actions.hear_from_customer(case=case, by=officer)


def test_a_refusal_that_stands_is_closed_until_something_new_is_known(officer: User) -> None:
    case = make_case(status="REJECTED")
    actions.take_case(case=case, by=officer)
    actions.ask_customer(case=case, by=officer)
    actions.take_case(case=case, by=officer)

    actions.close_case(case=case, by=officer)
    assert (fresh(case).waits_for, fresh(case).held_by) == (WaitsFor.NOBODY, None)
    actions.reopen_case(case=case, by=officer)
    assert fresh(case).waits_for == WaitsFor.US
    actions.close_case(case=case, by=officer)
    make_request(case.customer)

    assert (fresh(case).waits_for, fresh(case).reason, fresh(case).closed_at) == ("US", "MISSING", None)
    with pytest.raises(NotAllowed, match="when the customer was asked and does not answer"):
        actions.close_case(case=case, by=officer)
    assert Event.objects.filter(kind="case.closed").count() == 2


@pytest.mark.parametrize("heard", ["a word", "the last answer", "an answer of several", "what was sent"])
def test_a_customer_who_does_not_answer_is_closed_until_something_is_heard(heard: str, officer: User) -> None:
    case = make_case()
    actions.ask_customer(case=case, by=officer)
    actions.snooze_case(case=case, until=LATER, note="", by=officer)

    actions.close_case(case=case, by=officer)
    assert (fresh(case).waits_for, fresh(case).customer_asked_at) == (WaitsFor.NOBODY, None)

    if heard == "a word":
        actions.reopen_case(case=case, by=officer)
    elif "answer" in heard:
        request = EnablementRequest.objects.get()
        request.missing_requirements = {**MISSING, "data": []} if "several" in heard else NOTHING_MISSING
        request.save()
    else:
        want_upload(case, by=officer)
    assert (fresh(case).waits_for, fresh(case).snoozed_until) == (WaitsFor.US, None)


def test_nothing_is_closed_while_something_is_on_its_way(officer: User) -> None:
    case = make_case()
    actions.ask_customer(case=case, by=officer)
    want_upload(case, by=officer)

    with pytest.raises(NotAllowed, match="on its way"):
        actions.close_case(case=case, by=officer)

    assert fresh(case).customer_asked_at is not None


def want_upload(case: Case, *, by: User) -> None:
    ProviderCall.objects.create(
        customer_id=case.pk, target_id=case.pk, kind=CallKind.UPLOAD_DOCUMENT, wanted_by=by, wanted_at=timezone.now()
    )


def test_what_is_with_the_provider_is_asked_of_nobody_else(officer: User) -> None:
    with pytest.raises(NotAllowed, match="does not wait for us"):
        actions.ask_customer(case=make_case(status="IN_KYC"), by=officer)


def test_a_customer_is_not_asked_for_what_is_ours_to_do(officer: User) -> None:
    with pytest.raises(NotAllowed, match="this is ours to do"):
        actions.ask_customer(case=make_case(missing=NOTHING_MISSING), by=officer)


ACTS: dict[str, Callable[[Case, User, User], object]] = {
    "take": lambda case, by, _: actions.take_case(case=case, by=by),
    "take over": lambda case, by, _: actions.take_over_case(case=case, reason="x", by=by),
    "assign": lambda case, by, _: actions.assign_cases(cases=[case], to=by, by=by),
    "hand over": lambda case, by, to: actions.hand_over_case(case=case, to=to, note="x", by=by),
    "snooze": lambda case, by, _: actions.snooze_case(case=case, until=LATER, note="", by=by),
    "escalate": lambda case, by, _: actions.escalate_case(case=case, note="x", by=by),
}


@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_done_about_a_customer_who_is_through(act: str, officer: User, colleague: User) -> None:
    case = make_case(customer={"status": "ACTIVE"})
    for status in ("IN_KYC", "ENABLED"):
        case.customer.requests.get().change_status(status, source=Source.SYNC)

    with pytest.raises(NotAllowed, match="Nothing is left to do"):
        ACTS[act](case, officer, colleague)

    assert not Event.objects.filter(kind__startswith="case.").exists()


# --- On the page


@pytest.fixture
def as_officer(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


def page(client: Client, case: Case, part: str = "") -> str:
    return " ".join(client.get(f"/customers/{case.pk}/{part}").content.decode().split())


def send(client: Client, case: Case, act: str, **fields: Any) -> Any:
    return client.post(f"/customers/{case.pk}/case/{act}/", fields)


def test_the_bar_says_who_is_at_the_case(as_officer: Client, case: Case, officer: User, colleague: User) -> None:
    assert 'Nobody holds this case. <span class="soft">Waits for us' in page(as_officer, case)
    send(as_officer, case, "take")
    assert "You hold this case</strong> until" in page(as_officer, case)
    actions.take_over_case(case=case, reason="x", by=colleague)

    shown = page(as_officer, case)

    assert "<strong>colleague</strong> is at this case until" in shown
    assert "Take over…" in shown
    assert "<strong>colleague</strong>" in page(as_officer, case, "case/hold/")


def test_an_open_page_asks_to_hold_on_and_shows_when_it_no_longer_does(
    as_officer: Client, case: Case, officer: User, colleague: User
) -> None:
    actions.take_case(case=case, by=officer)
    assert f'hx-post="/customers/{case.pk}/case/keep/"' in page(as_officer, case)
    actions.take_over_case(case=case, reason="x", by=colleague)

    answer = as_officer.post(f"/customers/{case.pk}/case/keep/", headers={"HX-Request": "true"})

    assert "<strong>colleague</strong> is at this case" in answer.content.decode()
    assert fresh(case).held_by == colleague


def test_support_reads_who_is_at_it_and_is_offered_nothing(client: Client, support: User, case: Case) -> None:
    client.force_login(support)

    shown = page(client, case)

    assert "Nobody holds this case." in shown
    for offer in ("Take case", "Next case", "Escalate…"):
        assert offer not in shown


def test_each_act_has_a_form_that_works_without_scripts(
    as_officer: Client, case: Case, officer: User, colleague: User
) -> None:
    send(as_officer, case, "take")
    assert send(as_officer, case, "escalate", note="Which list?").status_code == 302
    assert "Which list?" in page(as_officer, case)
    assert send(as_officer, case, "settle").status_code == 302
    assert send(as_officer, case, "ask").status_code == 302
    assert "The customer was asked" in page(as_officer, case)
    assert send(as_officer, case, "answered").status_code == 302
    assert send(as_officer, case, "snooze", until="day", day="21/11/2031", note="x").status_code == 409  # too far
    assert send(as_officer, case, "snooze", until="tomorrow").status_code == 302
    assert "Snoozed until" in page(as_officer, case)
    assert send(as_officer, case, "wake").status_code == 302
    assert send(as_officer, case, "assign", to=officer.pk).status_code == 302
    assert "Assigned to you" in page(as_officer, case)
    assert send(as_officer, case, "hand-over", to=colleague.pk, note="Please call").status_code == 302

    assert fresh(case).assigned_to == colleague


@pytest.mark.parametrize(
    ("act", "fields", "said"),
    [
        ("escalate", {"note": ""}, "Say what has to be decided."),
        ("snooze", {"until": "day", "note": "kept words"}, "Write the day on which it comes up again."),
        ("snooze", {"until": "day", "day": "soon", "note": "kept words"}, "Write the day as 2026-11-21 or 21/11/2026."),
        ("hand-over", {"to": "999", "note": "kept words"}, "Choose a colleague from the list."),
        ("assign", {"to": "999"}, "Choose a person from the list."),
        ("take-over", {"reason": ""}, "Say why you take it over"),
    ],
)
def test_what_was_typed_wrong_is_said_at_the_field_and_kept(
    as_officer: Client, case: Case, colleague: User, act: str, fields: dict[str, str], said: str
) -> None:
    actions.take_case(case=case, by=colleague)

    answer = send(as_officer, case, act, **fields)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert fields.get("note", "") in answer.content.decode()


def test_the_page_of_a_case_that_is_over_offers_nothing_that_would_be_refused(as_officer: Client) -> None:
    case = make_case(status="REJECTED")
    assert 'aria-label="Hand over"' in page(as_officer, case, "case/")
    send(as_officer, case, "close")

    assert 'aria-label="Hand over"' not in page(as_officer, case, "case/")
    assert "kept words" in send(as_officer, case, "escalate", note="kept words").content.decode()


def test_the_page_offers_to_close_the_case_of_a_customer_who_does_not_answer(as_officer: Client, case: Case) -> None:
    assert "Close: " not in page(as_officer, case, "case/")
    send(as_officer, case, "ask")
    assert "Close: the customer does not answer" in page(as_officer, case, "case/")

    send(as_officer, case, "close")

    text = page(as_officer, case, "case/")
    assert ": the customer does not answer." in text
    assert "Open again" in text


def test_a_refusal_is_said_on_the_page_of_the_case(as_officer: Client, case: Case, colleague: User) -> None:
    actions.take_case(case=case, by=colleague)

    answer = send(as_officer, case, "take")

    assert answer.status_code == 409
    assert "colleague holds this case until" in answer.content.decode()


def test_the_timeline_tells_what_was_done(as_officer: Client, case: Case) -> None:
    send(as_officer, case, "take")
    send(as_officer, case, "escalate", note="Which list?")

    shown = page(as_officer, case)

    assert "took the case" in shown
    assert "escalated the case" in shown
