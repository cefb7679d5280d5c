"""The pages in a real browser, against the whole running stack."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
SHORT, LONG = 10_000, 30_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM, reason="there is no chromium or google-chrome on this machine; CHROMIUM= names one elsewhere"
    ),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@pytest.fixture
def open_as(browser: Browser, panel: Any) -> Iterator[Callable[..., Page]]:
    """A page of the panel in which this person has just logged in; whatever the console complains of fails the test.

    That the fragment of a deleted server is not there is no complaint.
    """
    complaints: list[str] = []
    contexts = []

    def log_in(name: str, **options: Any) -> Page:
        context = browser.new_context(**{"locale": "en-US"} | options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(SHORT)
        page.on("console", lambda line: complaints.append(line.text) if is_complaint(line) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{panel.url}/login/")
        page.fill("[name=username]", name)
        page.fill("[name=password]", panel.user(name)["password"])
        page.click("main button[type=submit]")
        return page

    yield log_in
    for context in contexts:
        context.close()
    assert complaints == []


def is_complaint(line: ConsoleMessage) -> bool:
    is_gone = "404" in line.text and re.search(r"/vps/\d+/(row|status)/$", line.location["url"])
    return line.type == "error" and not is_gone


def open_server(page: Page, panel: Any, name: str) -> None:
    page.goto(panel.url)
    page.get_by_role("link", name=name, exact=True).click()


def test_alice_logs_in_starts_her_server_watches_it_come_up_and_stops_it(open_as: Any, panel: Any) -> None:
    panel.simulator("PATCH", "/simulator/guests/104", {"start_seconds": 5})
    page = open_as("alice")
    open_server(page, panel, "ci-runner")
    status = page.locator("#status")
    expect(status).to_contain_text("Stopped", timeout=LONG)
    page.get_by_role("button", name="Start").click()
    expect(status.locator(".operation").get_by_role("progressbar")).to_be_visible()
    expect(status.locator(".badge").first).to_have_text("Running", timeout=LONG)
    expect(status.locator(".operation")).to_have_count(0)
    assert panel.power_at_simulator("qemu", 104, "pve2") == "running"
    page.get_by_role("button", name="Stop", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("asked to shut down")
    dialog.get_by_role("button", name="Stop").click()
    expect(status.locator(".badge").first).to_have_text("Stopped", timeout=LONG)
    assert panel.power_at_simulator("qemu", 104, "pve2") == "stopped"
    expect(page.get_by_role("row", name=re.compile("Stop.*alice.*Done"))).to_be_visible()


def test_a_start_behind_the_panels_back_shows_on_the_open_list_within_15_s(open_as: Any, panel: Any) -> None:
    page = open_as("bob")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="game-server"))
    expect(row).to_contain_text("Stopped", timeout=LONG)
    panel.simulator("POST", "/simulator/guests/107/power", {"power": "running"})
    expect(row).to_contain_text("Running", timeout=15_000)


def test_the_list_is_searched_as_one_types_and_can_be_started_from(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    page.fill("#q", "blo")
    expect(page.get_by_role("link", name="shop", exact=True)).to_be_hidden()
    expect(page.get_by_role("link", name="blog", exact=True)).to_be_visible()
    page.get_by_role("button", name="Reboot: blog").click()
    expect(page.locator("#servers .operation")).to_be_visible()
    expect(page.locator("#servers")).to_contain_text("Running", timeout=LONG)


def test_everything_works_without_javascript(open_as: Any, panel: Any) -> None:
    page = open_as("alice", java_script_enabled=False)
    page.goto(f"{panel.url}/?q=db-primary")
    page.get_by_role("link", name="db-primary", exact=True).click()
    page.get_by_role("button", name="Hard restart").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hard restart: db-primary")
    page.get_by_role("button", name="Hard restart").click()
    expect(page.locator(".operation")).to_be_visible()


def test_the_graphs_are_drawn_for_every_timeframe(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    open_server(page, panel, "shop")
    for name in ("Hour", "Day", "Week", "Month", "Year"):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator("#graphs-note")).to_have_text("", timeout=LONG)
        expect(page.locator("#graphs-area canvas")).to_have_count(4)


def test_the_language_and_the_theme_are_switched_and_remembered(open_as: Any, panel: Any) -> None:
    page = open_as("alice", color_scheme="dark")
    html = page.locator("html")
    expect(html).to_have_attribute("data-bs-theme", "dark")
    page.locator("[data-theme-switch]").click()
    page.get_by_role("button", name="RU", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Мои серверы")
    page.reload()
    expect(html).to_have_attribute("data-bs-theme", "light")
    expect(html).to_have_attribute("lang", "ru")


@pytest.mark.parametrize("width", [375, 1440])
def test_no_page_is_wider_than_its_screen(open_as: Any, panel: Any, width: int) -> None:
    page = open_as("alice", viewport={"width": width, "height": 900})
    for path in ("/", "/vps/1/", "/vps/1/stop/", "/profile/", "/profile/password/"):
        page.goto(panel.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_carol_finds_the_admin_without_a_complaint_of_the_browser(open_as: Any, panel: Any) -> None:
    page = open_as("carol")
    for path in ("/", "/vps/vps/", "/vps/vps/1/change/", "/vps/cluster/1/change/", "/vps/cluster/1/guests/"):
        page.goto(f"{panel.url}/admin{path}")
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.goto(f"{panel.url}/admin/vps/cluster/1/change/")
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator(".health")).to_contain_text("Reachable")


def test_an_open_page_goes_to_log_in_when_its_session_has_ended(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    open_server(page, panel, "shop")
    page.context.clear_cookies(name="session")
    page.evaluate("htmx.trigger(document.body, 'vps-1')")
    expect(page).to_have_url(re.compile(r"/login/\?next=(%2F|/)vps"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in to your servers")


def test_a_server_that_is_deleted_leaves_the_open_list_and_its_own_page(open_as: Any, panel: Any) -> None:
    order = {"user_id": 5, "status": "stopped", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
    on_list, own_page = open_as("alice"), open_as("alice")
    id = panel.sync("create", name="short-lived", **order).json()["vps"]["id"]
    expect(on_list.get_by_role("link", name="short-lived")).to_be_visible(timeout=15_000)
    own_page.goto(f"{panel.url}/vps/{id}/")
    panel.sync("delete", id=id)
    expect(on_list.get_by_role("link", name="short-lived")).to_have_count(0, timeout=15_000)
    expect(own_page).to_have_url(f"{panel.url}/", timeout=15_000)
    expect(own_page.get_by_role("banner")).to_have_count(1)
