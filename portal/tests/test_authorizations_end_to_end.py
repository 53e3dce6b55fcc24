"""A merchant asks, the sandbox asks us, our rules answer, and what the sandbox does then is compared: all for real."""

from typing import Any

import pytest
import requests

from portal.testing import Stack, eventually
from portal.tests.visitor import MARIA, Visitor

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("stack")]

RULES = "/cards/account/configuration/velocity-rules"


def at_provider(stack: Stack, method: str, path: str, body: Any = None) -> Any:
    answer = requests.request(
        method, stack.sandbox_url + path, json=body, headers={"x-api-key": "demo-api-key"}, timeout=10
    )
    assert answer.ok, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def card(stack: Stack) -> str:
    return card_for(stack, "asked@example.com")


def card_for(stack: Stack, email: str) -> str:
    """Return a card whose purchases we approve, with a limit that only we know."""
    address = {name: MARIA[name] for name in ("street_line1", "city", "postal_code", "state", "country")}
    person = {name: MARIA[name] for name in ("first_name", "last_name", "birth_date")}
    client = at_provider(
        stack, "POST", "/management/clients/individuals",
        {**person, "email": email, "address": address, "phone_country_code": 54, "phone_number": 116886},
    )["id"]  # fmt: skip
    products = f"/management/clients/individuals/{client}/products"
    request = at_provider(stack, "POST", products, {"subproduct": "cards_individuals"})["id"]
    stack.console("POST", f"requests/{request}/status", {"status": "enabled"})
    stack.console("POST", f"clients/{client}/status", {"status": "active"})
    card = at_provider(
        stack, "POST", "/cards/individual-cards/create",
        {"client_id": client, "card_holder_name": "Maria Barber", "approval_method": "WEBHOOK"},
    )["id"]  # fmt: skip
    stack.manage(
        "shell",
        "-c",
        "from cards.tests.making import make_card, make_active_customer; "
        f"make_card(api_id='{card}', customer=make_active_customer(email='{email}', api_id='{client}'), "
        "approval_method='WEBHOOK', daily_limit=100)",
    )
    return str(card)


def buy(stack: Stack, card: str, amount: str) -> str:
    merchant = {"merchant": "Acme Coffee", "mcc": "5814"}
    return str(stack.console("POST", f"cards/{card}/authorize", {"amount": amount, **merchant})["outcome"])


def status_at_provider(stack: Stack, card: str) -> str:
    # From the console: the API counts how often it is asked.
    return str(next(each["status"] for each in stack.console("GET", "state")["cards"] if each["id"] == card))


def test_our_rules_decide_and_what_the_provider_does_is_tied_to_the_answer(stack: Stack, card: str) -> None:
    outcomes = [buy(stack, card, amount) for amount in ("60.00", "60.50", "39.00")]

    assert outcomes == ["authorized", "declined", "authorized"]
    answers = "SELECT cost, reason, standing FROM cards_authorization WHERE card_api_id = %s ORDER BY decided_at"
    eventually(lambda: "WAITING" not in [standing for *_, standing in stack.rows(answers, card)])
    assert [(float(cost), reason, standing) for cost, reason, standing in stack.rows(answers, card)] == [
        (60.0, "APPROVED", "CONFIRMED"),
        (60.5, "DAILY_LIMIT", "CONFIRMED"),
        (39.0, "APPROVED", "CONFIRMED"),
    ]
    page = Visitor(stack.url, name="officer").see("/events/authorizations/")
    assert "Over the daily limit" in page
    assert "1,200 ms" in page


def test_velocity_rules_reach_the_provider_from_the_admins_page(stack: Stack) -> None:
    admin = Visitor(stack.url, name="admin")
    try:
        admin.send("/cards/velocity/", {"most_1": "50", "seconds_1": "60"})

        eventually(lambda: stack.rows("SELECT 1 FROM cards_velocityrule WHERE max_authorizations = 50"))
        assert at_provider(stack, "GET", RULES)["rules"] == [{"max_authorizations": 50, "time_window_seconds": 60}]
        calls = "SELECT state FROM provider_providercall WHERE kind = 'SET_VELOCITY_RULES'"
        eventually(lambda: stack.rows(calls) == [("DONE",)])
    finally:
        at_provider(stack, "PUT", RULES, {"rules": []})
        stack.change("DELETE FROM cards_velocityrule")


def test_a_broken_rule_of_ours_freezes_the_card_at_the_provider(stack: Stack, card: str) -> None:
    frozen = "SELECT status, hold_reason FROM cards_card WHERE api_id = %s"
    # Or beat reads the provider's, which are none.
    eventually(lambda: bool(stack.rows("SELECT read_at FROM cards_velocityruleset WHERE read_at IS NOT NULL")))
    stack.change("UPDATE cards_velocityruleset SET read_at = now()")
    stack.change("INSERT INTO cards_velocityrule (max_authorizations, time_window_seconds) VALUES (1, 3600)")
    try:
        buy(stack, card, "0.25")
        assert buy(stack, card, "0.50") == "declined"
        eventually(lambda: stack.rows(frozen, card) == [("FROZEN", "VELOCITY")])

        eventually(lambda: status_at_provider(stack, card) == "FROZEN")
        calls = "SELECT state FROM provider_providercall WHERE kind = 'SET_FROZEN' ORDER BY wanted_at"
        eventually(lambda: stack.rows(calls)[-1][0] == "DONE")
        assert stack.rows(frozen, card) == [("FROZEN", "VELOCITY")]
    finally:
        stack.change("DELETE FROM cards_velocityrule")
