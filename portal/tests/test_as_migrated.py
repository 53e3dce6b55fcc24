"""What a test finds does not hang on which tests came before it."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection

from audit.models import Event
from customers.models import RejectionReason
from customers.tests.making import make_customer
from portal.as_migrated import AsMigrated

pytestmark = pytest.mark.django_db(transaction=True)


def groups() -> dict[str, int]:
    return {group.name: group.permissions.count() for group in Group.objects.all()}


def test_what_a_test_wrote_goes_and_what_it_changed_or_deleted_is_back(officer: User) -> None:
    as_migrated, before = AsMigrated(connection), (groups(), RejectionReason.objects.count())
    customer = make_customer()
    Group.objects.filter(name="Officer").update(name="Clerk")
    RejectionReason.objects.all().delete()
    Permission.objects.all().delete()

    as_migrated.restore()

    assert (groups(), RejectionReason.objects.count()) == before
    assert not type(customer).objects.exists()


def test_the_way_back_leaves_nothing_on_record() -> None:
    as_migrated = AsMigrated(connection)
    RejectionReason.objects.update(position=7)

    as_migrated.restore()

    assert not Event.objects.exists()
