from datetime import datetime
from typing import IO

from django.contrib.auth.models import User
from django.db import transaction

from audit.actions import record
from audit.kinds import Kind
from customers.models import Customer
from customers.policies import check_person_may
from desk.case_file import case_of, write_case_file

MAKES_CASE_FILES = ("customers.view_customer", "customers.view_personal_data", "audit.make_case_file")


@transaction.atomic
def make_case_file(*, customer: Customer, by: User, now: datetime) -> IO[bytes]:
    """Return everything on record about a customer as a signed ZIP, which shows that it was made. Raises NotAllowed."""
    for permission in MAKES_CASE_FILES:
        check_person_may(by, permission)
    record(kind=Kind.CASE_FILE_MADE, by=by, customer_id=customer.pk, subject=customer)
    return write_case_file(case_of(customer), by=by, now=now)
