"""What people do about a case. Each act locks the row, asks whether it may be done, writes and records it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from customers.mentions import people_to_mention
from customers.note_actions import add_note
from customers.paging import Place
from customers.policies import NotAllowed, check_person_may
from desk import case_policies as policies
from desk.case_policies import WORKS, is_held_by
from desk.cases import Case, CaseQuerySet
from desk.filters import Filters

HOLD = timedelta(minutes=15)

# One statement finds the next case and takes it, so that no two people are given the same one. The condition is built
# by Django, and holds values as parameters only.
TAKE_NEXT = "UPDATE desk_case SET held_by_id = %s, held_until = %s WHERE customer_id = ({next}) RETURNING customer_id"


# --- Holding


@transaction.atomic
def take_next(*, filters: Filters, by: User, after: Case | None = None) -> Case | None:
    """Hold the oldest case that matches, waits for us and is nobody else's, and let go of what was held before.

    The search begins behind `after` and comes back to the oldest at the end, so that who passes cases over sees all of
    them. Returns None where there is none. Raises NotAllowed.
    """
    check_person_may(by, WORKS)
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # two clicks at once are one after the other
    now = timezone.now()
    # Locked before another case is, and in the order of all who lock several: nobody waits for somebody who waits.
    held = list(_in_order(Case.objects.held_by(by, now=now)))
    taken = (_take(filters, by, now=now, after=after) if after else None) or _take(filters, by, now=now, besides=after)
    if taken is None:
        return None
    for left in held:
        _let_go(left, by, now=now)
    record(kind=Kind.CASE_TAKEN, by=by, customer_id=taken.pk, subject=taken)
    return taken


def _take(
    filters: Filters, by: User, *, now: datetime, after: Case | None = None, besides: Case | None = None
) -> Case | None:
    waiting = filters.apply(Case.objects.all(), by=by, now=now).to_work_on(by, now=now).oldest_first()
    if after:
        waiting = waiting.behind(Place(after.since, after.pk))
    if besides:
        waiting = waiting.exclude(pk=besides.pk)
    next_one = waiting.select_for_update(skip_locked=True, no_key=True, of=("self",)).values("pk")[:1]
    select, values = next_one.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(TAKE_NEXT.format(next=select), [by.pk, now + HOLD, *values])
        row = cursor.fetchone()
    return Case.objects.get(pk=row[0]) if row else None


def _let_go(case: Case, by: User, *, now: datetime) -> bool:
    held = Case.objects.held_by(by, now=now).filter(pk=case.pk)
    is_left = bool(held.update(held_by=None, held_until=None))
    if is_left:
        record(kind=Kind.CASE_RELEASED, by=by, customer_id=case.pk, subject=case)
    return is_left


@transaction.atomic
def take_case(*, case: Case, by: User) -> None:
    """Hold this case; who holds it already holds it for longer. Raises NotAllowed."""
    check_person_may(by, WORKS)
    case, now = _locked(case), timezone.now()
    policies.check_can_hold(case, by, now=now)
    was_held = is_held_by(case, by, now=now)
    _write(case, held_by=by, held_until=now + HOLD)
    if not was_held:
        record(kind=Kind.CASE_TAKEN, by=by, customer_id=case.pk, subject=case)


def keep_case(*, case: Case, by: User) -> None:
    """Hold a case for longer that the person holds: their page is open. Nothing new, so nothing is recorded.

    Raises NotAllowed.
    """
    check_person_may(by, WORKS)
    now = timezone.now()
    Case.objects.held_by(by, now=now).filter(pk=case.pk).update(held_until=now + HOLD)


@transaction.atomic
def release_case(*, case: Case, by: User) -> None:
    """Let go of a case that the person holds. Raises NotAllowed."""
    check_person_may(by, WORKS)
    if not _let_go(case, by, now=timezone.now()):
        raise NotAllowed("You do not hold this case any more.")


@transaction.atomic
def take_over_case(*, case: Case, reason: str, by: User) -> None:
    """Hold a case that another holds, who is told why in a note. Raises NotAllowed and NobodyOfThatName."""
    check_person_may(by, WORKS)
    case, now = _locked(case), timezone.now()
    policies.check_can_take_over(case, by, now=now)
    holder: Any = case.held_by
    _write(case, held_by=by, held_until=now + HOLD)
    record(
        kind=Kind.CASE_TAKEN_OVER, by=by, customer_id=case.pk, subject=case,
        before={"held_by": holder.get_username()}, after={"held_by": by.get_username()}, note=reason,
    )  # fmt: skip
    if people_to_mention().contains(holder):  # who has left meanwhile reads nothing
        _tell(case, holder, f"I took this case over: {reason}", by=by)


# --- Whose it is


@transaction.atomic
def assign_cases(*, cases: Sequence[Case], to: User | None, by: User) -> int:
    """Assign cases to somebody, or to nobody; answers how many that changed. One refusal refuses all.

    Raises NotAllowed.
    """
    check_person_may(by, WORKS)
    if to:
        policies.check_can_give(to)
    locked = list(_in_order(Case.objects.filter(pk__in=[case.pk for case in cases])))
    changed = [case for case in locked if case.assigned_to_id != (to.pk if to else None)]
    for case in changed:
        policies.check_is_open(case)
        policies.check_may_assign(case, to, by)
    for case in changed:
        _assign(case, to, by=by)
    return len(changed)


def _assign(case: Case, to: User | None, *, by: User) -> None:
    before = case.assigned_to
    _write(case, assigned_to=to)
    record(
        kind=Kind.CASE_ASSIGNED, by=by, customer_id=case.pk, subject=case,
        before={"assigned_to": before.get_username() if before else ""},
        after={"assigned_to": to.get_username() if to else ""},
    )  # fmt: skip


@transaction.atomic
def hand_over_case(*, case: Case, to: User, note: str, by: User) -> None:
    """Give one's case to a colleague, who is told in a note. Raises NotAllowed and NobodyOfThatName."""
    check_person_may(by, WORKS)
    case, now = _locked(case), timezone.now()
    policies.check_can_hand_over(case, to, by, now=now)
    before = case.assigned_to
    _write(case, assigned_to=to, **_own_hold(case, by, now=now))
    record(
        kind=Kind.CASE_HANDED_OVER, by=by, customer_id=case.pk, subject=case,
        before={"assigned_to": before.get_username() if before else ""}, after={"assigned_to": to.get_username()},
        note=note,
    )  # fmt: skip
    _tell(case, to, f"I hand this case over to you: {note}", by=by)


