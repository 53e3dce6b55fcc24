"""A delivery with something new is counted for admins; it is taken and answered as any other, and as quickly."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cards.declines import REASONS
from cards.tests.making import make_card
from cryptomate.contract import DECLINE_CODES, EVENTS
from provider.models import ShapeChange
from provider.shape_watch import ShapeWatch
from webhooks import shapes
from webhooks.handlers import CARD_HANDLERS, COMPANY_HANDLERS
from webhooks.models import WebhookEvent
from webhooks.tests.making import CAPTURED, captured, deliver

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def watch(monkeypatch: pytest.MonkeyPatch) -> ShapeWatch:
    fresh = ShapeWatch()
    monkeypatch.setattr(shapes, "watch", fresh)
    return fresh


def counted() -> list[tuple[Any, ...]]:
    shapes.watch.write_if_due()
    return list(ShapeChange.objects.order_by("what").values_list("kind", "place", "what", "sample", "times"))


@pytest.mark.parametrize("name", CAPTURED)
def test_what_was_captured_is_no_news(name: str) -> None:
    deliver(captured(name))

    assert counted() == []


def test_a_new_field_of_a_purchase_is_counted_and_the_purchase_recorded() -> None:
    card = make_card()
    body = captured("authorized", data={"card_id": card.api_id, "loyalty": {"number": "9981", "holder": "Jane Doe"}})

    assert deliver(body).status_code == 200

    assert counted() == [("FIELD", "Delivery cards authorized", "data.loyalty", "{number: text, holder: text}", 1)]
    assert card.transactions.count() == 1


def test_a_new_kind_of_delivery_is_counted_and_taken() -> None:
    body = {**captured("authorized"), "event_type": "card_thawed", "data": {"by": "Jane Doe"}}

    assert deliver(body).status_code == 200

    [(kind, place, what, sample, _)] = counted()
    assert (kind, place, what) == ("EVENT", "Delivery cards card_thawed", "card_thawed")
    assert "by: text" in sample
    assert "Jane" not in sample
    assert WebhookEvent.objects.get().outcome == "IGNORED"


def test_a_question_is_answered_first_and_compared_afterwards() -> None:
    body = captured("authorization", data={"wallet_token": "tok_1"})

    assert deliver(body).json()["response_code"] == "05"

    assert [change[2] for change in counted()] == ["data.wallet_token"]


def test_a_purchase_with_news_costs_no_statement_more() -> None:
    card = make_card()
    costs: list[int] = []
    for news in ({}, {}, {"loyalty": 1}):  # the first makes what the others find
        body = captured("authorized", operation_id=f"op-{len(costs)}", data={"card_id": card.api_id, **news})
        with CaptureQueriesContext(connection) as queries:
            deliver(body)
        costs.append(len(queries))

    assert costs[1] == costs[2]


def test_the_contract_names_whatever_is_handled_and_explained() -> None:
    assert set(CARD_HANDLERS) <= set(EVENTS["cards"])
    assert set(COMPANY_HANDLERS) <= set(EVENTS["company_activity"])
    assert {code.casefold() for code in REASONS} == DECLINE_CODES
