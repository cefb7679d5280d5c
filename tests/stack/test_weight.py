"""What pages weigh on the wire, in a browser that has seen none of them: bytes, with the heads of the answers."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.stack.browser import LONG, NEEDED

pytestmark = NEEDED
FIRST, AFTER, FONT = 120_000, 25_000, 70_000
TABS = ("", "graphs/", "activity/", "settings/")
COMPRESSIONS = ["gzip, br", "gzip"]


class Scales:
    """All that a page's browser takes from the network; what it has already weighs nothing."""

    def __init__(self, page: Page) -> None:
        self.addresses: dict[str, str] = {}
        self.loaded: list[tuple[int, str]] = []
        network = page.context.new_cdp_session(page)
        network.on("Network.responseReceived", lambda seen: self.note(seen["requestId"], seen["response"]["url"]))
        network.on(
            "Network.loadingFinished", lambda seen: self.weigh(seen["requestId"], int(seen["encodedDataLength"]))
        )
        network.send("Network.enable")
        self.page = page

    def note(self, request: str, address: str) -> None:
        self.addresses[request] = address

    def weigh(self, request: str, size: int) -> None:
        self.loaded.append((size, self.addresses.get(request, "?")))

    def of(self, act: Callable[[], Any]) -> tuple[int, int, str]:
        """What all but fonts weigh, and what fonts do; and what there was, for whoever finds that it is too much."""
        self.loaded.clear()
        act()
        self.page.wait_for_load_state("networkidle")
        font = sum(size for size, address in self.loaded if address.endswith(".woff2"))
        listed = "\n".join(f"{size:>8} {address}" for size, address in sorted(self.loaded, reverse=True) if size)
        return sum(size for size, _ in self.loaded) - font, font, listed


@pytest.fixture
def scales(browser: Browser, panel: Any) -> Any:
    """A browser in which nobody has been."""
    contexts = []

    def put_on(compression: str) -> Scales:
        headers = {"Accept-Encoding": compression}
        context = browser.new_context(locale="ru-RU", extra_http_headers=headers)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(LONG)
        return Scales(page)

    yield put_on
    for context in contexts:
        context.close()


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_pages_from_the_login_on_weigh_little(scales: Any, panel: Any, compression: str) -> None:
    """F6."""
    on = scales(compression)
    weight, font, listed = on.of(lambda: on.page.goto(f"{panel.url}/login/"))
    assert 0 < weight <= FIRST, listed
    assert 0 < font <= FONT, listed
    on.page.fill("[name=username]", "alice")
    on.page.fill("[name=password]", panel.user("alice")["password"])
    weight, font, listed = on.of(lambda: on.page.click("main button[type=submit]"))
    assert on.page.url == f"{panel.url}/"
    assert 0 < weight <= AFTER, listed
    assert font == 0, listed


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_pages_from_the_list_on_weigh_little(scales: Any, panel: Any, compression: str) -> None:
    """F6."""
    name, _, value = panel.session("alice").partition("=")
    cookie = {"name": name, "value": value, "url": panel.url}
    on = scales(compression)
    on.page.context.add_cookies([cookie])
    weight, font, listed = on.of(lambda: on.page.goto(panel.url))
    assert 0 < weight <= FIRST, listed
    assert 0 < font <= FONT, listed
    shop = on.page.get_by_role("link", name="shop", exact=True).get_attribute("href")
    for address in [*(f"{shop}{tab}" for tab in TABS), "/profile/", "/?q=shop", "/vps/0/"]:
        weight, font, listed = on.of(lambda address=address: on.page.goto(f"{panel.url}{address}"))
        assert 0 < weight <= AFTER, f"{address}: {weight}\n{listed}"
        assert font == 0, listed
