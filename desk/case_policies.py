"""What may be done about a case now. Each rule raises with the sentence the person reads."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateformat import format as format_date

from customers.policies import NotAllowed
from desk.cases import Case
from desk.statuses import OURS_ALONE, Reason, WaitsFor
from people.rights import people_who_may

WORKS, ASSIGNS = "desk.work_case", "desk.assign_case"
LONGEST_SNOOZE = timedelta(days=90)


def people_who_work() -> QuerySet[User]:
    """Return those to whom a case can be given."""
    return people_who_may(WORKS)


def is_held(case: Case, *, now: datetime) -> bool:
    return case.held_until is not None and case.held_until > now


def is_held_by(case: Case, person: User, *, now: datetime) -> bool:
    return is_held(case, now=now) and case.held_by_id == person.pk


def is_held_by_another(case: Case, person: User, *, now: datetime) -> bool:
    return is_held(case, now=now) and case.held_by_id != person.pk


def check_is_open(case: Case) -> None:
    if case.waits_for == WaitsFor.NOBODY:
        raise NotAllowed("Nothing is left to do about this customer.")


def check_can_hold(case: Case, by: User, *, now: datetime) -> None:
    check_is_open(case)
    if is_held_by_another(case, by, now=now):
        until = format_date(timezone.localtime(case.held_until), "H:i")
        raise NotAllowed(f"{case.held_by} holds this case until {until}. Take it over with a reason, or wait.")


def check_can_take_over(case: Case, by: User, *, now: datetime) -> None:
    check_is_open(case)
    if not is_held_by_another(case, by, now=now):
        raise NotAllowed("Nobody else holds this case any more. Take it.")


def check_can_give(to: User) -> None:
    if not to.is_active or not to.has_perm(WORKS):
        raise NotAllowed(f"{to} does not work on cases. Choose somebody else.")


def check_may_assign(case: Case, to: User | None, by: User) -> None:
    """Officers take cases for themselves and give their own back; who may assign does the rest."""
    if by.has_perm(ASSIGNS):
        return
    is_others = case.assigned_to not in (None, by) and case.assigned_to.is_active
    if to not in (None, by) or (is_others and to is None):
        raise NotAllowed("You may assign cases to yourself. Ask a senior officer to assign this one.")
    if is_others:
        raise NotAllowed(f"This case is {case.assigned_to}’s. Ask them, or a senior officer, to hand it over.")


def check_can_hand_over(case: Case, to: User, by: User, *, now: datetime) -> None:
    check_is_open(case)
    is_own = case.assigned_to_id == by.pk or is_held_by(case, by, now=now)
    if not (is_own or by.has_perm(ASSIGNS)):
        raise NotAllowed("Take the case first: who holds it, or has it assigned, hands it over.")
    if to == by:
        raise NotAllowed("Choose a colleague: the case is yours already.")
    check_can_give(to)


def check_can_snooze(case: Case, until: datetime, *, now: datetime) -> None:
    check_is_open(case)
    if not now < until <= now + LONGEST_SNOOZE:
        raise NotAllowed(f"Choose a time to come, within {LONGEST_SNOOZE.days} days.")


def check_can_escalate(case: Case) -> None:
    check_is_open(case)
    if case.escalated_at:
        raise NotAllowed("This case is escalated already.")


def check_can_close(case: Case) -> None:
    check_is_open(case)
    if case.reason != Reason.REJECTED and case.waits_for != WaitsFor.CUSTOMER:
        raise NotAllowed(
            "A case is closed when CryptoMate refused the customer, or when the customer was asked and does not answer."
            " Work on this one, or snooze it."
        )
    if case.is_moving:
        raise NotAllowed("Something is on its way to CryptoMate. Close the case when that is through.")


def check_can_ask_customer(case: Case) -> None:
    if case.waits_for == WaitsFor.CUSTOMER:
        raise NotAllowed("The customer has been asked already.")
    if case.waits_for != WaitsFor.US:
        raise NotAllowed("There is nothing to ask the customer for: this does not wait for us.")
    if case.reason in OURS_ALONE:
        raise NotAllowed("There is nothing to ask the customer for: this is ours to do.")
