"""A card above the limit, from request to decision: two people in two browsers, in Chromium, and the worker."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from portal.testing import Stack, eventually
from portal.tests import test_browser
from portal.tests.test_authorizations_end_to_end import card_for
from portal.tests.visitor import Visitor

pytestmark = test_browser.pytestmark
browser = test_browser.browser

EMAIL = "two.people@example.com"


@pytest.fixture
def address(stack: Stack) -> Iterator[str]:
    """The page of an active customer, in a portal where an admin has asked for two people."""
    card_for(stack, EMAIL)
    setting = "/admin/people/foureyes/ISSUE_CARD/change/"
    Visitor(stack.url, name="admin").send(setting, {"is_on": "on", "threshold": "1000"})
    ((customer,),) = stack.rows("SELECT id FROM customers_customer WHERE email = %s", EMAIL)
    yield f"{stack.url}/customers/{customer}/"
    stack.change("UPDATE people_foureyes SET is_on = false")


def cards_at_provider(stack: Stack) -> list[str]:
    state = stack.console("GET", "state")
    (client,) = [each["id"] for each in state["clients"] if each["email"] == EMAIL]
    return [card["id"] for card in state["cards"] if card["client_id"] == client]


def test_an_officer_asks_a_senior_approves_and_the_card_is_issued(browser: Browser, stack: Stack, address: str) -> None:
    officer = test_browser.sign_in(browser, stack, "officer")
    senior = test_browser.sign_in(browser, stack, "senior")
    assert len(cards_at_provider(stack)) == 1

    officer.goto(f"{address}cards/issue/")
    officer.get_by_label("Daily limit", exact=True).fill("5000")
    officer.get_by_role("button", name="Issue card").click()
    waiting = officer.locator("#approvals")
    expect(waiting).to_contain_text("Waits for a second person")
    expect(waiting).to_contain_text("daily 5,000.00 USD")
    expect(waiting).to_contain_text("You cannot approve your own.")
    expect(officer.get_by_role("button", name="Approve")).to_have_count(0)
    expect(waiting.get_by_role("button", name="Withdraw")).to_be_visible()

    senior.goto(stack.url)
    senior.get_by_role("navigation", name="Main").get_by_role("link", name=re.compile("Approvals")).click()
    asked = senior.locator("#approvals").get_by_role("region", name="Waits for a second person")
    expect(asked).to_contain_text("officer asked")
    assert len(cards_at_provider(stack)) == 1
    asked.get_by_label("Note").fill("Known for years")
    asked.get_by_role("button", name="Approve").click()
    expect(senior.get_by_text("Nothing waits for you")).to_be_visible()

    eventually(lambda: len(cards_at_provider(stack)) == 2)
    expect(officer.locator("#customer-cards").get_by_role("link", name=re.compile("••••"))).to_have_count(2)
    expect(waiting).to_be_hidden()
    expect(officer.locator("#timeline")).to_contain_text("senior approved as the second person")
    expect(officer.locator("#timeline")).to_contain_text("Known for years")
