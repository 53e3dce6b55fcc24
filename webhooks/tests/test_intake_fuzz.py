"""Whatever is sent with our key, the answer is one we chose, and what was readable is stored."""

import json
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
# What Python writes for none of its values, and what a sender can write for any.
ODD_JSON = st.sampled_from(
    [
        "NaN", "Infinity", "-Infinity", "1e400", "-0", "0.1e-400", "9" * 4000, "9" * 5000, "-" + "1" * 4300,
        r'"\u0000"', r'"\ud800"', r'"\udfff\ud800"', r'"\u202e"', '"\x7f"', "[" * 39 + "]" * 39, "[" * 200 + "]" * 200,
        '{"a":' * 5000 + "1" + "}" * 5000, '{"a":1,"a":2}', '{"":{"":{}}}', "tru", "", "{", "'x'",
    ]
)  # fmt: skip
DATA = st.dictionaries(st.sampled_from(KEYS) | st.text(), VALUES, max_size=8)
WORDS = st.sampled_from([*TYPES, *PRODUCTS]) | st.text(max_size=60) | VALUES

# What a server hands on: bytes read as Latin-1, on one line.
HEADER = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"))

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
@given(timestamp=HEADER | st.integers().map(str), trace=HEADER)
def test_any_headers(card: Card, timestamp: str, trace: str) -> None:
    check(json.dumps(captured("authorized")).encode(), {"X-Request-Timestamp": timestamp, "X-Trace-Id": trace})


@fuzzed
@given(
    keys=st.lists(st.sampled_from([*(name for names in ENVELOPE.values() for name in names), "data", "x"]), max_size=9),
    odd=st.lists(ODD_JSON | LEAVES.map(json.dumps), min_size=9, max_size=9),
    name=st.sampled_from(CAPTURED),
)
def test_keys_twice_and_values_python_never_writes(card: Card, keys: list[str], odd: list[str], name: str) -> None:
    inside = json.dumps(captured(name))[1:-1]
    doubled = ",".join(f'"{key}":{value}' for key, value in zip(keys, odd, strict=False))

    check(f"{{{inside}{',' if doubled else ''}{doubled}}}".encode())


@fuzzed
@given(odd=ODD_JSON, key=st.sampled_from(KEYS), name=st.sampled_from(CAPTURED))
def test_one_odd_value_in_the_data_of_a_captured_delivery(card: Card, odd: str, key: str, name: str) -> None:
    body = captured(name, data={"card_id": "crd_123", key: "here"})

    check(json.dumps(body).replace('"here"', odd).encode())


@fuzzed
@given(depth=st.integers(1, 100_000), opening=st.sampled_from(["[", '{"a":', '[{"a":']), closed=st.booleans())
def test_any_depth(card: Card, depth: int, opening: str, closed: bool) -> None:
    body = opening * depth + ("]" * depth if closed else "")

    check(
        f'{{"product":"cards","event_type":"x","operation_id":"1","status":"s","data":{{"a":{body}}}}}'.encode()[
            :200_000
        ]
    )
