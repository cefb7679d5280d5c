"""The page that describes the API, in a real browser: it obeys our policy, asks no other host, and calls the API."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.stack.browser import NEEDED

pytestmark = NEEDED


@pytest.fixture
def page(open_as: Any, panel: Any) -> Page:
    """Whatever the console complains of, as of something that the policy forbids, fails the test."""
    opened: Page = open_as("alice")
    opened.goto(f"{panel.url}/api/docs")
    return opened


def authorize(page: Page, scheme: str, secret: str) -> None:
    page.locator("button.authorize").first.click()
    box = page.locator(".auth-container", has_text=scheme)
    box.locator("input").fill(secret)
    box.locator("button.authorize").click()
    box.get_by_role("button", name="Close").click()


def execute(page: Page, operation: str) -> Any:
    """The status and body of the answer, as they are shown."""
    section = page.locator(f"[id$='-{operation}']")
    section.locator(".opblock-summary-control").click()
    section.locator(".try-out__btn").click()
    section.locator(".execute").click()
    return section.locator(".live-responses-table .response").first


def test_api_docs_show_every_endpoint_and_ask_no_other_host(page: Page, panel: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    expect(page.locator("[id$='-listVps']")).to_be_visible()
    expect(page.locator("[id$='-syncVps']")).to_be_visible()
    assert {url.split("/")[2] for url in asked if not url.startswith("data:")} == {panel.url.split("/")[2]}


def test_api_docs_call_endpoints_with_a_customers_token_and_with_the_main_sites_key(page: Page, panel: Any) -> None:
    authorize(page, "Bearer", panel.token("alice")["Authorization"].split()[1])
    expect(execute(page, "listVps")).to_contain_text('"shop"')
    authorize(page, "X-API-Key", panel.demo["api_key"])
    expect(execute(page, "readVps")).to_contain_text('"shop"')


def test_api_docs_tell_a_customer_first_what_is_the_customers(page: Page) -> None:
    expect(page.locator("[id$='-syncVps']")).to_be_visible()
    assert page.locator(".opblock-tag").all_inner_texts()[:2] == ["Authentication", "Customers"]


def test_api_docs_lead_back_and_speak_the_readers_language(page: Page, panel: Any) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("API for programs")
    page.locator("details.user summary").click()
    page.get_by_role("button", name="Русский").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("API для программ")
    assert page.url == f"{panel.url}/api/docs"
    page.get_by_role("link", name="Мои серверы").first.click()
    assert page.url == f"{panel.url}/"


def test_api_docs_are_dark_by_the_choice_of_the_other_pages(page: Page, open_as: Any, panel: Any) -> None:
    page.locator("details.user summary").click()
    page.locator("[data-theme-choice=dark]").click()
    expect(page.locator("html")).to_have_class("dark-mode")
    page.reload()
    expect(page.locator("html")).to_have_class("dark-mode")
    page.locator("details.user summary").click()
    page.locator("[data-theme-choice=light]").click()
    expect(page.locator("html")).not_to_have_class("dark-mode")
    by_system = open_as("alice", color_scheme="dark", storage_state=None)
    by_system.goto(f"{panel.url}/api/docs")
    expect(by_system.locator("html")).to_have_class("dark-mode")
