"""The frame of the pages in a real browser: theme, dialog, menu, copying and times."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.stack.browser import LONG, NEEDED

pytestmark = NEEDED
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(245, 246, 248)", "rgb(14, 17, 22)"
IS_ON_TOP = """it => {
    const box = it.getBoundingClientRect();
    return it.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
}"""


def test_theme_follows_the_system_without_javascript(open_as: Any, panel: Any) -> None:
    """F14: dark where the system is dark."""
    for scheme, colour in (("dark", DARK), ("light", LIGHT)):
        page = open_as("alice", java_script_enabled=False, color_scheme=scheme)
        page.goto(f"{panel.url}/profile/")
        # What is asked of the page here is no script of the page.
        assert colour_of(page) == colour
        expect(page.locator("[data-theme-choice]").first).to_be_hidden()


def colour_of(page: Page) -> str:
    image = page.screenshot(clip={"x": 2, "y": 400, "width": 1, "height": 1}, type="png")
    other = page.context.browser.new_page() if page.context.browser else page
    found: str = other.evaluate(PIXEL, list(image))
    other.close()
    return found


PIXEL = """async (bytes) => {
  const image = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: "image/png" }));
  const canvas = new OffscreenCanvas(1, 1).getContext("2d");
  canvas.drawImage(image, 0, 0);
  return `rgb(${[...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).join(", ")})`;
}"""


def test_theme_of_the_panel_is_no_other_pages_and_a_word_that_is_none_means_the_system(
    open_as: Any, panel: Any
) -> None:
    """F5: Django's admin keeps "auto" under a key of its own, which once made our pages white."""
    page = open_as("carol", color_scheme="dark")
    page.goto(f"{panel.url}/profile/")
    for key, word in (("theme", "auto"), ("theme", "light"), ("ospab-theme", "auto"), ("ospab-theme", "")):
        page.evaluate("([key, word]) => localStorage.setItem(key, word)", [key, word])
        page.goto(f"{panel.url}/admin/")
        page.goto(f"{panel.url}/profile/")
        assert page.evaluate(BACKGROUND) == DARK, (key, word)
    page.evaluate("localStorage.setItem('ospab-theme', 'light')")
    page.goto(f"{panel.url}/admin/")
    page.goto(f"{panel.url}/profile/")
    assert page.evaluate(BACKGROUND) == LIGHT
    page.evaluate("localStorage.removeItem('ospab-theme')")


def test_theme_and_language_are_chosen_in_the_menu_of_the_staffs_pages_for_all_pages(open_as: Any, panel: Any) -> None:
    """F5: whichever page it is chosen on, it holds on the others."""
    page = open_as("carol", color_scheme="light")
    for chosen_on, seen_on, theme, colour in (("/admin/", "/", "dark", DARK), ("/", "/admin/vps/vps/", "light", LIGHT)):
        page.goto(panel.url + chosen_on)
        page.locator(".user > summary").click()
        page.locator(f".user [data-theme-choice={theme}]").click()
        for path in (chosen_on, seen_on):
            page.goto(panel.url + path)
            assert page.evaluate(BACKGROUND) == colour, (path, theme)
    page.evaluate("localStorage.removeItem('ospab-theme')")
    page.goto(f"{panel.url}/admin/vps/vps/")
    page.locator(".user > summary").click()
    page.locator(".user [lang=ru]").click()
    expect(page).to_have_url(f"{panel.url}/admin/vps/vps/")
    expect(page.locator("html")).to_have_attribute("lang", "ru")


def test_dialog_begins_on_cancel_and_gives_the_focus_back(open_as: Any, panel: Any) -> None:
    """F3: and a question is asked before a reboot (F2)."""
    page = open_as("alice")
    button = page.get_by_role("button", name="Reboot: blog")
    dialog = page.get_by_role("dialog", name=re.compile("^Reboot .*blog"))
    for close in (
        lambda: page.keyboard.press("Escape"),
        lambda: page.mouse.click(5, 5),
        lambda: page.keyboard.press("Space"),
    ):
        button.focus()
        page.keyboard.press("Space")
        expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        close()
        expect(page.locator("#dialog")).to_be_hidden()
        expect(button).to_be_focused()


def test_menu_is_led_through_by_keyboard(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    summary = page.locator(".user > summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(summary).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("link", name="Profile")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="Log out")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Profile")).to_be_focused()
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    expect(summary).to_have_attribute("aria-expanded", "false")


