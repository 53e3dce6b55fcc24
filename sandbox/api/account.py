"""The company: its velocity rules and its webhook subscription."""

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse

from sandbox.errors import ApiError, business_rule, missing_value, respond
from sandbox.models import Company
from sandbox.payloads import read

MOST_RULES = 5
SHORTEST_KEY = 10
RULE_KEYS = {"max_authorizations", "time_window_seconds"}


def get_velocity_rules(request: HttpRequest) -> HttpResponse:
    return respond({"rules": Company.get().velocity_rules})


def replace_velocity_rules(request: HttpRequest) -> HttpResponse:
    rules = read(request, known=("rules",)).values.get("rules")
    if not isinstance(rules, list) or not all(_is_rule(rule) for rule in rules):
        raise ApiError(400, "VALIDATION_ERROR", "Each rule has max_authorizations and time_window_seconds, both from 1")
    if len(rules) > MOST_RULES:
        raise ApiError(400, "VELOCITY_RULES_LIMIT_EXCEEDED", "A maximum of 5 velocity rules are allowed per company.")
    if len({rule["time_window_seconds"] for rule in rules}) < len(rules):
        raise ApiError(
            400, "VELOCITY_RULES_DUPLICATE_WINDOW", "Two or more rules share the same time_window_seconds value."
        )
    _store_rules(rules)
    return respond({"rules": rules})


def _is_rule(rule: Any) -> bool:
    return (
        isinstance(rule, dict)
        and set(rule) == RULE_KEYS
        and all(isinstance(number, int) and not isinstance(number, bool) and number >= 1 for number in rule.values())
    )


def clear_velocity_rules(request: HttpRequest) -> HttpResponse:
    _store_rules([])
    return HttpResponse(status=204)


def _store_rules(rules: list[dict[str, int]]) -> None:
    company = Company.locked()
    company.velocity_rules = rules
    company.save(update_fields=["velocity_rules"])


def get_company(request: HttpRequest) -> HttpResponse:
    return _company_answer(Company.get())


def subscribe_webhook(request: HttpRequest) -> HttpResponse:
    body = read(request, known=("url", "webhook_key"))
    company = Company.locked()
    company.webhook_url = _checked_url(body.text("url", longest=500))
    company.webhook_key = _checked_key(body.text("webhook_key"))
    company.save(update_fields=["webhook_url", "webhook_key"])
    return _company_answer(company)


def set_webhook_key(request: HttpRequest) -> HttpResponse:
    company = Company.locked()
    company.webhook_key = _checked_key(read(request, known=("key",)).text("key"))
    company.save(update_fields=["webhook_key"])
    return _company_answer(company)


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise missing_value("url must be a valid HTTP or HTTPS URL")
    return url


def _checked_key(key: str) -> str:
    if len(key) < SHORTEST_KEY:
        raise business_rule("Webhook key must be at least 10 characters long")
    return key


def _company_answer(company: Company) -> HttpResponse:
    return respond(
        {
            "name": company.name,
            "email": company.email,
            "webhook_url": company.webhook_url or None,
            "webhook_key": company.webhook_key or None,
        }
    )
