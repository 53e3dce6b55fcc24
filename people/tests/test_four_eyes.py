"""Two people for one act, whatever the act is: who decides, what is bound, and that PostgreSQL says no, too."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import Error, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from audit.models import Event
from conftest import person
from people import four_eyes
from people.approvals import WAITS, Act, Approval, ApprovalState, FourEyes
from people.four_eyes import Carrier, Wish
from people.rights import NotAllowed
from people.tasks import expire_approvals

pytestmark = pytest.mark.django_db

done: list[str] = []  # what was carried out


def wish(**changes: Any) -> Wish:
    values = {
        "act": Act.ISSUE_CARD, "words": "Ring the bell three times.", "payload": {"times": 3},
        "about_type": "tower.bell", "about_id": "bell-1",
    }  # fmt: skip
    return Wish(**{**values, **changes})


def ring(*, times: int, by: User, approval: Approval | None = None) -> Approval | None:
    """Act as an action does."""
    held = four_eyes.hold(wish(payload={"times": times}), by=by, approval=approval, is_needed=True)
    if held is None:
        done.append(f"{by.get_username()} rang {times}")
    return held


def ask(by: User, *, times: int = 3) -> Approval:
    held = ring(times=times, by=by)
    assert held
    return held


@pytest.fixture(autouse=True)
def _bells(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ringing is an act that officers may ask for."""

    def carry_out(approval: Approval) -> None:
        ring(times=approval.payload["times"], by=approval.asked_by, approval=approval)

    carrier = Carrier(act=Act.ISSUE_CARD, about_type="tower.bell", asks=("cards.issue_card",), carry_out=carry_out)
    monkeypatch.setitem(four_eyes._carriers, (Act.ISSUE_CARD, "tower.bell"), carrier)
    done.clear()
    yield
    done.clear()


def refused_by_postgresql(statement: str, *values: Any) -> str:
    with pytest.raises(Error) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(refusal.value)


def test_what_was_asked_for_is_done_once_a_second_person_approves(officer: User, senior: User) -> None:
    approval = ask(officer)
    assert done == []

    four_eyes.approve(approval=approval, by=senior, note="Called the customer.")

    approval.refresh_from_db()
    assert done == ["officer rang 3"]
    assert (approval.state, approval.decided_by, approval.decision_note) == (
        "CARRIED_OUT", senior, "Called the customer.",
    )  # fmt: skip
    asked, approved = Event.objects.order_by("seq")
    assert [(event.kind, event.actor_name) for event in (asked, approved)] == [
        ("approval.asked", "officer"), ("approval.approved", "senior"),
    ]  # fmt: skip
    assert approved.note == "Ring the bell three times. “Called the customer.”"


@pytest.mark.parametrize("role", ["Officer", "Senior officer", "Admin", "superuser"])
def test_nobody_approves_their_own_whoever_they_are(role: str) -> None:
    first = User.objects.create_superuser("root") if role == "superuser" else person("first", role)
    approval = ask(first)

    for decide in (four_eyes.approve, four_eyes.refuse):
        with pytest.raises(NotAllowed, match="You asked for this yourself"):
            decide(approval=approval, by=first, note="I am sure.")

    approval.refresh_from_db()
    assert (approval.state, done) == ("ASKED", [])
    assert Event.objects.filter(kind__startswith="approval").count() == 1


@pytest.mark.parametrize("role", ["Officer", "Support", "Auditor", "Admin"])
def test_only_who_has_the_right_is_the_second_person(role: str, officer: User) -> None:
    approval = ask(officer)

    with pytest.raises(NotAllowed, match="You may not do this"):
        four_eyes.approve(approval=approval, by=person("second", role))

    assert done == []


def test_postgresql_refuses_whatever_would_make_one_person_of_the_two(officer: User, senior: User) -> None:
    approval = ask(officer)
    set_ = "UPDATE people_approval SET {} WHERE id = %s"
    decided = "state = 'APPROVED', decided_at = now(), decided_by_id = %s"

    assert "the_second_person_is_never_the_first" in refused_by_postgresql(
        set_.format(decided), officer.pk, approval.pk
    )
    assert "decided_approval_says_who_and_when" in refused_by_postgresql(set_.format("state = 'APPROVED'"), approval.pk)
    assert "Cannot update" in refused_by_postgresql(set_.format("asked_by_id = %s"), senior.pk, approval.pk)
    assert "Cannot update" in refused_by_postgresql(set_.format("digest = 'x'"), approval.pk)
    assert "Invalid transition" in refused_by_postgresql(
        set_.format("state = 'CARRIED_OUT', used_at = now(), decided_at = now(), decided_by_id = %s"),
        senior.pk,
        approval.pk,
    )
    assert "Cannot delete" in refused_by_postgresql("DELETE FROM people_approval WHERE id = %s", approval.pk)
    four_eyes.refuse(approval=approval, by=senior, note="No.")
    assert "Cannot update" in refused_by_postgresql(
        set_.format("decided_by_id = %s"), person("other", "Senior officer").pk, approval.pk
    )
    assert "Invalid transition" in refused_by_postgresql(set_.format("state = 'APPROVED'"), approval.pk)


