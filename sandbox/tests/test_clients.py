from typing import Any

import pytest

from sandbox.tests.making import CLIENTS, MARIA, Provider, document, person, refusal


def test_a_new_client_is_pending_and_answered_as_documented(provider: Provider) -> None:
    answer = provider.api("POST", CLIENTS, json=MARIA)

    assert answer.status_code == 201
    client = answer.json()
    assert client["type"] == "individual"
    assert client["status"] == "pending"
    assert client["address"] == {**MARIA["address"], "street_line2": None}
    assert {name: client[name] for name in MARIA if name != "address"} == {
        name: value for name, value in MARIA.items() if name != "address"
    }
    assert "created_at" not in client


def test_a_client_is_read_back_with_times_that_have_no_zone(provider: Provider) -> None:
    client_id = provider.client()

    client = provider.api("GET", f"{CLIENTS}/{client_id}").json()

    assert client["id"] == client_id
    assert len(client["created_at"]) == len("2026-04-15T10:30:00")


def test_clients_are_listed_as_a_bare_array(provider: Provider) -> None:
    first, second = provider.client(), provider.client(email="other@example.com")

    listed = provider.api("GET", CLIENTS).json()

    assert [client["id"] for client in listed] == [first, second]


@pytest.mark.parametrize("field", ["first_name", "last_name", "email", "birth_date", "address"])
@pytest.mark.parametrize("missing", [..., None])
def test_a_required_field_cannot_be_missing(provider: Provider, field: str, missing: object) -> None:
    answer = provider.api("POST", CLIENTS, json=person(**{field: missing}))

    assert refusal(answer) == (400, "VAL", f"{field} must not be null")
    assert provider.api("GET", CLIENTS).json() == []


@pytest.mark.parametrize("field", ["street_line1", "city", "postal_code", "state", "country"])
def test_a_required_part_of_the_address_cannot_be_missing(provider: Provider, field: str) -> None:
    address = {name: value for name, value in MARIA["address"].items() if name != field}

    answer = provider.api("POST", CLIENTS, json=person(address=address))

    assert refusal(answer) == (400, "VAL", f"address.{field} must not be null")


WRONG_VALUES: list[tuple[dict[str, Any], str, str]] = [
    ({"email": "not an address"}, "VAL", "email must be a well-formed email address"),
    ({"birth_date": "2999-01-01"}, "VAL", "birth_date must be a past date"),
    ({"birth_date": "21/11/1984"}, "BAD_REQUEST", "birth_date must be a date as yyyy-mm-dd"),
    ({"birth_date": "1984-02-30"}, "BAD_REQUEST", "birth_date must be a date as yyyy-mm-dd"),
    ({"phone_number": "1168860622"}, "BAD_REQUEST", "phone_number must be an integer"),
    ({"phone_number": 1168860622.5}, "BAD_REQUEST", "phone_number must be an integer"),
    ({"phone_country_code": True}, "BAD_REQUEST", "phone_country_code must be an integer"),
    ({"phone_country_code": 54540}, "VAL", "phone_country_code must have at most 3 digits"),
    ({"first_name": " "}, "VAL", "first_name must not be blank"),
    ({"first_name": 7}, "BAD_REQUEST", "first_name must be a string"),
    ({"last_name": "\0"}, "BAD_REQUEST", "last_name must be a string"),
    ({"address": "Florida 9860"}, "BAD_REQUEST", "address must be an object"),
    ({"occupation": "11-1011"}, "BAD_REQUEST", "Unrecognized field occupation"),
    ({"address": {**MARIA["address"], "country": "AR"}}, "VAL", "address.country is not a supported country"),
    ({"address": {**MARIA["address"], "state": "CA"}}, "VAL", "address.state is not a subdivision of the country"),
    ({"address": {**MARIA["address"], "street": "x"}}, "BAD_REQUEST", "Unrecognized field address.street"),
]


@pytest.mark.parametrize(("changes", "code", "message"), WRONG_VALUES)
def test_a_wrong_value_is_refused_by_name(provider: Provider, changes: dict[str, Any], code: str, message: str) -> None:
    answer = provider.api("POST", CLIENTS, json=person(**changes))

    assert refusal(answer) == (400, code, message)


@pytest.mark.parametrize("body", ["{", "[]", "", "null", '{"first_name": NaN}', '"text"'])
def test_a_body_that_is_not_a_json_object_is_refused(provider: Provider, body: str) -> None:
    answer = provider.api("POST", CLIENTS, data=body, headers={"Content-Type": "application/json"})

    assert refusal(answer) == (400, "BAD_REQUEST", "Malformed JSON request")


def test_the_same_email_and_birth_date_are_the_same_client(provider: Provider) -> None:
    provider.client()

    again = provider.api("POST", CLIENTS, json=person(first_name="M.", email=MARIA["email"].upper()))

    assert refusal(again) == (400, "VAL", "Company client already exists for this company")
    assert provider.client(birth_date="1985-11-21")


def test_an_update_replaces_the_whole_client(provider: Provider) -> None:
    client_id = provider.client()

    answer = provider.api(
        "PUT", f"{CLIENTS}/{client_id}", json=person(last_name="Barbero", second_name=..., phone_number=...)
    )

    client = answer.json()
    assert answer.status_code == 200
    assert (client["last_name"], client["second_name"], client["phone_number"]) == ("Barbero", None, None)
    assert client["phone_country_code"] == 54


