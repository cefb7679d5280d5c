"""A customer's ways through the pages: on a phone and at a desk, in both languages, with JavaScript and without."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from tests.simulated import wait_for
from tests.stack.axe import DESK, FITS, PHONE
from tests.stack.browser import LONG, NEEDED, SHORT, is_complaint

pytestmark = NEEDED
LANGUAGES, SIZES = ("ru", "en"), {375: PHONE, 1440: DESK}
EACH = [*product(SIZES, LANGUAGES, (True, False))]
# Every two of them are together once.
MAIL = 106
PAIRS = [(375, "ru", True), (1440, "en", True), (375, "en", False), (1440, "ru", False)]
WORDS = {
    "en": {
        "list": "My servers",
        "none": "Nothing found",
        "reboot": "Reboot the server {0}?",
        "rebooted": "{0} was rebooted",
    },
    "ru": {
        "list": "Мои серверы",
        "none": "Ничего не найдено",
        "reboot": "Перезагрузить сервер {0}?",
        "rebooted": "{0} перезагружен",
    },
}


@dataclass
class Customer:
    """Somebody in front of one screen. Whatever their browser complains of fails the test, and so does a sideways scroll."""

    page: Page
    panel: Any
    width: int
    language: str
    has_scripts: bool

    def word(self, name: str, *parts: object) -> str:
        return WORDS[self.language][name].format(*parts)

    def open(self, path: str) -> None:
        self.page.goto(self.panel.url + path)
        self.look()

    def look(self) -> None:
        """Where there are no scripts nothing can be asked of the page either."""
        if self.has_scripts:
            wait_for(lambda: self.page.evaluate(FITS), 5, f"{self.page.url} at {self.width}")

    def log_in(self, name: str, password: str) -> None:
        self.page.fill("[name=username]", name)
        self.page.fill("[name=password]", password)
        self.page.click("main button[type=submit]")

    def come_in(self, name: str) -> None:
        """By a cookie, for a login is slow by design."""
        cookie, _, value = self.panel.session(name).partition("=")
        self.page.context.add_cookies([{"name": cookie, "value": value, "url": self.panel.url}])
        self.open("/")

    def row(self, name: str) -> Locator:
        return self.page.locator("tr.server", has=self.page.get_by_role("link", name=name, exact=True))

    def find(self, text: str) -> None:
        self.page.fill("#q", text)
        if not self.has_scripts:
            self.page.press("#q", "Enter")

    def menu(self) -> Locator:
        self.page.locator("details.user > summary").click()
        return self.page.locator("details.user .menu-items")

    def question(self) -> Locator:
        return self.page.locator("dialog[open] form.question" if self.has_scripts else "main form.question")

    def cancel(self) -> None:
        self.question().locator("[data-close]" if self.has_scripts else "a.btn").click()

    def notice(self, text: str) -> Locator:
        """Without scripts one looks again."""
        note = self.page.locator("#notices .note", has_text=text)
        if not self.has_scripts:
            wait_for(lambda: note.count() or (self.page.reload() and note.count()), 60, text)
        expect(note).to_be_visible(timeout=LONG)
        return note


@pytest.fixture
def customer(browser: Browser, panel: Any) -> Iterator[Callable[..., Customer]]:
    complaints: list[str] = []
    contexts = []

    def customer(width: int, language: str, has_scripts: bool) -> Customer:
        locale = {"ru": "ru-RU", "en": "en-US"}[language]
        context = browser.new_context(
            locale=locale, viewport=SIZES[width], java_script_enabled=has_scripts, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(SHORT)
        page.on("console", lambda line: complaints.append(line.text) if is_fault(line, page) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return Customer(page, panel, width, language, has_scripts)

    yield customer
    for context in contexts:
        context.close()
    assert not complaints, complaints


def is_fault(line: ConsoleMessage, page: Page) -> bool:
    """That a page is not there is what was to be seen; and a row may have left the list before news of it come."""
    is_expected = "404" in line.text and line.location["url"] == page.url
    return is_complaint(line) and not is_expected and not line.text.startswith("htmx:oobErrorNoTarget, #vps-")


@pytest.mark.parametrize(("width", "language", "has_scripts"), EACH)
def test_customer_comes_in_finds_a_server_reads_its_tabs_and_goes(
    customer: Any, panel: Any, width: int, language: str, has_scripts: bool
) -> None:
    alice = customer(width, language, has_scripts)
    page = alice.page
    alice.come_in("alice")
    expect(page.get_by_role("heading", level=1)).to_contain_text(alice.word("list"))
    finds_servers(alice)
    page.get_by_role("link", name="shop", exact=True).click()
    reads_tabs(alice)
    alice.menu().locator("a[href='/profile/']").click()
    expect(page.locator("main")).to_contain_text("alice@")
    alice.look()
    other = next(code for code in LANGUAGES if code != language)
    alice.menu().locator(f"button[name=language][value={other}]").click()
    expect(page.locator("html")).to_have_attribute("lang", other)
    expect(page).to_have_url(f"{panel.url}/profile/")
    alice.menu().locator("form[action='/logout/'] button").click()
    expect(page.locator("[name=username]")).to_be_visible()
    alice.open("/")
    expect(page.locator("[name=password]")).to_be_visible()


def finds_servers(alice: Customer) -> None:
    page = alice.page
    alice.find("blo")
    expect(alice.row("shop")).to_have_count(0)
    expect(alice.row("blog")).to_be_visible()
    alice.find("no-such-server")
    expect(page.locator("#servers")).to_contain_text(alice.word("none"))
    alice.look()
    page.locator("#show-all").click()
    expect(alice.row("shop")).to_be_visible()
    page.locator("#chips .chip").nth(1).click()
    expect(page.locator("#chips .chip").nth(1)).to_have_attribute("aria-current", "true")
    page.locator("#chip-all").click()
    expect(alice.row("blog")).to_be_visible()
    sorts(alice)
    expect(alice.row("shop")).to_be_visible()
    alice.look()


def sorts(alice: Customer) -> None:
    """By the heads where there are any, else by what stands above the list."""
    page = alice.page
    if alice.width > 1000:
        page.locator("#sort-name").click()
        page.wait_for_url("**sort=**")
        return
    page.locator("#sort").select_option(index=1)
    if not alice.has_scripts:
        page.locator("#order noscript button, #order button[type=submit]").click()
    page.wait_for_url("**sort=**")


def reads_tabs(alice: Customer) -> None:
    page = alice.page
    for tab in ("graphs", "activity", "settings"):
        page.locator(f"nav.tabs a[href$='/{tab}/']").click()
        expect(page.locator("nav.tabs [aria-current=page]")).to_have_attribute("href", f"/vps/{number(page)}/{tab}/")
        expect(page.get_by_role("heading", level=1)).to_contain_text("shop")
        alice.look()
        if tab == "graphs":
            reads_graphs(alice)


def reads_graphs(alice: Customer) -> None:
    """Without scripts the page goes on to the table by itself."""
    page = alice.page
    if alice.has_scripts:
        expect(page.locator("#graphs canvas").first).to_be_visible(timeout=LONG)
        page.locator("#graphs-foot a[href*='view=table']").click()
    page.wait_for_url("**view=table**")
    table = page.locator("main table")
    wait_for(lambda: table.count() or (page.reload() and table.count()), 60, "the hypervisor's figures")
    expect(table.locator("tbody tr").first).to_be_attached()
    alice.look()


def number(page: Page) -> str:
    return page.url.split("/vps/")[1].split("/")[0]


@pytest.mark.parametrize(("width", "language", "has_scripts"), PAIRS)
def test_customer_is_asked_before_a_reboot_and_told_how_it_ended(
    customer: Any, panel: Any, width: int, language: str, has_scripts: bool
) -> None:
    quicken(panel)
    bob = customer(width, language, has_scripts)
    page = bob.page
    bob.come_in("bob")
    here = page.url
    id = bob.row("mail").get_attribute("data-vps")
    sent = len(panel.commands(MAIL))
    page.locator(f"#reboot-{id}").click()
    expect(bob.question()).to_contain_text(bob.word("reboot", "mail"))
    bob.look()
    bob.cancel()
    expect(bob.question()).to_have_count(0)
    assert (page.url, len(panel.commands(MAIL))) == (here, sent)
    page.locator(f"#reboot-{id}").click()
    bob.question().locator("button[type=submit]").click()
    note = bob.notice(bob.word("rebooted", "mail"))
    assert page.url == here
    bob.look()
    note.locator("button").click()
    expect(page.locator("#notices .note", has_text=bob.word("rebooted", "mail"))).to_have_count(0)
    page.reload()
    expect(page.locator("#notices .note")).to_have_count(0)


@pytest.mark.parametrize(("width", "language", "has_scripts"), PAIRS)
def test_customer_reboots_several_servers_at_once(
    customer: Any, panel: Any, width: int, language: str, has_scripts: bool
) -> None:
    quicken(panel)
    alice = customer(width, language, has_scripts)
    page = alice.page
    alice.come_in("alice")
    names = ["shop", "db-primary"]
    if has_scripts and width < 1000:
        page.locator("#choose").click()
    for name in names:
        alice.row(name).locator("input[name=id]").check()
    alice.look()
    if has_scripts:
        page.locator("#chosen-reboot").click()
    else:
        page.locator("#selection noscript button").click()
        page.locator("main form button[formaction='/power/reboot/']").click()
    question = alice.question()
    for name in names:
        expect(question).to_contain_text(name)
    alice.look()
    question.locator("button[type=submit]").click()
    for name in names:
        alice.notice(alice.word("rebooted", name)).locator("button").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(alice.word("list"))


@pytest.mark.parametrize(("width", "language", "has_scripts"), PAIRS)
def test_customer_who_cannot_come_in_is_told_what_helps(
    customer: Any, panel: Any, width: int, language: str, has_scripts: bool
) -> None:
    nobody = customer(width, language, has_scripts)
    page, name = nobody.page, f"nobody-{width}-{language}"
    nobody.open("/vps/1/")
    nobody.log_in(name, "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    nobody.look()
    page.locator("main a[href='/password/forgot/']").click()
    page.fill("[name=login]", name)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{panel.url}/password/forgot/sent/")
    nobody.look()


@pytest.mark.parametrize(("width", "language", "has_scripts"), PAIRS)
def test_customer_who_asks_for_what_is_not_there_is_led_back(
    customer: Any, panel: Any, width: int, language: str, has_scripts: bool
) -> None:
    alice = customer(width, language, has_scripts)
    alice.come_in("alice")
    for path in ("/no/such/page/", "/vps/999/", "/vps/6/"):
        alice.open(path)
        alice.page.locator("main a[href='/']").click()
        expect(alice.row("shop")).to_be_visible()


def test_customer_chooses_a_theme_and_keeps_it(customer: Any, panel: Any) -> None:
    alice = customer(1440, "en", True)
    alice.come_in("alice")
    alice.menu().locator("[data-theme-choice=dark]").click()
    expect(alice.page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    alice.open("/profile/")
    expect(alice.page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def quicken(panel: Any) -> None:
    for vmid in (101, 102, 103, 104, 105, 106, 107):
        panel.simulator("PATCH", f"/simulator/guests/{vmid}", {"start_seconds": 0.5, "shutdown_seconds": 0.5})
