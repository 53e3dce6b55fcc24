from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from webhooks.models import WebhookEvent
from webhooks.tests.making import make_event

pytestmark = pytest.mark.django_db


def check_refused(constraint: str, **values: Any) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make_event(**values)


def test_a_delivery_has_one_row() -> None:
    make_event(operation_id="op")

    check_refused("one_row_per_delivery", operation_id="op")


def test_an_outcome_is_one_we_know() -> None:
    check_refused("delivery_outcome_is_known", outcome="LOST")


@pytest.mark.parametrize("outcome", ["HANDLED", "IGNORED", "REJECTED"])
def test_a_settled_delivery_is_not_due(outcome: str) -> None:
    check_refused("settled_delivery_is_not_due", outcome=outcome, next_attempt_at=timezone.now())


@pytest.mark.parametrize("outcome", ["HANDLED", "IGNORED"])
def test_a_settled_delivery_says_when(outcome: str) -> None:
    check_refused("settled_delivery_says_when", outcome=outcome, handled_at=None)


@pytest.mark.parametrize("field", ["product", "event_type", "operation_id", "status"])
def test_only_a_rejected_delivery_may_lack_a_part(field: str) -> None:
    check_refused("delivery_is_whole_unless_rejected", **{field: ""})

    make_event(outcome="REJECTED", **{field: ""})
    assert WebhookEvent.objects.count() == 1
