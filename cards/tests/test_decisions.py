from decimal import Decimal

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from cards.decisions import State, decide, judge
from cards.models import Authorization, Card
from cards.tests.making import make_active_customer, make_card, make_purchase


@pytest.mark.parametrize(
    ("card", "customer", "code", "reason"),
    [
        ("ACTIVE", "ACTIVE", "00", "APPROVED"),
        ("FROZEN", "ACTIVE", "62", "CARD_NOT_ACTIVE"),
        ("BLOCKED", "ACTIVE", "62", "CARD_NOT_ACTIVE"),
        ("EXPIRED", "ACTIVE", "62", "CARD_NOT_ACTIVE"),
        ("ACTIVE", "PENDING", "62", "CUSTOMER_NOT_ACTIVE"),
        ("ACTIVE", "REJECTED", "62", "CUSTOMER_NOT_ACTIVE"),
        (None, None, "05", "CARD_UNKNOWN"),
    ],
)
def test_a_purchase_passes_on_an_active_card_of_an_active_customer_only(
    card: str | None, customer: str | None, code: str, reason: str
) -> None:
    decision = judge(make_purchase(), State(card_status=card, customer_status=customer))

    assert (decision.response_code, decision.reason) == (code, reason)


@pytest.mark.django_db
def test_the_decision_is_recorded_with_what_was_asked_and_how_long_it_took() -> None:
    card = make_card()

    answer = decide(card_api_id=card.api_id, delivery_key="one", purchase=make_purchase("12.30"))

    recorded = Authorization.objects.get()
    assert (answer.response_code, recorded.card, recorded.bill_amount) == ("00", card, Decimal("12.30"))
    assert [verdict["passes"] for verdict in recorded.verdicts] == [True, True, True]
    assert set(recorded.milliseconds) == {"lock", "rules"}


@pytest.mark.django_db
def test_the_same_delivery_gets_the_same_answer_whatever_happened_since() -> None:
    card = make_card()
    first = decide(card_api_id=card.api_id, delivery_key="one", purchase=make_purchase())
    Card.objects.filter(pk=card.pk).update(**{"status": "FROZEN"})

    again = decide(card_api_id=card.api_id, delivery_key="one", purchase=make_purchase())

    assert (again.pk, again.response_code) == (first.pk, "00")
    assert decide(card_api_id=card.api_id, delivery_key="two", purchase=make_purchase()).response_code == "62"


@pytest.mark.django_db
def test_an_unknown_card_is_declined_and_recorded() -> None:
    answer = decide(card_api_id="nobody", delivery_key="one", purchase=make_purchase())

    assert answer.response_code == "05"
    assert Authorization.objects.get().card is None


@pytest.mark.django_db
def test_a_pending_customers_card_is_declined() -> None:
    card = make_card(customer=make_active_customer(status="PENDING"))

    assert decide(card_api_id=card.api_id, delivery_key="one", purchase=make_purchase()).response_code == "62"


@pytest.mark.django_db(transaction=True)
def test_a_card_that_stays_locked_is_given_up_and_nothing_is_recorded() -> None:
    card = make_card()
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM cards_card WHERE id = %s FOR UPDATE", [card.pk])

        with pytest.raises(OperationalError):
            decide(card_api_id=card.api_id, delivery_key="one", purchase=make_purchase())
    finally:
        other.rollback()
        other.close()

    assert not Authorization.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_time_limits_end_with_the_decision() -> None:
    decide(card_api_id=make_card().api_id, delivery_key="one", purchase=make_purchase())

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        assert "300ms" not in cursor.fetchone()


@pytest.mark.django_db
def test_a_decision_takes_three_statements() -> None:
    card = make_card()

    with CaptureQueriesContext(connection) as queries:
        decide(card_api_id=card.api_id, delivery_key="one", purchase=make_purchase())

    statements = [query["sql"].split()[0] for query in queries]
    assert [each for each in statements if each not in ("SAVEPOINT", "RELEASE")] == ["SELECT", "SELECT", "INSERT"]
