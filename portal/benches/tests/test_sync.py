"""The hour that is played: what is due is asked about, no faster than the budget lets, and verdicts are found."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from customers.models import Customer, EnablementRequest
from portal.benches._hour import CALLS_PER_TICK, Hour
from portal.benches._population import customer_key
from portal.benches._reviews import load_open

pytestmark = pytest.mark.django_db

BEGINS = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
OPEN = 3  # the first verdict comes after 20 s, and looks after 15 s and 38 s


def test_what_was_just_submitted_is_asked_about_until_its_verdict_is_found() -> None:
    connection.ensure_connection()
    load_open(connection.connection, total=OPEN, now=BEGINS)

    counted = Hour(begins=BEGINS, now=BEGINS).pass_by(0.8)

    assert 0 < counted["busiest"] <= CALLS_PER_TICK
    assert counted["calls"] == 2 * len(counted["look"])
    assert counted["calls"] >= 2 * 2 * OPEN
    assert Customer.objects.get(pk=customer_key(0)).status == "ACTIVE"
    assert not EnablementRequest.objects.open().filter(next_sync_at=None).exists()
