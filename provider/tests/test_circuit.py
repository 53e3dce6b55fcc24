"""What a failing provider does to all calls: they stop, and go on by themselves. Over real sockets."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cryptomate import Client, CryptoMateError
from provider import budget, circuit, tasks
from provider.models import Circuit, Outage
from provider.tests.talking import Provider, client_at, make_probe_due, open_circuit, said, seconds_until
from sandbox.testing import free_port

pytestmark = pytest.mark.django_db


def call(client: Client, times: int = 1) -> None:
    for _ in range(times):
        budget.take()
        with pytest.raises(CryptoMateError):
            client.list_clients()


# --- Opening


def test_a_closed_port_stops_all_calls_after_a_few() -> None:
    call(client_at(free_port()), times=circuit.FAILURES)

    with pytest.raises(circuit.NotAnswering):
        budget.take()
    outage = Outage.objects.get()
    assert (outage.reason, outage.closed_at) == ("AWAY", None)
    assert "NotSent" in outage.error


def test_a_provider_that_answers_503_is_left_alone_and_taken_up_again(
    provider_at: type[Provider], probes: list[str]
) -> None:
    provider_at.status = 503
    call(client_at(provider_at.port), times=circuit.FAILURES)

    for _ in range(3):
        tasks.sweep_calls()
    make_probe_due()
    tasks.sweep_calls()
    tasks.sweep_calls()
    assert (probes, provider_at.asked) == (["probe"], circuit.FAILURES)

    tasks.probe()
    assert circuit.look().is_open
    provider_at.status = 200
    tasks.probe()

    assert not circuit.look().is_open
    assert provider_at.asked == circuit.FAILURES + 2
    outage = Outage.objects.get()
    assert outage.trace_id == "trace-5"
    assert outage.closed_at
    assert outage.closed_at >= outage.opened_at


def test_what_stops_calls_and_what_lets_them_go_on_is_in_the_log_once(caplog: pytest.LogCaptureFixture) -> None:
    open_circuit(502)
    open_circuit(502)
    said(200)
    said(200)

    lines = [each.message for each in caplog.records if each.name == "provider.circuit"]
    assert len(lines) == 2
    assert "502" in lines[0]
    assert "trace-5" in lines[0]


def test_fewer_failures_are_enough_where_few_calls_are_made() -> None:
    said(500)
    said(500)
    Circuit.objects.update(failing_since=timezone.now() - circuit.LASTING)
    assert not circuit.look().is_open
    said(500)

    assert circuit.look().is_open


@pytest.mark.parametrize("status", [200, 204, 400, 404, 409, 412, 429])
def test_any_answer_of_the_provider_counts_as_one(status: int) -> None:
    for _ in range(circuit.FAILURES):
        said(500)
        said(status)

    assert not circuit.look().is_open


def test_503_with_a_time_puts_the_probe_off_until_then() -> None:
    for _ in range(circuit.FAILURES):
        said(503, retry_after=120)

    assert 110 < seconds_until("probe_at") <= 121


def test_probes_grow_rarer(probes: list[str]) -> None:
    open_circuit()
    waits = []
    for _ in range(6):
        waits.append(seconds_until("probe_at"))
        make_probe_due()
        assert circuit.claim_probe()
        assert not circuit.claim_probe()

    assert waits[0] < 7
    assert waits[1] < waits[2] < waits[3]
    assert waits[5] <= circuit.LONGEST_PROBE.total_seconds() * 1.2


# --- Our key


def test_a_refused_key_stops_all_calls_at_once_and_is_tried_every_few_minutes() -> None:
    said(401, code="DENIED")

    assert circuit.look().refuses_our_key
    assert 100 < seconds_until("probe_at") < 300


def test_a_refusal_that_may_be_about_one_operation_stops_nothing_else() -> None:
    for _ in range(3):
        said(403)
        said(401, code="API_ERROR")
        said(200)
    assert not circuit.look().is_open

    open_circuit(403)
    assert circuit.look().refuses_our_key


def test_a_provider_that_comes_back_and_refuses_our_key_is_another_outage() -> None:
    open_circuit()
    said(401, code="AUTH")

    assert [(each.reason, each.closed_at is None) for each in Outage.objects.order_by("pk")] == [
        ("AWAY", False), ("KEY", True),
    ]  # fmt: skip
    said(200)
    assert not Outage.objects.filter(closed_at=None).exists()


# --- Blocks


def test_a_429_seen_by_one_stops_all_until_then(provider_at: type[Provider]) -> None:
    provider_at.status, provider_at.headers_sent = 429, {"Retry-After": "40"}
    call(client_at(provider_at.port))

    with pytest.raises(budget.BudgetSpent):
        budget.take()
    assert 39 < seconds_until("blocked_until") < 41
    assert not circuit.look().is_open
    Circuit.objects.update(blocked_until=timezone.now())
    budget.take()


def test_blocks_without_a_time_double_up_to_an_hour_until_an_hour_was_clean() -> None:
    lengths = []
    for _ in range(14):
        said(429)
        lengths.append(round(seconds_until("blocked_until") - 0.2))
        Circuit.objects.update(blocked_until=timezone.now())
    assert lengths[:4] == [1, 2, 4, 8]
    assert lengths[-1] == 3600

    Circuit.objects.update(blocked_until=timezone.now() - timedelta(hours=1))
    said(429)
    assert seconds_until("blocked_until") < 2


def test_those_who_were_on_their_way_do_not_lengthen_the_block() -> None:
    for _ in range(10):
        said(429)

    assert seconds_until("blocked_until") < 2


def test_a_block_from_before_the_clock_was_put_back_is_none() -> None:
    said(429)
    Circuit.objects.update(blocked_until=timezone.now() + timedelta(days=1))

    assert not circuit.look().is_blocked
