import logging

import pytest

from cryptomate import Client, Exchange, Invalid, NotFound, NotSent
from cryptomate.testing import API_KEY, API_URL, FakeTransport, card_json, client_json
from cryptomate.tests.test_clients import PAYLOAD

CARD = "/cards/individual-cards/icard_1"
DOCUMENTATION = "/management/clients/individuals/maria/products/r1/documentation"


def test_every_call_carries_the_key_and_asks_for_json(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", CARD, card_json())
    provider.reply("PATCH", f"{CARD}/frozen")

    client.get_card("icard_1")
    client.set_frozen("icard_1", freeze=True)

    read, changed = provider.calls
    for call in (read, changed):
        assert call.headers["x-api-key"] == API_KEY
        assert call.headers["Accept"] == "application/json"
        assert call.headers["User-Agent"] == "cryptomate-portal"
    assert "Content-Type" not in read.headers
    assert changed.headers["Content-Type"] == "application/json"
    assert changed.headers["Content-Length"] == str(len(changed.body))


def test_every_call_has_both_time_limits(provider: FakeTransport) -> None:
    provider.reply("GET", CARD, card_json())

    provider.client().get_card("icard_1")
    provider.client(timeout=(1, 2)).get_card("icard_1")

    assert [call.timeout for call in provider.calls] == [(3.05, 15), (1, 2)]


def test_a_slash_after_the_address_changes_nothing(provider: FakeTransport) -> None:
    provider.reply("GET", CARD, card_json())

    Client(url=f"{API_URL}/", api_key=API_KEY, session=provider.session()).get_card("icard_1")

    assert provider.calls[0].path == CARD


@pytest.mark.parametrize("url", ["", "api.cryptomate.me", "ftp://x", "https://", "https://a/?b=c", "https://u:p@a"])
def test_an_address_that_cannot_be_the_api_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must look like"):
        Client(url=url, api_key=API_KEY)


@pytest.mark.parametrize("key", ["", "with space", "line\nbreak", "cl\u00e9"])
def test_a_key_that_cannot_be_a_header_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(ValueError, match="API key must be") as refusal:
        Client(url=API_URL, api_key=key)

    assert not key or key not in str(refusal.value)


def test_an_observer_is_told_of_a_success(provider: FakeTransport) -> None:
    told: list[Exchange] = []
    provider.reply("GET", CARD, card_json(), headers={"X-Trace-Id": "trace-9"})

    provider.client(observe=told.append).get_card("icard_1")

    [exchange] = told
    assert (exchange.method, exchange.status, exchange.error, exchange.code) == ("GET", 200, "", "")
    assert (exchange.endpoint, exchange.path) == ("/cards/individual-cards/{card_id}", CARD)
    assert exchange.trace_id == "trace-9"
    assert exchange.duration_ms >= 0
    assert "expiration_month:int" in exchange.shape


def test_an_observer_is_told_of_a_refusal(provider: FakeTransport) -> None:
    told: list[Exchange] = []
    provider.refuse("GET", CARD, 404)

    with pytest.raises(NotFound):
        provider.client(observe=told.append).get_card("icard_1")

    assert [(each.status, each.code, each.error) for each in told] == [(404, "NOT_FOUND", "NotFound")]


def test_an_observer_is_told_of_silence(provider: FakeTransport) -> None:
    told: list[Exchange] = []
    provider.fail_to_connect("PATCH", f"{CARD}/frozen")

    with pytest.raises(NotSent):
        provider.client(observe=told.append).set_frozen("icard_1", freeze=True)

    assert [(each.status, each.error, each.shape) for each in told] == [(None, "NotSent", frozenset())]


def test_an_observer_is_told_no_secret_and_no_person(provider: FakeTransport) -> None:
    told: list[Exchange] = []
    provider.reply("POST", "/management/clients/individuals", client_json(), status=201)
    provider.reply("GET", "/cards/individual-cards/list/search", {"content": [card_json()]})
    client = provider.client(observe=told.append)

    client.create_client(payload=PAYLOAD, idempotency_key="k")
    client.search_cards(last4="4242")

    assert not [word for word in (API_KEY, "Barber", "Florida", "1168860622", "4242") if word in repr(told)]


def test_no_secret_or_person_is_in_any_representation(
    provider: FakeTransport, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.reply("POST", "/management/clients/individuals", client_json(), status=201)
    provider.refuse("POST", DOCUMENTATION, 400, message="Bad image")

    created = client.create_client(payload=PAYLOAD, idempotency_key="k")
    with pytest.raises(Invalid) as refusal:
        client.upload_document("maria", "r1", document_type="passport", image_front="data:image/png;base64,SECRETPIC")

    shown = repr([client, created, PAYLOAD, PAYLOAD.address, refusal.value]) + str(refusal.value) + caplog.text
    assert not [word for word in (API_KEY, "Barber", "Florida", "mjulia", "1984", "SECRETPIC") if word in shown]
    assert created.id in shown
