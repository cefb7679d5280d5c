"""The pages in a real browser, against the whole running stack."""

import re
from functools import partial
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.simulated import wait_for
from tests.stack.browser import LONG, NEEDED, open_server

pytestmark = NEEDED
ADMIN_PAGES = ("/", "/vps/vps/", "/vps/vps/1/change/", "/vps/cluster/1/change/", "/vps/cluster/1/guests/")
ADMIN_PAGES += ("/vps/webhookendpoint/", "/vps/webhookendpoint/add/", "/vps/webhookdelivery/", "/vps/webhookattempt/")
FITS = "document.documentElement.scrollWidth <= innerWidth"


def test_server_page_shows_alice_her_server_start_come_up_and_stop(open_as: Any, panel: Any, change_guest: Any) -> None:
    # Long enough for a browser that has to wait for its turn on a busy machine.
    change_guest(104, {"start_seconds": 15}, back={"start_seconds": 5})
    page = open_as("alice")
    open_server(page, panel, "ci-runner")
    status = page.locator("#server")
    expect(status).to_contain_text("Stopped", timeout=LONG)
    page.get_by_role("button", name="Start").click()
    expect(status.locator(".operation [aria-current=step]")).to_be_visible()
    expect(status.locator(".state")).to_have_text("Running", timeout=LONG)
    expect(status.locator(".operation")).to_have_count(0)
    assert panel.power_at_simulator("qemu", 104, "pve2") == "running"
    page.get_by_role("button", name="Stop", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("told to shut down")
    dialog.get_by_role("button", name="Stop").click()
    expect(status.locator(".state")).to_have_text("Stopped", timeout=LONG)
    assert panel.power_at_simulator("qemu", 104, "pve2") == "stopped"
    stop = re.compile(r"Stop\s*Done in \d+ s · you, from the panel")
    expect(status.locator(".row-line").filter(has_text=stop)).to_be_visible()
    page.get_by_role("link", name="All activity").click()
    expect(page.get_by_role("row", name=re.compile("Stop Done in .* You From the panel"))).to_be_visible()


def test_failure_of_what_was_started_on_the_list_is_told_on_whatever_page_one_is_on_until_it_is_dismissed(
    open_as: Any, panel: Any, change_guest: Any
) -> None:
    """F1: and the row of its server is marked until then."""
    panel.simulator("POST", "/simulator/guests/104/power", {"power": "stopped"})
    change_guest(104, {"template": True}, back={"template": False})
    page = open_as("alice")
    elsewhere = page.context.new_page()
    elsewhere.goto(f"{panel.url}/profile/")
    page.get_by_role("button", name="Start: ci-runner").click()
    failure = elsewhere.get_by_role("alert").filter(has_text="ci-runner: start failed")
    expect(failure).to_contain_text("template", timeout=LONG)
    page.goto(panel.url)
    words = page.locator("#notices").get_by_text("ci-runner: start failed")
    expect(words).to_be_visible()
    page.get_by_role("button", name="Dismiss: ci-runner: start failed").click()
    expect(words).to_have_count(0)
    page.reload()
    expect(words).to_have_count(0)


def test_success_is_told_for_a_while_and_once(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    page.clock.install()
    panel.simulator("POST", "/simulator/guests/104/power", {"power": "stopped"})
    page.goto(panel.url)
    start = page.get_by_role("button", name="Start: ci-runner")
    wait_for(lambda: start.is_visible() or not page.reload(), 20, "the server is seen stopped")
    start.click()
    words = page.locator("#notices").get_by_text(re.compile("ci-runner was started in"))
    expect(words).to_be_visible(timeout=LONG)
    expect(page.locator("#notices")).not_to_contain_text("has begun")
    page.mouse.move(0, 0)
    with page.expect_response(lambda answer: answer.url.endswith("/seen/")):
        page.clock.fast_forward(9000)
    page.reload()
    expect(words).to_have_count(0)


def test_server_list_is_searched_as_one_types_and_can_be_rebooted_from(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    page.fill("#q", "blo")
    expect(page.get_by_role("link", name="shop", exact=True)).to_be_hidden()
    expect(page.get_by_role("link", name="blog", exact=True)).to_be_visible()
    page.get_by_role("button", name="Reboot: blog").click()
    page.get_by_role("dialog").get_by_role("button", name="Reboot").click()
    expect(page.locator("#servers")).to_contain_text("Rebooting")
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


def open_graphs(page: Page, panel: Any) -> Locator:
    """The values under the one cursor of the four, once they are drawn."""
    page.goto(f"{panel.url}/vps/1/graphs/")
    expect(page.locator(".plot canvas")).to_have_count(4, timeout=LONG)
    return page.locator(".reading")


def test_graphs_are_drawn_for_every_timeframe_each_of_which_has_an_address(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    open_server(page, panel, "shop")
    page.get_by_role("link", name="Graphs").click()
    for name in ("Day", "Week", "Month", "Year", "Hour"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page).to_have_url(re.compile(f"range={name.lower()}$"))
        expect(page.get_by_text("Each point is an average over")).to_be_visible(timeout=LONG)
        expect(page.locator("#graphs-note")).to_have_text("", timeout=LONG)
        expect(page.locator(".plot canvas")).to_have_count(4)
        expect(page.get_by_role("link", name="CSV")).to_have_attribute("href", re.compile(f"range={name.lower()}&"))
    page.go_back()
    expect(page.get_by_role("link", name="Year", exact=True)).to_have_attribute("aria-current", "true")


def test_graphs_show_the_values_of_one_moment_in_all_four_under_the_pointer(open_as: Any, panel: Any) -> None:
    """F10."""
    page = open_as("alice")
    readings = open_graphs(page, panel)
    expect(readings.first).to_be_hidden()
    page.locator(".plot .u-over").nth(1).hover(position={"x": 100, "y": 50})
    values = (r"CPU \d+%", r"Used [\d.]+ GB", r"Written [\d.]+ KB/sRead [\d.]+ KB/s", r"Out [\d.]+ KB/sIn [\d.]+ KB/s")
    for reading, value in zip(readings.all(), values, strict=True):
        expect(reading).to_be_visible()
        expect(reading).to_have_text(re.compile(rf"^\d\d:\d\d{value}$"))
    assert len({reading.inner_text()[:5] for reading in readings.all()}) == 1, "one moment"
    page.mouse.move(0, 0)
    expect(readings.first).to_be_hidden()


def test_graphs_say_their_values_to_whoever_moves_by_keyboard(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    readings = open_graphs(page, panel)
    plot = page.get_by_role("slider", name="CPU")
    plot.focus()
    last = int(plot.get_attribute("aria-valuemax") or 0)
    assert last > 30
    for key, at in (("ArrowLeft", last - 1), ("ArrowRight", last), ("Home", 0), ("ArrowLeft", 0), ("End", last)):
        page.keyboard.press(key)
        expect(plot).to_have_attribute("aria-valuenow", str(at))
        expect(plot).to_have_attribute("aria-valuetext", re.compile(r"^\d\d:\d\d, CPU \d+%$"))
        expect(readings.nth(3)).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    expect(page.get_by_role("slider", name="Memory")).to_have_attribute("aria-valuenow", "0")


def test_graphs_have_their_values_above_the_plot_on_a_phone_and_of_the_moment_that_is_touched(
    open_as: Any, panel: Any
) -> None:
    """F10."""
    page = open_as("alice", viewport={"width": 375, "height": 812}, has_touch=True)
    strip = open_graphs(page, panel).first
    expect(strip).to_be_visible()
    latest = strip.inner_text()
    over = page.locator(".plot .u-over").first
    over.tap(position={"x": 40, "y": 40})
    expect(strip).not_to_have_text(latest)
    strip_box, plot_box = strip.bounding_box(), over.bounding_box()
    assert strip_box
    assert plot_box
    assert strip_box["y"] + strip_box["height"] <= plot_box["y"]
    assert page.evaluate(FITS)


def test_graphs_without_javascript_are_a_table(open_as: Any, panel: Any) -> None:
    page = open_as("alice", java_script_enabled=False)
    page.goto(f"{panel.url}/vps/1/graphs/?range=day")
    expect(page.get_by_role("row", name=re.compile(r"^Peak \d+%"))).to_be_visible(timeout=LONG)
    expect(page).to_have_url(re.compile("range=day&view=table$"))
    page.get_by_role("link", name="Week", exact=True).click()
    expect(page).to_have_url(re.compile("range=week&view=table$"))


def test_language_and_theme_are_switched_and_stay(open_as: Any, panel: Any) -> None:
    page = open_as("alice", color_scheme="dark")
    html = page.locator("html")
    expect(html).to_have_attribute("data-bs-theme", "dark")
    page.locator(".user > summary").click()
    page.get_by_role("button", name="Light", exact=True).click()
    page.get_by_role("button", name="Русский", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Мои серверы")
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
    expect(page.locator("#content .callout")).to_contain_text("Reachable")


def test_login_link_lets_bob_in_in_a_browser_in_which_alice_is_logged_in(
    open_as: Any, panel: Any, sessions: dict[str, Any]
) -> None:
    """A browser alone shows what the page's Referrer-Policy does to its form. Alice's session ends by it."""
    page = open_as("alice")
    del sessions["alice"]
    referrers: list[str] = []
    page.on("request", lambda request: referrers.append(request.all_headers().get("referer", "")))
    page.goto(panel.login_link("bob", next="/profile/"))
    page.get_by_role("button", name="Русский", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.get_by_role("button", name="Войти", exact=True).click()
    page.wait_for_url(f"{panel.url}/profile/")
    expect(page.locator("main")).to_contain_text("bob@")
    assert referrers
    assert not [address for address in referrers if "/login/link/" in address]
