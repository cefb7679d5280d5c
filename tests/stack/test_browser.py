"""The pages in a real browser, against the whole running stack."""

import re
from functools import partial
from typing import Any

from playwright.sync_api import expect

from tests.simulated import wait_for
from tests.stack.browser import LONG, NEEDED, open_server

pytestmark = NEEDED
ADMIN_PAGES = ("/", "/vps/vps/", "/vps/vps/1/change/", "/vps/cluster/1/change/", "/vps/cluster/1/guests/")
ADMIN_PAGES += ("/vps/webhookendpoint/", "/vps/webhookendpoint/add/", "/vps/webhookdelivery/", "/vps/webhookattempt/")
FITS = "document.documentElement.scrollWidth <= innerWidth"


def test_server_page_shows_alice_her_server_start_come_up_and_stop(open_as: Any, panel: Any) -> None:
    panel.simulator("PATCH", "/simulator/guests/104", {"start_seconds": 5})
    page = open_as("alice")
    open_server(page, panel, "ci-runner")
    status = page.locator("#server")
    expect(status).to_contain_text("Stopped", timeout=LONG)
    page.get_by_role("button", name="Start").click()
    expect(status.locator(".operation").get_by_role("progressbar")).to_be_visible()
    expect(status.locator(".badge").first).to_have_text("Running", timeout=LONG)
    expect(status.locator(".operation")).to_have_count(0)
    assert panel.power_at_simulator("qemu", 104, "pve2") == "running"
    page.get_by_role("button", name="Stop", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("told to shut down")
    dialog.get_by_role("button", name="Stop").click()
    expect(status.locator(".badge").first).to_have_text("Stopped", timeout=LONG)
    assert panel.power_at_simulator("qemu", 104, "pve2") == "stopped"
    expect(page.get_by_role("row", name=re.compile("Stop.*alice.*Done"))).to_be_visible()


def test_server_list_is_searched_as_one_types_and_can_be_rebooted_from(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    page.fill("#q", "blo")
    expect(page.get_by_role("link", name="shop", exact=True)).to_be_hidden()
    expect(page.get_by_role("link", name="blog", exact=True)).to_be_visible()
    page.get_by_role("button", name="Reboot: blog").click()
    page.get_by_role("dialog").get_by_role("button", name="Reboot").click()
    expect(page.locator("#servers .operation")).to_be_visible()
    expect(page.locator("#servers")).to_contain_text("Running", timeout=LONG)


def test_server_page_works_without_javascript(open_as: Any, panel: Any) -> None:
    page = open_as("alice", java_script_enabled=False)
    page.goto(f"{panel.url}/?q=db-primary")
    page.get_by_role("link", name="db-primary", exact=True).click()
    page.locator(".power summary").click()
    page.get_by_role("button", name="Hard restart").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Restart db-primary hard?")
    page.get_by_role("button", name="Hard restart").click()
    expect(page.locator(".operation")).to_be_visible()


def test_server_page_graphs_are_drawn_for_every_timeframe(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    open_server(page, panel, "shop")
    page.get_by_role("link", name="Graphs").click()
    for name in ("Hour", "Day", "Week", "Month", "Year"):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator("#graphs-note")).to_have_text("", timeout=LONG)
        expect(page.locator("#graphs-area canvas")).to_have_count(4)


def test_language_and_theme_are_switched_and_stay(open_as: Any, panel: Any) -> None:
    page = open_as("alice", color_scheme="dark")
    html = page.locator("html")
    expect(html).to_have_attribute("data-bs-theme", "dark")
    page.locator("[data-theme-switch]").click()
    page.get_by_role("button", name="RU", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Мои серверы")
    page.reload()
    expect(html).to_have_attribute("data-bs-theme", "light")
    expect(html).to_have_attribute("lang", "ru")


def test_pages_are_no_wider_than_their_screen(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    for path in ("/", "/vps/1/", "/vps/1/power/stop/", "/profile/", "/profile/password/"):
        page.goto(panel.url + path)
        for width in (375, 768, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            wait_for(partial(page.evaluate, FITS), 5, f"{path} at {width}")


def test_admin_pages_bring_no_complaint_of_the_browser(open_as: Any, panel: Any) -> None:
    page = open_as("carol")
    for path in ADMIN_PAGES:
        page.goto(f"{panel.url}/admin{path}")
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.goto(f"{panel.url}/admin/vps/cluster/1/change/")
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator(".health")).to_contain_text("Reachable")


def test_login_link_lets_bob_in_in_a_browser_in_which_alice_is_logged_in(
    open_as: Any, panel: Any, sessions: dict[str, Any]
) -> None:
    """A browser alone shows what the page's Referrer-Policy does to its form. Alice's session ends by it."""
    page = open_as("alice")
    del sessions["alice"]
    referrers: list[str] = []
    page.on("request", lambda request: referrers.append(request.all_headers().get("referer", "")))
    page.goto(panel.login_link("bob", next="/profile/"))
    page.get_by_role("button", name="RU", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.locator("main button").click()
    page.wait_for_url(f"{panel.url}/profile/")
    expect(page.locator("main")).to_contain_text("bob@")
    assert referrers
    assert not [address for address in referrers if "/login/link/" in address]
