from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.test import Client

from audit.actions import record
from audit.kinds import Kind
from audit.models import Event

Record = Callable[..., Event]


@pytest.fixture
def officer(db: None) -> User:
    return User.objects.create_user("officer", password="demo")


@pytest.fixture
def auditor(db: None) -> User:
    person = User.objects.create_user("auditor", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=["view_event", "view_personal_data"]))
    return person


@pytest.fixture
def auditor_client(auditor: User) -> Client:
    client = Client()
    client.force_login(auditor)
    return client


@pytest.fixture
def recorded(db: None) -> Record:
    """Record something in a transaction of its own."""

    def record_now(**values: Any) -> Event:
        with transaction.atomic():
            return record(**{"kind": Kind.CUSTOMER_UPDATED, "by": None, **values})

    return record_now
