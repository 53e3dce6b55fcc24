"""Choosing and looking at documents in Chromium, against real processes."""

import base64
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from portal.specimens import specimen
from portal.testing import Stack, eventually
from portal.tests.test_browser import ARGUMENTS, sign_in
from portal.tests.visitor import FINANCES, MARIA, Visitor

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.xdist_group("stack"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "passport.jpg"
    path.write_bytes(specimen(title="PASSPORT", name="MARIA BARBER", number="CD7654321"))  # nobody else has sent it
    return path


def blank(width: int = 900, height: int = 600) -> bytes:
    """Return a photo with nothing on it: the worker has read it at once."""
    content = io.BytesIO()
    Image.new("RGB", (width, height), (170, 180, 190)).save(content, "JPEG")
    return content.getvalue()


@pytest.fixture(scope="module")
def officer(browser: Browser, stack: Stack) -> Page:
    return sign_in(browser, stack, "officer")


def customer_with_open_documents(stack: Stack, email: str) -> str:
    """Return the path of a customer of whom CryptoMate wants a document."""
    visitor = Visitor(stack.url, name="officer")
    answer = visitor.send("/customers/new/", {**MARIA, **FINANCES, "email": email, "is_another_person": "on"})
    path = answer.url.removeprefix(stack.url)
    eventually(lambda: "Document type" in visitor.see(path))
    return path


@pytest.fixture(scope="module")
def customer(stack: Stack) -> str:
    return customer_with_open_documents(stack, "documents@example.com")


@pytest.fixture(scope="module")
def another_customer(stack: Stack) -> str:
    return customer_with_open_documents(stack, "more-documents@example.com")


@pytest.fixture(scope="module")
def draft(stack: Stack, customer: str) -> str:
    """Return the path of the page of a document with two sides."""
    visitor = Visitor(stack.url, name="officer")
    chosen = {side: blank() for side in ("front_image", "back_image")}
    visitor.send_files(f"{customer}documents/identity_document/", {"document_type": "national_id"}, chosen)
    found = re.search(rf"{customer}documents/[0-9a-f-]{{36}}/", visitor.see(customer))
    assert found
    return found.group()


def looked_at(page: Page) -> Locator:
    return page.locator("[data-viewer] figure:not([hidden]) img")


def drawn(page: Page) -> str:
    return str(looked_at(page).evaluate("image => image.style.transform + image.style.filter"))


def under(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return which part of the image is at this point of the screen, as shares of its width and height."""
    box = looked_at(page).bounding_box()
    assert box
    return (x - box["x"]) / box["width"], (y - box["y"]) / box["height"]


def ready(page: Page) -> None:
    expect(page.locator(".viewer--armed")).to_be_visible()
    expect(looked_at(page)).to_have_js_property("complete", True)


def test_every_key_of_the_viewer_changes_how_the_image_is_shown(officer: Page, stack: Stack, draft: str) -> None:
    page = officer
    page.goto(stack.url + draft)
    ready(page)
    before = drawn(page)

    for key, shown in {
        "+": "scale", "r": "rotate(90deg)", "Shift+R": "rotate(0deg)", "b": "brightness(1.25)",
        "Shift+B": "brightness(1)", "c": "contrast(1.25)", "Shift+C": "contrast(1)", "ArrowLeft": "translate(60px",
    }.items():  # fmt: skip
        was = drawn(page)
        page.keyboard.press(key)
        assert shown in drawn(page)
        assert drawn(page) != was
    page.keyboard.press("0")
    assert drawn(page) == before

    page.keyboard.press("f")
    expect(looked_at(page)).to_have_attribute("alt", "Back of National ID")
    page.keyboard.press("Shift+F")
    expect(page.locator("[data-viewer]:fullscreen")).to_be_visible()
    page.keyboard.press("Shift+F")
    expect(page.locator(":fullscreen")).to_have_count(0)


def test_the_wheel_and_a_double_click_zoom_where_the_pointer_is(officer: Page, stack: Stack, draft: str) -> None:
    page = officer
    page.goto(stack.url + draft)
    ready(page)
    box = looked_at(page).bounding_box()
    assert box
    x, y = box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.4

    zoom = page.locator("[data-zoom]").inner_text()
    page.mouse.move(x, y)
    page.mouse.wheel(0, -200)
    expect(page.locator("[data-zoom]")).not_to_have_text(zoom)
    assert under(page, x, y) == pytest.approx((0.7, 0.4), abs=0.01)
    page.mouse.dblclick(x, y)
    assert under(page, x, y) == pytest.approx((0.7, 0.4), abs=0.01)

    page.mouse.down()
    page.mouse.move(x - 50, y - 30)
    page.mouse.up()
    assert under(page, x - 50, y - 30) == pytest.approx((0.7, 0.4), abs=0.01)


def test_a_document_opens_beside_the_form_and_its_keys_leave_what_is_typed_alone(
    officer: Page, stack: Stack, customer: str, draft: str
) -> None:
    page = officer
    page.goto(stack.url + customer)
    page.get_by_role("link", name="Look closely at Front image").click()
    ready(page)
    page.keyboard.press("r")
    turned = drawn(page)

    page.get_by_label("Document Number", exact=True).fill("")
    page.get_by_label("Document Number", exact=True).press_sequentially("r+f0")

    assert "rotate(90deg)" in turned
    assert drawn(page) == turned
    expect(page.get_by_label("Document Number", exact=True)).to_have_value("r+f0")

    looked_at(page).click()
    page.keyboard.press("Escape")
    expect(page.locator("#beside")).to_be_hidden()
    expect(page.get_by_role("link", name="Look closely at Front image")).to_be_focused()


def choose_type(page: Page, document_type: str) -> None:
    with page.expect_response(re.compile("/documents/")):
        page.get_by_label("Document type", exact=True).select_option(document_type)
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")).to_have_count(0)


def test_another_document_type_asks_for_its_own_and_keeps_what_fits_it(
    officer: Page, stack: Stack, another_customer: str
) -> None:
    page = officer
    page.goto(stack.url + another_customer)
    choose_type(page, "passport")
    expect(page.get_by_label("Back image", exact=True)).to_have_count(0)
    page.get_by_label("Document Number", exact=True).fill("AB1234567")

    choose_type(page, "national_id")

    expect(page.get_by_label("Back image", exact=True)).to_have_count(1)
    expect(page.get_by_label("Document Number", exact=True)).to_have_value("AB1234567")
    expect(page.locator("#announcer")).to_contain_text("National ID: 2 images, 1 answer")


BROUGHT = """([type, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], `${type}.jpg`, { type: "image/jpeg" }));
  const options = { bubbles: true, cancelable: true };
  return type === "paste"
    ? new ClipboardEvent(type, { ...options, clipboardData: data })
    : new DragEvent(type, { ...options, dataTransfer: data });
}"""


def bring(page: Page, to: Locator, how: str, content: bytes) -> None:
    event = page.evaluate_handle(BROUGHT, [how, base64.b64encode(content).decode()])
    to.evaluate("(element, event) => element.dispatchEvent(event)", event)


def test_what_is_dropped_and_pasted_is_kept_at_once_and_is_there_when_one_comes_back(
    officer: Page, stack: Stack, another_customer: str
) -> None:
    page = officer
    page.goto(stack.url + another_customer)
    choose_type(page, "national_id")

    bring(page, page.get_by_label("Front image", exact=True), "drop", blank(800, 500))
    expect(page.get_by_text("800 × 500 px")).to_be_visible()
    expect(page.get_by_role("link", name="Look closely at Front image")).to_be_visible()
    bring(page, page.get_by_role("heading", name="Identity document"), "paste", blank(700, 500))
    expect(page.get_by_role("link", name="Look closely at Back image")).to_be_visible()
    page.reload()

    expect(page.get_by_text("800 × 500 px")).to_be_visible()
    expect(page.get_by_text("700 × 500 px")).to_be_visible()


@pytest.mark.usefixtures("draft")
def test_what_is_no_image_is_refused_at_its_slot_and_the_rest_stays(officer: Page, stack: Stack, customer: str) -> None:
    page = officer
    page.goto(stack.url + customer)
    page.get_by_label("Document Number", exact=True).fill("AB1234567")

    bring(page, page.get_by_label("Front image", exact=True), "drop", b"not an image")

    expect(page.get_by_label("Front image", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("link", name="Look closely at Front image")).to_be_visible()
    expect(page.get_by_label("Document Number", exact=True)).to_have_value("AB1234567")


def test_a_document_is_chosen_looked_at_and_uploaded_without_scripts(
    browser: Browser, stack: Stack, photo: Path
) -> None:
    customer = customer_with_open_documents(stack, "no-scripts@example.com")
    page = sign_in(browser, stack, "officer", scripts=False)
    page.goto(stack.url + customer)
    page.get_by_role("link", name="Show what Passport needs").click()
    page.get_by_label("Front image", exact=True).set_input_files(photo)
    page.get_by_role("button", name="Upload document").click()
    expect(page.get_by_label("Document Number", exact=True)).to_have_attribute("aria-invalid", "true")

    page.get_by_role("link", name="Look closely at Front image").click()
    expect(page.get_by_role("img", name="Front of Passport")).to_be_visible()
    expect(page.get_by_role("button", name="Turn right")).to_have_count(0)
    page.get_by_role("link", name="Maria Barber").click()

    page.get_by_label("Document Number", exact=True).fill("CD7654321")
    page.get_by_role("button", name="Upload document").click()
    expect(page.get_by_text(re.compile("being uploaded to CryptoMate"))).to_be_visible()
