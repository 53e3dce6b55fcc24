"""A stranger does the ten commonest jobs, each from `/`, in Chromium; what it took stands in docs/ten-jobs.md."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from portal.specimens import specimen
from portal.testing import ROOT, Stack
from portal.tests import test_browser
from portal.tests.test_browser import fill_in_maria, sign_in

pytestmark = test_browser.pytestmark
browser = test_browser.browser

PAGE = ROOT / "docs" / "ten-jobs.md"
MOST_STEPS = 3  # clicks, or a search and two
# The oldest cases there are, so that they stand on top of the queue.
SCENE = """
from datetime import UTC, datetime, timedelta
from django.utils import timezone
from cards.ledger import record_event
from cards.tests.making import make_card, make_purchase
from customers.tests.making import NOTHING_MISSING, make_customer, make_request

def customer(first, **more):
    names = {"first_name": first, "last_name": "Stranger", "email": f"{first.lower()}@stranger.example"}
    return make_customer(**names, api_id=f"stranger-{first}", id_number=f"ST{first}", **more)

old = {"created_at": datetime(2019, 1, 1, tzinfo=UTC)}
make_request(customer("Paula"), api_id="stranger-1", **old)
make_request(customer("Sofia"), api_id="stranger-2", missing=NOTHING_MISSING, **old)
make_request(
    customer("Rita", status="REJECTED"), api_id="stranger-3", status="REJECTED", missing=NOTHING_MISSING,
    rejection_code="ADDRESS_MISMATCH", rejection_description="The address differs from the one on the bill.",
    submitted_at=old["created_at"], decided_at=old["created_at"] + timedelta(hours=1), **old,
)
make_request(
    customer("Vera"), api_id="stranger-4", status="IN_KYC", missing=NOTHING_MISSING, submitted_at=timezone.now()
)
active = customer("Alma", status="ACTIVE")
card = make_card(customer=active, last4="7316", api_id="card-of-alma", daily_limit=100)
purchase = make_purchase("73.16", decline_code="51", decline_description="Insufficient funds")
record_event(card=card, kind="DECLINED", operation_id="declined-alma", purchase=purchase, source="WEBHOOK")
"""
# Other tests work through this queue too.
SCENE_IS_OVER = """
UPDATE customers_enablementrequest SET status = 'ENABLED' WHERE api_id LIKE 'stranger-%%'
"""


@dataclass
class Stranger:
    """Somebody who sees the portal for the first time. Typing is free; every search, link, box and button counts."""

    page: Page
    home: str
    folder: Path
    searches: int = 0
    clicks: int = 0

    def begin(self) -> None:
        self.page.goto(self.home)
        self.page.wait_for_load_state()  # with the scripts that listen for keys
        self.searches = self.clicks = 0

    def search(self, typed: str) -> None:
        self.page.keyboard.press("/")
        self.page.keyboard.type(typed)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#search-form [name=q]")).not_to_be_focused()  # the page that follows is there
        self.searches += 1

    def click(self, wanted: Locator) -> None:
        wanted.click()
        self.clicks += 1

    def link(self, name: str) -> None:
        self.click(self.page.locator("#main").get_by_role("link", name=name).first)

    def button(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name).first)

    def reads(self, what: str | re.Pattern[str]) -> None:
        """See that it is under way: the portal has it, whatever the provider says of a customer it does not know."""
        expect(self.page.get_by_text(what).first).to_be_visible()


@dataclass(frozen=True)
class Job:
    who: str
    what: str
    do: Callable[[Stranger], None]

    @property
    def way(self) -> str:
        return self.do.__doc__ or ""


@pytest.fixture(scope="module")
def scene(stack: Stack) -> Iterator[None]:
    stack.manage("shell", "--verbosity=0", "--command", SCENE)
    yield
    stack.change(SCENE_IS_OVER)


def register(stranger: Stranger) -> None:
    """*New customer*, *Individual cards* if wanted, *Create customer*"""
    stranger.link("New customer")
    fill_in_maria(stranger.page, "somebody@stranger.example")
    stranger.click(stranger.page.get_by_label("Individual cards", exact=True))
    stranger.page.get_by_label("Individual cards", exact=True).uncheck()  # their data would be typing only
    stranger.button("Create customer")
    expect(stranger.page.get_by_role("heading", name="Maria Barber")).to_be_visible()


def take_the_next_case(stranger: Stranger) -> None:
    """*Next case*"""
    stranger.button("Next case")
    expect(stranger.page.get_by_text("You hold this case")).to_be_visible()
    stranger.page.get_by_role("button", name="Release").click()
    expect(stranger.page.get_by_text("Nobody holds this case")).to_be_visible()


def supply_a_document(stranger: Stranger) -> None:
    """The customer in the queue, the photo, *Upload document*"""
    stranger.link("Paula Stranger")
    page = stranger.page
    with page.expect_response(re.compile("/documents/")):
        page.get_by_label("Document type", exact=True).select_option("passport")
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")).to_have_count(0)
    with page.expect_file_chooser() as chooser:
        stranger.click(page.get_by_label("Front image", exact=True))
    image = stranger.folder / "passport.jpg"
    image.write_bytes(specimen(title="PASSPORT", name="MARIA BARBER", number="ST7654321"))  # nobody else has sent it
    chooser.value.set_files(image)
    page.get_by_label("Document Number", exact=True).fill("ST7654321")
    stranger.button("Upload document")
    stranger.reads("uploaded a document")


def submit(stranger: Stranger) -> None:
    """The customer in the queue, *Submit for review*"""
    stranger.link("Sofia Stranger")
    stranger.button("Submit for review")
    stranger.reads("submitted the request for review")


def read_why_a_review_refused(stranger: Stranger) -> None:
    """The customer in the queue"""
    stranger.link("Rita Stranger")
    expect(stranger.page.get_by_text("The address differs from the one on the bill.").first).to_be_visible()


def issue_a_card(stranger: Stranger) -> None:
    """Search the name, *Issue card*, *Issue card*"""
    stranger.search("alma stranger")
    stranger.button("Issue card")
    stranger.button("Issue card")
    stranger.reads("issued a card")


def say_why_it_was_declined(stranger: Stranger) -> None:
    """Search the last four, the reason beside *Declined*"""
    stranger.search("7316")
    stranger.click(stranger.page.get_by_role("row").filter(has_text="73.16").get_by_role("link").last)
    expect(stranger.page.locator("#why")).to_contain_text("Why was this declined?")


def try_a_purchase(stranger: Stranger) -> None:
    """Search the last four, *Would this pass?*, *Try it*"""
    stranger.search("7316")
    stranger.click(stranger.page.get_by_text("Would this pass?"))
    stranger.page.get_by_label("Amount", exact=True).fill("20")
    stranger.button("Try it")
    expect(stranger.page.locator("#tried")).to_contain_text("It would pass")


def freeze(stranger: Stranger) -> None:
    """Search the last four, *Freeze card*, *Freeze card •••• 7316*"""
    stranger.search("7316")
    stranger.button("Freeze card")
    stranger.button("Freeze card •••• 7316")
    stranger.reads(re.compile("freezing the card", re.IGNORECASE))


def say_where_a_review_stands(stranger: Stranger) -> None:
    """Search the e-mail address"""
    stranger.search("vera@stranger.example")
    expect(stranger.page.locator("#main")).to_contain_text("In review since")


JOBS = (
    Job("officer", "Register a customer", register),
    Job("officer", "Take the next case", take_the_next_case),
    Job("officer", "Supply a missing document", supply_a_document),
    Job("officer", "Submit a customer for review", submit),
    Job("officer", "Read why a review refused a customer", read_why_a_review_refused),
    Job("officer", "Issue a card", issue_a_card),
    Job("support", "Say why a purchase was declined", say_why_it_was_declined),
    Job("support", "Say whether a purchase would pass", try_a_purchase),
    Job("support", "Freeze a card", freeze),
    Job("support", "Say where a review stands", say_where_a_review_stands),
)


@pytest.mark.usefixtures("scene")
def test_each_of_the_ten_commonest_jobs_takes_three_steps_at_most(
    browser: Browser, stack: Stack, tmp_path: Path
) -> None:
    rows = []
    for who in ("officer", "support"):
        stranger = Stranger(sign_in(browser, stack, who), stack.url, tmp_path)
        for job in JOBS:
            if job.who == who:
                stranger.begin()
                job.do(stranger)
                assert stranger.searches + stranger.clicks <= MOST_STEPS, job.what
                rows.append(f"| {who} | {job.what} | {job.way} | {stranger.searches or ''} | {stranger.clicks or ''} |")

    assert [line for line in PAGE.read_text().splitlines() if line.startswith(("| officer", "| support"))] == rows