def test_copy_is_seen_and_told_and_times_are_the_readers(open_as: Any, panel: Any) -> None:
    page = open_as("alice", permissions=["clipboard-read", "clipboard-write"], timezone_id="Asia/Tokyo")
    page.goto(f"{panel.url}/profile/")
    expect(page.locator("main time").last).to_have_text(re.compile(r"^(today|yesterday), \d\d:\d\d$"))
    button = page.get_by_role("button", name="Copy the ID")
    button.click()
    expect(page.locator("#said")).to_have_text("Copied")
    expect(button).to_have_class(re.compile("copied"))
    assert page.evaluate("navigator.clipboard.readText()").isdigit()
    expect(button).not_to_have_class(re.compile("copied"))


def test_password_is_shown_while_its_button_is_pressed_in(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    page.goto(f"{panel.url}/profile/password/")
    field, button = page.locator("#id_old_password"), page.get_by_role("button", name="Show the password").first
    field.fill("secret")
    for kind in ("text", "password"):
        button.click()
        expect(field).to_have_attribute("type", kind)


def test_lockout_counts_down_in_place(open_as: Any, panel: Any, browser: Any) -> None:
    """F15: of a name that nobody has, so that nobody is locked out of another test."""
    page = browser.new_page()
    page.goto(f"{panel.url}/login/?next=/profile/")
    for _ in range(11):
        page.fill("[name=username]", "nobody-at-all")
        page.fill("[name=password]", "wrong")
        page.click("main button[type=submit]")
        if page.locator("[data-left]").count():
            break
    heading = page.get_by_role("heading", level=1)
    first = heading.text_content()
    expect(heading).not_to_have_text(str(first))
    page.close()


def start_in_vain(page: Page, panel: Any, change_guest: Any) -> Locator:
    """By the keyboard, and it fails, for a template cannot be started. Returns the button."""
    panel.simulator("POST", "/simulator/guests/104/power", {"power": "stopped"})
    change_guest(104, {"template": True}, back={"template": False})
    start = page.get_by_role("button", name="Start: ci-runner")
    expect(start).to_be_visible(timeout=LONG)
    start.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text("ci-runner: start failed")
    return start


def test_focus_stays_on_the_button_that_was_pressed_or_on_what_follows_it(
    open_as: Any, panel: Any, change_guest: Any
) -> None:
    """F3: of a start, which is not asked about, and of a reboot, whose button makes room for the way out of it."""
    page = open_as("alice")
    expect(start_in_vain(page, panel, change_guest)).to_be_focused()
    change_guest(102, {"shutdown_seconds": 20}, back={"shutdown_seconds": 3})
    button = page.get_by_role("button", name="Reboot: blog")
    button.click()
    page.get_by_role("dialog").get_by_role("button", name="Reboot").click()
    expect(page.get_by_role("button", name="Power off now: blog")).to_be_focused()
    panel.simulator("PATCH", "/simulator/guests/102", {"shutdown_seconds": 3})
    expect(button).to_be_visible(timeout=LONG)


def test_notices_cover_nothing_that_cannot_be_scrolled_from_under_them(
    open_as: Any, panel: Any, change_guest: Any
) -> None:
    """F1: on a phone, at the end of a page."""
    page = open_as("alice")
    start_in_vain(page, panel, change_guest)
    page.set_viewport_size({"width": 320, "height": 568})
    page.goto(f"{panel.url}/vps/1/settings/")
    expect(page.locator("#notices .note").first).to_be_visible()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert page.locator("main a").last.evaluate(IS_ON_TOP)


def test_focus_comes_back_from_a_question_though_rows_were_asked_for_behind_it(open_as: Any, panel: Any) -> None:
    """F3."""
    page = open_as("alice")
    button = page.get_by_role("button", name="Reboot: shop")
    button.click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Cancel")).to_be_focused()
    with page.expect_response(re.compile("/rows/")):
        panel.sync("update", id=1, disk=101)
    page.wait_for_timeout(200)
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_question_that_is_a_page_of_its_own_leads_on_with_javascript_too(open_as: Any, panel: Any) -> None:
    page = open_as("alice")
    page.goto(f"{panel.url}/vps/1/power/reboot/")
    page.get_by_role("button", name="Reboot", exact=True).click()
    expect(page).to_have_url(f"{panel.url}/vps/1/")
    expect(page.locator("#notices")).to_contain_text(re.compile("shop"))
