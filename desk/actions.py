"""What leaves the portal as a file: recorded as it goes, and by two people where an admin wants two."""

from collections.abc import Mapping
from datetime import datetime
from typing import IO
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from audit.actions import export_events, record
from audit.kinds import Kind
from audit.models import Event
from customers.models import Customer
from customers.policies import check_person_may
from desk.case_file import case_of, write_case_file
from people.approvals import Act, Approval
from people.four_eyes import Carrier, Wish, approved_for, approver, hold, needs_two, wish_about

MAKES_CASE_FILES = ("customers.view_customer", "customers.view_personal_data", "audit.make_case_file")
EXPORTS_LOG = ("audit.view_event", "audit.export_event")
LOG = Event._meta.label_lower

CARRIERS = [
    Carrier(act=Act.EXPORT, about_type=Customer._meta.label_lower, asks=MAKES_CASE_FILES),
    Carrier(act=Act.EXPORT, about_type=LOG, asks=EXPORTS_LOG),
]


@transaction.atomic
def make_case_file(*, customer: Customer, by: User, now: datetime) -> IO[bytes] | Approval:
    """Return everything on record about a customer as a signed ZIP, which shows that it was made. Raises NotAllowed.

    Where two people are needed, and this person has no approval to use, return what waits for the second one.
    """
    for permission in MAKES_CASE_FILES:
        check_person_may(by, permission)
    asked = wish_about(
        customer, act=Act.EXPORT, payload={}, customer_id=customer.pk, words=f"Make the case file of {customer}."
    )  # fmt: skip
    approval = approved_for(asked, by=by)
    if held := hold(asked, by=by, approval=approval, is_needed=needs_two(Act.EXPORT)):
        return held
    record(
        kind=Kind.CASE_FILE_MADE, by=by, customer_id=customer.pk, subject=customer, after=approver(approval)
    )  # fmt: skip
    return write_case_file(case_of(customer), by=by, now=now)


@transaction.atomic
def export_log(*, filters: Mapping[str, str], by: User, customer_id: UUID | None = None) -> Approval | None:
    """Note that the log, or what `filters` leave of it, is taken out of the portal: it may then be. Raises NotAllowed.

    Where two people are needed, and this person has no approval to use, return what waits for the second one.
    """
    for permission in EXPORTS_LOG:
        check_person_may(by, permission)
    narrowed = ", ".join(f"{name} {value}" for name, value in filters.items())
    asked = Wish(
        act=Act.EXPORT, about_type=LOG, about_id=f"log-{by.pk}", customer_id=customer_id,
        words=f"Export the audit log: {narrowed or 'all of it'}.", payload={"filters": dict(filters)},
    )  # fmt: skip
    approval = approved_for(asked, by=by)
    if held := hold(asked, by=by, approval=approval, is_needed=needs_two(Act.EXPORT)):
        return held
    export_events(by=by, filters={**filters, **approver(approval)}, customer_id=customer_id)
    return None
