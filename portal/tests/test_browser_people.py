"""People at the door, in Chromium: second factors, a session that ends, browsers signed out from afar."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from people.sessions import ACTIVE, SessionStore
from people.tests.codes import code_of
from portal.testing import Stack
from portal.tests.test_browser import CHROMIUM, browser  # noqa: F401 - the fixture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.xdist_group("stack"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"),
]

PASSWORD = "seven unlikely words in a row"
MAKE_PEOPLE = f"""
from django.contrib.auth.models import Group, User
for name, role in (("ada", "Admin"), ("kay", "Admin"), ("olga", "Officer")):
    person = User.objects.create_user(name, password="{PASSWORD}", is_staff=role == "Admin")
    person.groups.add(Group.objects.get(name=role))
"""


@pytest.fixture(scope="module")
def door(stack: Stack) -> Iterator[str]:
    """A portal that asks admins for a second factor, with people of its own; under a name, as security keys want."""
    stack.private.add(PASSWORD)
    stack.manage("shell", "--verbosity=0", "--command", MAKE_PEOPLE)
    yield stack.run_web("door", SECOND_FACTOR="admins").replace("127.0.0.1", "localhost")
    stack.stop("door")


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def sign_out(page: Page) -> None:
    page.locator("details.person summary").click()
    page.get_by_role("button", name="Sign out").click()


def test_an_admin_sets_up_an_app_at_the_first_sign_in(browser: Browser, door: str, stack: Stack) -> None:  # noqa: F811
    page = browser.new_page()
    page.goto(f"{door}/admin/")
    sign_in(page, "ada")

    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.goto(f"{door}/customers/")
    expect(page).to_have_url(f"{door}/accounts/second-factor/")
    page.get_by_role("link", name="Set up an app").click()
    secret = page.get_by_label("Key to type instead").input_value()
    stack.private.add(secret)
    page.get_by_label("Code", exact=True).fill(code_of(secret))
    page.get_by_role("button", name="Use this app").click()
    codes = page.locator(".codes li").all_inner_texts()
    stack.private.update(codes)
    assert len(codes) == 10
    page.goto(f"{door}/admin/auth/user/")
    expect(page.get_by_role("link", name="olga")).to_be_visible()

    page.goto(door)
    sign_out(page)
    sign_in(page, "ada")
    page.get_by_label("Code", exact=True).fill(codes[0])
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(f"{door}/")
    page.context.close()


def test_a_security_key_opens_the_door(browser: Browser, door: str) -> None:  # noqa: F811
    page = browser.new_page()
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": {**key, "automaticPresenceSimulation": True}})
    page.goto(f"{door}/accounts/login/")
    sign_in(page, "kay")
    page.get_by_role("link", name="Add a security key").click()
    page.get_by_label("Name").fill("Blue key")
    page.get_by_role("button", name="Add this key").click()
    expect(page.locator(".codes li")).to_have_count(10)

    page.get_by_role("link", name="Go to the queue").click()
    sign_out(page)
    sign_in(page, "kay")
    page.get_by_role("button", name="Use a security key").click()

    expect(page).to_have_url(f"{door}/")
    page.goto(f"{door}/accounts/second-factor/")
    expect(page.get_by_text("Blue key, added")).to_be_visible()
    page.context.close()


def let_pass(context: BrowserContext, stack: Stack, seconds: float) -> None:
    """Have the portal believe that nobody did anything in this browser for a while."""
    key = next(each["value"] for each in context.cookies() if each["name"] == "sessionid")
    [(stored,)] = stack.rows("SELECT session_data FROM django_session WHERE session_key = %s", key)
    store = SessionStore(session_key=key)
    session = store.decode(stored)
    session[ACTIVE] -= seconds
    stack.change("UPDATE django_session SET session_data = %s WHERE session_key = %s", store.encode(session), key)


def test_a_session_that_ends_keeps_what_was_typed(browser: Browser, door: str, stack: Stack) -> None:  # noqa: F811
    page = browser.new_page()
    page.clock.install()
    page.goto(door)
    sign_in(page, "olga")
    with page.expect_request(lambda request: request.url.endswith("/cases/")) as polled:
        page.clock.run_for(11_000)
    assert polled.value.headers["x-of-itself"] == "1"  # nobody did anything
    page.goto(f"{door}/customers/new/")
    page.get_by_label("First name").fill("Philippa")
    warning = page.get_by_role("dialog", name="Are you still there?")

    let_pass(page.context, stack, 28.5 * 60)
    page.clock.fast_forward("28:30")
    expect(warning).to_contain_text("You are signed out in")
    page.get_by_role("button", name="Stay signed in").click()
    expect(warning).to_be_hidden()

    let_pass(page.context, stack, 31 * 60)
    page.clock.fast_forward("31:00")
    ended = page.get_by_role("dialog", name="You are signed out")
    expect(ended).to_contain_text("What you typed is still on this page.")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again").click()
    again = opened.value
    sign_in(again, "olga")
    expect(again.get_by_role("heading", name="You are signed in")).to_be_visible()
    again.close()

    page.clock.run_for(11_000)
    expect(ended).to_be_hidden()
    expect(page.get_by_label("First name")).to_have_value("Philippa")
    page.get_by_role("button", name="Create customer").click()
    expect(page.locator(".error-summary")).to_be_visible()  # sent with the new session, and read
    expect(page.get_by_label("First name")).to_have_value("Philippa")
    page.context.close()


def test_a_person_signs_out_another_browser_of_theirs(browser: Browser, door: str) -> None:  # noqa: F811
    here, there = browser.new_context().new_page(), browser.new_context(user_agent="The lost phone").new_page()
    for page in (here, there):
        page.goto(f"{door}/accounts/sessions/")
        sign_in(page, "olga")
        expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()
    here.reload()

    here.get_by_role("button", name=re.compile("Sign out there on The lost phone")).click()

    expect(here.get_by_role("button", name=re.compile("The lost phone"))).to_have_count(0)
    there.reload()
    expect(there.get_by_role("heading", name="Sign in")).to_be_visible()
    for page in (here, there):
        page.context.close()
