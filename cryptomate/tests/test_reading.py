import json
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptomate import MalformedAnswer, RemoteCard
from cryptomate.reading import Record, key_paths, money, parse_json, write_json
from cryptomate.testing import FakeTransport, card_json

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | AMOUNTS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0.1", "0.1"),
        ("100.00", "100.00"),
        ("0.10000000000000000555", "0.10000000000000000555"),
        ("12345678901234567890.12", "12345678901234567890.12"),
        ("1E+3", "1000"),
        ("1E-7", "0.0000001"),
        ("-0.01", "-0.01"),
    ],
)
def test_an_amount_leaves_as_the_number_it_is(provider: FakeTransport, amount: str, written: str) -> None:
    provider.reply("PATCH", "/cards/individual-cards/icard_1/limits", card_json())

    provider.client().set_limits(
        "icard_1", daily_limit=Decimal(amount), weekly_limit=None, monthly_limit=None, per_transaction_limit=None
    )

    assert f'"daily_limit":{written},' in provider.calls[0].body


@pytest.mark.parametrize("amount", ["NaN", "Infinity"])
def test_an_amount_that_is_no_number_is_never_sent(amount: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        write_json({"daily_limit": Decimal(amount)})


@given(JSON)
def test_whatever_is_written_is_read_back_without_loss(value: Any) -> None:
    assert parse_json(write_json(value).encode()) == value


@given(AMOUNTS)
def test_no_digit_of_an_amount_is_lost_on_the_way_in(amount: Decimal) -> None:
    answered = parse_json(b'{"number": %s, "string": "%s"}' % ((format(amount, "f").encode(),) * 2))

    assert money(answered["number"], "number") == money(answered["string"], "string") == amount


def test_an_amount_keeps_its_places() -> None:
    card = RemoteCard.from_json(parse_json(json.dumps(card_json(daily_limit="100.00"), default=str).encode()))

    assert str(card.daily_limit) == "100.00"


@pytest.mark.parametrize("value", [True, [], {}, "12,50", "NaN", "Infinity", "1e99", Decimal("1e999999999"), 10**40])
def test_an_amount_is_never_guessed(value: object) -> None:
    with pytest.raises(MalformedAnswer) as malformed:
        money(value, "limits.daily")

    assert malformed.value.field == "limits.daily"


@pytest.mark.parametrize("value", [None, ""])
def test_no_amount_is_none(value: object) -> None:
    assert money(value, "daily") is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-04-15T10:30:00", "2026-04-15T10:30:00+00:00"),
        ("2026-04-15T10:30:00Z", "2026-04-15T10:30:00+00:00"),
        ("2026-04-15T10:30:00.123Z", "2026-04-15T10:30:00.123000+00:00"),
        ("2026-04-15T10:30:00.123456789", "2026-04-15T10:30:00.123456+00:00"),
        ("2026-04-15T07:30:00-03:00", "2026-04-15T10:30:00+00:00"),
        ("2026-04-15", "2026-04-15T00:00:00+00:00"),
    ],
)
def test_every_time_is_aware_and_utc(written: str, read: str) -> None:
    moment = Record({"created_at": written}).moment("created_at")

    assert moment
    assert moment.isoformat() == read


def test_a_time_without_a_zone_is_utc_wherever_the_portal_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/Buenos_Aires")
    time.tzset()

    moment = Record({"created_at": "2026-04-15T10:30:00"}).moment("created_at")

    monkeypatch.undo()
    time.tzset()
    assert moment == datetime(2026, 4, 15, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, "", "yesterday", 1776249000, "0001-01-01T00:00:00+05:00"])
def test_a_time_that_cannot_be_read_is_none(value: object) -> None:
    assert Record({"created_at": value}).moment("created_at") is None


@pytest.mark.parametrize("value", [None, "", "1984", "21/11/1984"])
def test_a_day_that_cannot_be_read_is_none(value: object) -> None:
    assert Record({"birth_date": value}).day("birth_date") is None


def test_a_day_is_read_from_a_time() -> None:
    assert str(Record({"birth_date": "1984-11-21T00:00:00Z"}).day("birth_date")) == "1984-11-21"


def test_the_shape_of_an_answer_names_keys_and_types_but_no_value() -> None:
    answer = {"id": "secret", "limits": [{"daily": Decimal(1)}, {"daily": None}], "address": {"city": "Del Viso"}}

    assert key_paths(answer) == {
        "id:str",
        "limits[].daily:Decimal",
        "limits[].daily:null",
        "address.city:str",
    }
