import time
from typing import Any

import pytest
import requests

from sandbox.tests.making import CLIENTS, MARIA, Provider, refusal

COUNTRIES = f"{CLIENTS}/countries"


def clients(provider: Provider) -> list[Any]:
    return list(provider.console("GET", "/console/state")["clients"])


def test_a_slow_answer_is_late_and_right(provider: Provider) -> None:
    provider.fault("slow", CLIENTS, method="POST", seconds=0.2)
    started = time.monotonic()

    answer = provider.api("POST", CLIENTS, json=MARIA)

    assert time.monotonic() - started >= 0.2
    assert answer.status_code == 201


def test_an_error_is_answered_without_acting(provider: Provider) -> None:
    body = {"code": "SERVER_ERROR", "message": "Out of order", "trace_id": "abc"}
    provider.fault("error", CLIENTS, method="POST", status=503, body=body)

    answer = provider.api("POST", CLIENTS, json=MARIA)

    assert (answer.status_code, answer.json()) == (503, body)
    assert answer.headers["Retry-After"] == "1"
    assert clients(provider) == []


def test_a_page_of_html_can_stand_in_front(provider: Provider) -> None:
    provider.fault("html", COUNTRIES)

    answer = provider.api("GET", COUNTRIES)

    assert answer.status_code == 502
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(("kind", "acted"), [("drop_before", 0), ("drop_after", 1), ("half_body", 1)])
def test_a_connection_ends_before_or_after_acting(provider: Provider, kind: str, acted: int) -> None:
    provider.fault(kind, CLIENTS, method="POST")

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        provider.api("POST", CLIENTS, json=MARIA)

    assert len(clients(provider)) == acted


def test_half_a_body_announces_a_whole_one(provider: Provider) -> None:
    provider.fault("half_body", COUNTRIES)

    with requests.get(
        provider.url + COUNTRIES, headers={"x-api-key": "demo-api-key"}, stream=True, timeout=5
    ) as answer:
        assert answer.status_code == 200
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            answer.content  # noqa: B018 - reading it is the point


@pytest.mark.parametrize(("kind", "acted"), [("hang", 0), ("hang_after", 1)])
def test_a_hanging_call_is_never_answered_and_ends_when_its_caller_does(
    provider: Provider, kind: str, acted: int
) -> None:
    provider.fault(kind, CLIENTS, method="POST", seconds=60)

    with pytest.raises(requests.ReadTimeout):
        requests.post(provider.url + CLIENTS, json=MARIA, headers={"x-api-key": "demo-api-key"}, timeout=0.3)

    assert len(clients(provider)) == acted
    deadline = time.monotonic() + 5
    while not provider.console("GET", "/console/calls") and time.monotonic() < deadline:
        time.sleep(0.02)


def test_a_call_can_be_rate_limited(provider: Provider) -> None:
    provider.fault("rate_limit", COUNTRIES, seconds=4)

    answer = provider.api("GET", COUNTRIES)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "4")
    assert answer.json()["error_code"] == "TOO_MANY_REQUESTS"


def test_a_key_can_stop_working(provider: Provider) -> None:
    provider.fault("unauthorized", COUNTRIES)

    assert refusal(provider.api("GET", COUNTRIES)) == (401, "AUTH", "Invalid API key")


def test_a_fault_happens_as_often_as_told(provider: Provider) -> None:
    provider.fault("error", COUNTRIES, times=2)

    assert [provider.api("GET", COUNTRIES).status_code for _ in range(3)] == [500, 500, 200]


def test_a_fault_without_a_number_stays_until_it_is_cleared(provider: Provider) -> None:
    provider.fault("error", COUNTRIES, times=None)
    while_set = [provider.api("GET", COUNTRIES).status_code for _ in range(3)]

    provider.console("DELETE", "/console/faults")

    assert while_set == [500] * 3
    assert provider.api("GET", COUNTRIES).status_code == 200
    assert provider.console("GET", "/console/faults") == []


@pytest.mark.parametrize(
    ("method", "path", "meets"),
    [
        ("GET", f"{CLIENTS}/*", True),
        ("*", "/management/**", True),
        ("POST", f"{CLIENTS}/*", False),
        ("GET", CLIENTS, False),
        ("GET", "/management/*", False),
    ],
)
def test_a_fault_meets_method_and_path(provider: Provider, method: str, path: str, meets: bool) -> None:
    provider.fault("error", path, method=method)

    assert provider.api("GET", COUNTRIES).ok is not meets


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "flood", "path": "/x"},
        {"kind": "slow", "path": "x"},
        {"kind": "slow", "path": "/x", "method": "BREW"},
        {"kind": "slow", "path": "/x", "times": "often"},
        {"kind": "slow", "path": "/x", "seconds": "long"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(provider: Provider, values: dict[str, str]) -> None:
    with pytest.raises(RuntimeError, match="answered 400"):
        provider.console("POST", "/console/faults", values)


def test_a_dropped_call_can_be_repeated_under_its_key(provider: Provider) -> None:
    provider.fault("drop_after", CLIENTS, method="POST")
    headers = {"Idempotency-Key": "5f0c8b34"}
    with pytest.raises(requests.ConnectionError):
        provider.api("POST", CLIENTS, json=MARIA, headers=headers)

    repeated = provider.api("POST", CLIENTS, json=MARIA, headers=headers)

    assert repeated.status_code == 201
    assert [client["id"] for client in clients(provider)] == [repeated.json()["id"]]


def test_the_console_lists_the_calls(provider: Provider) -> None:
    provider.fault("drop_after", CLIENTS, method="POST")
    with pytest.raises(requests.ConnectionError):
        provider.api("POST", CLIENTS, json=MARIA, headers={"Idempotency-Key": "5f0c8b34"})

    [call] = provider.calls()

    assert {name: call[name] for name in ("method", "path", "idempotency_key", "fault")} == {
        "method": "POST",
        "path": CLIENTS,
        "idempotency_key": "5f0c8b34",
        "fault": "drop_after",
    }
