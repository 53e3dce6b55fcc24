from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.urls import reverse

from audit.models import Event
from cards import searching
from cards.ledger import record_event
from cards.models import Card, Transaction
from cards.tests.making import make_card, make_purchase
from customers.models import Customer
from customers.tests.making import make_customer, make_request
from desk.search import BY_INDEX, find
from webhooks.tests.making import make_event

pytestmark = pytest.mark.django_db

PAGE = "/search/"


def searched(client: Client, typed: str, **headers: str) -> str:
    answer = client.post(PAGE, {"q": typed}, headers=headers)
    assert answer.status_code == 200
    return str(answer.content.decode())


def found(by: User, typed: str) -> list[tuple[str, str]]:
    """Return what is listed and what matched, in its order."""
    return [(hit.title, hit.matched) for group in find(typed, by=by, most=50) for hit in group.hits]


def titles(by: User, typed: str) -> list[str]:
    return [title for title, _ in found(by, typed)]


def make_person(first: str, last: str, **more: Any) -> Customer:
    number = Customer.objects.count() + 1
    values = {"email": f"person{number}@example.com", "api_id": f"client-{number}", "id_number": f"ID{number:06}"}
    return make_customer(**{**values, "first_name": first, "last_name": last, **more})


@pytest.fixture
def maria() -> Customer:
    return make_person(
        "María José", "O’Brien-Müller", email="Maria.OBrien@example.com", id_number="AB-123.4567",
        phone_country_code=52, phone_number=2220001234,
    )  # fmt: skip


@pytest.fixture
def card(maria: Customer) -> Card:
    return make_card(customer=maria, last4="4242", api_id="icard_1")


def buy(card: Card, amount: str, merchant: str = "Acme Coffee", operation_id: str = "life_evt_9") -> Transaction:
    purchase = make_purchase(amount, merchant_name=merchant)
    event = record_event(card=card, kind="AUTHORIZED", operation_id=operation_id, purchase=purchase, source="WEBHOOK")
    return event.placement.transaction


def test_everything_a_caller_or_the_provider_may_name_is_found(officer: User, maria: Customer, card: Card) -> None:
    make_request(maria, api_id="request-77")
    purchase = buy(card, "1042.50")
    make_event(operation_id="life_evt_9", card_id=card.pk)
    make_card(customer=make_person("Somebody", "Else", phone_country_code=1, phone_number=5550100), last4="1111")
    name = maria.full_name

    for typed, expected in {
        "obrien": (name, "Name"),
        "muller jose MARIA": (name, "Name"),
        "müll mar": (name, "Name"),
        "mraia obrein": (name, "Name, nearly"),
        "maria.obrien@EXAMPLE.com": (name, "Email"),
        "email: maria.obr": (name, "Email"),
        "+52 222 000 1234": (name, "Phone +52 2220001234"),
        "0052 (222) 000-1234": (name, "Phone +52 2220001234"),
        "(0)222 000": (name, "Phone +52 2220001234"),
        "ab 1234567": (name, "ID number"),
        "client-1": (name, "Customer id"),
        "request-77": (name, "Request id"),
        str(maria.pk): (name, "Customer id"),
        "4242": ("•••• 4242", "Last four"),
        "•••• 4242": ("•••• 4242", "Last four"),
        "icard_1": ("•••• 4242", "Card id"),
        str(card.pk): ("•••• 4242", "Card id"),
        "1,042.50 USD": ("Acme Coffee", "Amount"),
        "1042,5": ("Acme Coffee", "Amount"),
        "acme": ("Acme Coffee", "Merchant"),
        "coffee 1042.5": ("Acme Coffee", "Amount and merchant"),
        "life_evt_9": ("Acme Coffee", "Operation id"),
        str(purchase.pk): ("Acme Coffee", "Transaction id"),
    }.items():
        assert expected in found(officer, typed), typed
        assert "Somebody Else" not in titles(officer, typed), typed


