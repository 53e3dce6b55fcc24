"""Writing up why the provider refuses."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from audit.actions import record
from audit.kinds import Kind
from customers.policies import check_person_may
from customers.reasons import RejectionReason, settle_written

RECORDED = ("pattern", "is_expression", "staff_text", "customer_text", "remedy", "position", "is_active")


@transaction.atomic
def write_reason(*, reason: RejectionReason, by: User) -> None:
    """Store a new or changed row of the table and take what it fits off the unwritten list. Raises NotAllowed."""
    stored = RejectionReason.objects.filter(pk=reason.pk).first()
    check_person_may(by, f"customers.{'change' if stored else 'add'}_rejectionreason")
    reason.save()
    settle_written()
    record(
        kind=Kind.REASON_WRITTEN, by=by, subject=reason, before=_recorded(stored) if stored else None,
        after=_recorded(reason),
    )  # fmt: skip


def _recorded(reason: RejectionReason) -> dict[str, Any]:
    return {name: getattr(reason, name) for name in RECORDED}
