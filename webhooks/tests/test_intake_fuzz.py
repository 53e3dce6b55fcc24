"""Whatever is sent with our key, the answer is one we chose, and what was readable is stored."""

import json
import string
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cards.models import Card
from cards.tests.making import make_card
from webhooks.deliveries import ENVELOPE
from webhooks.forms import PRODUCTS, TYPES
from webhooks.models import WebhookEvent
from webhooks.tests.making import CAPTURED, NO_MARKS, captured, deliver

pytestmark = pytest.mark.django_db

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["1e999999999999999999999", "NaN", "\0", "2025-13-45T99:99:99Z", "crd_123", "-0.00", "x" * 500])
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
KEYS = sorted({key for name in CAPTURED for key in captured(name)["data"]})
DATA = st.dictionaries(st.sampled_from(KEYS) | st.text(), VALUES, max_size=8)
WORDS = st.sampled_from([*TYPES, *PRODUCTS]) | st.text(max_size=60) | VALUES

fuzzed = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def card() -> Card:
    return make_card(api_id="crd_123")


def check(raw: bytes, headers: Mapping[str, str] = NO_MARKS) -> None:
    answer = deliver(raw, headers)

    assert answer.status_code in (200, 400), answer.content
    assert answer.json()
    assert WebhookEvent.objects.exists()


@fuzzed
@given(raw=st.binary(max_size=2000))
def test_any_bytes(card: Card, raw: bytes) -> None:
    check(raw)


@fuzzed
@given(body=VALUES)
def test_any_json(card: Card, body: Any) -> None:
    check(json.dumps(body).encode())


@fuzzed
@given(words=st.fixed_dictionaries(dict.fromkeys(ENVELOPE, WORDS)), data=DATA)
def test_any_envelope(card: Card, words: dict[str, Any], data: dict[str, Any]) -> None:
    check(json.dumps({**words, "data": data}).encode())


@fuzzed
@given(name=st.sampled_from(CAPTURED), data=DATA)
def test_a_captured_delivery_with_anything_in_its_data(card: Card, name: str, data: dict[str, Any]) -> None:
    check(json.dumps(captured(name, data={**data, "card_id": data.get("card_id", "crd_123")})).encode())


@fuzzed
@given(
    timestamp=st.text(string.printable.replace("\r", "").replace("\n", "")),
    trace=st.text(string.printable.replace("\r", "").replace("\n", "")),
)
def test_any_headers(card: Card, timestamp: str, trace: str) -> None:
    check(json.dumps(captured("authorized")).encode(), {"X-Request-Timestamp": timestamp, "X-Trace-Id": trace})
