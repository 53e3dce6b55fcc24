import re
import shutil
import threading
from collections.abc import Iterator

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.test.testcases import QuietWSGIRequestHandler
from playwright.sync_api import Browser, BrowserContext, FilePayload, Locator, Page, expect, sync_playwright
from pytest_django.fixtures import Settings

CHROMIUM = shutil.which("chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

NOT_FOR_WIDGETS = ("WhiteNoiseMiddleware", "deliveries_first")  # files and deliveries have no address here

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def address(settings: Settings) -> Iterator[str]:
    settings.ROOT_URLCONF = "portal.tests.widget_pages"
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.endswith(NOT_FOR_WIDGETS)]
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietWSGIRequestHandler)
    server.set_app(StaticFilesHandler(WSGIHandler()))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    return page


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def test_a_hidden_group_demands_nothing_and_a_revealed_one_does(page: Page) -> None:
    job = page.get_by_label("Job")
    expect(job).to_be_hidden()
    expect(job).to_be_disabled()

    page.get_by_label("With cards").check()

    expect(job).to_be_visible()
    expect(job).to_have_attribute("required", "")
    expect(page.locator("#announcer")).to_have_text("Cards: shown below")


def test_a_second_click_sends_nothing_and_the_button_shows_that_it_works(page: Page) -> None:
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)

    button(page, "Save").evaluate("button => [0, 150].forEach(ms => setTimeout(() => button.click(), ms))")

    expect(button(page, "Save")).to_have_attribute("aria-busy", "true")
    expect(page.locator(".error-summary")).to_be_focused()
    expect(button(page, "Save")).not_to_have_attribute("aria-busy", "true")
    assert len(posts) == 1


def test_a_plain_form_is_not_sent_twice_either(page: Page) -> None:
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)

    button(page, "Send plainly").evaluate("button => [0, 150].forEach(ms => setTimeout(() => button.click(), ms))")

    expect(page.get_by_role("heading", name="Opened")).to_be_visible()
    assert len(posts) == 1


def test_a_refused_form_keeps_what_was_typed_and_leads_to_the_field(page: Page) -> None:
    page.get_by_label("Born").fill("31 of May")
    button(page, "Save").click()

    page.locator(".error-summary").get_by_role("link", name="Born").click()

    expect(page.get_by_label("Born")).to_be_focused()
    expect(page.get_by_label("Born")).to_have_value("31 of May")


def test_a_click_anywhere_in_a_row_opens_what_its_first_cell_links_to(page: Page) -> None:
    page.get_by_text("elsewhere").click(position={"x": 4, "y": 4})

    expect(page.get_by_role("heading", name="Opened")).to_be_visible()


def test_a_middle_click_on_a_row_opens_a_tab(page: Page, context: BrowserContext) -> None:
    with context.expect_page() as tab:
        page.get_by_text("elsewhere").click(button="middle", position={"x": 4, "y": 4})

    expect(tab.value.get_by_role("heading", name="Opened")).to_be_visible()


