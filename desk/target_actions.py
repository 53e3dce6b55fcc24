"""Choosing how long a case may lie with each side."""

from django.contrib.auth.models import User
from django.db import transaction

from audit.actions import record
from audit.kinds import Kind
from customers.policies import check_person_may
from desk.targets import Target


@transaction.atomic
def choose_target(*, target: Target, by: User) -> None:
    """Store the hours after which a case of that side is due soon, and late. Raises NotAllowed."""
    check_person_may(by, "desk.change_target")
    before = Target.objects.filter(pk=target.pk).first()
    target.save()
    record(
        kind=Kind.TARGET_CHOSEN, by=by, subject=target, before=_recorded(before) if before else None,
        after=_recorded(target),
    )  # fmt: skip


def _recorded(target: Target) -> dict[str, str | int]:
    return {
        "waits_for": target.waits_for,
        "due_soon_after_hours": target.due_soon_after_hours,
        "late_after_hours": target.late_after_hours,
    }
