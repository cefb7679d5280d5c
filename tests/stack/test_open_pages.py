"""What an open page shows of what happens elsewhere, in a real browser, against the whole running stack."""

import re
from typing import Any

from playwright.sync_api import expect

from tests.stack.browser import LONG, NEEDED, open_server

pytestmark = NEEDED


def test_server_list_shows_a_start_behind_the_panels_back(open_as: Any, panel: Any) -> None:
    page = open_as("bob")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="game-server"))
    expect(row).to_contain_text("Stopped", timeout=LONG)
    panel.simulator("POST", "/simulator/guests/107/power", {"power": "running"})
    expect(row).to_contain_text("Running")


def test_server_page_goes_to_log_in_when_its_session_has_ended(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    open_server(page, panel, "shop")
    expect(page.locator(".plot canvas")).to_have_count(4, timeout=LONG)
    page.context.clear_cookies(name="session")
    page.evaluate("htmx.trigger(document.body, 'vps-1')")
    expect(page).to_have_url(re.compile(r"/login/\?next=(%2F|/)vps"), timeout=LONG)
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in to your servers")


def test_server_list_and_server_page_are_left_by_a_server_that_is_deleted(open_as: Any, panel: Any) -> None:
    order = {"user_id": 5, "status": "stopped", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
    on_list, own_page = open_as("alice"), open_as("alice")
    id = panel.sync("create", name="short-lived", **order).json()["vps"]["id"]
    expect(on_list.get_by_role("link", name="short-lived")).to_be_visible()
    own_page.goto(f"{panel.url}/vps/{id}/")
    panel.sync("delete", id=id)
    expect(on_list.get_by_role("link", name="short-lived")).to_have_count(0)
    expect(own_page).to_have_url(f"{panel.url}/")
    expect(own_page.get_by_role("banner")).to_have_count(1)


def test_server_list_counts_a_click_though_its_row_is_drawn_anew_between_down_and_up(open_as: Any, panel: Any) -> None:
    order = {"user_id": 5, "status": "stopped", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
    page = open_as("alice")
    id = panel.sync("create", name="under-the-pointer", **order).json()["vps"]["id"]
    link = page.get_by_role("link", name="under-the-pointer")
    link.hover()
    page.mouse.down()
    with page.expect_response(lambda answer: f"/vps/{id}/row/" in answer.url and "6 GB" in answer.text()):
        panel.sync("update", id=id, disk=6)
    page.wait_for_timeout(300)
    page.mouse.up()
    expect(page).to_have_url(f"{panel.url}/vps/{id}/")


def test_server_list_shows_what_was_held_as_it_is_once_it_is_let_go(open_as: Any, panel: Any) -> None:
    order = {"user_id": 5, "status": "stopped", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
    page = open_as("alice")
    id = panel.sync("create", name="held", **order).json()["vps"]["id"]
    system = page.get_by_role("row").filter(has=page.get_by_role("link", name="held")).get_by_text("Debian 12")
    system.hover()
    page.mouse.down()
    with page.expect_response(lambda answer: f"/vps/{id}/row/" in answer.url and "Debian 13" in answer.text()):
        panel.sync("update", id=id, os="Debian 13")
    page.wait_for_timeout(300)
    expect(system).to_be_visible()
    page.mouse.up()
    expect(page.get_by_text("Debian 13")).to_be_visible()
