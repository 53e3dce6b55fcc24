"""Officers work through the queue, in Chromium: three cases in a row, and two people at once."""

import re
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Browser, Locator, Page, expect

from portal.testing import Stack, eventually
from portal.tests import test_browser
from portal.tests.registering import register
from portal.tests.visitor import FINANCES, Visitor

pytestmark = test_browser.pytestmark
browser = test_browser.browser

PERU = {"country": "PER", "state": "PER-LIM", "postal_code": "15001"}
URUGUAY = {"country": "URY", "state": "URY-MO", "postal_code": "11000"}


WAITING = """
SELECT customer_id FROM desk_case WHERE customer_id = ANY(%s::uuid[]) AND waits_for = 'US' AND NOT is_moving
ORDER BY since, customer_id
"""


def wait_for_us(stack: Stack, number: int, **address: str) -> list[str]:
    """Register customers at an address nobody else has; return their pages, the oldest case first, once all wait."""
    officer = Visitor(stack.url, name="officer")
    paths = [
        register(officer, f"{uuid4().hex}@example.com", **FINANCES, **address, first_name=name, is_another_person="on")
        for name in ("Rosauna", "Rosados", "Rosatres")[:number]
    ]
    ids = [path.split("/")[2] for path in paths]
    eventually(lambda: len(stack.rows(WAITING, ids)) == number)
    return [f"/customers/{customer}/" for (customer,) in stack.rows(WAITING, ids)]


def filter_by(page: Page, stack: Stack, country: str) -> None:
    page.goto(stack.url)
    page.get_by_label("Country", exact=True).select_option(country)
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(f"country={country}"))


def bar(page: Page) -> Locator:
    return page.get_by_role("region", name="Case")


def test_an_officer_works_three_cases_in_a_row(browser: Browser, stack: Stack, tmp_path: Path) -> None:
    first, second, third = wait_for_us(stack, 3, **PERU)
    page = test_browser.sign_in(browser, stack, "officer")
    filter_by(page, stack, "PER")
    expect(page.locator("#queue-ours tbody tr")).to_have_count(3)

    # 1. By keyboard: supplied and submitted
    page.get_by_role("button", name="Next case").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(stack.url + first)
    expect(bar(page)).to_contain_text("You hold this case until")
    page.get_by_label("Phone country code", exact=True).fill("51")
    page.get_by_label("Phone number", exact=True).fill("987654321")
    page.keyboard.press("Enter")
    expect(page.locator("#difference")).to_contain_text("Satisfied: phone.")
    test_browser.upload_passport(page, test_browser.photo(tmp_path, "passport", take=7))
    submit = page.get_by_role("button", name="Submit for review").first
    expect(submit).to_be_enabled()
    submit.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("In review").first).to_be_visible()

    # 2. The customer is asked, and the case leaves the officer's hands
    page.get_by_role("button", name="Next case").click()
    expect(page).to_have_url(stack.url + second)
    page.get_by_text("Hand over, snooze…").click()
    page.get_by_role("button", name="Customer asked").click()
    expect(bar(page)).to_contain_text("Waits for the customer")

    # 3. Put off until tomorrow; then nothing is left, and the filter still stands
    page.get_by_role("button", name="Next case").click()
    expect(page).to_have_url(stack.url + third)
    page.get_by_text("Hand over, snooze…").click()
    page.get_by_role("link", name="Snooze…").click()
    page.get_by_label("Note", exact=True).fill("Documents come by post")
    page.get_by_role("button", name="Snooze", exact=True).click()
    expect(bar(page)).to_contain_text("Documents come by post")
    page.get_by_role("button", name="Next case").click()
    expect(page.get_by_text("Nothing else waits for you with these filters.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/\?country=PER$"))
    expect(page.locator("#queue-ours tbody tr")).to_have_count(0)
    expect(page.locator("#queue-provider tbody tr")).to_have_count(1)
    expect(page.locator("#queue-customer tbody tr")).to_have_count(1)

    # The filter gets a name, and *back* finds it as it was
    page.get_by_label("Save as", exact=True).fill("Peru")
    page.get_by_role("button", name="Save filter").click()
    page.get_by_role("link", name="My work").click()
    page.get_by_role("link", name="Peru", exact=True).click()
    page.locator("#queue-provider tbody tr a").click()
    expect(page).to_have_url(stack.url + first)
    page.go_back()
    expect(page.get_by_label("Country", exact=True)).to_have_value("PER")


def test_two_officers_who_race_are_given_different_cases(browser: Browser, stack: Stack) -> None:
    paths = wait_for_us(stack, 2, **URUGUAY)
    officer, senior = (test_browser.sign_in(browser, stack, name) for name in ("officer", "senior"))
    for page in (officer, senior):
        filter_by(page, stack, "URY")
    for page in (officer, senior):  # both ask before either is answered
        page.get_by_role("button", name="Next case").click(no_wait_after=True)
    for page in (officer, senior):
        expect(bar(page)).to_contain_text("You hold this case until")
    assert sorted(page.url.removeprefix(stack.url) for page in (officer, senior)) == sorted(paths)

    # The other's case is seen to be held, and taken over with a reason that its holder finds
    senior.goto(officer.url)
    expect(bar(senior)).to_contain_text("officer is at this case until")
    senior.get_by_role("button", name="Take over…").click()
    senior.get_by_label("Reason", exact=True).fill("The customer is on my line")
    senior.get_by_role("button", name="Take over", exact=True).click()
    expect(bar(senior)).to_contain_text("You hold this case until")
    officer.goto(stack.url)
    officer.get_by_role("link", name="new mention").click()
    expect(officer.get_by_text("The customer is on my line")).to_be_visible()
