"""What is generated is what the portal itself would have written."""

from typing import Any

import psycopg
import pytest
from django.db import connection

from cards.authorizations import Authorization
from cards.ledger import recompute
from cards.models import Card, Placement, Transaction, TransactionEvent
from customers.models import Customer
from portal.benches._capture import capture, transactions
from portal.benches._deliveries import authorization
from portal.benches._population import card_api_id, card_key, fillings, is_frozen
from portal.benches._rows import text

pytestmark = pytest.mark.django_db

CARDS, EVENTS = 97, 485


@pytest.fixture
def programme(db: None) -> None:
    connection.ensure_connection()
    for filling in fillings(cards=CARDS, events=EVENTS):
        assert list(filling.table.load(connection.connection, filling.rows))[-1] == filling.count


def test_every_row_asked_for_is_there(programme: None) -> None:
    assert Customer.objects.count() == Card.objects.count() == CARDS
    assert TransactionEvent.objects.count() == Placement.objects.count() == EVENTS
    assert Transaction.objects.count() == Authorization.objects.count() == EVENTS * 3 // 5


def test_the_portal_finds_nothing_to_correct_in_the_purchases(programme: None) -> None:
    def books() -> list[tuple[Any, ...]]:
        return [row for model in (Transaction, Placement) for row in model.objects.order_by("pk").values_list()]

    before = books()
    recompute(Card.objects.get(pk=card_key(3)))

    assert books() == before


def test_encrypted_columns_open(programme: None) -> None:
    identified = Customer.objects.filter(individual_cards=True).order_by("pk")

    assert {customer.id_number for customer in identified} >= {"MX000000000", "MX000000010"}
    assert all(customer.answers == {} for customer in identified)


def test_what_a_number_says_of_a_card_is_so(programme: None) -> None:
    frozen = Card.objects.filter(status="FROZEN").values_list("api_id", flat=True)

    assert list(frozen) == [card_api_id(number) for number in range(CARDS) if is_frozen(number)]


@pytest.mark.django_db(transaction=True)
def test_what_an_authorization_says_to_postgresql_is_overheard(programme: None) -> None:
    heard = capture(authorization, 0)
    decision = next(each for each in transactions(heard.before) if any("FOR NO KEY UPDATE" in said for said in each))

    assert len(decision) <= 3
    assert "INSERT INTO cards_authorization" in decision[-1]


def test_copy_reads_a_text_back_as_it_was(db: None) -> None:
    odd = "tab\t line\n back\\slash O'Brien %s"
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    raw.execute("CREATE TEMPORARY TABLE odd (value text)")
    with raw.cursor().copy("COPY odd FROM STDIN") as copy:
        copy.write(text(odd) + "\n")

    assert raw.execute("SELECT value FROM odd").fetchone() == (odd,)
