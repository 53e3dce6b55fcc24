from typing import Any

import pytest

from sandbox.tests.making import Provider, refusal

RULES = "/cards/account/configuration/velocity-rules"
COMPANIES = "/management/companies"


def rule(most: object = 3, seconds: object = 60) -> dict[str, object]:
    return {"max_authorizations": most, "time_window_seconds": seconds}


def test_velocity_rules_are_replaced_and_cleared_as_a_whole(provider: Provider) -> None:
    before = provider.api("GET", RULES).json()
    stored = provider.api("PUT", RULES, json={"rules": [rule(), rule(10, 3600)]})
    cleared = provider.api("DELETE", RULES)

    assert before == {"rules": []}
    assert (stored.status_code, stored.json()) == (200, {"rules": [rule(), rule(10, 3600)]})
    assert (cleared.status_code, cleared.content) == (204, b"")
    assert provider.api("GET", RULES).json() == {"rules": []}


REFUSED: list[tuple[Any, str, str | None]] = [
    (
        [rule(seconds=seconds) for seconds in range(1, 7)],
        "VELOCITY_RULES_LIMIT_EXCEEDED",
        "A maximum of 5 velocity rules are allowed per company.",
    ),
    (
        [rule(1), rule(2)],
        "VELOCITY_RULES_DUPLICATE_WINDOW",
        "Two or more rules share the same time_window_seconds value.",
    ),
    ([rule(0)], "VALIDATION_ERROR", None),
    ([rule(1.5)], "VALIDATION_ERROR", None),
    ([rule(most=True)], "VALIDATION_ERROR", None),
    ([{"max_authorizations": 1}], "VALIDATION_ERROR", None),
    (["often"], "VALIDATION_ERROR", None),
    (None, "VALIDATION_ERROR", None),
]


@pytest.mark.parametrize(("rules", "code", "message"), REFUSED)
def test_rules_that_cannot_be_are_refused(provider: Provider, rules: Any, code: str, message: str | None) -> None:
    provider.api("PUT", RULES, json={"rules": [rule()]})

    status, given_code, given_message = refusal(provider.api("PUT", RULES, json={"rules": rules}))

    assert (status, given_code) == (400, code)
    assert message in (None, given_message)
    assert provider.api("GET", RULES).json() == {"rules": [rule()]}


def test_a_subscription_is_answered_with_its_key(provider: Provider) -> None:
    body = {"url": "https://portal.example/webhooks/", "webhook_key": "ten letters"}

    answer = provider.api("POST", f"{COMPANIES}/webhook/subscribe", json=body)

    expected = {"name": "Demo company", "email": "cards@company.example"}
    expected |= {"webhook_url": "https://portal.example/webhooks/", "webhook_key": "ten letters"}
    assert answer.json() == expected
    assert provider.api("GET", COMPANIES).json() == expected


def test_a_company_without_a_subscription_has_none(provider: Provider) -> None:
    company = provider.api("GET", COMPANIES).json()

    assert (company["webhook_url"], company["webhook_key"]) == (None, None)


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("key", {"key": "nine char"}, (412, "VAL", "Webhook key must be at least 10 characters long")),
        (
            "subscribe",
            {"url": "https://portal.example/", "webhook_key": "short"},
            (412, "VAL", "Webhook key must be at least 10 characters long"),
        ),
        (
            "subscribe",
            {"url": "ftp://portal.example/", "webhook_key": "long enough"},
            (400, "VAL", "url must be a valid HTTP or HTTPS URL"),
        ),
        ("subscribe", {"webhook_key": "long enough"}, (400, "VAL", "url must not be null")),
        ("key", {}, (400, "VAL", "key must not be null")),
    ],
)
def test_a_subscription_that_cannot_be_is_refused(
    provider: Provider, path: str, body: dict[str, str], expected: tuple[int, str, str]
) -> None:
    assert refusal(provider.api("POST", f"{COMPANIES}/webhook/{path}", json=body)) == expected
    assert provider.api("GET", COMPANIES).json()["webhook_url"] is None
