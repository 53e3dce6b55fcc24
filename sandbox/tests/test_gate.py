from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from sandbox.limits import RateLimiter
from sandbox.tests.making import CLIENTS, MARIA, Provider, person, refusal

KEY = {"Idempotency-Key": "5f0c8b34"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (401, "DENIED", "Header x-api-key is mandatory.")),
        ({"x-api-key": "wrong"}, (401, "AUTH", "Invalid API key")),
        ({"x-api-key": "schlüssel".encode()}, (401, "AUTH", "Invalid API key")),
    ],
)
@pytest.mark.parametrize("path", [CLIENTS, "/cards/webhook/simulate/authorize", "/nothing/here"])
def test_without_the_right_key_nothing_is_answered(
    provider: Provider, path: str, headers: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    assert refusal(requests.get(provider.url + path, headers=headers, timeout=5)) == expected


def test_an_unknown_path_is_not_found(provider: Provider) -> None:
    assert refusal(provider.api("GET", "/management/nothing")) == (404, "NOT_FOUND", "Resource not found")


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", CLIENTS), ("PATCH", f"{CLIENTS}/x"), ("GET", "/cards/individual-cards/create")]
)
def test_a_wrong_method_is_refused(provider: Provider, method: str, path: str) -> None:
    assert refusal(provider.api(method, path))[0] == 405


def test_every_answer_has_a_trace_id_and_a_length(provider: Provider) -> None:
    answer = provider.api("GET", CLIENTS)

    assert answer.headers["X-Trace-Id"]
    assert answer.headers["Content-Length"] == str(len(answer.content))


@pytest.mark.parametrize("path", ["/", CLIENTS, "/console/state"])
def test_another_host_name_is_refused(provider: Provider, path: str) -> None:
    answer = requests.get(provider.url + path, headers={"Host": "sandbox.example"}, timeout=5)

    assert answer.status_code == 400


def test_the_sixteenth_request_in_a_second_is_refused(provider: Provider) -> None:
    provider.settings(rate_limit=True)

    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda _: provider.api("GET", f"{CLIENTS}/countries"), range(40)))

    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(answers) - len(refused) >= 15
    assert refused[0].headers["Retry-After"] == "1"
    assert refused[0].json() == {
        "error_code": "TOO_MANY_REQUESTS",
        "message": "Rate limit exceeded. Retry after 1 seconds",
    }
    assert provider.console("GET", "/console/state")["rate_limited"] == len(refused)


def test_simulators_are_exempt_from_the_limit(provider: Provider) -> None:
    provider.settings(rate_limit=True)

    answers = [provider.api("POST", "/cards/webhook/simulate/clearing", json={"card_id": "x"}) for _ in range(18)]

    assert {answer.status_code for answer in answers} == {404}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def overrun(limiter: RateLimiter) -> int:
    waits = [limiter.seconds_to_wait("company") for _ in range(16)]
    assert waits[:15] == [0] * 15
    return waits[15]


def test_blocks_double_up_to_an_hour() -> None:
    clock = Clock()
    limiter = RateLimiter(clock)

    blocks = []
    for _ in range(13):
        blocks.append(overrun(limiter))
        clock.now += blocks[-1]

    assert blocks == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 3600, 3600]


def test_everything_is_refused_during_a_block() -> None:
    clock = Clock()
    limiter = RateLimiter(clock)
    overrun(limiter)
    clock.now += 0.4

    assert limiter.seconds_to_wait("company") == 1
    assert limiter.seconds_to_wait("somebody else") == 0


def test_a_clean_hour_forgives() -> None:
    clock = Clock()
    limiter = RateLimiter(clock)
    clock.now += overrun(limiter)
    second = overrun(limiter)
    clock.now += second + 3600

    assert (second, overrun(limiter)) == (2, 1)


def test_fifteen_a_second_pass_for_ever() -> None:
    clock = Clock()
    limiter = RateLimiter(clock)

    waits = []
    for _ in range(60):
        waits += [limiter.seconds_to_wait("company") for _ in range(15)]
        clock.now += 1

    assert set(waits) == {0}


def test_a_repeated_key_gets_the_first_answer(provider: Provider) -> None:
    first = provider.api("POST", CLIENTS, json=MARIA, headers=KEY)
    second = provider.api("POST", CLIENTS, json=MARIA, headers=KEY)

    assert (second.status_code, second.json()) == (201, first.json())
    assert len(provider.api("GET", CLIENTS).json()) == 1


def test_the_same_key_at_the_same_time_acts_once(provider: Provider) -> None:
    with ThreadPoolExecutor(6) as callers:
        answers = list(callers.map(lambda _: provider.api("POST", CLIENTS, json=MARIA, headers=KEY), range(6)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_a_refused_call_does_not_use_up_its_key(provider: Provider) -> None:
    refused = provider.api("POST", CLIENTS, json=person(email="nobody"), headers=KEY)

    assert refused.status_code == 400
    assert provider.api("POST", CLIENTS, json=MARIA, headers=KEY).status_code == 201


def test_a_key_belongs_to_one_request(provider: Provider) -> None:
    provider.api("POST", CLIENTS, json=MARIA, headers=KEY)

    answer = provider.api("POST", CLIENTS, json=person(email="other@example.com"), headers=KEY)

    assert refusal(answer)[0] == 409


def test_keys_can_be_ignored(provider: Provider) -> None:
    provider.settings(idempotency=False)
    provider.api("POST", CLIENTS, json=MARIA, headers=KEY)

    answer = provider.api("POST", CLIENTS, json=MARIA, headers=KEY)

    assert refusal(answer) == (400, "VAL", "Company client already exists for this company")


def test_a_repeated_key_issues_one_card(provider: Provider) -> None:
    client_id = provider.active_client()
    body = {"client_id": client_id, "card_holder_name": "Maria Barber"}

    cards = [provider.api("POST", "/cards/individual-cards/create", json=body, headers=KEY).json() for _ in range(2)]

    assert cards[0] == cards[1]