def test_the_exact_comes_before_what_begins_so_and_that_before_the_near(officer: User) -> None:
    for last in ("Marin", "Marinez", "Martin", "Unlike"):
        make_person("Eva", last)

    assert found(officer, "marin eva") == [
        ("Eva Marin", "Name"),
        ("Eva Marinez", "Name"),
        ("Eva Martin", "Name, nearly"),
    ]


def test_a_letter_left_out_of_a_short_name_is_a_slip_and_two_are_not(officer: User) -> None:
    make_person("Hugo", "Díaz")

    assert found(officer, "díz hugo") == [("Hugo Díaz", "Name, nearly")]
    assert found(officer, "dz hugo") == []


def test_a_name_that_was_changed_is_found_as_it_is_now(officer: User, maria: Customer) -> None:
    Customer.objects.filter(pk=maria.pk).update(last_name="Łącki")

    assert found(officer, "lacik") == [("María José Łącki", "Name, nearly")]
    assert found(officer, "muller") == []


def test_active_cards_come_first(officer: User, maria: Customer) -> None:
    make_card(customer=maria, status="ACTIVE", api_id="older")
    make_card(customer=maria, status="DELETED", api_id="newer")

    groups = find("4242", by=officer, most=50)

    assert [str(hit.status) for hit in groups[0].hits] == ["ACTIVE", "DELETED"]


def test_words_with_a_colon_have_to_fit_at_once(officer: User, maria: Customer, card: Card) -> None:
    buy(card, "42.50")
    other = make_card(customer=make_person("María", "Other"), last4="1111")
    buy(other, "42.50", merchant="Acme Books")

    assert titles(officer, "name: maria") == [maria.full_name, "María Other"]
    assert titles(officer, "name: maria card: 1111") == ["María Other", "•••• 1111"]
    assert titles(officer, "maria 1111") == ["María Other", "•••• 1111"]
    assert titles(officer, "name:maria merchant:acme card:4242") == [maria.full_name, "Acme Coffee"]
    assert titles(officer, "amount: 42.50 merchant: books") == ["Acme Books"]
    assert titles(officer, "amount: 42.51") == []
    assert titles(officer, "email: maria.obrien@example.com phone: 5550100") == []


def test_only_so_many_are_shown_and_more_is_a_page_away(client: Client, officer: User) -> None:
    for number in range(7):
        make_person("Ana", f"Silva{number}")
    client.force_login(officer)

    live, page = searched(client, "ana", **{"HX-Request": "true"}), searched(client, "ana")

    assert live.count('class="hit"') == 6
    assert "More customers" in live
    assert page.count('class="hit"') == 7
    assert "<html" in page
    assert "<html" not in live


def test_who_sees_data_masked_finds_by_a_whole_value_and_reads_masks(
    client: Client, support: User, maria: Customer
) -> None:
    client.force_login(support)
    make_person("María", "Another")  # so that a single find does not open

    assert titles(support, "maria.obrien@example.com") == [maria.full_name]
    assert titles(support, "maria.obrien@") == []
    assert found(support, "2220001234") == found(support, "+522220001234") == [(maria.full_name, "Phone +52 •••• 234")]
    assert titles(support, "222000123") == []
    assert titles(support, "AB1234567") == [maria.full_name]
    page = searched(client, "maria")
    assert "M•••@example.com" in page
    assert "OBrien@" not in page
    assert "typed whole" in page


def test_a_find_by_id_number_goes_on_record_once_and_without_the_number(
    client: Client, officer: User, support: User, maria: Customer
) -> None:
    for by in (officer, officer, support):
        find("id: AB 1234567", by=by, most=6)
    find("id: AB1234568", by=officer, most=6)

    events = list(Event.objects.of_kind("customer.found_by_id_number").order_by("seq"))
    assert [(event.actor_name, event.customer_id) for event in events] == [("officer", maria.pk), ("support", maria.pk)]
    assert [event.detail for event in events] == [None, None]