def test_postgresql_keeps_rows_that_make_sense(officer: User) -> None:
    approval = ask(officer)
    copy = (
        "INSERT INTO people_approval (id, act, object_type, object_id, payload, digest, words, asked_by_id, asked_at, "
        "expires_at, state, decision_note) SELECT gen_random_uuid(), {}, object_type, {}, payload, digest, words, "
        "asked_by_id, asked_at, expires_at, {}, decision_note FROM people_approval WHERE id = %s"
    )

    assert "one_open_approval_per_act_and_object" in refused_by_postgresql(
        copy.format("act", "object_id", "state"), approval.pk
    )
    assert "approval_act_is_known" in refused_by_postgresql(copy.format("'FLY'", "'x'", "state"), approval.pk)
    assert "approval_state_is_known" in refused_by_postgresql(copy.format("act", "'x'", "'LOST'"), approval.pk)
    assert "approval_is_used_once_carried_out" in refused_by_postgresql(
        "UPDATE people_approval SET used_at = now() WHERE id = %s", approval.pk
    )
    for values, rule in (
        ("('FLY', true, NULL)", "four_eyes_act_is_known"),
        ("('TURN', true, 5)", "four_eyes_act_is_known"),
    ):
        assert rule in refused_by_postgresql(
            f"INSERT INTO people_foureyes (act, is_on, threshold) VALUES {values}"  # noqa: S608 - our own words
        )
    assert "four_eyes_threshold_is_for_issuing" in refused_by_postgresql(
        "UPDATE people_foureyes SET threshold = 5 WHERE act = 'REPLAY'"
    )


def test_an_approval_is_for_exactly_what_was_asked_for_by_whom_it_was_and_once(officer: User, senior: User) -> None:
    approval = ask(officer)
    Approval.objects.update(state="APPROVED", decided_by=senior, decided_at=timezone.now())

    for times, by in ((30, officer), (3, senior)):
        with pytest.raises(NotAllowed, match="has changed since"):
            ring(times=times, by=by, approval=approval)
    ring(times=3, by=officer, approval=approval)
    with pytest.raises(NotAllowed, match="has changed since"):
        ring(times=3, by=officer, approval=approval)

    assert done == ["officer rang 3"]


def test_a_payload_that_was_put_in_place_of_another_is_not_carried_out(officer: User, senior: User) -> None:
    approval = ask(officer)
    approval.payload = {"times": 300}
    approval.save(update_fields=["payload"])

    with pytest.raises(NotAllowed, match="has changed since"):
        four_eyes.approve(approval=approval, by=senior)

    approval.refresh_from_db()
    assert (approval.state, approval.decided_by, done) == ("ASKED", None, [])


def test_asking_twice_is_asking_once_and_asking_for_something_else_waits_its_turn(officer: User, senior: User) -> None:
    first = ask(officer)

    assert ask(officer) == first
    with pytest.raises(NotAllowed, match="officer asked for the same at"):
        ask(senior)
    with pytest.raises(NotAllowed, match="officer asked for something else here at"):
        ask(officer, times=5)

    assert Approval.objects.count() == Event.objects.count() == 1


def test_a_first_person_who_lost_the_right_or_the_account_gets_nothing_done(officer: User, senior: User) -> None:
    approval = ask(officer)
    for take_away in (
        lambda: officer.groups.clear(),
        lambda: User.objects.filter(pk=officer.pk).update(is_active=False),
    ):
        with transaction.atomic():
            take_away()
            with pytest.raises(NotAllowed, match="officer may not do this any more"):
                four_eyes.approve(approval=Approval.objects.get(pk=approval.pk), by=senior)
            transaction.set_rollback(True)

    assert done == []


def test_a_closed_account_decides_nothing(officer: User, senior: User) -> None:
    approval = ask(officer)
    senior.is_active = False

    with pytest.raises(NotAllowed, match="You may not"):
        four_eyes.approve(approval=approval, by=senior)


def test_what_is_refused_says_why_and_is_not_decided_again(officer: User, senior: User) -> None:
    approval = ask(officer)
    with pytest.raises(NotAllowed, match="Say why"):
        four_eyes.refuse(approval=approval, by=senior, note="")

    four_eyes.refuse(approval=approval, by=senior, note="Too often.")

    with pytest.raises(NotAllowed, match="senior refused this at"):
        four_eyes.approve(approval=approval, by=person("third", "Senior officer"))
    assert Event.objects.get(kind="approval.refused").note == "Ring the bell three times. “Too often.”"
    assert ask(officer) != approval  # it can be asked for anew
    assert done == []


