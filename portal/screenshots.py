"""Starts the demo's processes on free ports, fills them, and photographs the pages the README shows."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

os.environ["DEMO"] = "1"

from portal import embedded
from portal.testing import Stack

CHROMIUM = shutil.which("chromium")
TARGET = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
SIZE = {"width": 1280, "height": 800}


def main() -> None:
    if CHROMIUM is None:
        sys.exit("Chromium was not found. On Debian: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        cluster = root / "postgres" / "data"
        embedded.start_if_needed(cluster=cluster, databases=("screenshots", "screenshots_sandbox"))
        server = os.environ["DATABASE_URL"].rpartition("/")[0]
        stack = Stack(root, database_url=f"{server}/screenshots", sandbox_database_url=f"{server}/screenshots_sandbox")
        try:
            stack.start()
            stack.manage("seed_demo")
            _photograph(stack)
        finally:
            stack.stop_all()


def _photograph(stack: Stack) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
        page.goto(f"{stack.url}/accounts/login/")
        page.get_by_label("Username").fill("officer")
        page.get_by_label("Password").fill("demo")
        page.get_by_role("button", name="Sign in").click()
        _shoot(page, "queue")
        page.get_by_role("link", name="Tomás Aguirre").first.click()
        _shoot(page, "customer")
        browser.close()


def _shoot(page: Page, name: str) -> None:
    page.wait_for_load_state()
    page.screenshot(path=TARGET / f"{name}.png")


if __name__ == "__main__":
    main()
