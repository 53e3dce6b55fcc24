import logging
from pathlib import Path

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from customers.models import Customer
from customers.tests.making import make_customer
from portal.log import QuietFormatter
from portal.testing import Stack

pytestmark = pytest.mark.django_db


def logged(error: Exception) -> str:
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "Failed: %r", (error,), (type(error), error, None))
    return QuietFormatter("%(levelname)s %(message)s").format(record)


def test_what_the_database_says_of_a_refused_row_is_not_logged() -> None:
    customer = make_customer()
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(phone_number=1168860622)

    text = logged(caught.value)

    assert "mjuliabarber" in str(caught.value)
    assert "mjuliabarber" not in text
    assert "IntegrityError" in text


def test_a_value_quoted_in_the_message_itself_is_not_logged() -> None:
    with pytest.raises(DataError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT %s::integer", ["AB1234567"])

    assert "AB1234567" not in logged(caught.value)


def test_other_errors_are_logged_as_they_are() -> None:
    assert "no such thing" in logged(RuntimeError("no such thing"))


def test_a_stack_finds_what_its_logs_should_not_hold(tmp_path: Path) -> None:
    stack = Stack(tmp_path, database_url="", sandbox_database_url="")
    (tmp_path / "web.log").write_text("ERROR could not save AB1234567\n")
    (tmp_path / "worker.log").write_text("ERROR could not save a customer\n")

    assert stack.leaks() == [("web.log", "AB1234567")]
