"""Real threads on real connections, the ones that production decides on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from time import monotonic

import pytest
from django.db import connections

from cards import decisions
from cards.decisions import Answer, Question, decide
from cards.models import Authorization, Card, VelocityRule
from cards.tests.making import make_card, make_question

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "decisions"])


@pytest.fixture(autouse=True)
def decisions_connection() -> Iterator[None]:
    """Decide on a connection with production's own time limits."""
    yield
    connections["decisions"].close()


def at_once(*acts: Callable[[], Answer]) -> list[Answer]:
    """Run each in a thread of its own, all released at the same moment."""
    start, answers = threading.Barrier(len(acts)), []

    def run(act: Callable[[], Answer]) -> None:
        try:
            connections["decisions"].ensure_connection()
            start.wait(10)
            answers.append(act())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return answers


def asking(question: Question) -> Callable[[], Answer]:
    return lambda: decide(question)


def codes(answers: list[Answer]) -> list[str]:
    return sorted(answer.response_code for answer in answers)


@contextmanager
def locked_elsewhere(card: Card) -> Iterator[None]:
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM cards_card WHERE id = %s FOR UPDATE", [card.pk])
        yield
    finally:
        other.rollback()
        other.close()


@pytest.mark.parametrize("attempt", range(5))
def test_two_purchases_racing_for_the_last_ten_dollars_of_a_limit_have_one_winner(attempt: int) -> None:
    card = make_card(daily_limit=Decimal(100))
    decide(make_question(card, "90"))

    answers = at_once(*(asking(make_question(card, "10")) for _ in range(2)))

    assert codes(answers) == ["00", "61"]


def test_of_many_purchases_at_once_as_many_pass_as_a_velocity_rule_allows() -> None:
    VelocityRule.objects.create(max_authorizations=2, time_window_seconds=60)
    card = make_card()

    answers = at_once(*(asking(make_question(card)) for _ in range(6)))

    assert codes(answers) == ["00", "00", "65", "65", "65", "65"]


@pytest.mark.parametrize("known", [True, False])
def test_the_same_delivery_eight_times_at_once_gets_one_answer_and_counts_once(known: bool) -> None:
    card = make_card(daily_limit=Decimal(100))
    question = {"card": card if known else "nobody", "amount": "60", "key": "one"}

    answers = at_once(*(asking(make_question(**question)) for _ in range(8)))  # type: ignore[arg-type]

    assert {answer.response_code for answer in answers} == {"00" if known else "05"}
    assert len(answers) == 8
    assert Authorization.objects.count() == 1


def test_a_card_that_stays_locked_is_given_up_in_time_and_nothing_is_approved() -> None:
    card = make_card()
    started = monotonic()

    with locked_elsewhere(card):
        answer = decide(make_question(card))

    assert monotonic() - started < 0.6
    assert (answer.response_code, answer.reason) == ("05", "CARD_LOCKED")
    assert not Authorization.objects.exists()


def test_a_card_locked_for_a_moment_is_waited_for() -> None:
    card = make_card()
    with locked_elsewhere(card):
        asked = threading.Thread(target=at_once, args=[asking(make_question(card))])
        asked.start()
    asked.join(10)

    assert Authorization.objects.get().response_code == "00"


def test_a_statement_that_runs_long_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "INSERT", f"SELECT pg_sleep(5); {decisions.INSERT}".split(";")[0])
    started = monotonic()

    answer = decide(make_question(make_card()))

    assert monotonic() - started < 0.7
    assert (answer.response_code, answer.reason) == ("05", "DATABASE_SLOW")


def test_a_connection_that_died_since_the_last_purchase_costs_nothing() -> None:
    card = make_card()
    decide(make_question(card))
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    assert decide(make_question(card)).response_code == "00"


def test_what_waits_for_an_answer_is_decided_with_time_limits_of_its_own() -> None:
    with connections["decisions"].cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        assert cursor.fetchone() == ("250ms", "400ms")
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        assert cursor.fetchone() == ("0", "0")
