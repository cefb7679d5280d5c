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