def test_an_update_needs_the_whole_client(provider: Provider) -> None:
    client_id = provider.client()

    answer = provider.api("PUT", f"{CLIENTS}/{client_id}", json={"phone_country_code": 54, "phone_number": 1168860622})

    assert refusal(answer) == (400, "VAL", "first_name must not be null")


def test_an_update_cannot_take_the_place_of_another_client(provider: Provider) -> None:
    provider.client()
    client_id = provider.client(email="other@example.com")

    answer = provider.api("PUT", f"{CLIENTS}/{client_id}", json=MARIA)

    assert refusal(answer) == (400, "VAL", "Company client already exists for this company")


def test_a_further_key_is_accepted_only_after_it_was_asked_for(provider: Provider) -> None:
    client_id = provider.client()
    refused = provider.api("PUT", f"{CLIENTS}/{client_id}", json=person(occupation="11-1011"))
    provider.console("POST", "/console/requirements", _employment())
    provider.ask_for_product(client_id)

    accepted = provider.api("PUT", f"{CLIENTS}/{client_id}", json=person(occupation="11-1011"))

    assert refusal(refused) == (400, "BAD_REQUEST", "Unrecognized field occupation")
    assert accepted.json()["occupation"] == "11-1011"
    assert "occupation" not in provider.api("PUT", f"{CLIENTS}/{client_id}", json=MARIA).json()


def _employment(**field: object) -> dict[str, Any]:
    fields = [{"key": "occupation", "data_type": "STRING", "required": True, **field}]
    return {"data": [{"id": "employment", "name": "Employment", "required": True, "fields": fields}]}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ({"data_type": "DATE"}, "21/11/1984", "BAD_REQUEST"),
        ({"data_type": "COUNTRY"}, "AR", "VALUE_NOT_ALLOWED"),
        ({"data_type": "NUMBER"}, "many", "BAD_REQUEST"),
        ({"data_type": "BOOLEAN"}, "yes", "BAD_REQUEST"),
        ({"data_type": "EMAIL"}, "nobody", "VAL"),
        ({"data_type": "STRING"}, 7, "BAD_REQUEST"),
        ({"data_type": "STRING", "options": ["a", "b"]}, "c", "VALUE_NOT_ALLOWED"),
    ],
)
def test_an_answer_has_the_type_that_was_asked_for(
    provider: Provider, field: dict[str, Any], value: object, code: str
) -> None:
    client_id = provider.client()
    provider.console("POST", "/console/requirements", _employment(**field))
    provider.ask_for_product(client_id)

    answer = provider.api("PUT", f"{CLIENTS}/{client_id}", json=person(occupation=value))

    assert refusal(answer)[:2] == (400, code)


@pytest.mark.parametrize("value", ["anything", 12, 1.5, True])
def test_an_answer_of_an_unknown_type_is_taken_as_it_is(provider: Provider, value: object) -> None:
    client_id = provider.client()
    provider.console("POST", "/console/requirements", _employment(data_type="HOLOGRAM"))
    provider.ask_for_product(client_id)

    answer = provider.api("PUT", f"{CLIENTS}/{client_id}", json=person(occupation=value))

    assert answer.json()["occupation"] == (str(value) if isinstance(value, float) else value)


def test_a_deleted_client_is_gone_and_its_cards_with_it(provider: Provider) -> None:
    card_id = provider.card()
    client_id = provider.api("GET", f"/cards/individual-cards/{card_id}").json()["client_id"]

    deleted = provider.api("DELETE", f"{CLIENTS}/{client_id}")

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert provider.api("GET", f"{CLIENTS}/{client_id}").status_code == 404
    assert provider.api("GET", f"/cards/individual-cards/{card_id}").json()["status"] == "DELETED"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PUT", "", MARIA),
        ("DELETE", "", None),
        ("GET", "/products", None),
        ("POST", "/products", {"subproduct": "cards_individuals"}),
        ("POST", "/products/none/documentation", document()),
        ("POST", "/products/none/submit", None),
    ],
)
def test_an_unknown_client_is_not_found(
    provider: Provider, method: str, path: str, body: dict[str, Any] | None
) -> None:
    answer = provider.api(method, f"{CLIENTS}/nobody{path}", json=body)

    assert refusal(answer) == (404, "NOT_FOUND", "Company client not found with id: nobody")


def test_countries_come_with_their_subdivisions(provider: Provider) -> None:
    answer = provider.api("GET", f"{CLIENTS}/countries").json()

    countries = {country["alpha3"]: country for country in answer["data"]}
    assert answer["count"] == len(countries) >= 25
    assert {"name": "Buenos Aires", "code": "ARG-B"} in countries["ARG"]["subdivisions"]
    assert {"name": "California", "code": "CA"} in countries["USA"]["subdivisions"]
    assert countries["USA"]["postal_code_format"] == "#####"


def test_identification_types_are_by_country(provider: Provider) -> None:
    types = provider.api("GET", f"{CLIENTS}/identifications/US").json()

    assert {"type": "SSN", "description": "Social Security Number"} in types


@pytest.mark.parametrize("country", ["JP", "XX", "USA"])
def test_a_country_without_identification_types_is_not_found(provider: Provider, country: str) -> None:
    answer = provider.api("GET", f"{CLIENTS}/identifications/{country}")

    assert refusal(answer) == (404, "NOT_FOUND", "Country not found or no identification types available")
