"""A document that the worker reads while the officer types, in Chromium, against real processes."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from imaging.drawing import holder
from imaging.specimens import encoded
from imaging.specimens import specimen as photo_of_specimen
from portal.testing import Stack
from portal.tests import test_browser_documents as documents
from portal.tests.test_browser import sign_in

pytestmark = documents.pytestmark
browser = documents.browser

PASSPORT = 3  # the seed of a specimen
NUMBER = holder(PASSPORT).number


@pytest.fixture(scope="module")
def passport(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("passport") / "passport.jpg"
    path.write_bytes(encoded(photo_of_specimen("good", PASSPORT)))
    return path


@pytest.fixture(scope="module")
def card(browser: Browser, stack: Stack, passport: Path) -> Page:
    """The page of a customer whose passport was just chosen."""
    page = sign_in(browser, stack, "officer")
    page.goto(stack.url + documents.customer_with_open_documents(stack, "reading@example.com"))
    page.get_by_label("Document type", exact=True).select_option("passport")
    page.get_by_label("Front image").set_input_files(passport)
    return page


def test_what_the_worker_read_is_held_against_what_is_typed_and_fills_it_in(card: Page) -> None:
    typed = card.get_by_label("Document number")
    typed.fill(NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1"))
    typed.blur()

    said = card.get_by_role("region", name="What the document says")
    expect(said).to_contain_text(f"Read from the machine-readable zone: HADDAD, OMAR, number {NUMBER}", timeout=30_000)
    expect(said).to_contain_text(f"Character 9 is “{NUMBER[-1]}” on the document")
    said.get_by_role("button", name="Fill in number and expiry from the document").click()

    expect(typed).to_have_value(NUMBER)
    expect(card.get_by_label("Expiry date")).to_have_value(holder(PASSPORT).expiry.isoformat())
    expect(said).not_to_contain_text("Character 9")
