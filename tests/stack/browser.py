"""A real browser for the tests beside it, and the people who use it."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

# The first has no window, and takes little more than half of the others' processor.
KNOWN = ("chromium-headless-shell", "chromium", "google-chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, KNOWN)), None)
# In ms, and of use to nobody but what is broken.
SHORT, LONG = 60_000, 180_000
expect.set_options(timeout=SHORT)
# Root has no sandbox; the rest keeps the browser from what no test is about.
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync", "--disable-component-update"]
QUIET += ["--disable-background-networking", "--disable-extensions", "--mute-audio"]

NEEDED = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM, reason=f"there is none of {', '.join(KNOWN)} on this machine; CHROMIUM= names one elsewhere"
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


@pytest.fixture
def open_as(browser: Browser, panel: Any, sessions: dict[str, Any]) -> Iterator[Callable[..., Page]]:
    """The first page of somebody who has logged in, with no notice left of the tests before; whatever the console complains
    of fails the test.

    That a fragment or the graphs of a deleted server are not there, or not for whoever is logged in no more, is no complaint.
    """
    complaints: list[str] = []
    contexts = []
    with panel.database() as database:
        database.execute("UPDATE notices SET seen_at = now() WHERE seen_at IS NULL")

    def log_in(name: str, **options: Any) -> Page:
        context = browser.new_context(**{"locale": "en-US", "storage_state": sessions.get(name)} | options)
        contexts.append(context)
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
    for context in contexts:
        context.close()
    assert not complaints, complaints


@pytest.fixture
def change_guest(panel: Any) -> Iterator[Callable[..., None]]:
    """Tell the simulator how a guest behaves. It behaves as before at the end, for the tests beside share the panel."""
    before: list[tuple[int, dict[str, Any]]] = []

    def change(vmid: int, how: dict[str, Any], *, back: dict[str, Any]) -> None:
        before.append((vmid, back))
        panel.simulator("PATCH", f"/simulator/guests/{vmid}", how)

    yield change
    for vmid, back in reversed(before):
        panel.simulator("PATCH", f"/simulator/guests/{vmid}", back)


def is_complaint(line: ConsoleMessage) -> bool:
    is_gone = "404" in line.text and re.search(r"/vps/\d+/(row|status|history/hour)/(\?.*)?$", line.location["url"])
    is_ended = "401" in line.text
    is_replaced = line.text.startswith(("htmx:afterRequest, ", "htmx:sendAbort, "))
    return line.type == "error" and not (is_gone or is_ended or is_replaced)


def open_server(page: Page, panel: Any, name: str) -> None:
    page.goto(panel.url)
    page.get_by_role("link", name=name, exact=True).click()
