"""An officer takes Maria Barber from "New customer" to a purchase, in Chromium, against real processes."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from portal.specimens import specimen
from portal.testing import Stack, eventually
from portal.tests.visitor import MARIA, Visitor

CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.xdist_group("stack"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"),
]

expect.set_options(timeout=15_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def sign_in(browser: Browser, stack: Stack, name: str, *, scripts: bool = True) -> Page:
    page = browser.new_context(java_script_enabled=scripts).new_page()
    page.goto(f"{stack.url}/accounts/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("demo")
    page.get_by_role("button", name="Sign in").click()
    expect(page).not_to_have_url(re.compile("login"))
    return page


def fill_in_maria(page: Page, email: str = "mjuliabarber@example.com") -> None:
    for label, value in {
        "First name": "Maria",
        "Last name": "Barber",
        "Email": email,
        "Date of birth": "1984-11-21",
        "Street line 1": "Florida 9860",
        "City": "Del Viso",
        "Postal code": "1669",
    }.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Country", exact=True).select_option("ARG")
    page.get_by_label("State", exact=True).select_option("ARG-B")


def fill_in_finances(page: Page, number: str) -> None:
    page.get_by_label("Gender", exact=True).select_option("FEMALE")
    page.get_by_label("ID type", exact=True).select_option(index=1)
    page.get_by_label("ID number", exact=True).fill(number)
    page.get_by_label("Occupation", exact=True).fill("Architect")
    page.get_by_label("Annual salary", exact=True).select_option(index=1)
    page.get_by_label("Account purpose", exact=True).select_option(index=1)
    page.get_by_label("Expected monthly volume", exact=True).select_option(index=1)


def photo(folder: Path, name: str, *, take: int = 0) -> Path:
    path = folder / f"{name}.jpg"
    path.write_bytes(specimen(title="PASSPORT", name="MARIA BARBER", number="AB1234567", take=take))
    return path


def upload_passport(page: Page, image: Path) -> None:
    # The form for the type comes by a swap: whoever is faster than that types into the form that goes.
    with page.expect_response(re.compile("/documents/")):
        page.get_by_label("Document type", exact=True).select_option("passport")
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")).to_have_count(0)
    expect(page.get_by_label("Back image", exact=True)).to_have_count(0)
    page.get_by_label("Front image", exact=True).set_input_files(image)
    page.get_by_label("Document Number", exact=True).fill("AB1234567")
    page.get_by_role("button", name="Upload document").click()


def badge(page: Page, word: str) -> None:
    """Expect the status beside the customer's name to read exactly this, without a reload."""
    expect(page.locator(".page-title .badge").first).to_have_text(re.compile(rf"^\s*{word}\s*$"), timeout=30_000)


def request_of(stack: Stack, email: str) -> str:
    """Return the request that the sandbox has in review, once it has one."""

    def in_review() -> list[str]:
        client = next(each for each in stack.console("GET", "state")["clients"] if each["email"] == email)
        return [request["id"] for request in client["requests"] if request["status"] == "in_kyc"]

    return str(eventually(in_review)[0])


