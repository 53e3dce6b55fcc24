from datetime import UTC, date, datetime

import pytest

from cryptomate import Address, Client, ClientPayload, Conflict, Invalid, MalformedAnswer, NotFound, RemoteClient
from cryptomate.testing import FakeTransport, client_json

CLIENTS = "/management/clients/individuals"
MARIA = "4QWq1rQtjnLM0wMswTRY9AmM4XTvY4GG"
FLORIDA_STREET = Address(street_line1="Florida 9860", city="Del Viso", postal_code="1669", state="ARG-B", country="ARG")
PAYLOAD = ClientPayload(
    first_name="Maria",
    second_name="Julia",
    last_name="Barber",
    email="mjuliabarber@example.com",
    birth_date=date(1984, 11, 21),
    phone_country_code=54,
    phone_number=1168860622,
    address=FLORIDA_STREET,
    extra={"occupation": "Engineer"},
)
BODY = {
    "first_name": "Maria",
    "second_name": "Julia",
    "last_name": "Barber",
    "email": "mjuliabarber@example.com",
    "birth_date": "1984-11-21",
    "phone_country_code": 54,
    "phone_number": 1168860622,
    "address": {
        "street_line1": "Florida 9860",
        "city": "Del Viso",
        "postal_code": "1669",
        "state": "ARG-B",
        "country": "ARG",
    },
}


def test_registering_sends_the_documented_body_and_the_idempotency_key(provider: FakeTransport, client: Client) -> None:
    provider.reply("POST", CLIENTS, client_json(), status=201)

    created = client.create_client(payload=PAYLOAD, idempotency_key="b7c1")

    assert (created.id, created.status, created.birth_date) == (MARIA, "pending", date(1984, 11, 21))
    [call] = provider.calls
    assert call.json == BODY
    assert call.headers["Idempotency-Key"] == "b7c1"


def test_registering_leaves_out_what_is_not_known(provider: FakeTransport, client: Client) -> None:
    provider.reply("POST", CLIENTS, client_json(), status=201)
    payload = ClientPayload(
        first_name="Ana", last_name="Paz", email="a@example.com", birth_date=date(1990, 1, 2), address=FLORIDA_STREET
    )

    client.create_client(payload=payload, idempotency_key="b7c1")

    assert set(provider.calls[0].json) == {"first_name", "last_name", "email", "birth_date", "address"}


def test_registering_somebody_twice_is_refused_in_the_providers_words(provider: FakeTransport, client: Client) -> None:
    sentence = "Company client already exists for this company"
    provider.refuse("POST", CLIENTS, 400, code="VAL", message=sentence)

    with pytest.raises(Invalid) as refusal:
        client.create_client(payload=PAYLOAD, idempotency_key="b7c1")

    assert (refusal.value.code, refusal.value.message) == ("VAL", sentence)


def test_a_client_is_read_with_address_phone_and_utc_times(provider: FakeTransport, client: Client) -> None:
    answer = client_json(created_at="2026-04-15T10:30:00", updated_at="2026-04-15T12:30:00+02:00")
    provider.reply("GET", f"{CLIENTS}/{MARIA}", answer)

    found = client.get_client(MARIA)

    assert found.address == FLORIDA_STREET
    assert (found.phone_country_code, found.phone_number) == (54, 1168860622)
    assert found.created_at == found.updated_at == datetime(2026, 4, 15, 10, 30, tzinfo=UTC)
    assert found.raw == answer


def test_a_client_nobody_knows_is_not_found(provider: FakeTransport, client: Client) -> None:
    provider.refuse("GET", f"{CLIENTS}/{MARIA}", 404)

    with pytest.raises(NotFound):
        client.get_client(MARIA)


