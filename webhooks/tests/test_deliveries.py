import json
from typing import Any

import pytest

from webhooks.deliveries import Unreadable, parse
from webhooks.tests.making import captured


def read(name: str, **changes: Any) -> Any:
    return parse(json.dumps(captured(name, **changes)).encode())


def test_words_are_folded_and_the_body_is_not() -> None:
    delivery = read("authorized_upper_numbers")

    assert (delivery.product, delivery.event_type, delivery.status) == ("cards", "authorized", "success")
    assert delivery.body["event_type"] == "AUTHORIZED"


def test_the_older_envelope_reads_the_same() -> None:
    delivery = read("authorized_older_envelope")

    assert (delivery.product, delivery.event_type) == ("cards", "authorized")


@pytest.mark.parametrize(
    ("status", "event_type"), [("PENDING", "authorized"), ("SUCCESS", "cleared"), ("FAILED", "reversal")]
)
def test_the_older_clearing_names_its_stage_by_the_status(status: str, event_type: str) -> None:
    assert read("clearing_upper_numbers", status=status).event_type == event_type


def test_an_operation_id_may_be_a_number() -> None:
    assert read("authorized", operation_id=12345).operation_id == "12345"


def test_fractions_keep_every_digit_they_were_sent_with() -> None:
    raw = json.dumps(captured("authorized")).replace('"42.50"', "42.5000000000000000001").encode()

    assert parse(raw).data["bill_amount"] == "42.5000000000000000001"


@pytest.mark.parametrize("name", ["notification_3ds_authorization", "notification_3ds_authorization_oob"])
def test_the_code_of_a_3ds_notification_is_nowhere_in_what_is_kept(name: str) -> None:
    delivery = read(name, data={"code": "773411"}, operation_id="op-773411")

    kept = json.dumps(delivery.body) + delivery.operation_id + delivery.key + delivery.digest
    assert "773411" not in kept


def test_two_codes_are_two_deliveries_though_neither_is_kept() -> None:
    first = read("notification_3ds_authorization", data={"code": "111111"}, operation_id="111111")
    second = read("notification_3ds_authorization", data={"code": "222222"}, operation_id="222222")

    assert first.key != second.key
    assert first.key == read("notification_3ds_authorization", data={"code": "111111"}, operation_id="111111").key


def test_a_decline_keeps_its_code() -> None:
    assert read("declined").data["decline_reason"]["code"] == "M102"


@pytest.mark.parametrize("key", ["pan", "PAN", "cvc", "cvv", "pin", "otp", "password"])
def test_card_secrets_are_taken_out_wherever_they_stand(key: str) -> None:
    delivery = read("ramp_on_unknown", data={"card": {"inside": [{key: "4242424242424242"}]}})

    assert "4242" not in json.dumps(delivery.body)


def test_characters_that_the_database_cannot_keep_are_replaced() -> None:
    raw = (
        rb'{"product":"car\u0000ds","event_type":"\ud800x","operation_id":"1","status":"s","data":{"\udfff":"\u0000"}}'
    )

    delivery = parse(raw)

    assert "\0" not in delivery.product
    json.dumps(delivery.body, ensure_ascii=False).encode()


@pytest.mark.parametrize("raw", [b"", b"nul", b"3", b'{"product": Infinity}'])
def test_an_unreadable_body_is_named_without_being_quoted(raw: bytes) -> None:
    with pytest.raises(Unreadable) as refusal:
        parse(raw)

    assert raw.decode() not in str(refusal.value) or not raw


def test_a_card_id_longer_than_any_is_no_card_id() -> None:
    assert read("authorized", data={"card_id": "c" * 81}).card_api_id == ""
