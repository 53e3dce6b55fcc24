"""Rows of several tables, page by page: nothing lost or doubled between pages."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.kinds import Kind
from audit.models import Event
from conftest import person
from customers.merging import Merged, Stream, merge
from customers.models import Customer, Note, StatusChange
from customers.statuses import Source
from customers.tests.making import make_customer
from customers.timeline import STRANDS, Chosen
from provider.models import CallKind, ProviderCall

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)

MOMENTS = st.integers(0, 2).map(lambda minutes: NOON + timedelta(minutes=minutes))
MAKERS: dict[str, Callable[[Customer, User, datetime], object]] = {
    "calls": lambda customer, _, at: ProviderCall.objects.create(
        kind=CallKind.SUBMIT_REQUEST, target_id=customer.pk, customer_id=customer.pk, state="DONE", wanted_at=NOON,
        sent_at=NOON, answered_at=at,
    ),
    "notes": lambda customer, by, at: Note.objects.create(customer=customer, text="x", by=by, at=at),
    "events": lambda customer, _, at: Event.objects.create(
        kind=Kind.CARD_ISSUED, customer_id=customer.pk, source="web", at=at
    ),
    "statuses": lambda customer, _, at: StatusChange.objects.create(
        machine="customer", object_id=customer.pk, customer=customer, from_status="PENDING", to_status="ACTIVE",
        source=Source.SYNC, at=at,
    ),
}  # fmt: skip


def streams_of(customer: Customer) -> list[Stream]:
    return [stream for name in MAKERS if (stream := STRANDS[name].stream(customer, Chosen()))]


def orders(merged: Merged) -> list[Any]:
    return [each.order for each in merged.found]


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(st.sampled_from(sorted(MAKERS)), MOMENTS), max_size=14), size=st.integers(1, 5))
def test_pages_hold_each_row_once_in_order_there_and_back_however_many_share_a_moment(
    rows: list[tuple[str, datetime]], size: int
) -> None:
    with transaction.atomic():
        customer, by = make_customer(), person("writer", "Officer")
        for name, at in rows:
            MAKERS[name](customer, by, at)
        streams = streams_of(customer)

        pages = [merge(streams, size=size)]
        while pages[-1].older:
            pages.append(merge(streams, older=str(pages[-1].older), size=size))
        back = [pages[-1]]
        while back[-1].newer:
            back.append(merge(streams, newer=str(back[-1].newer), size=size))
        transaction.set_rollback(True)

    walked = [order for page in pages for order in orders(page)]
    assert walked == sorted(walked, reverse=True)
    assert sorted((name, at) for at, name, _ in walked) == sorted(rows)
    assert len({(name, key) for _, name, key in walked}) == len(rows)
    assert [len(page.found) for page in pages[:-1]] == [size] * (len(pages) - 1)
    assert pages[0].newer is None
    if len(pages) > 1:  # the way back goes over the same rows but for the last page, where it began
        returned = [order for page in reversed(back) for order in orders(page)]
        assert walked[: len(returned)] == returned[: len(walked)]
        assert set(returned) == set(walked)
