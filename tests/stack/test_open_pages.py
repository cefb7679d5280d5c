"""What an open page shows of what happens elsewhere, in a real browser, against the whole running stack."""

import re
from typing import Any

from playwright.sync_api import expect

from tests.simulated import wait_for
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
    expect(on_list.get_by_role("link", name="short-lived", exact=True)).to_be_visible()
    own_page.goto(f"{panel.url}/vps/{id}/")
    panel.sync("delete", id=id)
    expect(on_list.get_by_role("link", name="short-lived", exact=True)).to_have_count(0)
    expect(on_list.locator("#notices")).to_contain_text("The server short-lived was deleted")
    expect(own_page.locator("main").get_by_role("alert")).to_contain_text("This server was deleted.")
    expect(own_page.locator(".power")).to_have_count(0)
    own_page.get_by_role("link", name="To my servers").click()
    expect(own_page).to_have_url(f"{panel.url}/")


def test_server_list_counts_a_click_though_its_row_is_drawn_anew_between_down_and_up(open_as: Any, panel: Any) -> None:
    order = {"user_id": 5, "status": "stopped", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
    page = open_as("alice")
    id = panel.sync("create", name="under-the-pointer", **order).json()["vps"]["id"]
    link = page.get_by_role("link", name="under-the-pointer", exact=True)
    link.hover()
    page.mouse.down()
    with page.expect_response(lambda answer: "/rows/" in answer.url and "6 GB" in answer.text()):
        panel.sync("update", id=id, disk=6)
    page.wait_for_timeout(300)
    page.mouse.up()
    expect(page).to_have_url(f"{panel.url}/vps/{id}/")


def test_server_list_counts_the_space_bar_though_its_row_is_drawn_anew_between_down_and_up(
    open_as: Any, panel: Any
) -> None:
    order = {"user_id": 5, "status": "stopped", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
    page = open_as("alice")
    id = panel.sync("create", name="under-the-bar", **order).json()["vps"]["id"]
    box = page.get_by_role("checkbox", name="Select under-the-bar")
    box.focus()
    page.keyboard.down("Space")
    with page.expect_response(lambda answer: "/rows/" in answer.url and "6 GB" in answer.text()):
        panel.sync("update", id=id, disk=6)
    page.wait_for_timeout(300)
    page.keyboard.up("Space")
    expect(box).to_be_checked()
    expect(page.get_by_role("row").filter(has=box)).to_contain_text("6 GB")


def test_server_list_takes_no_rows_of_a_search_that_another_has_replaced(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    held: list[Any] = []
    page.route("**/rows/**", lambda route: held.append(route) if not held else route.continue_())
    order = {"user_id": 5, "status": "stopped", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
    panel.sync("create", name="of-the-search-before", **order)
    wait_for(lambda: page.wait_for_timeout(50) or held)
    page.get_by_role("link", name=re.compile("^Suspended")).click()
    expect(page.get_by_role("link", name="shop", exact=True)).to_have_count(0)
    with page.expect_response(lambda answer: "state=suspended" in answer.url):
        held[0].continue_()
    page.wait_for_timeout(500)
    expect(page.get_by_role("link", name="of-the-search-before")).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("^Suspended"))).to_have_attribute("aria-current", "true")


def test_server_list_shows_what_was_held_as_it_is_once_it_is_let_go(open_as: Any, panel: Any) -> None:
    order = {"user_id": 5, "status": "stopped", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
    page = open_as("alice")
    id = panel.sync("create", name="held", **order).json()["vps"]["id"]
    system = page.get_by_role("row").filter(has=page.get_by_role("link", name="held")).get_by_text("Debian 12")
    system.hover()
    page.mouse.down()
    with page.expect_response(lambda answer: "/rows/" in answer.url and "Debian 13" in answer.text()):
        panel.sync("update", id=id, os="Debian 13")
    page.wait_for_timeout(300)
    expect(system).to_be_visible()
    page.mouse.up()
    expect(page.get_by_text("Debian 13")).to_be_visible()


def test_server_list_asks_once_for_all_rows_when_its_socket_is_back(open_as: Any, panel: Any) -> None:
    """F7: of fifty rows, and not once for each. The page's own clock is kept out of it."""
    order = {"user_id": 4, "status": "stopped", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
    for number in range(50):
        panel.sync("create", name=f"z-{number:02}", **order)
    page = open_as("bob")
    sockets: list[Any] = []
    page.route_web_socket(re.compile("/ws/pages"), lambda socket: sockets.append((socket, socket.connect_to_server())))
    page.add_init_script("Object.defineProperty(document, 'hidden', { value: true })")
    with page.expect_response(re.compile("/rows/")):
        page.goto(panel.url)
    expect(page.locator("tr[data-vps]")).to_have_count(50)
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response(re.compile("/rows/")):
        sockets[0][0].close()
    assert len(sockets) == 2
    page.wait_for_timeout(1000)
    (only,) = [url for url in asked if "/rows/" in url or "/vps/" in url]
    assert only.count("id=") == 50


def test_server_list_is_kept_as_it_is_by_whoever_confirms_on_it(open_as: Any, panel: Any) -> None:
    """F8, F3: the filter stays, and the focus."""
    page = open_as("alice")
    page.goto(f"{panel.url}/?q=e&sort=-name")
    page.get_by_role("button", name="Reboot: db-primary").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Reboot", exact=True).click()
    expect(dialog).to_be_hidden()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="db-primary"))
    expect(row).to_contain_text("Rebooting")
    expect(page).to_have_url(f"{panel.url}/?q=e&sort=-name")
    assert page.evaluate("document.activeElement.closest('tr')?.textContent.includes('db-primary')")


def test_server_list_asks_the_chosen_servers_at_once_and_keeps_the_choice_while_rows_change(
    open_as: Any, panel: Any
) -> None:
    order = {"user_id": 5, "status": "stopped", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
    id = panel.sync("create", name="chosen", **order).json()["vps"]["id"]
    page = open_as("alice")
    bar = page.locator("#selection")
    expect(bar).to_be_hidden()
    page.get_by_label("Select chosen").check()
    page.get_by_label("Select shop").check()
    expect(bar).to_contain_text("Selected: 2")
    expect(bar.get_by_role("button", name="Reboot 1")).to_be_visible()
    expect(bar.get_by_role("button", name=re.compile("Start"))).to_be_hidden()
    panel.sync("update", id=id, os="Debian 13")
    expect(page.get_by_text("Debian 13")).to_be_visible()
    expect(page.get_by_label("Select chosen")).to_be_checked()
    bar.get_by_role("button", name="Reboot 1").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Reboot the server shop?")
    dialog.get_by_role("button", name="Reboot", exact=True).click()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="shop", exact=True))
    expect(row).to_contain_text("Rebooting")
    expect(bar).to_be_hidden()


def test_server_list_is_narrowed_searched_and_ordered_in_place(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    page.keyboard.type("db-pr")
    expect(page.get_by_role("link", name="shop", exact=True)).to_be_hidden()
    expect(page).to_have_url(f"{panel.url}/?q=db-pr")
    expect(page.locator("#said")).to_have_text("Found: 1")
    page.get_by_role("link", name=re.compile("^All ")).click()
    page.get_by_role("link", name="Name").click()
    expect(page).to_have_url(f"{panel.url}/?q=db-pr&sort=-name")
    expect(page.get_by_role("link", name="Name")).to_be_focused()
    page.get_by_role("searchbox", name="Search").fill("")
    expect(page).to_have_url(f"{panel.url}/?sort=-name")
    expect(page.get_by_role("link", name="shop", exact=True)).to_be_visible()


def test_server_list_offers_the_same_without_javascript(open_as: Any, panel: Any) -> None:
    page = open_as("alice", java_script_enabled=False)
    page.goto(f"{panel.url}/?q=blog&sort=-name")
    page.get_by_label("Select blog").check()
    page.get_by_role("button", name="Continue with those selected").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Selected servers 1")
    page.get_by_role("button", name="Reboot 1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reboot the server blog?")
    page.get_by_role("button", name="Reboot", exact=True).click()
    expect(page).to_have_url(f"{panel.url}/?q=blog&sort=-name")
    expect(page.locator("#notices")).to_contain_text("Reboot of blog has begun")
