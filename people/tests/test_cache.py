from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from people.models import Kept

pytestmark = pytest.mark.django_db


def test_a_value_is_kept_for_its_time_under_a_key_that_says_nothing() -> None:
    cache.set("code of maria@example.com", [1.5], timeout=60)

    assert cache.get("code of maria@example.com") == [1.5]
    assert "maria" not in str(Kept.objects.values())
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert cache.get("code of maria@example.com", "gone") == "gone"


def test_only_the_first_adds_a_value_until_it_is_gone() -> None:
    assert [cache.add("lock", "1", timeout=60), cache.add("lock", "2", timeout=60)] == [True, False]
    assert cache.get("lock") == "1"
    assert cache.delete("lock")
    assert cache.add("lock", "3", timeout=60)
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert cache.add("lock", "4", timeout=60)


def test_what_has_had_its_time_takes_no_room() -> None:
    cache.set("old", 1, timeout=1)

    with time_machine.travel(timezone.now() + timedelta(seconds=2)):
        cache.add("new", 1, timeout=60)

    assert Kept.objects.count() == 1
