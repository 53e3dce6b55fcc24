"""Masked data are shown for a reason and masked again by themselves, in Chromium, against real processes."""

from playwright.sync_api import Browser, Page, expect

from portal.testing import Stack, eventually
from portal.tests import test_browser
from portal.tests.visitor import FINANCES, MARIA, Visitor

pytestmark = test_browser.pytestmark
browser = test_browser.browser

EMAIL, MASKED = "to-be-revealed@example.com", "t•••@example.com"


def reveal(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#customer-data")).to_contain_text(MASKED)
    page.get_by_role("link", name="Reveal data").click()
    page.get_by_label("Reason", exact=True).select_option(label="Checking who is calling")
    page.get_by_role("button", name="Reveal data").click()
    expect(page.locator("#customer-data")).to_contain_text(EMAIL)


def test_data_are_shown_for_a_reason_and_masked_again_with_scripts_and_without(browser: Browser, stack: Stack) -> None:
    typed = {**MARIA, **FINANCES, "email": EMAIL, "is_another_person": "on"}
    address = Visitor(stack.url, name="officer").send("/customers/new/", typed).url
    plain = test_browser.sign_in(browser, stack, "admin", scripts=False)
    page = test_browser.sign_in(browser, stack, "support")

    reveal(page, address)
    reveal(plain, address)

    expect(page.locator("#customer-data")).to_contain_text(MASKED)
    assert EMAIL not in page.content()
    eventually(lambda: plain.reload() and EMAIL not in plain.content())
    expect(plain.locator("#customer-data")).to_contain_text(MASKED)