def _tell(case: Case, person: User, text: str, *, by: User) -> None:
    add_note(customer=case.customer, text=f"@{person.get_username()} {text}", by=by)


# --- When it is worked on


@transaction.atomic
def snooze_case(*, case: Case, until: datetime, note: str, by: User) -> None:
    """Take a case off the queue until then, or until something new is known. Raises NotAllowed."""
    check_person_may(by, WORKS)
    case, now = _locked(case), timezone.now()
    policies.check_can_snooze(case, until, now=now)
    _write(case, snoozed_until=until, snooze_note=note or None, **_own_hold(case, by, now=now))
    record(
        kind=Kind.CASE_SNOOZED, by=by, customer_id=case.pk, subject=case, after={"until": until.isoformat()}, note=note
    )


@transaction.atomic
def wake_case(*, case: Case, by: User) -> None:
    """Put a snoozed case back on the queue now. Raises NotAllowed."""
    check_person_may(by, WORKS)
    case = _locked(case)
    if case.snoozed_until is None:
        return
    _write(case, snoozed_until=None)
    record(kind=Kind.CASE_WOKEN, by=by, customer_id=case.pk, subject=case)


@transaction.atomic
def escalate_case(*, case: Case, note: str, by: User) -> None:
    """Mark a case for somebody who may decide more, and say why. Raises NotAllowed."""
    check_person_may(by, WORKS)
    case = _locked(case)
    policies.check_can_escalate(case)
    _write(case, escalated_at=timezone.now(), escalated_by=by, escalation_note=note)
    record(kind=Kind.CASE_ESCALATED, by=by, customer_id=case.pk, subject=case, note=note)


@transaction.atomic
def settle_escalation(*, case: Case, by: User) -> None:
    """Take the mark off again. Raises NotAllowed."""
    check_person_may(by, WORKS)
    case = _locked(case)
    if case.escalated_at is None:
        return
    _write(case, escalated_at=None, escalated_by=None, escalation_note=None)
    record(kind=Kind.ESCALATION_SETTLED, by=by, customer_id=case.pk, subject=case)


# --- Whom it waits for


@transaction.atomic
def ask_customer(*, case: Case, by: User) -> None:
    """Note that the customer was asked for what is wanted: it waits for them now. Raises NotAllowed."""
    check_person_may(by, WORKS)
    case, now = _locked(case), timezone.now()
    policies.check_can_ask_customer(case)
    _write(case, customer_asked_at=now, **_own_hold(case, by, now=now))
    record(kind=Kind.CUSTOMER_ASKED, by=by, customer_id=case.pk, subject=case)


@transaction.atomic
def hear_from_customer(*, case: Case, by: User) -> None:
    """Note that the customer answered: it waits for us again. Raises NotAllowed."""
    check_person_may(by, WORKS)
    case = _locked(case)
    if case.customer_asked_at is None:
        raise NotAllowed("Nobody has noted that the customer was asked.")
    _write(case, customer_asked_at=None)
    record(kind=Kind.CUSTOMER_ANSWERED, by=by, customer_id=case.pk, subject=case)


@transaction.atomic
def close_case(*, case: Case, by: User) -> None:
    """Say that CryptoMate's refusal or the customer's silence is the end: nobody is waited for until there is news.

    Raises NotAllowed.
    """
    check_person_may(by, WORKS)
    case = _locked(case)
    policies.check_can_close(case)
    _write(case, closed_at=timezone.now(), customer_asked_at=None)
    record(kind=Kind.CASE_CLOSED, by=by, customer_id=case.pk, subject=case)


@transaction.atomic
def reopen_case(*, case: Case, by: User) -> None:
    """Put a closed case back on the queue. Raises NotAllowed."""
    check_person_may(by, WORKS)
    case = _locked(case)
    if case.closed_at is None:
        return
    _write(case, closed_at=None)
    record(kind=Kind.CASE_REOPENED, by=by, customer_id=case.pk, subject=case)


def _locked(case: Case) -> Case:
    return Case.objects.select_for_update(no_key=True).get(pk=case.pk)


def _in_order(cases: CaseQuerySet) -> CaseQuerySet:
    return cases.order_by("pk").select_for_update(no_key=True)


def _own_hold(case: Case, by: User, *, now: datetime) -> dict[str, None]:
    """Return what ends a hold of the person's own; a colleague's is taken over with a reason or not at all."""
    return {"held_by": None, "held_until": None} if is_held_by(case, by, now=now) else {}


def _write(case: Case, **values: Any) -> None:
    for name, value in values.items():
        setattr(case, name, value)
    case.save(update_fields=list(values))
