"""Every page, for whoever may see it: axe-core finds nothing in either theme, no screen is too narrow, no target too small."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.stack.axe import look_at, look_at_staffs
from tests.stack.browser import NEEDED, SHORT
from tests.stack.pages import PAGES

pytestmark = NEEDED
OF_CUSTOMERS = [(who, path) for who in ("", "alice") for path in PAGES[who]]


@pytest.fixture(scope="module")
def page_of(browser: Browser, panel: Any) -> Iterator[Callable[[str], Page]]:
    """One open page for each who looks, for a login is slow. In Russian, whose words are longer; and nothing moves."""
    opened: dict[str, Page] = {}

    def page_of(who: str) -> Page:
        if who not in opened:
            opened[who] = browser.new_context(locale="ru-RU", reduced_motion="reduce").new_page()
            opened[who].set_default_timeout(SHORT)
            if who:
                name, _, value = panel.session(who).partition("=")
                opened[who].context.add_cookies([{"name": name, "value": value, "url": panel.url}])
        return opened[who]

    yield page_of
    for page in opened.values():
        page.context.close()


@pytest.mark.parametrize(("who", "path"), OF_CUSTOMERS)
def test_page_of_a_customer_is_for_everybody_on_every_screen(page_of: Any, panel: Any, who: str, path: str) -> None:
    """F9, and F4 by its widths."""
    page = page_of(who)
    page.goto(panel.url + path)
    assert look_at(page) == []


@pytest.mark.parametrize("path", PAGES["carol"])
def test_page_of_the_staff_is_for_everybody(page_of: Any, panel: Any, path: str) -> None:
    page = page_of("carol")
    page.goto(panel.url + path)
    assert look_at_staffs(page) == []
