"""What an open page shows of what happens elsewhere, in a real browser, against the whole running stack."""

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


def test_server_page_stays_when_its_session_has_ended_and_is_come_back_to(
    open_as: Any, panel: Any, sessions: dict[str, Any]
) -> None:
    """F16: the socket is closed at once, and what asks by HTTP next is told."""
    page = open_as("bob")
    del sessions["bob"]
    open_server(page, panel, "game-server")
    address = page.url
    with panel.database() as database:
        (key,) = [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "session"]
        database.execute("DELETE FROM django_session WHERE session_key = %s", [key])
    dialog = page.get_by_role("alertdialog", name="Your session has ended")
    expect(dialog).to_be_visible(timeout=LONG)
    expect(page.get_by_role("heading", name="game-server")).to_be_attached()
    link = dialog.get_by_role("link", name="Log in")
    expect(link).to_be_focused()
    link.click()
    page.fill("[name=username]", "bob")
    page.fill("[name=password]", panel.user("bob")["password"])
    page.click("main button[type=submit]")
    page.wait_for_url(address)


def test_server_that_is_deleted_leaves_the_list_and_its_page_says_so(open_as: Any, panel: Any) -> None:
    order = {"user_id": 5, "status": "stopped", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
    on_list, own_page = open_as("alice"), open_as("alice")
    id = panel.sync("create", name="short-lived", **order).json()["vps"]["id"]
    expect(on_list.get_by_role("link", name="short-lived")).to_be_visible()
    own_page.goto(f"{panel.url}/vps/{id}/")
    panel.sync("delete", id=id)
    expect(on_list.get_by_role("link", name="short-lived")).to_have_count(0)
    expect(on_list.locator("#notices")).to_contain_text("The server short-lived was deleted")
    expect(own_page.get_by_role("alert")).to_contain_text("This server was deleted.")
    expect(own_page.locator(".power")).to_have_count(0)
    own_page.get_by_role("link", name="To my servers").click()
    expect(own_page).to_have_url(f"{panel.url}/")


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
