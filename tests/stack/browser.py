"""A real browser for the tests beside it, and the people who use it."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.simulated import wait_for

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
# In ms, and of use to nobody but what is broken.
SHORT, LONG = 60_000, 180_000
expect.set_options(timeout=SHORT)
# Root has no sandbox; the rest keeps the browser from what no test is about.
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync", "--disable-component-update"]
QUIET += ["--disable-background-networking", "--disable-extensions", "--mute-audio"]

NEEDED = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM, reason="there is no chromium or google-chrome on this machine; CHROMIUM= names one elsewhere"
    ),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET, timeout=LONG)


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """The cookies of who has logged in before: once is slow enough."""
    return {}


@pytest.fixture(scope="module")
def warm(browser: Browser) -> BrowserContext:
    """Has our files in its cache, which costs a second each time; who logged in before is told by `sessions` alone."""
    return browser.new_context(locale="en-US")


@pytest.fixture
def open_as(
    browser: Browser, warm: BrowserContext, panel: Any, sessions: dict[str, Any]
) -> Iterator[Callable[..., Page]]:
    """The first page of somebody who has logged in; whatever the console complains of fails the test.

    That a fragment or the graphs of a deleted server are not there is no complaint. Whoever has `options` has a browser
    of their own.
    """
    complaints: list[str] = []
    contexts = []
    warm.clear_cookies()

    def log_in(name: str, **options: Any) -> Page:
        context = browser.new_context(locale="en-US", **options) if options else warm
        if options:
            contexts.append(context)
        context.add_cookies(sessions.get(name, {}).get("cookies", []))
        page = context.new_page()
        page.set_default_timeout(SHORT)
        page.on("console", lambda line: complaints.append(line.text) if is_complaint(line) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{panel.url}/login/")
        if name not in sessions:
            page.fill("[name=username]", name)
            page.fill("[name=password]", panel.user(name)["password"])
            page.click("main button[type=submit]")
            page.wait_for_url(f"{panel.url}/")
            sessions[name] = context.storage_state()
        return page

    yield log_in
    for opened in [*contexts, *warm.pages]:
        opened.close()
    assert not complaints, complaints


def is_complaint(line: ConsoleMessage) -> bool:
    is_gone = "404" in line.text and re.search(r"/vps/\d+/(row|status|history/hour)/$", line.location["url"])
    return line.type == "error" and not is_gone


def open_server(page: Page, panel: Any, name: str) -> None:
    """By its link in the list, clicked again where the row was drawn anew between the button's down and up."""
    page.goto(panel.url)
    link, status = page.get_by_role("link", name=name, exact=True), page.locator("#status")

    def is_open() -> int:
        with suppress(PlaywrightError):
            link.click(timeout=SHORT / 10)
        with suppress(PlaywrightError):
            status.wait_for(timeout=SHORT / 10)
        return status.count()

    wait_for(is_open, 12, f"the page of {name}")