def test_all_clients_are_listed(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", CLIENTS, [client_json(), client_json(id="second", status="active")])

    assert [(each.id, each.status) for each in client.list_clients()] == [(MARIA, "pending"), ("second", "active")]


def test_a_listed_client_that_cannot_be_read_is_named_by_its_place(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", CLIENTS, [client_json(), client_json(id=None)])

    with pytest.raises(MalformedAnswer, match=r"unreadable \[1\]\.id"):
        client.list_clients()


def test_updating_replaces_the_whole_client_and_carries_extra_answers(provider: FakeTransport, client: Client) -> None:
    provider.reply("PUT", f"{CLIENTS}/{MARIA}", client_json())

    client.update_client(MARIA, PAYLOAD)

    assert provider.calls[0].json == {**BODY, "occupation": "Engineer"}


def test_an_extra_answer_cannot_overwrite_a_field_of_the_client(provider: FakeTransport, client: Client) -> None:
    provider.reply("PUT", f"{CLIENTS}/{MARIA}", client_json())
    payload = ClientPayload(
        first_name="Maria",
        last_name="Barber",
        email="mjuliabarber@example.com",
        birth_date=date(1984, 11, 21),
        address=FLORIDA_STREET,
        extra={"email": "other@example.com"},
    )

    client.update_client(MARIA, payload)

    assert provider.calls[0].json["email"] == "mjuliabarber@example.com"


def test_a_second_address_line_is_sent_only_when_there_is_one() -> None:
    flat = Address(street_line1="A 1", street_line2="Flat 2", city="B", postal_code="1", state="CA", country="USA")

    assert flat.to_json()["street_line2"] == "Flat 2"
    assert "street_line2" not in FLORIDA_STREET.to_json()


def test_deleting_a_client_takes_an_empty_answer(provider: FakeTransport, client: Client) -> None:
    provider.reply("DELETE", f"{CLIENTS}/{MARIA}", status=204)

    client.delete_client(MARIA)

    assert len(provider.calls_to("DELETE", f"{CLIENTS}/{MARIA}")) == 1


def test_deleting_can_conflict(provider: FakeTransport, client: Client) -> None:
    provider.refuse("DELETE", f"{CLIENTS}/{MARIA}", 409)

    with pytest.raises(Conflict):
        client.delete_client(MARIA)


def test_countries_come_with_their_subdivisions(provider: FakeTransport, client: Client) -> None:
    usa = {
        "name": "United States",
        "alpha3": "USA",
        "postal_code_format": "#####",
        "subdivisions": [{"name": "California", "code": "CA"}],
    }
    provider.reply("GET", f"{CLIENTS}/countries", {"count": 2, "data": [usa, {"alpha3": "MCO", "subdivisions": None}]})

    united_states, monaco = client.list_countries()

    assert (united_states.name, united_states.alpha3, united_states.postal_code_format) == (
        "United States",
        "USA",
        "#####",
    )
    assert [(each.code, each.name) for each in united_states.subdivisions] == [("CA", "California")]
    assert (monaco.name, monaco.subdivisions) == ("MCO", ())


def test_identification_types_are_read_for_a_country(provider: FakeTransport, client: Client) -> None:
    answer = [{"type": "SSN", "description": "Social Security Number"}]
    provider.reply("GET", f"{CLIENTS}/identifications/US", answer)

    [found] = client.list_identifications("US")

    assert (found.type, found.description) == ("SSN", "Social Security Number")


def test_a_country_without_identification_types_has_an_empty_list(provider: FakeTransport, client: Client) -> None:
    provider.refuse("GET", f"{CLIENTS}/identifications/AQ", 404)

    assert client.list_identifications("AQ") == []


@pytest.mark.parametrize(
    ("sent", "read"), [("PENDING", "pending"), ("Active", "active"), ("rejected", "rejected"), ("On_Hold", "On_Hold")]
)
def test_known_client_statuses_are_folded_and_unknown_ones_kept(sent: str, read: str) -> None:
    assert RemoteClient.from_json(client_json(status=sent)).status == read


def test_the_address_keys_of_the_older_client_pages_are_understood() -> None:
    old = {"street_line_1": "A 1", "street_line_2": "B", "state_code": "CA", "country": "USA"}

    address = RemoteClient.from_json(client_json(address=old)).address

    assert (address.street_line1, address.street_line2, address.state, address.city) == ("A 1", "B", "CA", "")


def test_a_client_may_lack_everything_but_id_and_status() -> None:
    bare = RemoteClient.from_json({"id": 17, "status": "pending"})

    assert (bare.id, bare.birth_date, bare.phone_number, bare.created_at) == ("17", None, None, None)


@pytest.mark.parametrize("field", ["id", "status"])
@pytest.mark.parametrize("value", [None, "", True, {}, []])
def test_a_client_without_id_or_status_is_malformed(field: str, value: object) -> None:
    with pytest.raises(MalformedAnswer) as malformed:
        RemoteClient.from_json(client_json(**{field: value}))

    assert malformed.value.field == field


@pytest.mark.parametrize("client_id", ["", ".", ".."])
def test_an_id_that_would_lead_to_another_endpoint_is_never_sent(
    provider: FakeTransport, client: Client, client_id: str
) -> None:
    with pytest.raises(ValueError, match="needs an id"):
        client.delete_client(client_id)

    assert provider.calls == []


def test_an_id_stays_one_segment_of_the_path(provider: FakeTransport, client: Client) -> None:
    provider.reply("GET", "*", client_json())

    client.get_client("a/../b?c#d é")

    assert provider.calls[0].path == f"{CLIENTS}/a/../b?c#d é"
    assert provider.calls[0].query == []