def test_only_the_first_withdraws_and_then_nobody_approves(officer: User, senior: User) -> None:
    approval = ask(officer)
    with pytest.raises(NotAllowed, match="only they can withdraw"):
        four_eyes.withdraw(approval=approval, by=senior)

    four_eyes.withdraw(approval=approval, by=officer)

    with pytest.raises(NotAllowed, match="officer has withdrawn this"):
        four_eyes.approve(approval=approval, by=senior)
    with pytest.raises(NotAllowed, match="has withdrawn"):
        four_eyes.withdraw(approval=approval, by=officer)
    assert done == []


def test_after_a_day_it_is_too_late_with_or_without_a_sweep(officer: User, senior: User) -> None:
    approval = ask(officer)
    Approval.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(NotAllowed, match="has expired"):
        four_eyes.approve(approval=approval, by=senior)

    again = ask(officer)  # it makes room for the next one
    Approval.objects.filter(pk=again.pk).update(expires_at=timezone.now())
    expire_approvals()

    assert set(Approval.objects.values_list("state", flat=True)) == {ApprovalState.EXPIRED}
    assert Event.objects.filter(kind="approval.expired", actor_name="").count() == 2
    assert again.expires_at - again.asked_at == WAITS
    assert done == []


def test_without_the_carrying_out_there_is_no_approval(
    officer: User, senior: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval = ask(officer)
    forgetful = Carrier(act=Act.ISSUE_CARD, about_type="tower.bell", asks=(), carry_out=lambda _: None)
    monkeypatch.setitem(four_eyes._carriers, (Act.ISSUE_CARD, "tower.bell"), forgetful)

    with pytest.raises(RuntimeError, match="without its approval"):
        four_eyes.approve(approval=approval, by=senior)

    approval.refresh_from_db()
    assert approval.state == "ASKED"


def test_an_admin_switches_it_on_and_off_on_record_after_the_password(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    page = "/admin/people/foureyes/ISSUE_CARD/change/"

    client.post(page, {"is_on": "on", "threshold": "1000"})
    assert FourEyes.objects.get(pk="ISSUE_CARD").is_on
    client.post(page, {"threshold": "1000"})

    on, off = Event.objects.filter(kind="four_eyes.changed").order_by("seq")
    assert (on.actor_name, on.object_id) == ("admin", "ISSUE_CARD")
    assert [(change.field, change.before, change.after) for change in on.changes] == [
        ("is_on", False, True), ("threshold", None, "1000.00"),
    ]  # fmt: skip
    assert [(change.field, change.after) for change in off.changes] == [("is_on", False)]
    with pytest.raises(NotAllowed):
        four_eyes.choose_four_eyes(setting=FourEyes(act=Act.REPLAY), by=person("senior", "Senior officer"))
    session = client.session
    session["confirmed_at"] = 0
    session.save()
    assert "/accounts/confirm/" in client.post(page, {"is_on": "on"})["Location"]
    assert not FourEyes.objects.get(pk="ISSUE_CARD").is_on


def test_no_setting_is_added_or_removed_past_the_record_and_none_is_below_nothing(client: Client) -> None:
    FourEyes.objects.update_or_create(act=Act.ISSUE_CARD, defaults={"is_on": True})
    client.force_login(User.objects.create_superuser("root"))

    assert client.post("/admin/people/foureyes/add/", {"is_on": "on"}).status_code == 403
    assert client.post("/admin/people/foureyes/ISSUE_CARD/delete/", {"post": "yes"}).status_code == 403
    below = client.post("/admin/people/foureyes/ISSUE_CARD/change/", {"threshold": "-1"})

    assert "greater than or equal to 0" in below.content.decode()
    assert FourEyes.objects.get(pk="ISSUE_CARD").is_on


def test_who_asks_while_another_s_wish_is_decided_is_told(officer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(**_: Any) -> Approval:  # by a row that is decided before it can be read
        raise IntegrityError

    monkeypatch.setattr(Approval.objects, "create", taken)

    with pytest.raises(NotAllowed, match="decided about this at this moment"):
        ask(officer)


def test_nothing_is_approved_in_django_admin(client: Client, officer: User) -> None:
    approval = ask(officer)
    client.force_login(User.objects.create_superuser("root"))
    page = f"/admin/people/approval/{approval.pk}/change/"

    assert client.get(page).status_code == 200
    assert client.post(page, {"state": "APPROVED"}).status_code == 403
    assert client.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 403
