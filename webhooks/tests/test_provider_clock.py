"""A clock that goes wrong is told from a request that was long under way."""

from datetime import UTC, datetime, timedelta

import pytest

from cards.models import Authorization
from cards.tests.making import make_active_customer, make_card
from webhooks.provider_clock import SAMPLES, ProviderClock, provider_clock
from webhooks.tests.making import captured, deliver
from webhooks.tests.test_authorizations import sent

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def told(clock: ProviderClock, *ages: float) -> ProviderClock:
    for age in ages:
        clock.note(sent=NOON - timedelta(seconds=age), received=NOON)
    return clock


def age(clock: ProviderClock, seconds: float) -> float:
    return clock.age(sent=NOON - timedelta(seconds=seconds), received=NOON)


def test_what_every_request_is_late_by_is_the_clock() -> None:
    clock = told(ProviderClock(), *[0.8, 0.9] * (SAMPLES // 2))

    assert age(clock, 0.9) == pytest.approx(0.1)
    assert age(clock, 1.7) == pytest.approx(0.9)


def test_a_few_late_requests_are_late() -> None:
    clock = told(ProviderClock(), *[0.8] * (SAMPLES - 1))

    assert age(clock, 0.9) == 0.9


def test_one_quick_request_shows_that_the_clock_is_right() -> None:
    clock = told(ProviderClock(), *[0.8] * (SAMPLES - 1), 0.05)

    assert age(clock, 0.9) == 0.9


def test_a_clock_that_is_ahead_hides_no_lateness() -> None:
    clock = told(ProviderClock(), *[-0.5] * SAMPLES)

    assert age(clock, 0.3) == pytest.approx(0.8)


@pytest.mark.parametrize("seconds", [-3600, 11, 3600])
def test_a_timestamp_that_cannot_be_is_never_learned_from(seconds: float) -> None:
    clock = told(ProviderClock(), *[seconds] * SAMPLES)

    assert (clock.behind, age(clock, seconds)) == (0.0, 0.0)


def test_a_request_among_others_is_no_sample() -> None:
    clock = ProviderClock()

    with clock.in_hand() as first, clock.in_hand() as second:
        pass
    with clock.in_hand() as soon_after:
        pass

    assert (first, second, soon_after) == (True, False, False)


@pytest.mark.django_db
def test_with_a_clock_behind_ours_purchases_are_decided_and_say_so() -> None:
    make_card(api_id="crd_123", customer=make_active_customer())
    told(provider_clock, *[0.9] * SAMPLES)

    answer = deliver(captured("authorization"), sent(1.0))

    assert answer.json() == {"response_code": "00"}
    assert dict(Authorization.objects.get().steps)["provider’s clock behind"] == pytest.approx(900, abs=100)