def test_maria_from_new_customer_to_a_purchase(browser: Browser, stack: Stack, tmp_path: Path) -> None:
    email = "mjuliabarber@example.com"
    page = sign_in(browser, stack, "officer")

    # 1. Register
    page.goto(f"{stack.url}/customers/new/")
    fill_in_maria(page, email)
    expect(page.get_by_label("Occupation", exact=True)).to_be_hidden()
    page.get_by_label("Individual cards", exact=True).check()
    expect(page.get_by_label("Occupation", exact=True)).to_be_visible()
    fill_in_finances(page, "27123456")
    page.get_by_role("button", name="Create customer").click()

    # 2. What is missing
    badge(page, "Pending")
    expect(page.get_by_label("Phone number", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Submit for review").first).to_be_disabled()
    page.get_by_label("Document type", exact=True).select_option("national_id")
    expect(page.get_by_label("Back image", exact=True)).to_have_count(1)

    # 3. Supply it; what was begun is there again after a look elsewhere
    with page.expect_response(re.compile("/unsaved/data/")):
        page.get_by_label("Phone country code", exact=True).fill("54")
    begun = page.url
    page.goto(f"{stack.url}/customers/")
    page.goto(begun)
    expect(page.get_by_label("Phone country code", exact=True)).to_have_value("54")
    page.get_by_label("Phone number", exact=True).fill("1168860622")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Save", exact=True)).to_have_count(0)
    expect(page.locator("#difference")).to_contain_text("Satisfied: phone.")
    upload_passport(page, photo(tmp_path, "passport"))
    expect(page.get_by_role("button", name="Upload document")).to_have_count(0)

    # 4. Submit, refuse, correct, resubmit, approve
    page.get_by_role("button", name="Submit for review").first.click()
    expect(page.get_by_text("In review").first).to_be_visible()
    request = request_of(stack, email)
    reason = "The passport photo is blurry."
    stack.console("POST", f"requests/{request}/reject", {
        "code": "DOCUMENT_UNREADABLE", "description": "Unreadable", "items": [
            {"type": "document", "key": "passport", "reason": reason}]})  # fmt: skip
    badge(page, "Rejected")
    expect(page.locator("#difference")).to_contain_text("Came back: passport, the passport photo is blurry.")
    page.reload()
    expect(page.get_by_text(reason).first).to_be_visible()
    upload_passport(page, photo(tmp_path, "sharper", take=1))
    submit = page.get_by_role("button", name="Submit for review").first
    try:
        expect(submit).to_be_enabled(timeout=30_000)
    except AssertionError:
        pytest.fail(f"Submit for review stays disabled: {page.locator('#why-submit').inner_text()}")
    submit.click()
    badge(page, "Pending")
    second = request_of(stack, email)
    assert second != request
    stack.console("POST", f"requests/{second}/approve", {})
    badge(page, "Active")

    # 5. Issue the card
    page.reload()
    page.get_by_role("link", name="Issue card").or_(page.get_by_role("button", name="Issue card")).first.click()
    page.get_by_label("Holder name", exact=True).fill("Maria Barber")
    page.get_by_label("Daily limit", exact=True).fill("200")
    page.get_by_role("button", name="Issue card").click()
    last4 = re.search(r"•••• (\d{4})", page.get_by_role("link", name=re.compile(r"•••• \d{4}")).first.inner_text())
    assert last4
    page.get_by_role("link", name=re.compile(r"•••• \d{4}")).first.click()
    expect(page.get_by_text(re.compile("0x[0-9a-f]+", re.IGNORECASE)).first).to_be_visible()

    # 6. A purchase appears by itself
    cards = stack.console("GET", "state")["cards"]
    card = next(each["id"] for each in cards if each["last4"] == last4.group(1))
    stack.console("POST", f"cards/{card}/deposit", {"amount": "500"})
    purchase = {"amount": "42.50", "merchant": "Acme Coffee", "mcc": "5814"}
    eventually(lambda: stack.console("POST", f"cards/{card}/authorize", purchase)["outcome"] == "authorized")
    expect(page.get_by_text("Acme Coffee").first).to_be_visible()
    stack.console("POST", f"cards/{card}/clear", {})
    page.goto(f"{stack.url}/transactions/")
    expect(page.get_by_text("Acme Coffee").first).to_be_visible()
    expect(page.get_by_text("42.50").first).to_be_visible()

    # 7. All of it went through the actions: no trigger saw a change that went round them, and the log is whole
    about = "FROM audit_event JOIN customers_customer c ON c.id = customer_id WHERE email = %s"
    assert stack.rows(f"SELECT kind, object_type, captured {about} AND kind LIKE 'row.%%'", email) == []
    assert stack.rows(f"SELECT 1 {about}", email)
    stack.manage("audit_verify")


def test_wrong_input_comes_back_at_its_field_with_everything_typed(browser: Browser, stack: Stack) -> None:
    page = sign_in(browser, stack, "officer")
    page.goto(f"{stack.url}/customers/new/")
    fill_in_maria(page, "not an address")
    page.get_by_label("Individual cards", exact=True).check()

    page.get_by_role("button", name="Create customer").click()

    expect(page.get_by_label("Email", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Occupation", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("First name", exact=True)).to_have_value("Maria")
    expect(page.get_by_label("State", exact=True)).to_have_value("ARG-B")
    expect(page.get_by_label("Individual cards", exact=True)).to_be_checked()


def test_the_whole_registration_works_without_scripts(browser: Browser, stack: Stack) -> None:
    page = sign_in(browser, stack, "officer", scripts=False)
    page.goto(f"{stack.url}/customers/new/")
    fill_in_maria(page, "noscript@example.com")
    page.get_by_label("Individual cards", exact=True).check()
    fill_in_finances(page, "30987654")

    page.get_by_role("button", name="Create customer").click()

    expect(page.get_by_role("heading", name="Maria Barber")).to_be_visible()


def test_support_sees_the_customer_but_no_way_to_edit_upload_or_issue(browser: Browser, stack: Stack) -> None:
    Visitor(stack.url, name="officer").send("/customers/new/", {**MARIA, "email": "seen-by-support@example.com"})
    page = sign_in(browser, stack, "support")
    page.goto(f"{stack.url}/customers/")
    page.get_by_role("row").nth(1).get_by_role("link").first.click()

    expect(
        page.get_by_role("button", name=re.compile("Save|Upload document|Submit for review|Issue card"))
    ).to_have_count(0)
    assert page.goto(f"{stack.url}/customers/new/").status == 403  # type: ignore[union-attr]


CALLER = """
from cards.tests.making import make_card
from customers.tests.making import make_customer
for digit, name in enumerate(("Ramírez", "Ramos")):
    names = {"first_name": "Inés", "last_name": name, "email": f"ines{digit}@example.com"}
    customer = make_customer(**names, api_id=f"ines-{digit}", id_number=f"IN{digit}4433221")
    make_card(customer=customer, last4=f"877{digit}", api_id=f"card-of-ines-{digit}")
"""


def test_a_support_call_from_the_search_box_to_the_card(browser: Browser, stack: Stack) -> None:
    stack.manage("shell", "--verbosity=0", "--command", CALLER)
    page = sign_in(browser, stack, "support")
    page.goto(f"{stack.url}/cards/")
    box, found = page.get_by_role("searchbox", name="Search"), page.locator("#found")

    # "/" goes to the box, but is a letter where somebody types
    page.get_by_label("Last four digits").press("/")
    expect(page.get_by_label("Last four digits")).to_be_focused()
    page.get_by_label("Last four digits").blur()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("ramires ines")
    expect(found.get_by_role("link")).to_have_count(1)
    expect(found).to_contain_text("Name, nearly")
    box.fill("ines ram")
    expect(found.get_by_role("link")).to_have_count(2)
    expect(found).to_contain_text("i•••@example.com · •••• 8770")

    # Arrows go through what was found and back, Escape closes, Enter opens
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(box).to_be_focused()
    page.keyboard.press("Escape")
    expect(found).to_be_hidden()
    page.keyboard.press("ArrowDown")
    expect(found.get_by_role("link", name="Inés Ramírez")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Inés Ramírez")).to_be_visible()
    page.get_by_role("link", name=re.compile("•••• 8770")).first.click()
    expect(page).to_have_url(re.compile("/cards/"))

    # From anywhere by the last four alone, without scripts too
    for person in page, sign_in(browser, stack, "support", scripts=False):
        person.goto(f"{stack.url}/customers/")
        person.get_by_role("searchbox", name="Search").fill("8771")
        person.keyboard.press("Enter")
        expect(person).to_have_url(re.compile("/cards/[0-9a-f-]{36}/"))
    assert not [
        log.name for log in stack.folder.glob("*.log") if log.stem != "sandbox" and "ramires" in log.read_text()
    ]
