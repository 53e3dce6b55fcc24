"""A cardholder calls about a declined purchase: why, what would pass, and what to answer, in Chromium."""

from playwright.sync_api import Browser, expect

from portal.testing import Stack
from portal.tests import test_browser
from portal.tests.test_authorizations_end_to_end import buy, card_for

pytestmark = test_browser.pytestmark
browser = test_browser.browser


def test_from_the_search_to_the_reason_the_dry_run_and_the_answer(browser: Browser, stack: Stack) -> None:
    card = card_for(stack, "caller@example.com")
    assert [buy(stack, card, amount) for amount in ("61.00", "61.50")] == ["authorized", "declined"]
    page = test_browser.sign_in(browser, stack, "support")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.wait_for_load_state()  # with the scripts that listen for keys
    page.keyboard.press("/")
    page.keyboard.type("email: caller@example.com amount: 61.50")
    page.keyboard.press("Enter")
    page.locator("#main").get_by_role("link", name="Acme Coffee").click()
    why = page.locator("#why")
    expect(why).to_contain_text("The daily limit would have been passed")
    expect(why).to_contain_text("Our rule")
    expect(why).to_contain_text("61.00 USD spent in 24 hours; with this 122.50 USD of 100.00 USD.")
    expect(why).to_contain_text("An officer can raise the limit")

    page.get_by_role("link", name="Would another amount pass?").click()
    expect(page.get_by_label("Amount", exact=True)).to_have_value("61.50")
    expect(page.locator("#tried")).to_contain_text("It would be declined")
    page.get_by_label("Amount", exact=True).fill("39")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#tried")).to_contain_text("It would pass")

    page.go_back()
    page.get_by_role("button", name="Copy the answer").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.get_by_label("Tell the cardholder").input_value()
    assert copied.startswith("Your purchase of 61.50 USD at Acme Coffee on")