def test_people_find_only_what_they_may_open(client: Client, card: Card) -> None:
    buy(card, "42.50")
    person = User.objects.create_user("nobody")
    client.force_login(person)
    assert client.post(PAGE, {"q": "maria"}).status_code == 403
    assert client.get(PAGE).status_code == 403
    assert 'id="search"' not in client.get("/customers/").content.decode()

    person.user_permissions.add(Permission.objects.get(codename="view_customer"))
    person = User.objects.get(pk=person.pk)

    assert titles(person, "maria") == ["María José O’Brien-Müller"]
    assert "4242" not in searched(client, "name: maria amount: 1")
    assert titles(person, "4242") == titles(person, "42.50") == titles(person, str(card.pk)) == []


def test_a_single_find_opens_and_a_page_says_what_to_do_otherwise(
    client: Client, officer: User, maria: Customer
) -> None:
    client.force_login(officer)

    assert client.post(PAGE, {"q": "obrien"}).headers["Location"] == reverse("customers:detail", args=[maria.pk])
    assert maria.full_name in searched(client, "obrein")  # near: a person looks first
    assert "Type into the box above" in client.get(PAGE).content.decode()
    assert "Type into the box above" in searched(client, "  ")
    assert "Nothing found for “<bdi>&lt;b&gt;</bdi>”" in searched(client, "<b>")
    for typed, wanted in {
        "m": "Type two letters of a name",
        "222": "five digits of a phone number",
        "card: 12": "all four of the card’s last digits",
        "amount: much": "as a number, like 42.50",
        "name:": "at least two letters of the name",
    }.items():
        assert wanted in searched(client, typed), typed


def test_what_is_typed_stays_out_of_addresses_and_a_card_number_out_of_the_page(client: Client, officer: User) -> None:
    client.force_login(officer)

    page = searched(client, "4000 0012 3456 7899")

    assert 'method="post" role="search"' in page
    assert "•••• 7899" in page
    assert "3456" not in page
    assert "Type into the box above" in client.get(PAGE, {"q": "maria"}).content.decode()


@pytest.mark.parametrize(
    "typed",
    ["\0\0", "%", "__", "\\", "' OR 1=1", "a" * 5000, "amount: 999999999999.99", "مريم", "🙂🙂", "name: email: x"],
)
def test_nothing_that_is_typed_is_our_fault(client: Client, officer: User, maria: Customer, typed: str) -> None:
    client.force_login(officer)

    assert "O’Brien" not in searched(client, typed)


def test_merchants_alone_are_looked_for_among_the_last_purchases(
    client: Client, officer: User, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy(card, "10", merchant="Old Books")
    monkeypatch.setattr(searching, "WINDOW", 1)
    record_event(
        card=card, kind="AUTHORIZED", operation_id="2", source="WEBHOOK",
        purchase=make_purchase("11", merchant_name="New Books", occurred_at=None),
    )  # fmt: skip
    client.force_login(officer)

    assert titles(officer, "merchant: books") == ["New Books"]
    assert titles(officer, "merchant: books card: 4242") == ["New Books", "Old Books"]
    assert "A merchant is looked for in the last" in searched(client, "merchant: nowhere")


@pytest.mark.parametrize(
    "typed",
    [
        "maria muller",
        "mraia",
        "maria.obrien@example.com",
        "+52 222 000",
        "4242",
        "client-1",
        "42.50",
        "name: maria amount: 1",
    ],
)
def test_no_search_reads_a_whole_table(officer: User, card: Card, typed: str) -> None:
    """The plans at a million rows are for `script/bench search`; this says that each has an index at all."""
    plans: list[str] = []

    def explained(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and "auth_" not in sql and "set_config" not in sql:
            with context["connection"].connection.cursor() as cursor:
                cursor.execute(BY_INDEX)
                plans.extend(row[0] for row in cursor.execute(f"EXPLAIN {sql}", params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        find(typed, by=officer, most=6)

    assert plans
    assert [line for line in plans if "Seq Scan" in line] == []