def test_an_id_in_a_row_is_copied_and_opens_nothing(page: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])

    button(page, "4QWq1r").click()

    expect(page.locator("#announcer")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "4QWq1r"
    expect(page.get_by_role("heading", name="Opened")).to_have_count(0)


def test_a_dialog_opens_from_the_keyboard_and_gives_the_focus_back(page: Page) -> None:
    button(page, "Freeze").press("Space")
    expect(page.get_by_role("dialog")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(button(page, "Freeze")).to_be_focused()


def test_our_fault_is_said_with_a_reference_and_changes_nothing(page: Page) -> None:
    page.get_by_label("Name").fill("Maria")

    button(page, "Break").click()

    expect(page.locator("#messages")).to_contain_text("it is our fault")
    expect(page.locator("#messages")).to_contain_text("Reference")
    expect(page.get_by_label("Name")).to_have_value("Maria")


def test_a_session_that_ended_does_not_put_the_sign_in_page_inside_this_one(page: Page) -> None:
    button(page, "Ask").click()

    expect(page.locator("#messages")).to_contain_text("You are signed out")
    expect(page.get_by_text("Username and password, please")).to_have_count(0)
    expect(button(page, "Ask")).to_be_visible()


def test_that_one_is_signed_out_is_taken_back_when_an_answer_comes(page: Page) -> None:
    button(page, "Ask").click()
    expect(page.locator("#messages")).to_contain_text("You are signed out")

    button(page, "Speak").click()

    expect(page.locator("#messages")).to_contain_text("Card frozen")
    expect(page.locator("#messages")).not_to_contain_text("You are signed out")


def test_a_form_that_is_a_whole_page_keeps_what_was_typed_when_the_session_ended(page: Page) -> None:
    page.get_by_label("Name").fill("Maria")

    button(page, "Send too late").click()

    expect(page.locator("#messages")).to_contain_text("You are signed out")
    expect(page.get_by_label("Name")).to_have_value("Maria")


def test_the_focus_stays_where_the_button_was_that_an_answer_took_away(page: Page) -> None:
    button(page, "Answer").press("Enter")

    expect(page.get_by_text("Phone, supplied")).to_be_focused()

    page.get_by_text("Phone, supplied").evaluate("summary => { summary.textContent = 'Phone, on its way' }")
    page.evaluate("htmx.ajax('GET', '/answered/', { target: '#answer', swap: 'outerHTML' })")

    expect(page.get_by_text("Phone, supplied")).to_be_focused()


def test_a_swap_can_bring_a_message(page: Page) -> None:
    button(page, "Speak").click()

    expect(page.locator("#messages .message--good")).to_contain_text("Card frozen")


def test_what_a_swap_changed_is_marked_and_read_out(page: Page) -> None:
    button(page, "Move on").click()

    expect(page.locator("#progress")).to_have_class("changed")
    expect(page.locator("#announcer")).to_have_text("1 of 2 supplied")


def test_a_chosen_image_is_shown_with_its_name_before_it_is_sent(page: Page) -> None:
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"/>'

    page.get_by_label("Front image").set_input_files(
        FilePayload(name="front.svg", mimeType="image/svg+xml", buffer=drawing)
    )

    expect(page.get_by_text("front.svg, 40 × 30 px, 1 kB")).to_be_visible()
    expect(page.get_by_role("img", name="front.svg")).to_have_attribute("src", re.compile("^blob:"))


BROUGHT = """([type, names]) => {
  const files = new DataTransfer();
  names.forEach((name) => files.items.add(new File(["<svg/>"], name, { type: "image/svg+xml" })));
  const options = { bubbles: true, cancelable: true };
  const event = type === "paste"
    ? new ClipboardEvent(type, { ...options, clipboardData: files })
    : new DragEvent(type, { ...options, dataTransfer: files });
  return event;
}"""


def bring(page: Page, to: Locator, type_: str, *names: str) -> bool:
    """Drop or paste files on an element; answer whether the browser is left to do what it would."""
    event = page.evaluate_handle(BROUGHT, [type_, names])
    return bool(to.evaluate("(element, event) => element.dispatchEvent(event)", event))


def chosen(page: Page) -> list[str]:
    return list(page.get_by_label("Front image").evaluate("input => [...input.files].map(file => file.name)"))


def test_an_image_can_be_dropped_on_its_slot_one_at_a_time(page: Page) -> None:
    bring(page, page.get_by_label("Front image"), "drop", "front.svg")

    assert chosen(page) == ["front.svg"]
    expect(page.locator("#announcer")).to_have_text("Dropped into Front image")

    bring(page, page.get_by_label("Front image"), "drop", "a.svg", "b.svg")

    assert chosen(page) == ["front.svg"]
    expect(page.get_by_text("Drop one image at a time.").first).to_be_visible()


def test_a_file_dropped_beside_its_slot_does_not_take_the_page_away(page: Page) -> None:
    is_left_to_the_browser = bring(page, page.get_by_role("heading", name="Phone"), "drop", "front.svg")

    assert not is_left_to_the_browser
    assert chosen(page) == []


def test_an_image_is_pasted_from_anywhere_on_the_page(page: Page) -> None:
    bring(page, page.get_by_role("heading", name="Phone"), "paste", "screen.svg")

    assert chosen(page) == ["screen.svg"]
    expect(page.locator("#announcer")).to_have_text("Pasted into Front image")


LARGE = FilePayload(name="back.jpg", mimeType="image/jpeg", buffer=bytes(400_000))
SLOWLY = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}  # bytes a second


def over_a_slow_line(page: Page) -> None:
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOWLY)


def test_a_large_image_says_how_much_of_it_has_gone_up_and_can_be_cancelled(page: Page) -> None:
    over_a_slow_line(page)
    page.get_by_label("Back image").set_input_files(LARGE)

    expect(page.get_by_text(re.compile(r"^[1-9]\d? % of 0\.4 MB$"))).to_be_visible()
    button(page, "Cancel").click()

    expect(page.locator("#announcer")).to_have_text("Cancelled")
    expect(page.get_by_text(re.compile("% of"))).to_be_hidden()
    expect(page.locator("#id_papers_back_field img")).to_be_hidden()
    assert page.get_by_label("Back image").evaluate("input => input.files.length") == 0


def test_a_form_waits_for_the_image_that_is_on_its_way(page: Page) -> None:
    over_a_slow_line(page)
    asked: list[str] = []
    page.on("response", lambda response: asked.append(response.url) if response.request.method == "POST" else None)
    page.get_by_label("Back image").set_input_files(LARGE)

    button(page, "Send papers").click()

    expect(button(page, "Send papers")).to_have_attribute("aria-busy", "true")
    expect(page.locator("#announcer")).to_contain_text("Back image: Kept back.jpg")
    expect(page.get_by_text("Papers sent")).to_be_visible()
    assert [url.rsplit("/", 2)[1] for url in asked] == ["kept", "sent"]


def test_an_image_that_did_not_arrive_stays_chosen_and_says_so(page: Page) -> None:
    page.route("**/kept/", lambda route: route.abort())

    page.get_by_label("Back image").set_input_files(LARGE)

    expect(page.locator("[data-slot-note]").filter(has_text="This did not arrive.")).to_be_visible()
    assert page.get_by_label("Back image").evaluate("input => input.files.length") == 1


def test_everything_is_reachable_without_a_script(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)

    expect(page.get_by_label("Job")).to_be_visible()
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_text("Purchases are declined.")).to_be_visible()
    context.close()
