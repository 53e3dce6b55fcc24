import threading

import pytest
from django.db import connection

from provider import budget
from provider.models import Budget

pytestmark = pytest.mark.django_db


def spend_all() -> int:
    taken = 0
    while budget._take_one(keep=0.0):
        taken += 1
    return taken


def test_a_pause_saves_up_a_few_calls_and_no_more() -> None:
    assert spend_all() <= budget.BURST + 1
    assert Budget.objects.count() == 1


def test_a_burst_and_a_second_together_stay_under_the_providers_limit() -> None:
    assert budget.BURST + budget.RATE < 15


def test_background_work_leaves_the_last_call_to_a_person() -> None:
    while budget._take_one(keep=budget.KEPT_FOR_PEOPLE):
        pass

    assert budget._take_one(keep=0.0)


def test_who_has_no_patience_is_told() -> None:
    spend_all()

    with pytest.raises(budget.BudgetSpent):
        budget.take(background=True, patience=0)


@pytest.mark.django_db(transaction=True)
def test_processes_share_one_budget() -> None:
    taken: list[int] = []

    def process() -> None:
        try:
            taken.append(sum(budget._take_one(keep=0.0) for _ in range(20)))
        finally:
            connection.close()

    threads = [threading.Thread(target=process) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1 <= sum(taken) < 100
    assert Budget.objects.count() == 1
